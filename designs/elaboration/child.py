"""The child process that elaborates: reads a request on stdin, writes an interface or a refusal to stdout, as JSON."""

from __future__ import annotations

import difflib
import sys
from typing import Any

from dv_agent.designs.elaboration.compilation import RefusedError, Sources
from dv_agent.designs.elaboration.facts import rtl_facts
from dv_agent.designs.elaboration.interface import Interface, Parameter, Refusal
from dv_agent.designs.elaboration.needed_files import module_names, needed_files
from dv_agent.designs.elaboration.request import Request
from dv_agent.designs.elaboration.shapes import port_shapes

_SHOWN = 5
_MOST_LEFT_OUT = 12
_FATAL = (
    "UnknownModule", "CouldNotOpenIncludeFile", "UnknownPackage", "UnknownClassOrPackage", "InvalidTopModule",
    "UnknownInterface", "MaxGenerateStepsExceeded", "MaxInstanceDepthExceeded", "MaxInstanceArrayExceeded", "FatalTask",
    "ErrorTask", "PackedTypeTooLarge", "InvalidParamOverrideOpt",
)  # fmt: skip


def elaborate(request: Request) -> Interface:
    """Return the interface of the top of `request`; files that cannot be read are left out if it needs none of them.

    Raises:
        RefusedError: with file and line of what is wrong.
    """
    first: RefusedError | None = None
    left_out: list[str] = []
    gone: list[str] = []
    for _ in range(_MOST_LEFT_OUT):
        try:
            found = _elaborate(request)
        except RefusedError as refused:
            if first is not None:
                words = f"{first}\nwithout {', '.join(dict.fromkeys(gone))}: {refused}"
            else:
                first, words = refused, str(refused)
            rest = tuple(file for file in request.sources if str(file) not in refused.files)
            if not request.top or not rest or rest == request.sources:
                raise RefusedError(words, refused.files) from None
            gone += refused.files
            left_out.append(str(refused).splitlines()[0])
            request = request.model_copy(update={"sources": rest})
        else:
            notes = [
                f"left out, because it cannot be read, and {found.top} needs nothing of it: {one}" for one in left_out
            ]
            return found.model_copy(update={"notes": (*notes, *found.notes)})
    raise first or RefusedError("no file can be read")


def _elaborate(request: Request) -> Interface:
    sources, plain = _readable(request)
    tops = [instance.name for instance in sources.compilation.getRoot().topInstances]
    defined: list[Any] = list(sources.compilation.getDefinitions())
    modules = sorted(one.name for one in defined if "Module" in str(one.definitionKind))
    if request.parameters and not request.top and (alone := tops or modules)[1:] == [] and alone:
        return _elaborate(request.model_copy(update={"top": alone[0]}))  # parameters are those of a named top
    top = _top(request, sources, tops, modules)
    semantic = sources.errors(sources.compilation.getSemanticDiagnostics())
    if fatal := [words for code, words in semantic if any(name in code for name in _FATAL)]:
        raise RefusedError(_joined(list(dict.fromkeys(fatal))))
    _check_parameters(request, sources, top)
    ports = tuple(port_shapes(sources, top.body))
    facts = rtl_facts(top, ports, sources.where, sources.manager)
    files = needed_files(sources, top, [*request.sources, *request.library], _repeated(sources, top))
    file, _, line = sources.where(top.definition.location).rpartition(":")
    return Interface(
        top=top.name, file=file, line=int(line or 0), ports=ports,
        parameters=tuple(map(_parameter, top.body.parameters)),
        tops=tuple(tops), modules=tuple(modules), notes=tuple(words for _, words in semantic[:20]), verilog=plain,
        files=tuple(map(str, files)),
        **facts,
    )  # fmt: skip


def _check_parameters(request: Request, sources: Sources, top: Any) -> None:
    known = [one.name for one in top.body.parameters if not one.isLocalParam]
    if unknown := sorted({*request.parameters} - {*known}):
        raise RefusedError(
            f"{sources.where(top.definition.location)}: {top.name} has no parameter {', '.join(unknown)}; "
            f"it has {', '.join(known[:20]) or 'none'}"
        )


def _repeated(sources: Sources, top: Any) -> set[str]:
    """Return the files that define a module once more that another file defines, and that the top does not need."""
    twice, needed = list(sources.defined_twice()), set(module_names(top))
    if wrong := [words for name, _, words in twice if name in needed]:
        raise RefusedError(f"{_joined(wrong)}\na file before defines it too: leave one of the two out")
    return {file for _, file, _ in twice}


def _readable(request: Request) -> tuple[Sources, bool]:
    """Read the files as SystemVerilog, and if that fails and all are ``.v``, with the keywords of Verilog-2005."""
    first: list[str] = []
    files: set[str] = set()
    only_v = all(file.suffix != ".sv" for file in request.sources)
    for plain in (False, True) if only_v and request.language != "systemverilog" else (False,):
        sources = Sources(request, plain=plain)
        faults = [one for one in sources.compilation.getParseDiagnostics() if one.isError()]
        if not faults:
            return sources, plain
        first = first or [sources.words(one) for one in faults]
        files = {sources.where(one.location).rpartition(":")[0] for one in faults}
    raise RefusedError(_joined(first), files)


def _joined(words: list[str]) -> str:
    more = f"\n(and {len(words) - _SHOWN} more)" if len(words) > _SHOWN else ""
    return "\n".join(dict.fromkeys(words[:_SHOWN])) + more


def _top(request: Request, sources: Sources, tops: list[str], modules: list[str]) -> Any:
    instances = {one.name: one for one in sources.compilation.getRoot().topInstances}
    if request.top:
        if request.top in instances:
            return instances[request.top]
        near = difflib.get_close_matches(request.top, modules, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"modules found: {', '.join(modules[:20]) or 'none'}"
        if request.top in modules:
            hint = "the module is there, but cannot stand at the top: a parameter without a default? Give it with -P"
            hint += "".join(
                f"\n{words}" for _, words in sources.errors(sources.compilation.getSemanticDiagnostics())[:3]
            )
        raise RefusedError(f"no module {request.top!r} can be the top; {hint}")
    if len(tops) == 1:
        return instances[tops[0]]
    if not tops:
        raise RefusedError(_no_top(request, modules))
    raise RefusedError(f"several modules could be the top: {', '.join(tops[:20])}; say which with --top")


def _no_top(request: Request, modules: list[str]) -> str:
    if not modules:
        return f"{', '.join(str(file) for file in request.sources[:3])}: no module is defined there"
    shown = ", ".join(modules[:20])
    return (
        f"no module that can be the top; modules found: {shown}. Each is instantiated by another one or by itself, or "
        "has a parameter without a default; --top NAME names one, -P NAME=VALUE gives a parameter"
    )


def _parameter(symbol: Any) -> Parameter:
    if hasattr(symbol, "value"):
        return Parameter(name=symbol.name, value=str(symbol.value)[:200])
    return Parameter(name=symbol.name, value=str(symbol.targetType.type)[:200], type=True)


def main() -> None:
    """Answer one request."""
    request = Request.model_validate_json(sys.stdin.buffer.read())
    answer: Interface | Refusal
    try:
        answer = elaborate(request)
    except RefusedError as error:
        answer = Refusal(message=str(error))
    sys.stdout.write(answer.model_dump_json())


if __name__ == "__main__":
    main()
