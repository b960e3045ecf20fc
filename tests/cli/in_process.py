"""Calling the command line in this process: cheaper than a process of its own, where none is needed."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from dv_agent.cli.main import main


@dataclass(frozen=True)
class Ended:
    """What a command ended with and printed."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class CommandLine:
    """``dv-agent`` in a folder of its own."""

    folder: Path
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def __call__(self, *words: str) -> Ended:
        """Run ``dv-agent <words>`` to its end."""
        self.patch.chdir(self.folder)
        for name in [name for name in os.environ if name.startswith("OPENAI_")]:
            self.patch.delenv(name)
        self.patch.setattr(sys, "argv", ["dv-agent", *words])
        self.capture.readouterr()
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        told = self.capture.readouterr()
        return Ended(code, told.out, told.err)
