"""The environment variables of the simulator process: those that cocotb needs, and no secrets."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

import cocotb_tools.config
import find_libpython

import dv_agent
from dv_agent.errors import PrerequisiteError

# RTL can read files and start programs, so it must not inherit API keys.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV")


# What cocotb starts in the simulator, without its own coverage, and after `without_unused_modules`.
_STARTED_IN_CHILD = (
    "dv_agent.runners.cocotb.forking.lean_imports:without_unused_modules",
    "cocotb.logging:_configure",
    "cocotb._init:init_package_from_simulation",
    "cocotb.regression:_run_regression",
)


def vpi_library() -> str:
    """Return the path of cocotb's VPI library for vvp, as the argument of ``-m``."""
    return cocotb_tools.config.lib_entry("vpi", "icarus")


def child_environment(test_module: str, top: str) -> dict[str, str]:
    """Return all environment variables of the simulator process, except its own configuration.

    Raises:
        PrerequisiteError: this Python has no shared library, which cocotb needs.
    """
    library = os.environ.get("LIBPYTHON_LOC") or find_libpython.find_libpython()
    if not library:
        raise PrerequisiteError("no shared libpython for this interpreter", "apt-get install libpython3-dev")
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | {
        "GPI_USERS": f"{library};{_python_library()},initialize",
        "PYGPI_USERS": ",".join(_STARTED_IN_CHILD),
        "PYGPI_PYTHON_BIN": sys.executable,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(_roots())),
        "PYTHONDONTWRITEBYTECODE": os.environ.get("PYTHONDONTWRITEBYTECODE", ""),
        "COCOTB_TEST_MODULES": test_module,
        "COCOTB_TOPLEVEL": top,
        "TOPLEVEL_LANG": "verilog",
        "COCOTB_RANDOM_SEED": "1",
        # True gives a different trace on Icarus 11, and nothing here needs it.
        "COCOTB_TRUST_INERTIAL_WRITES": "0",
        "COCOTB_LOG_LEVEL": "CRITICAL",
        "GPI_LOG_LEVEL": "CRITICAL",
        "COCOTB_ANSI_OUTPUT": "0",
        # There are no assertions to rewrite, and no pytest that could do it; see `without_unused_modules`.
        "COCOTB_REWRITE_ASSERTION_FILES": "",
    }


def _python_library() -> Path:
    """Return the path of the extension module ``cocotb.simulator``, without importing cocotb, which takes 0.1 s."""
    folder = cocotb_tools.config.libs_dir.parent
    for suffix in EXTENSION_SUFFIXES:
        if (file := folder / f"simulator{suffix}").is_file():
            return file
    raise PrerequisiteError(f"cocotb in {folder} has no module `simulator`", "pip install --force-reinstall cocotb")


def _roots() -> Iterator[str]:
    """Return the folders from which the child must be able to import: dv_agent's and cocotb's."""
    yield str(Path(next(iter(dv_agent.__path__))).resolve().parent)
    spec = find_spec("cocotb")
    if spec is not None and spec.origin is not None:
        yield str(Path(spec.origin).parent.parent)
