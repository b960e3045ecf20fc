"""YAML that means the same to readers of YAML 1.1 and of YAML 1.2."""

from __future__ import annotations

from typing import Any

import yaml

from dv_agent.designs.files.yaml_reader import scalar


class _Dumper(yaml.SafeDumper):
    """YAML in which texts of several lines stand as blocks, and words that mean more than text are quoted."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else "'" if _is_more(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_more(text: str) -> bool:
    """Whether YAML 1.2 reads something else than text; PyYAML knows of YAML 1.1 only."""
    try:
        return not isinstance(scalar(text), str)
    except ValueError:
        return True


_Dumper.add_representer(str, _text)


def write_yaml(data: Any, *, width: int = 110, flow: bool = False) -> str:
    """`data` (dicts, lists, scalars) as YAML, keys in their order.

    Args:
        flow: whether collections are written as in JSON.
    """
    return yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, width=width, allow_unicode=True, default_flow_style=flow
    )  # fmt: skip
