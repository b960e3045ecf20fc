"""What the simulator process does without when it imports cocotb: pytest, a debugger, a profiler, asyncio, metadata,
reports in XML, OpenSSL.

They are two thirds of its start and half of its memory, and every page of memory is paid for at each fork. cocotb names
exceptions of pytest that a test may raise or expect; `child` raises and expects none. Of asyncio it takes exceptions,
and the metadata of packages say its version only. Its one test never ends, so nothing is reported. Without OpenSSL,
hashes are Python's own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace

_OUTCOMES = ("raises", "skip", "xfail")
_UNUSED = {
    "_pytest": (), "_pytest.assertion": ("install_importhook",), "_pytest.config": ("Config",),
    "pdb": (), "cProfile": (), "pstats": (), "cocotb._xunit_reporter": ("Status",),
}  # fmt: skip
_HASHES = {"_md5", "_sha1", "_sha3", "_blake2"}
_ASYNCIO = "asyncio"
_STAND_IN = "dv_agent stands in"


def without_unused_modules() -> None:
    """Let this process import these modules without contents; call it before cocotb is imported."""
    pytest = ModuleType("pytest")
    for name in _OUTCOMES:
        vars(pytest)[name] = SimpleNamespace(Exception=type(f"{name.title()}Exception", (BaseException,), {}))
    sys.modules.setdefault("pytest", pytest)
    for module, names in _UNUSED.items():
        empty = ModuleType(module)
        vars(empty).update(dict.fromkeys(names))
        sys.modules.setdefault(module, empty)
    vars(sys.modules["cocotb._xunit_reporter"]).setdefault("XUnitReporter", _NoReporter)
    _without_openssl()
    if _ASYNCIO not in sys.modules:
        sys.modules[_ASYNCIO] = _asyncio()
    version = ModuleType("cocotb._version")
    vars(version)["__version__"] = _version_of_cocotb()
    sys.modules.setdefault(version.__name__, version)


def with_asyncio() -> None:
    """Let drivers import all of asyncio; call it after cocotb is imported, whose tasks nothing cancels here."""
    if sys.modules.get(_ASYNCIO, sys).__doc__ == _STAND_IN:
        del sys.modules[_ASYNCIO]


class _NoReporter:
    """Takes whatever cocotb reports, and writes nothing."""

    def __init__(self, **_: object) -> None: ...

    def __getattr__(self, _: str) -> Callable[..., None]:
        return lambda *_, **__: None


def _without_openssl() -> None:
    """Let this process import hashlib without OpenSSL, where this Python has hashes of its own."""
    if all(map(find_spec, _HASHES)) and "_hashlib" not in sys.modules:
        sys.modules["_hashlib"] = None  # type: ignore[assignment]  # an ImportError
        import_module("hashlib")
        del sys.modules["_hashlib"]


def _asyncio() -> ModuleType:
    """Return a module with the exceptions of asyncio, and nothing else of it."""
    whole = find_spec(_ASYNCIO)
    spec = spec_from_file_location("exceptions", Path(str(whole.origin)).with_name("exceptions.py")) if whole else None
    assert spec is not None
    assert spec.loader is not None
    exceptions = module_from_spec(spec)
    spec.loader.exec_module(exceptions)
    stand_in = ModuleType(_ASYNCIO, _STAND_IN)
    vars(stand_in).update((word, vars(exceptions)[word]) for word in vars(exceptions)["__all__"])
    return stand_in


def _version_of_cocotb() -> str:
    spec = find_spec("cocotb")
    folder = Path(str(spec.origin)).parent.parent if spec else Path()
    names = [one.name for one in folder.glob("cocotb-*.dist-info")]
    return names[0].removesuffix(".dist-info").removeprefix("cocotb-") if names else "unknown"
