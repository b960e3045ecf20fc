"""The tools of the agent `tools`: names, descriptions for the model, and bounds of their arguments."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dv_agent.agents.models.chat_model import ToolSpec
from dv_agent.prompts.benchmark_track import CLOSURE, Track

NAME, TEXT, FAR = 200, 4_000, 10_000_000
MAX_CYCLES_SHOWN, MAX_SIGNALS_SHOWN, MAX_DEPTH, MAX_TESTS = 64, 24, 12, 64
MAX_PLACE_SIGNALS, MAX_PLACE_LINES = 5, 10
FINISH = "finish"
_COVERED = "what each covered, step by step, how near it came"


class Arguments(BaseModel):
    """Arguments of one tool: its docstring and its fields are what the model reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ReadSpecification(Arguments):
    """Read one section of the specification; without a section, its table of contents."""

    section: str = Field(default="", max_length=NAME, description="number or title, such as 3.2")
    first: int = Field(default=0, ge=0, le=FAR, description="character to begin with, to read on in a long section")


class ReadRtl(Arguments):
    """Read the RTL with line numbers, by module or by file; without a name, all modules with ports and instances."""

    name: str = Field(default="", max_length=NAME, description="module, or file such as fifo.v")
    first_line: int = Field(default=0, ge=0, le=FAR, description="0: from the beginning")
    last_line: int = Field(default=0, ge=0, le=FAR, description="0: to the end")


class TraceSignal(Arguments):
    """Drivers and readers of a signal, with their conditions, and the cone of signals that can change it."""

    signal: str = Field(min_length=1, max_length=NAME)
    module: str = Field(default="", max_length=NAME, description="module that declares it; empty: the top module")
    depth: int = Field(default=2, ge=1, le=MAX_DEPTH, description="how many assignments back the cone goes")


class ListHoles(Arguments):
    """The bins that are not covered, family by family, with how near the tests came."""

    covergroup: str = Field(default="", max_length=NAME, description="only this covergroup, or covergroup.item")
    tier: Literal["any", "easy", "medium", "hard"] = "any"
    first: int = Field(default=0, ge=0, le=FAR, description="number of the hole to begin with")


class ExplainHole(Arguments):
    """All about one hole: what is sampled where, what its members are, which test came nearest, and in which step.

    Of a family, covergroup.item, what it samples and which values its bins have.
    """

    bin: str = Field(min_length=1, max_length=NAME, description="a bin, or a family such as row.length")


class RunTests(Arguments):
    """Simulate tests and be told what each covered, step by step, how near it came, and which checks failed.

    A turn ends with it; call it once in a reply, after everything else.
    """

    tests: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=MAX_TESTS,
        description='tests in the test language: {"name": ..., "tracks": {...}}; or, to change the test NAME of an '
        'earlier call, {"name": ..., "like": "NAME", "tracks": {...}}: the tracks that are given replace its own',
    )


class ShowWaveform(Arguments):
    """A stretch of the waveform of a test that has run, as a table: one row a cycle, sampled before its clock edge."""

    test: int = Field(ge=0, le=FAR, description="number of the test in this run")
    first_cycle: int = Field(default=0, ge=0, le=FAR)
    cycles: int = Field(default=32, ge=1, le=MAX_CYCLES_SHOWN)
    signals: list[Annotated[str, Field(max_length=NAME)]] = Field(
        default_factory=list,
        max_length=MAX_SIGNALS_SHOWN,
        description="pins of the top module, or inner signals by instance path, such as fifo.count; empty: all pins",
    )


class FindCycles(Arguments):
    """The cycles of a test in which a condition holds, such as `in_valid == 1 and in_ready == 0 and fifo.count > 3`.

    Operators are those of expressions in tests. Cycles with an X do not count, nor do those in reset, unless the
    condition names the reset.
    """

    test: int = Field(ge=0, le=FAR, description="number of the test in this run")
    condition: str = Field(
        min_length=1, max_length=NAME * 2, description="over pins, or inner signals by instance path"
    )
    first_cycle: int = Field(default=0, ge=0, le=FAR)


class ExplainFailure(Arguments):
    """All failed checks of a test; and of one the output, what was due, and the inputs of which it is made."""

    test: int = Field(ge=0, le=FAR, description="number of the test in this run")
    number: int = Field(default=0, ge=0, le=FAR, description="which of its failures, from 0, to tell in detail")


class SearchRtl(Arguments):
    """The lines of the RTL that hold a text, letter case apart, with file and line."""

    text: str = Field(min_length=2, max_length=NAME)
    first: int = Field(default=0, ge=0, le=FAR, description="number of the line to begin with")


class ClaimUnreachable(Arguments):
    """Claim that no legal stimulus can ever hit a bin. Claims are judged at the end of the run: wrong ones count."""

    bin: str = Field(min_length=1, max_length=NAME)
    argument: str = Field(min_length=20, max_length=TEXT, description="why: from specification or RTL, step by step")


class ReportBug(Arguments):
    """Report that the design breaks its specification, and where its RTL is wrong.

    The test must fail a check when run anew. The place is a module with its faulty signals or lines (one of both is
    enough), or what is next to them towards the failing output. A test is reported once.
    """

    test: int = Field(ge=0, le=FAR, description="number of the test in this run that shows it")
    title: str = Field(min_length=5, max_length=NAME)
    explanation: str = Field(min_length=20, max_length=TEXT, description="what is wrong, where, and what is right")
    module: str = Field(default="", max_length=NAME, description="module that holds the fault")
    signals: list[Annotated[str, Field(max_length=NAME)]] = Field(
        default_factory=list, max_length=MAX_PLACE_SIGNALS, description="faulty signals that this module declares"
    )
    first_line: int = Field(default=0, ge=0, le=FAR, description="faulty lines of the module's file, as in read_rtl")
    last_line: int = Field(
        default=0, ge=0, le=FAR, description=f"0: first_line only; a place has at most {MAX_PLACE_LINES} lines"
    )


class Finish(Arguments):
    """End the run: nothing more can be gained.

    You see no verdict: it comes after the run. Nor do you see whether a report_bug of the same reply was refused.
    """

    reason: str = Field(min_length=1, max_length=TEXT)


TOOLS: dict[str, type[Arguments]] = {
    "read_specification": ReadSpecification,
    "read_rtl": ReadRtl,
    "trace_signal": TraceSignal,
    "list_holes": ListHoles,
    "explain_hole": ExplainHole,
    "run_tests": RunTests,
    "show_waveform": ShowWaveform,
    "find_cycles": FindCycles,
    "explain_failure": ExplainFailure,
    "search_rtl": SearchRtl,
    "claim_unreachable": ClaimUnreachable,
    "report_bug": ReportBug,
    FINISH: Finish,
}


OF_THE_PLAN = frozenset({"list_holes", "explain_hole", "claim_unreachable"})
"""Tools that speak of the plan; a track that hides it has none of them."""


def tools_of(track: Track) -> dict[str, type[Arguments]]:
    """Return the tools of a track, by name."""
    return {name: model for name, model in TOOLS.items() if track.plan or name not in OF_THE_PLAN}


@cache
def tool_specs(track: Track = CLOSURE) -> tuple[ToolSpec, ...]:
    """Return the tools with the descriptions that a model gets, in the order of `TOOLS`."""
    return tuple(
        ToolSpec(name=name, description=_words(model, track), parameters=_schema(model))
        for name, model in tools_of(track).items()
    )


def _words(model: type[Arguments], track: Track) -> str:
    said = " ".join((model.__doc__ or "").split())
    return said if track.plan else said.replace(_COVERED, "how each ended")


def _schema(model: type[Arguments]) -> dict[str, Any]:
    """Return the JSON schema without the titles that pydantic generates from names."""
    schema = model.model_json_schema()
    properties = {name: {k: v for k, v in one.items() if k != "title"} for name, one in schema["properties"].items()}
    return {"type": "object", "properties": properties, "required": schema.get("required", [])}
