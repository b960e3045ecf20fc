"""Reading the tests of a turn."""

from __future__ import annotations

from typing import Any

from dv_agent.eval.report.fields import Fields, compact
from dv_agent.eval.report.run_data import Nearness, TestData, Track
from dv_agent.eval.report.text_limits import Allowance
from dv_agent.runners.checks.ending import Waiting
from dv_agent.runners.checks.failure import CheckFailure

MOST_STEPS = 60
STEP_LENGTH = 400
MOST_CHECKS = 6
_MESSAGE_LENGTH = 1_000
_NAMES, _NAME = 20, 60


def read_test(data: Fields, turn: int, before: int, allowance: Allowance) -> TestData:
    """One test record; `before` is how many cycles the run had simulated before it."""
    stimulus, checks = data.inner("test"), list(data.objects("failures"))
    cycles = data.count("cycles")
    return TestData(
        index=data.count("index"),
        turn=turn,
        name=stimulus.text("name"),
        note=stimulus.text("note"),
        seed=stimulus.count("seed"),
        tracks=read_tracks(stimulus, allowance),
        cycles=cycles,
        cycle=before + cycles,
        end=data.text("end", "refused"),
        new_bins=data.texts("new_bins"),
        failures=tuple(read_failure(one) for one in checks[:MOST_CHECKS]),
        failed_checks=len(checks),
        error=data.text("error")[:_MESSAGE_LENGTH],
        near=tuple(_nearness(one) for one in data.objects("near")),
        waiting=_waiting(data.inner("waiting")) if data.data.get("waiting") else None,
    )


def read_tracks(stimulus: Fields, allowance: Allowance) -> tuple[Track, ...]:
    """The tracks of a test, and the memory contents as if they were tracks."""
    tracks = [_track(name, steps, allowance) for name, steps in stimulus.inner("tracks").lists()]
    memory = stimulus.inner("memory").data
    return (*tracks, *(_track(f"memory {name}", [content], allowance) for name, content in memory.items()))


def read_failure(data: Fields) -> CheckFailure:
    """A failed check."""
    return CheckFailure(
        check=data.text("check", "unknown"),
        port=data.text("port"),
        cycle=data.maybe_count("cycle"),
        index=data.maybe_count("index"),
        field=data.text("field"),
        expected=data.maybe_count("expected"),
        seen=data.maybe_count("seen"),
        message=data.text("message")[:_MESSAGE_LENGTH],
    )


def _waiting(data: Fields) -> Waiting:
    refused, spent = (tuple(name[:_NAME] for name in data.texts(key)[:_NAMES]) for key in ("refused", "spent"))
    allowed, complete = (bool(data.truth(key)) for key in ("allowed", "complete"))
    return Waiting(refused=refused, spent=spent, allowed=allowed, complete=complete)


def _track(name: str, steps: list[Any], allowance: Allowance) -> Track:
    lines: list[str] = []
    for step in steps[:MOST_STEPS]:
        clip = allowance.take(compact(step), STEP_LENGTH)
        if not clip.text:
            break
        lines.append(f"{clip.text} … {clip.more:,} more characters" if clip.more else clip.text)
    return Track(name, tuple(lines), len(steps) - len(lines))


def _nearness(data: Fields) -> Nearness:
    steps = data.inner("steps")
    name = data.data.get("bin")
    return Nearness(
        bin=name if isinstance(name, str) else data.count("bin", -1),
        distance=data.number("distance") or 0.0,
        steps={track: steps.count(track) for track in steps.data},
    )
