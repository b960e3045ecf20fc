"""The child process that looks registers up in elaborated RTL: where they are, their widths, values of their states."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from pyslang.ast import SymbolKind as S

from dv_agent.designs.elaboration.compilation import RefusedError, Sources
from dv_agent.designs.probes.register_question import ANSWER, Found, Question, Wanted

_SCOPES = {S.GenerateBlock, S.GenerateBlockArray, S.InstanceArray}
_MOST_INSTANCES = 20_000
_MOST_BITS = 63


def look_up(question: Question) -> Iterator[Found]:
    """Yield the registers that are wanted, in the order of the hierarchy; those that are not found are left out."""
    sources = Sources(question.request, plain=question.request.language == "verilog")
    tops = [one for one in sources.compilation.getRoot().topInstances if one.name == question.request.top]
    for top in tops[:1]:
        for instance in _instances(top):
            for one in question.wanted:
                if instance.body.definition.name == one.module and (found := _register(top, instance, one)):
                    yield found


def _instances(top: Any) -> Iterator[Any]:
    waiting, seen = [top], 0
    while waiting and seen < _MOST_INSTANCES:
        instance = waiting.pop(0)
        seen += 1
        yield instance
        waiting += _below(instance.body)


def _below(scope: Any) -> list[Any]:
    found = []
    for member in scope:
        if member.kind == S.Instance:
            found.append(member)
        elif member.kind in _SCOPES and not (member.kind == S.GenerateBlock and member.isUninstantiated):
            found += _below(member)
    return found


def _register(top: Any, instance: Any, wanted: Wanted) -> Found | None:
    symbol = instance.body.find(wanted.name)
    kind = getattr(symbol, "type", None)
    if kind is None or not kind.isIntegral or not 1 <= kind.bitWidth <= _MOST_BITS:
        return None
    values = {name: _value(instance.body.lookupName(name)) for name in wanted.states}
    codes = {name: value for name, value in values.items() if value is not None and 0 <= value < 1 << kind.bitWidth}
    path = str(symbol.hierarchicalPath).removeprefix(f"{top.hierarchicalPath}.")
    if len(codes) < len(wanted.states) or len(set(codes.values())) < len(codes):
        return None
    return Found(module=wanted.module, name=wanted.name, path=path, width=int(kind.bitWidth), codes=codes)


def _value(symbol: Any) -> int | None:
    value = getattr(getattr(symbol, "value", None), "value", None)
    try:
        return None if value is None or symbol.value.hasUnknown() else int(value)
    except (TypeError, ValueError):
        return None


def main() -> None:
    """Answer one question."""
    question = Question.model_validate_json(sys.stdin.buffer.read())
    try:
        found = tuple(look_up(question))
    except RefusedError:
        found = ()
    sys.stdout.buffer.write(ANSWER.dump_json(found))


if __name__ == "__main__":
    main()
