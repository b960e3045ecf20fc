"""The YAML file that may hold the options of a command."""

from __future__ import annotations

from pathlib import Path

import typer

from dv_agent.designs.files import read_document
from dv_agent.errors import UnknownNameError


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
