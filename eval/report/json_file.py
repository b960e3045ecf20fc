"""Reading a small JSON file that may be missing."""

from __future__ import annotations

import json
from pathlib import Path

from dv_agent.designs.files.documents import read_text
from dv_agent.errors import InputFileError
from dv_agent.eval.report.fields import Fields


def read_object(path: Path) -> Fields | None:
    """The object in `path`, or None where there is no such file.

    Raises:
        InputFileError: unreadable, too large, or not a JSON object.
    """
    if not path.is_file():
        return None
    try:
        return Fields(json.loads(read_text(path)), path)
    except json.JSONDecodeError as error:
        raise InputFileError(path, f"not valid JSON: {error.msg}", error.lineno) from None
    except (ValueError, RecursionError) as error:
        raise InputFileError(path, f"not valid JSON: {error}") from None
