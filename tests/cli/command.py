"""Calling the command line as a real process."""

import os
import subprocess
import sys
from pathlib import Path

CODE = "from dv_agent.cli.main import main; main()"


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """Ours without any setting of dv-agent or key of a vendor."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DV_AGENT_", "OPENAI_"))}
    return {**kept, **(extra or {})}


def call(
    *words: str, cwd: Path, env: dict[str, str] | None = None, seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run ``dv-agent <words>`` to its end, which comes within so many seconds even on a busy machine."""
    return subprocess.run(
        [sys.executable, "-c", CODE, *words], cwd=cwd, env=environment(env), capture_output=True, text=True,
        timeout=seconds, check=False,
    )  # fmt: skip


def start(*words: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Start ``dv-agent <words>``."""
    return subprocess.Popen(
        [sys.executable, "-c", CODE, *words], cwd=cwd, env=environment(env), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
