"""Tests that are written as a change of an earlier test of the run: ``{"like": NAME, "tracks": ..., "steps": ...}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dv_agent.designs.language.stimulus import StimulusError, Test
from dv_agent.errors import UnknownNameError
from dv_agent.prompts.text.test_names import short_name, whole_name
from dv_agent.prompts.view import View

LIKE, STEPS = "like", "steps"
MOST_EDITS, MOST_NAME = 200, 200
MOST_LOOKS = 3
"""Most bins that a reply may ask to look at."""
_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_.]{0,63})\[(\d{1,4})\]")


def earlier_tests(view: View) -> dict[str, Test]:
    """Return the tests that a prompt names, by name; of two with one name the later one."""
    old = [attempt.test for attempt in view.nearest.values()]
    earned, played = (one.test for one in view.earned), (one.test for one in view.earlier)
    tests = (*old, *earned, *played, *(outcome.test for outcome in view.last))
    return {test.name: test for test in tests if test.name}


def bins_to_look_at(asked: Any, before: list[str]) -> tuple[list[str], str]:
    """Return the bins of `before` and `asked`, at most `MOST_LOOKS`, and what was wrong with `asked`."""
    names = [asked] if isinstance(asked, str) else asked
    if not isinstance(names, list) or not all(isinstance(one, str) and len(one) <= MOST_NAME for one in names):
        return before, "expected a list of names of bins"
    found = list(dict.fromkeys([*before, *names]))
    fault = f"more than {MOST_LOOKS} bins; the first were taken" if len(found) > MOST_LOOKS else ""
    return found[:MOST_LOOKS], fault


def written_out(data: Any, known: Mapping[str, Test]) -> Any:
    """Return the data of a whole test; data without the key ``like`` is returned as it is.

    Raises:
        StimulusError: there is no such test or step.
    """
    if not isinstance(data, dict) or LIKE not in data:
        return data
    name = data[LIKE]
    whole = whole_name(name, known) if isinstance(name, str) else None
    if whole is None:
        raise StimulusError((LIKE,), str(UnknownNameError("earlier test", str(name)[:80], map(short_name, known))))
    base = known[whole].data()
    tracks = {track: list(steps) for track, steps in base.get("tracks", {}).items()}
    _edit(tracks, data.get(STEPS, {}))
    given = data.get("tracks", {})
    if not isinstance(given, dict):
        raise StimulusError(("tracks",), "expected an object: track -> steps, each in place of the earlier one")
    kept = {key: value for key, value in base.items() if key not in ("name", "note", "tracks")}
    rest = {key: value for key, value in data.items() if key not in (LIKE, STEPS)}
    return {**kept, **rest, "tracks": {**tracks, **given}}


def _edit(tracks: dict[str, list[Any]], edits: Any) -> None:
    if not isinstance(edits, dict) or len(edits) > MOST_EDITS:
        raise StimulusError((STEPS,), f'expected an object such as {{"in[3]": STEP}}, of at most {MOST_EDITS} entries')
    places = []
    for place, step in edits.items():
        found = _STEP.fullmatch(str(place))
        track, number = (found[1], int(found[2])) if found else ("", 0)
        if track not in tracks or number >= len(tracks[track]):
            have = ", ".join(f"{name}[0..{len(steps) - 1}]" for name, steps in tracks.items() if steps)
            raise StimulusError((STEPS, str(place)[:80]), f"there is no such step; it has {have[:200]}")
        places.append((track, number, step))
    # From the last one on, so that numbers stay those of the earlier test.
    for track, number, step in sorted(places, key=lambda one: (one[0], -one[1])):
        tracks[track][number : number + 1] = step if isinstance(step, list) else [step]
