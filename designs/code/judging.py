"""Judging counters in a child process: those that nothing can make count get a reason, the others their conditions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from dv_agent.designs.code.counter import CodeCounter
from dv_agent.designs.design import Design
from dv_agent.designs.elaboration.request import Request
from dv_agent.designs.files.limited_child import run_limited
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.rtl_files import parameter_texts
from dv_agent.errors import BuildError

JUDGE_SECONDS = 120.0


class Question(Frozen):
    """What the child is asked.

    Attributes:
        ties: input of the top -> its value.
        files: name of a file in the counters -> its real path.
        plain: whether the files are read with the keywords of Verilog-2005.
    """

    request: Request
    counters: tuple[CodeCounter, ...]
    ties: dict[str, int]
    files: dict[str, str]
    plain: bool


class Answer(Frozen):
    """The counters, judged."""

    counters: tuple[CodeCounter, ...]


ANSWER = TypeAdapter(Answer)


@cache
def rules_digest() -> str:
    """Return the SHA-256 (hexadecimal) of all files that decide a judgement: kept ones are stale when these change."""
    rooms = (Path(__file__).parent, Path(__file__).parent.parent / "constants")
    files = sorted(file for room in rooms for file in room.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def judged_counters(design: Design, counters: Sequence[CodeCounter]) -> tuple[CodeCounter, ...]:
    """Return `counters` with `dead` and `conditions` filled in; as they are, if slang cannot elaborate the design.

    A counter that is left as it is costs a bin that cannot be hit; one that is excluded wrongly would hide code. So
    whatever is not understood stays.
    """
    question = question_about(design, counters)
    try:
        said = run_limited(
            "dv_agent.designs.code.child", question.model_dump_json().encode(), JUDGE_SECONDS, "reading the RTL"
        )
        answer = ANSWER.validate_json(said)
    except (BuildError, ValidationError):
        return tuple(counters)
    return answer.counters if len(answer.counters) == len(counters) else tuple(counters)


def question_about(design: Design, counters: Sequence[CodeCounter]) -> Question:
    """Return a question about counters of a design, for a child process."""
    return Question(
        request=Request(
            sources=tuple(file.resolve() for file in design.source_files()), top=design.top, defines=design.defines,
            include_dirs=tuple((design.base / name).resolve() for name in design.include_dirs),
            parameters=dict(parameter_texts(design.parameters)),
        ),
        counters=tuple(counters), files=_files(design, counters), plain=design.plain_verilog,
        ties={name.parts.base: value for name, value in design.ties.items() if name == name.parts.base},
    )  # fmt: skip


def _files(design: Design, counters: Sequence[CodeCounter]) -> dict[str, str]:
    """Return the real path of each file that the counters name."""
    shared = {"/".join(file.parts[-2:]): file for file in design.source_files()}
    names = {one.file for one in counters}
    return {name: str((inside if (inside := design.base / name).is_file() else shared.get(name, inside)).resolve())
            for name in names}  # fmt: skip
