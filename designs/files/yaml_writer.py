"""Writing YAML that readers of YAML 1.1 and of YAML 1.2 read in the same way."""

from __future__ import annotations

from typing import Any

import yaml

from dv_agent.designs.files.yaml_reader import scalar

_BREAKS = frozenset("\x85\u2028\u2029")
"""Line breaks of YAML 1.1 only; in a block they would be read as others."""


class _Dumper(yaml.SafeDumper):
    """A YAML dumper that writes multi-line texts as blocks, and quotes texts that would be read as another type."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _BREAKS & set(text) else "|" if "\n" in text else "'" if _is_more(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_more(text: str) -> bool:
    """Return whether YAML 1.2 reads this as another type than text; PyYAML checks only YAML 1.1."""
    try:
        return not isinstance(scalar(text), str)
    except ValueError:
        return True


_Dumper.add_representer(str, _text)


def write_yaml(data: Any, *, width: int = 110, flow: bool | None = False) -> str:
    """Return `data` (dicts, lists, scalars) as YAML text, keys in their order.

    Args:
        flow: whether collections are written in flow style, as in JSON; None: those that hold no other collection.
    """
    return yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, width=width, allow_unicode=True, default_flow_style=flow
    )  # fmt: skip
