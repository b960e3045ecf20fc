"""What all programs of Verilator share, library and headers: most of the compile time, so it is compiled only once."""

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
%.gch: %
\t$(CXX) $(OPT_FAST) $(CXXFLAGS) $(CPPFLAGS) -x c++-header -o $@ $<
"""
HEADERS = "dv_headers.hpp"
COMPILED_HEADERS = f"{HEADERS}.gch"
"""Beside the file that is named like it, a compiler takes it in place of that file, if its options are the same."""


@dataclass(frozen=True, slots=True)
class RuntimeShelf:
    """The folder of compiled run-time libraries, and the commands that compile one.

    Attributes:
        shelf: the folder of all libraries, one for each combination of options, compiler and Verilator.
        make: the command line that calls make in the folder of ``Vtop.mk``, the same for every design.
        environment: environment variables of make.
        seconds: time limit of make, in seconds.
        writable: folders that make may write into.
    """

    shelf: Path
    make: Sequence[str]
    environment: Mapping[str, str]
    seconds: float
    writable: Sequence[Path]

    def lay_out(
        self, objects: Path, more: Mapping[str, str], parts: Sequence[str], headers: str = ""
    ) -> tuple[str, ...]:
        """Put the object files of the library into `objects`; compile them first if no earlier build did.

        If this fails, the build continues without them: make then compiles the library, or reports why it cannot.

        Args:
            objects: the folder of ``Vtop.mk``.
            more: further object files that do not depend on the design, and the text of their sources.
            parts: inputs of the result besides the commands of make, such as the version of Verilator.
            headers: text of `HEADERS`, which is compiled in advance too; none if empty.

        Returns:
            The names of the object files, which make must use without compiling them again; `COMPILED_HEADERS` is
            among them if there are headers.

        Raises:
            BuildError: make took too long.
        """
        wanted = [*more, *([COMPILED_HEADERS] if headers else [])]
        (objects / HEADERS).write_text(headers, encoding="utf-8")
        (objects / _MAKEFILE).write_text(_RULES.format(more=" ".join(wanted)), encoding="utf-8")
        plan, compiler = self._run(objects, "-n", "dv-runtime"), self._run(objects, "-s", "dv-compiler")
        names = _names(plan)
        if plan.code or compiler.code or not names:
            return ()
        key = "\0".join([_FORMAT, *parts, *more.values(), headers, plan.output, compiler.output])
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
        """Compile the object files in `objects`, and move them to `target` in one step; OSError if there are none."""
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
    """Return the object files that the last command of the dry run of make lists."""
    listed = [line.split()[2:] for line in plan.output.splitlines() if line.startswith("echo dv-runtime ")]
    return tuple(listed[-1]) if listed else ()


@contextmanager
def _one_at_a_time(file: Path) -> Iterator[None]:
    """Hold a lock, so that parallel builds compile a library only once; the lock ends with its process."""
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
