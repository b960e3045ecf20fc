"""Tests made of proofs: what is reachable is searched with what tests can do, and counts once a simulation hits it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.certificates.data_model import Certificate, Verdict
from dv_agent.coverage.plan import Plan
from dv_agent.designs.language.literal import literal_test
from dv_agent.designs.language.stimulus import StimulusError, Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.program import RESET_TRACK, Op, Program
from dv_agent.eval.certificates.cross_check import Played
from dv_agent.eval.certificates.plain_lines import plain_line
from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.formal.netlist import Netlist
from dv_agent.runners.formal.playable.drivers import Beats
from dv_agent.runners.formal.playable.program_of_samples import NotPlayableError, program_of
from dv_agent.runners.formal.playable.search import Way, ways
from dv_agent.runners.simulator import Simulator

MOST_CYCLES = 400
MOST_TESTS = 1_000
NAME = "found test"
_MISSED = "the test that was made for it does not hit it in the simulation"
_NO_WAY = "no test was found that does: {} cycles of what tests can do were tried"


@dataclass(frozen=True, slots=True)
class FoundTests:
    """The tests of a search.

    Attributes:
        tests: those whose simulation hits something that was searched.
        played: the same, simulated.
        reasons: name of a property that no test hits -> why.
        hits: key of a verdict -> the first of the tests that hits it.
    """

    tests: tuple[Test, ...]
    played: tuple[Played, ...] = field(repr=False)
    reasons: dict[str, str] = field(repr=False)
    hits: Mapping[str, str] = field(repr=False)


def beats_of(folder: DesignFolder) -> Beats:
    """Return the lengths of the packets of each source."""
    tracks = folder.schema.tracks
    ports = [name for name in folder.design.packet_ports if name in tracks]
    return {name: (tracks[name].beats.min, tracks[name].beats.max) for name in ports}


class TestSearch:
    """Searches tests that hit bins.

    Args:
        seconds: time limit of a search; building for the simulator does not count.
        ignored: returns the keys of what the plan ignores and a test hits, which its sample does not tell.
    """

    __test__ = False  # pytest would collect classes named Test*

    def __init__(
        self, folder: DesignFolder, plan: Plan, simulator: Simulator, seconds: float, say: Callable[[str], None],
        ignored: Callable[[Played], Iterable[str]] = lambda _: (),
    ) -> None:  # fmt: skip
        self._folder, self._plan, self._simulator, self._seconds, self._say = folder, plan, simulator, seconds, say
        self._ignored = ignored
        self._cycles = 0

    def found(self, netlist: Netlist, keys: dict[str, str]) -> FoundTests:
        """Search.

        Args:
            netlist: its environment does what tests can do.
            keys: property of the circuit -> key of the verdict on what has to be hit in a simulation.

        Raises:
            SimulationError: the simulator failed.
        """
        reasons: dict[str, str] = {}
        tests: list[Test] = []
        played: list[Played] = []
        hits: dict[str, str] = {}
        with self._simulator.open(self._folder.design) as session:
            bench = Testbench(self._folder, self._plan, session)
            end = time.monotonic() + self._seconds
            for way in ways(netlist, self._folder.design, [*keys], MOST_CYCLES, end, self._told):
                if len(tests) >= MOST_TESTS:
                    break
                one = self._tried(bench, way, len(tests), keys, reasons)
                if one is not None:
                    tests.append(one[0])
                    played.append(one[1])
                    hits = dict.fromkeys(self._hits(one[1]), one[1].name) | hits
        for name in keys:
            reasons.setdefault(name, _NO_WAY.format(self._cycles))
        return FoundTests(tuple(tests), tuple(played), reasons, hits)

    def witnessed(self, certificate: Certificate, found: FoundTests, of: Mapping[str, str]) -> Certificate:
        """Return `certificate` with the tests, what they hit, and why what was searched is not hit.

        Args:
            of: key of a verdict -> one of the properties that were searched for it.
        """
        verdicts = tuple(
            _told(one, found.hits, found.reasons.get(of.get(one.key, ""), "")) for one in certificate.verdicts
        )
        tests = tuple(one.data() for one in found.tests)
        return certificate.model_copy(update={"verdicts": verdicts, "tests": tests})

    def _told(self, cycles: int, left: int) -> None:
        self._cycles = cycles
        self._say(f"searching a test: {cycles} cycles, {left} left")

    def _tried(
        self, bench: Testbench, way: Way, number: int, keys: dict[str, str], reasons: dict[str, str]
    ) -> tuple[Test, Played] | None:
        """Return the test of a way, simulated; None with reasons if there is none, or it hits nothing of the way.

        A test that misses something is tried again with a reset behind it, which takes signals back to their first
        values: some points of code need that.
        """
        wanted = ", ".join(dict.fromkeys(keys[name].partition(":")[2] for name in way.names))
        name, note = f"{NAME} {number}", f"made to hit {wanted}"[:1000]
        best: tuple[Test, Played] | None = None
        missed = list(way.names)
        try:
            for program in self._programs(way):
                test = literal_test(self._folder.design, self._folder.schema, program, name)
                test = test.model_copy(update={"note": note})
                simulated = bench.simulate(test, None)
                (result,) = bench.sampled([simulated])
                played = Played(test.name, simulated.run.rows, simulated.tables, result.sample)
                hit = self._hits(played)
                left = [one for one in way.names if keys[one] not in hit]
                reasons |= dict.fromkeys(left, _MISSED)
                if len(left) < len(missed):
                    best = test, played
                    missed = left
                if not missed:
                    break
        except (NotPlayableError, StimulusError) as error:
            for one in missed:
                reasons.setdefault(one, f"no test does what hits it: {error}")
        return best

    def _hits(self, test: Played) -> set[str]:
        """Return the keys of what a simulated test hits."""
        hit = {f"bin:{self._plan.bins[index].id}" for index in test.sample.hits.nonzero()[0].tolist()}
        return hit | {f"illegal:{one.bin}" for one in test.sample.illegal} | {*self._ignored(test)}

    def _programs(self, way: Way) -> Iterator[Program]:
        """Yield the program of a way, then one with a reset behind it.

        Raises:
            NotPlayableError: no test does what the way does.
        """
        design = self._folder.design
        layout = layout_of(design)
        program = program_of(design, layout, way.rows, beats_of(self._folder))
        yield program
        behind = len(way.rows) // layout.sample_width + 1
        if design.reset is not None and behind < design.limits.max_cycles:
            ops = (*program.tracks.get(RESET_TRACK, ()), Op("at", behind), Op("pulse", 1))
            yield replace(program, tracks={**program.tracks, RESET_TRACK: ops})


def _told(verdict: Verdict, hits: Mapping[str, str], reason: str) -> Verdict:
    if verdict.outcome == "witness":
        return verdict
    if verdict.key in hits:
        return verdict.model_copy(update={"outcome": "witness", "witness": hits[verdict.key], "reason": ""})
    return (
        verdict.model_copy(update={"reason": plain_line(reason)})
        if reason and verdict.outcome == "reachable"
        else verdict
    )
