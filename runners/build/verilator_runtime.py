"""Verilator's run-time library, most of what g++ compiles in a build: the same for all designs, so compiled once."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dv_agent.runners.build.external_tools import CommandResult, run_command

_FORMAT = "1"  # raise when the contents of a folder change
_MAKEFILE = "dv_runtime.mk"
_RULES = """\
include Vtop.mk
dv-runtime: $(VK_GLOBAL_OBJS) {more}
\t@echo dv-runtime $^
dv-compiler:
\t@$(CXX) --version
"""


@dataclass(frozen=True, slots=True)
class RuntimeShelf:
    """Where compiled libraries stand, and how one is made.

    Attributes:
        shelf: the folder of all of them, one a set of options, compiler and Verilator.
        make: the words that call make in the folder of ``Vtop.mk``, the same for every design.
        environment: of make.
        seconds: how long it may take.
        writable: folders that it may write into.
    """

    shelf: Path
    make: Sequence[str]
    environment: Mapping[str, str]
    seconds: float
    writable: Sequence[Path]

    def lay_out(self, objects: Path, more: Mapping[str, str], parts: Sequence[str]) -> tuple[str, ...]:
        """Put the object files of the library into `objects`; compile them first where no build has yet.

        Whatever goes wrong here, the build goes on without: make then compiles the library, or says why it cannot.

        Args:
            objects: the folder of ``Vtop.mk``.
            more: object files that do not depend on the design either, and the text of their sources.
            parts: what decides about the result besides the commands of make, such as the version of Verilator.

        Returns:
            Their names; make shall take them as they are.

        Raises:
            BuildError: make took too long.
        """
        (objects / _MAKEFILE).write_text(_RULES.format(more=" ".join(more)), encoding="utf-8")
        plan, compiler = self._run(objects, "-n", "dv-runtime"), self._run(objects, "-s", "dv-compiler")
        names = _names(plan)
        if plan.code or compiler.code or not names:
            return ()
        key = "\0".join([_FORMAT, *parts, *more.values(), plan.output, compiler.output])
        target = self.shelf / hashlib.sha256(key.encode()).hexdigest()[:32]
        try:
            if not target.exists():
                self._fill(target, objects, names)
            for name in names:
                (objects / name).unlink(missing_ok=True)
                (objects / name).symlink_to((target / name).absolute())
        except OSError:
            return ()
        return names

    def _fill(self, target: Path, objects: Path, names: Sequence[str]) -> None:
        """Compile them in `objects`, and move them to `target` in one step; OSError where they were not made."""
        self.shelf.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(self.shelf / f"{target.name}.lock"):
            if target.exists():
                return
            self._run(objects, "dv-runtime")
            aside = Path(tempfile.mkdtemp(prefix="building-", dir=self.shelf))
            try:
                for name in names:
                    shutil.copy2(objects / name, aside / name)
                aside.rename(target)
            finally:
                shutil.rmtree(aside, ignore_errors=True)

    def _run(self, objects: Path, *words: str) -> CommandResult:
        command = [*self.make, "--no-print-directory", "-f", _MAKEFILE, *words]
        return run_command(command, objects, self.seconds, self.environment, self.writable)


def _names(plan: CommandResult) -> tuple[str, ...]:
    """The object files, as the last command of the plan lists them."""
    listed = [line.split()[2:] for line in plan.output.splitlines() if line.startswith("echo dv-runtime ")]
    return tuple(listed[-1]) if listed else ()


@contextmanager
def _one_at_a_time(file: Path) -> Iterator[None]:
    """Builds that start together do not compile the same library twice; a lock dies with its process."""
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
