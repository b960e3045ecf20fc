"""The list of holes for an agent with tools: holes and decoys together, with the same order, count and wording."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from dv_agent.agents.toolbox.arguments import ExplainHole, ListHoles
from dv_agent.agents.toolbox.text import ToolError, fenced_data, unknown_name
from dv_agent.agents.tools.testbench import Decoys
from dv_agent.coverage.holes import Hole
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import TIERS, Bin, Covergroup
from dv_agent.designs.text.wording import counted
from dv_agent.prompts.feedback.bin_names import values_text
from dv_agent.prompts.feedback.near_misses import hole_distance
from dv_agent.prompts.text.compact_json import compact_json
from dv_agent.prompts.text.test_names import quoted_name
from dv_agent.prompts.view import Attempt, View

PAGE = 40
STEP, PARTS = 300, 24
_MARGIN = 400
NO_TABLE = "no test has had its table so far"
Order = tuple[int, tuple[tuple[int, ...], ...]]


@dataclass(frozen=True, slots=True)
class HoleEntry:
    """Hole with its bin, the test that came nearest to it, and the plan that it is of."""

    hole: Hole
    bin: Bin
    attempt: Attempt | None
    plan: Plan

    @property
    def family(self) -> str:
        """The name ``covergroup.item``."""
        return f"{self.hole.covergroup}.{self.hole.item}"


class HoleList:
    """List of all holes of a view, real holes and decoys.

    Attributes:
        covered, total: numbers of bins; decoys count as bins here.
    """

    def __init__(self, view: View, decoys: Decoys | None) -> None:
        self._groups = {group.name: group for group in view.plan.covergroups}
        self._families = [f"{item.covergroup}.{item.name}" for item in view.plan.items]
        false = decoys.plan.bins if decoys else ()
        found = [_entry(view.plan, hole, view.nearest.get(view.plan.index(hole.bin))) for hole in view.holes]
        if decoys:
            found += [_entry(decoys.plan, one, decoys.attempt(decoys.plan.index(one.bin))) for one in decoys.holes()]
        self.entries = {one.hole.bin: one for one in sorted(found, key=self._order)}
        self.known = {one.id for one in view.plan.bins} | {one.id for one in false}
        self.total = len(view.plan.bins) + len(false)
        self.covered = self.total - len(self.entries)
        self._sizes = {f"{item.covergroup}.{item.name}": item.stop - item.start for item in view.plan.items}
        for one in false:
            family = f"{one.covergroup}.{one.item}"
            self._sizes[family] = self._sizes.get(family, 0) + 1

    def open(self, bin_id: str) -> HoleEntry:
        """Return the hole with id `bin_id`.

        Raises:
            ToolError: the bin does not exist, or it is covered.
        """
        if bin_id in self.entries:
            return self.entries[bin_id]
        if bin_id in self.known:
            raise ToolError(f"{bin_id} is covered already")
        raise unknown_name("hole", bin_id, self.entries, "list_holes names all of them.")

    def list(self, asked: ListHoles, claimed: Mapping[str, object], room: int) -> str:
        """Return one page of holes, grouped by family (covergroup and coverpoint or cross).

        Raises:
            ToolError: the covergroup or the page does not exist.
        """
        wanted = [one for one in self.entries.values() if self._wanted(one, asked)]
        if asked.covergroup and not wanted and asked.covergroup not in {*self._groups, *self._sizes}:
            raise unknown_name("covergroup", asked.covergroup, [*self._groups, *self._sizes])
        if not wanted:
            return "no holes here: everything of that kind is covered"
        if asked.first >= len(wanted):
            raise ToolError(f"first: there are {len(wanted)} holes here, numbered from 0")
        lines, number = list[str](), asked.first
        for family, members in groupby(wanted[asked.first : asked.first + PAGE], key=lambda one: one.family):
            rows = [_line(one, claimed) for one in members]
            if lines and sum(map(len, lines)) + sum(map(len, rows)) > room - _MARGIN:
                break
            lines += [self._head(family), *rows]
            number += len(rows)
        more = f"\nlist on with first={number}" if number < len(wanted) else ""
        label = f"holes {asked.first} to {number - 1} of {len(wanted)}"
        return fenced_data(label, "\n".join(lines), room - _MARGIN) + more

    def explain(self, asked: ExplainHole, tests: Mapping[str, int], claimed: Mapping[str, object], room: int) -> str:
        """Return the description of one hole: sampling, wanted values, distance and nearest test.

        Args:
            tests: digest of a test -> its number in the run.

        Raises:
            ToolError: the bin is not a hole.
        """
        if asked.bin in self._sizes:
            return self._family(asked.bin, room)
        one = self.open(asked.bin)
        group = self._groups[one.hole.covergroup]
        when = f" where {group.when.text}" if group.when else ""
        lines = [f"{one.hole.bin} ({one.hole.tier}): {one.hole.description}"]
        lines.append(
            f"sampled on every row of table `{group.on}`{when}"
            + (f": {group.description}" if group.description else "")
        )
        lines += _meaning(group, one)
        lines += [f"hit {one.hole.hits} of {one.hole.at_least} times; {distance_text(one) or NO_TABLE}"]
        lines += _nearest(one, tests)
        if one.hole.bin in claimed:
            lines.append("you have claimed that it is unreachable")
        return fenced_data("hole", "\n".join(lines), room - _MARGIN)

    def _family(self, family: str, room: int) -> str:
        """Return what a family samples, and the values of its open bins."""
        mine = [one for one in self.entries.values() if one.family == family]
        if not mine:
            raise ToolError(f"every bin of {family} is covered already")
        group, first = self._groups[mine[0].hole.covergroup], mine[0]
        points = {point.name: point for point in group.coverpoints}
        when = f" where {group.when.text}" if group.when else ""
        lines = [self._head(family), f"sampled on every row of table `{group.on}`{when}"]
        if first.bin.kind == "cross":
            of = next(cross.of for cross in group.crosses if cross.name == first.bin.item)
            for name in of:
                values = "; ".join(f"{one.name} = {values_text(one)}" for one in points[name].bins)
                lines.append(f"  {name}: `{points[name].of.text}`: {values}"[: STEP * 2])
        else:
            lines.append(f"`{points[first.bin.item].of.text}`")
            lines += [f"  {one.bin.name} = {values_text(one.bin)}"[:STEP] for one in mine]
        lines.append(f"open: {', '.join(one.bin.name for one in mine)}")
        return fenced_data("family", "\n".join(lines), room - _MARGIN)

    def progress(self) -> str:
        """Return how many bins are covered, and how many are open in each tier, as text."""
        tiers = [(tier, sum(one.hole.tier == tier for one in self.entries.values())) for tier in TIERS]
        still = ", ".join(f"{count} {tier}" for tier, count in tiers if count)
        return f"{self.covered} of {self.total} bins are covered" + (f"; open: {still}" if still else "")

    def _wanted(self, one: HoleEntry, asked: ListHoles) -> bool:
        within = asked.covergroup in ("", one.hole.covergroup, one.family)
        return within and asked.tier in ("any", one.hole.tier)

    def _head(self, family: str) -> str:
        count = sum(one.family == family for one in self.entries.values())
        return f"{family}: {count} of {counted(self._sizes[family], 'bin')} open"

    def _order(self, one: HoleEntry) -> Order:
        """Return the sort key: family as in the plan, then value, so that the position does not reveal decoys."""
        family = self._families.index(one.family) if one.family in self._families else len(self._families)
        if one.bin.kind != "cross":
            return family, tuple(tuple(end for pair in part.ranges for end in pair) for part in one.bin.values)
        group = self._groups[one.bin.covergroup]
        of = next(cross.of for cross in group.crosses if cross.name == one.bin.item)
        points = {point.name: [inner.name for inner in point.bins] for point in group.coverpoints}
        return family, tuple((points[name].index(m),) for name, m in zip(of, one.bin.members, strict=True))


def distance_text(one: HoleEntry) -> str:
    """Return the smallest distance of any test to a hole, as text; empty if no test had its table."""
    if not one.hole.observable:
        return ""
    found = hole_distance(one.plan, one.hole, one.attempt.near if one.attempt else None)
    return found.words if found else "never sampled"


def _entry(plan: Plan, hole: Hole, attempt: Attempt | None) -> HoleEntry:
    return HoleEntry(hole, plan.bins[plan.index(hole.bin)], attempt, plan)


def _line(one: HoleEntry, claimed: Mapping[str, object]) -> str:
    mark = " [claimed unreachable]" if one.hole.bin in claimed else ""
    near = distance_text(one)
    return f"  {one.hole.bin} ({one.hole.tier}){mark}: {one.hole.description[:200]}" + (f"; {near}" if near else "")


def _meaning(group: Covergroup, one: HoleEntry) -> Iterator[str]:
    """Yield lines that say what is sampled, and which values are wanted."""
    points = {point.name: point for point in group.coverpoints}
    if one.bin.kind != "cross":
        yield f"`{points[one.bin.item].of.text}` in {values_text(one.bin)}"[:STEP]
        if one.bin.kind == "transition":
            yield "over consecutive rows; on their own: " + _on_their_own(one.hole)
        return
    of = next(cross.of for cross in group.crosses if cross.name == one.bin.item)
    for name, member, part in zip(of, one.bin.members, one.hole.parts, strict=True):
        wanted = next(inner for inner in points[name].bins if inner.name == member)
        yield f"  {name} = {member}: `{points[name].of.text}` in {values_text(wanted)}; on its own {part.hits} times"[
            :STEP
        ]


def _on_their_own(hole: Hole) -> str:
    shown: Sequence[str] = [f"{part.label} ({part.hits}x)" for part in hole.parts[:PARTS]]
    return ", ".join(shown)


def _nearest(one: HoleEntry, tests: Mapping[str, int]) -> Iterator[str]:
    if one.attempt is None:
        return
    test, near = one.attempt.test, one.attempt.near
    number = tests.get(test.digest)
    called = f"{'?' if number is None else number} {quoted_name(test.name)}"
    yield f"nearest: test {called} in cycle {near.cycle}, while these steps were under way:"
    for track, index in sorted(near.steps.items()):
        if index < len(test.tracks.get(track, ())):
            yield f"  {track}[{index}] {compact_json(test.tracks[track][index], STEP)}"
