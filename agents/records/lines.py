"""The whole lines of ``turns.jsonl``: what a kill left of the last one is no line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dv_agent.errors import InputFileError

MAX_LINE = 64_000_000


@dataclass(slots=True)
class RecordLines:
    """Iterates over (line number, offset of its end, bytes); nothing where there is no file.

    Attributes:
        half: afterwards, whether the last line was cut in half.
    """

    path: Path
    half: bool = False

    def __iter__(self) -> Iterator[tuple[int, int, bytes]]:
        """The lines, one in memory at a time.

        Raises:
            InputFileError: the file cannot be read, or a line has more than `MAX_LINE` bytes.
        """
        if not self.path.is_file():
            return
        number = end = 0
        try:
            with self.path.open("rb") as file:
                while line := file.readline(MAX_LINE):
                    number, end = number + 1, end + len(line)
                    if line.endswith(b"\n"):
                        yield number, end, line
                    elif len(line) == MAX_LINE:
                        raise InputFileError(self.path, f"a line of more than {MAX_LINE} bytes", number)
                    else:
                        self.half = True
        except OSError as error:
            raise InputFileError(self.path, error.strerror or str(error)) from None
