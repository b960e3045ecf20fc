"""What ``dv-agent run`` is asked to do, and the YAML file that may ask it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from dv_agent.designs.files import read_document
from dv_agent.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class Request:
    """The options of ``dv-agent run``; see its ``--help``. None means: not said."""

    design: str | None = None
    agent: str | None = None
    seed: int = 0
    max_cycles: int | None = None
    max_calls: int | None = None
    max_tokens_total: int | None = None
    max_usd: float | None = None
    max_seconds: float | None = None
    target: float | None = None
    patience: int | None = None
    stop_on_failure: bool = False
    guided: bool = True
    bug: str | None = None
    simulator: str = "icarus"
    out: Path = Path("runs")
    resume: Path | None = None
    model: dict[str, Any] | None = None
    prompt_strategy: str = "default"
    decoys: int = 0
    cache: Path | None = None
    reparse: bool = False


def read_config(context: typer.Context, path: Path | None) -> Path | None:
    """Take defaults from a YAML file: ``design: mxint_softmax``, one key an option, dashes as underscores.

    What stands on the command line or in the environment wins.

    Raises:
        InputFileError: not a mapping, or a key that is no option.
    """
    if path is None:
        return None
    document = read_document(path)
    if not isinstance(document.data, dict):
        raise document.error((), "expected one `option: value` a line, such as `design: mxint_softmax`")
    known = {parameter.name for parameter in context.command.params if parameter.name}
    for key in document.data:
        if key.replace("-", "_") not in known:
            raise document.error((key,), str(UnknownNameError("option", key, known)))
    defaults = {key.replace("-", "_"): value for key, value in document.data.items()}
    context.default_map = {**(context.default_map or {}), **defaults}
    return path
