"""The dispatcher of tool calls: it answers them from the View, and collects tests, claims and reports for the record.

A call is untrusted text. Its name is looked up in a table, its arguments are parsed as JSON and checked against
bounds; no part of it becomes a path, a command, code or a pattern. Every error is returned as an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dv_agent.agents.llm.json_scanner import clean
from dv_agent.agents.llm.reply_parser import ParsedReply, parse_reply
from dv_agent.agents.models.server.slips import REFUSED
from dv_agent.agents.toolbox.arguments import (
    FINISH,
    Arguments,
    ClaimUnreachable,
    ExplainFailure,
    ExplainHole,
    FindCycles,
    Finish,
    ListHoles,
    ReadRtl,
    ReadSpecification,
    ReportBug,
    RunTests,
    SearchRtl,
    ShowWaveform,
    TraceSignal,
    tools_of,
)  # fmt: skip
from dv_agent.agents.toolbox.call_parser import read_arguments
from dv_agent.agents.toolbox.inspection.explain_failure import explain_failure
from dv_agent.agents.toolbox.inspection.find_cycles import find_cycles
from dv_agent.agents.toolbox.inspection.search_rtl import search_rtl
from dv_agent.agents.toolbox.ledger import Ledger
from dv_agent.agents.toolbox.list_holes import HoleList
from dv_agent.agents.toolbox.read_sources import read_rtl, read_specification
from dv_agent.agents.toolbox.show_waveform import Waves, show_waveform
from dv_agent.agents.toolbox.test_results import NO_CYCLES, results_text
from dv_agent.agents.toolbox.text import ResultLimits, ToolError, clipped, unknown_name
from dv_agent.agents.toolbox.trace_signal import trace_signal
from dv_agent.agents.tools.claims_and_reports import BugReport, Claim, ToolUse
from dv_agent.agents.tools.testbench import Decoys
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.reader.structure import Structure
from dv_agent.errors import DvAgentError, PrerequisiteError, SimulatorLost
from dv_agent.prompts.view import View

MAX_USES = 60
KEPT_ARGUMENTS, KEPT_NAME, KEPT_ERROR = 1_000, 80, 300
LEAST_ROOM = 600
RUN = "run_tests"
QUOTED = 600
UNREADABLE = "unreadable_call"  # of dv_agent.agents.models.langchain_messages, which loads LangChain


@dataclass(frozen=True, slots=True)
class TurnOutput:
    """Results of one turn for its proposal: tests, errors, tool uses, claims and reports."""

    tests: tuple[Test, ...] = ()
    errors: tuple[str, ...] = ()
    dropped: dict[str, int] = field(default_factory=dict)
    repaired: dict[str, int] = field(default_factory=dict)
    uses: tuple[ToolUse, ...] = ()
    claims: tuple[Claim, ...] = ()
    reports: tuple[BugReport, ...] = ()


class ToolDispatcher:
    """Dispatcher that answers the tool calls of one run.

    Args:
        waves: source of the waveforms of tests that have run.
        decoys: unreachable bins that are listed among the holes.
    """

    def __init__(self, waves: Waves, room: ResultLimits, decoys: Decoys | None = None) -> None:
        self._waves, self._room, self._decoys = waves, room, decoys
        self._view: View | None = None
        self._book: HoleList | None = None
        self._structures: list[Structure | None] = []
        self._tests: list[tuple[Test, bool]] = []
        self._numbers: dict[str, int] = {}
        self._ledger = Ledger()
        self._left, self._free, self._first = TurnOutput(), room.reply, 0
        self._resuming = self._notice = ""
        self.waiting: tuple[str, ParsedReply] | None = None
        self.finished = False

    # Turn by turn ----------------------------------------------------------------------------------------

    def begin(self, view: View) -> None:
        """Begin a new turn, and number the tests of the last turn."""
        self._view, self._book = view, HoleList(view, self._decoys)
        self._left, self._first = TurnOutput(), len(self._tests)
        for outcome in view.last:
            self._numbers.setdefault(outcome.test.digest, len(self._tests))
            self._tests.append((outcome.test, bool(outcome.failures)))
        self.finished = False
        self.new_reply()

    def new_reply(self, notice: str = "") -> None:
        """Begin a new reply: its calls share the size limit of one reply; `notice` is added to the first answer."""
        self._free, self._notice = self._room.reply, notice

    def results(self) -> str:
        """Return the results of the last turn's tests: the answer to the waiting call, which LangGraph then repeats."""
        if self.waiting:
            self._resuming, self.waiting = self.waiting[0], None
        view, book = self._now()
        return results_text(view, book, self._decoys, self._first, self._room.result)

    def progress(self) -> str:
        """Return the coverage so far, as text."""
        return self._now()[1].progress()

    def leave(self) -> TurnOutput:
        """Return the results of the turn."""
        claims, reports = self._ledger.fresh()
        left = replace(self._left, claims=claims, reports=reports)
        if self.waiting is None:
            return left
        parsed = self.waiting[1]
        return replace(left, tests=parsed.tests, errors=parsed.errors, dropped=parsed.dropped, repaired=parsed.repaired)

    # Call by call ----------------------------------------------------------------------------------------

    def answer(self, call: str, name: str, arguments: str) -> str | None:
        """Return the result of call `call` of tool `name`; None for tests, which run after the turn has ended."""
        if self._resuming and self._resuming == call:
            self._resuming = ""
            return None
        error = ""
        try:
            text = self._answer(call, name, arguments)
        except ToolError as refused:
            error = str(refused)
            text = f"ERROR: {error}"
        except SimulatorLost:  # a problem of the machine: the run must stop
            raise
        except PrerequisiteError as missing:
            error = f"{type(missing).__name__}: {missing}"
            text = f"ERROR: this does not work here: {missing.what}; go on without it"
        except DvAgentError as failed:
            error = f"{type(failed).__name__}: {failed}"  # may name files, which the model must not see
            text = f"ERROR: this does not work here ({type(failed).__name__}); go on without it"
        except Exception as bug:  # an error in our code must not end the run
            error = f"internal: {type(bug).__name__}"
            text = "ERROR: this tool failed on these arguments; go on without it"
        text = None if text is None else self._within_room(clean(text))
        if text is not None and self._notice:
            text, self._notice = f"{text}\n({self._notice})", ""
        self._log(name, arguments, 0 if text is None else len(text), error)
        return text

    def _answer(self, call: str, name: str, arguments: str) -> str | None:
        if name == UNREADABLE:
            raise ToolError("the arguments of a call are one JSON object, not text or a list; that reply was lost")
        if name == REFUSED:
            raise ToolError(
                f"the server could not read that reply, nothing of it was done: {arguments[:QUOTED]}\n"
                "Call the tools again: each by its name, its arguments as one JSON object."
            )
        known = tools_of(self._now()[0].track)
        if not name:
            raise ToolError(f"a call without the name of a tool; known: {', '.join(known)}")
        if name not in known:
            raise unknown_name("tool", name, known)
        if len(self._left.uses) >= MAX_USES and name not in (RUN, FINISH):
            raise ToolError(f"more than {MAX_USES} calls in this turn; run tests or finish")
        asked = read_arguments(known[name], arguments)
        if isinstance(asked, RunTests):
            return self._run(call, arguments)
        return self._look(asked) if not isinstance(asked, Finish) else self._finish()

    def _look(self, asked: Arguments) -> str:  # noqa: C901, PLR0911  # a table of tools
        (view, book), room = self._now(), max(min(self._room.result, self._free), LEAST_ROOM)
        match asked:
            case ReadSpecification():
                return read_specification(view.specification, asked, room)
            case ReadRtl():
                return read_rtl(view.rtl.files, self._read(view), asked, room)
            case TraceSignal():
                structure = self._read(view)
                if structure is None:
                    raise ToolError("the reader does not understand this RTL; read it with read_rtl")
                return trace_signal(structure, asked, room)
            case ListHoles():
                return book.list(asked, self._ledger.claims, room)
            case ExplainHole():
                return book.explain(asked, self._numbers, self._ledger.claims, room)
            case ShowWaveform():
                return show_waveform(view.design, self._waves, self._test(asked.test)[0], asked, room)
            case FindCycles():
                return find_cycles(view.design, self._waves, self._test(asked.test)[0], asked, room)
            case ExplainFailure():
                return explain_failure(view.design, self._waves.expectations(self._test(asked.test)[0]), asked, room)
            case SearchRtl():
                return search_rtl(view.rtl.files, asked, room)
            case ClaimUnreachable():
                return self._ledger.claim(asked, book)
            case ReportBug():
                return self._ledger.report(asked, self._test(asked.test)[1], self._read(view), dict(view.rtl.files))
        raise ToolError(f"{type(asked).__name__} is not answered")

    def _run(self, call: str, arguments: str) -> str | None:
        view, _ = self._now()
        if self.waiting:
            raise ToolError("only one run_tests in a reply: put all tests into one call")
        if view.budget_left.get("cycles", 1) < 1:
            raise ToolError(NO_CYCLES)
        known = {test.name: test for test, _ in self._tests if test.name}
        parsed = parse_reply(arguments, view.design, view.schema, known=known, planned=view.track.plan)
        if not parsed.tests:
            raise ToolError("no test can run:\n" + "\n".join(parsed.errors))
        self.waiting = call, parsed
        return None

    def _finish(self) -> str:
        self.finished = True
        return "the run ends after this reply"

    # Shared by the tools ---------------------------------------------------------------------------------

    def _now(self) -> tuple[View, HoleList]:
        if self._view is None or self._book is None:
            raise ToolError("the run has not begun")
        return self._view, self._book

    def _read(self, view: View) -> Structure | None:
        """Return the structure of the RTL; None if it cannot be read, which is tried only once."""
        if not self._structures:
            try:
                self._structures.append(view.rtl.structure)
            except SimulatorLost:
                raise
            except DvAgentError:
                self._structures.append(None)
        return self._structures[0]

    def _test(self, number: int) -> tuple[Test, bool]:
        if number >= len(self._tests):
            have = f"it has tests 0 to {len(self._tests) - 1}" if self._tests else "none has run so far"
            raise ToolError(f"test: this run has no test {number}; {have}")
        return self._tests[number]

    def _within_room(self, text: str) -> str:
        text = clipped(text, min(self._room.result, max(self._free, LEAST_ROOM)))
        self._free -= len(text)
        return text

    def _log(self, name: str, arguments: str, size: int, error: str) -> None:
        use = ToolUse(
            name=clean(name)[:KEPT_NAME], arguments=clean(arguments)[:KEPT_ARGUMENTS], size=size,
            error=clean(error)[:KEPT_ERROR],
        )  # fmt: skip
        if len(self._left.uses) < 2 * MAX_USES:
            self._left = replace(self._left, uses=(*self._left.uses, use))
