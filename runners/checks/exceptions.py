"""The rules that design.yaml switches off for a port, in words: a reader of results must know them, and the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dv_agent.designs.ports.port import DROP


def exception_notes(rules_off: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Return one note for each rule of each port.

    Args:
        rules_off: port -> rule -> reason; see `dv_agent.designs.design.Design.exceptions`.
    """
    for port, rules in rules_off.items():
        for rule, reason in rules.items():
            what = "valid may fall before the transfer" if rule == DROP else f"the check `{rule}` is off"
            yield f"port {port}: {what}, by design.yaml: {reason}"
