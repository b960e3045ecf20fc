"""The rules that design.yaml switches off for a port, in words: a reader of results must know them, and the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dv_agent.designs.ports.port import DROP


def exception_notes(rules_off: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Return one note for each rule that is off for one reason, with its ports.

    Args:
        rules_off: port -> rule -> reason; see `dv_agent.designs.design.Design.exceptions`.
    """
    ports: dict[tuple[str, str], list[str]] = {}
    for port, rules in rules_off.items():
        for item in rules.items():
            ports.setdefault(item, []).append(port)
    for (rule, reason), names in ports.items():
        what = "valid may fall before the transfer" if rule == DROP else f"the check `{rule}` is off"
        yield f"port{'s' if names[1:] else ''} {', '.join(names)}: {what}, by design.yaml: {reason}"
