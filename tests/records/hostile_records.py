"""Ways to spoil a run folder, and the commands that must refuse what came of it: one message, a documented code."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUN, TURNS, COVERAGE = "run.json", "turns.jsonl", "coverage.json"
FAILURES = tuple(f"failures/0/{name}.json" for name in ("failure", "test", "shrunk", "excerpt"))
ESCAPES = "a\x00\x1b[31m\u202e"
READERS: dict[str, tuple[str, ...]] = {
    RUN: ("report", "rescore", "rerun", "resume", "replay", "render", "iterate", "board", "verify", "studio"),
    TURNS: ("report", "rescore", "rerun", "resume", "replay", "render", "iterate", "board", "verify", "studio"),
    COVERAGE: ("report", "board", "studio"),
    **dict.fromkeys(FAILURES, ("report", "studio")),
}
"""Commands by the file that they read."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way to spoil one file; `spared` are commands that read nothing of what it spoils."""

    name: str
    file: str
    spoil: Callable[[Path], None]
    spared: tuple[str, ...] = ()


def mutations() -> Iterator[Mutation]:
    """The whole table."""
    for file in (RUN, TURNS, COVERAGE, *FAILURES):
        for name, spoil in _whole_files().items():
            # A folder without a file run.json is no run at all.
            spared = ("studio",) if (file, name) == (RUN, "a folder") else ()
            yield Mutation(f"{file}: {name}", file, spoil, spared)
    for name, change in _headers().items():
        yield Mutation(f"{RUN}: {name}", RUN, _edit(change))
    # A score is made of figures alone: what it passes over unbuilt it cannot refuse.
    for name, (change, spared) in _turns().items():
        yield Mutation(f"{TURNS}: {name}", TURNS, _edit_line(change), spared)
    for name, change in _coverages().items():
        yield Mutation(f"{COVERAGE}: {name}", COVERAGE, _edit(change), () if "plan" in name else ("board",))
    for name, (file, change) in _failures().items():
        yield Mutation(f"{file}: {name}", file, _edit(change))


def _whole_files() -> dict[str, Callable[[Path], None]]:
    """What is done to a file as a whole; lines and objects alike."""

    def link(target: str) -> Callable[[Path], None]:
        return lambda path: (path.unlink(), path.symlink_to(target))[-1]

    def text(data: bytes) -> Callable[[Path], None]:
        return lambda path: (path.write_bytes(data), None)[-1]

    def first(data: bytes) -> Callable[[Path], None]:
        return lambda path: (path.write_bytes(data + path.read_bytes()), None)[-1]

    return {
        "linked to an endless file": link("/dev/zero"),
        "linked to the terminal": link("/dev/tty"),
        "a broken link": link("nowhere"),
        "a link to itself": lambda path: (path.unlink(), path.symlink_to(path.name))[-1],
        "a link out of the folder": link("/etc/hostname"),
        "a named pipe": lambda path: (path.unlink(), os.mkfifo(path))[-1],
        "a folder": lambda path: (path.unlink(), path.mkdir())[-1],
        "100,000 brackets": text(b"[" * 100_000 + b"\n"),
        "100,000 objects": text(b'{"a":' * 100_000 + b"\n"),
        "a sparse gigabyte": lambda path: os.truncate(path, 1 << 30),
        "UTF-16": text('{"design": "mxint_gelu"}\n'.encode("utf-16")),
        "a byte order mark": first(b"\xef\xbb\xbf"),
        "no UTF-8": text(b'{"design": "\xff\xfe"}\n'),
        "a lone surrogate": text(b'{"kind": "turn", "design": "\\ud800", "plan_hash": "\\ud800", "check": "\\ud800",'
                                 b' "name": "\\ud800", "turn": "\\ud800"}\n'),
        "a list": text(b"[]\n"),
        "a number": text(b"5\n"),
        "null": text(b"null\n"),
        "NUL bytes": text(b"\x00" * 1000 + b"\n"),
        "two objects": text(b"{} {}\n"),
        "a key twice": text(b'{"kind": "turn", "kind": "turn"}\n'),
        "a number of 5,000 digits": text(b'{"kind": "turn", "seed": ' + b"9" * 5000 + b"}\n"),
        "NaN": text(b'{"kind": "turn", "schema_version": NaN, "turn": NaN}\n'),
        "Infinity": text(b'{"kind": "turn", "schema_version": -Infinity, "turn": Infinity}\n'),
    }  # fmt: skip


def _headers() -> dict[str, Callable[[Any], None]]:
    inner = {
        "bug a number": ("agent_options", "bug", 5),
        "patience a word": ("agent_options", "patience", "x"),
        "patience true": ("agent_options", "patience", True),
        "patience negative": ("agent_options", "patience", -1),
        "decoys a list": ("agent_options", "decoys", []),
        "guided a word": ("agent_options", "guided", "yes"),
        "bug a path": ("agent_options", "bug", "../../x"),
        "cache with NUL": ("agent_options", "cache", ESCAPES),
        "cycles true": ("budget", "cycles", True),
        "cycles 1e400": ("budget", "cycles", _Raw("1e400")),
        "calls negative": ("budget", "calls", -1),
        "usd Infinity": ("budget", "usd", float("inf")),
        "seconds NaN": ("budget", "seconds", float("nan")),
        "spent huge": ("spent", "cycles", 10**4000),
        "spent negative": ("spent", "tokens", -1),
        "spent a word": ("spent", "seconds", "long"),
        "a hash a number": ("hashes", "rtl", 5),
        "a version a list": ("versions", "python", []),
    }
    plain: dict[str, Any] = {
        "design missing": None, "design a path": "../mxint_gelu", "design a folder": "run1/d",
        "design with NUL": "mxint_gelu\x00", "design with ESC": "\x1b[31mred", "design empty": "",
        "design a number": 5, "design a list": ["mxint_gelu"], "design too long": "x" * 5000,
        "agent a number": 5, "agent_options a list": [], "agent_options a word": "bug", "budget a list": [],
        "budget a number": 5, "seed a word": "zero", "seed true": True, "seed huge": 10**4000, "seed 1.5": 1.5,
        "seed null": _Raw("null"), "target NaN": float("nan"), "target 1e400": _Raw("1e400"), "target a word": "all",
        "status unknown": ESCAPES, "spent a list": [], "hashes a list": [], "versions a word": "1",
        "model a number": 5, "model a list": [], "model empty": {}, "prompting a word": "default",
        "prompting a list": [], "decoys a word": "one", "claims a list": [], "bug_reports an object": {},
        "schema_version newer": 99, "schema_version true": True, "schema_version a word": "1",
        "bins negative": -1, "bins huge": 10**300, "turns true": True, "tests a word": "many", "simulator a list": [],
        "coverage_pct Infinity": float("inf"), "structured a list": [], "returned_models an object": {},
    }  # fmt: skip
    found = {name: _nested(outer, key, value) for name, (outer, key, value) in inner.items()}
    return found | {name: _field(name.split()[0], value) for name, value in plain.items()}


def _turns() -> dict[str, tuple[Callable[[Any], None], tuple[str, ...]]]:
    board = ("board",)
    turn: dict[str, tuple[Any, tuple[str, ...]]] = {
        "kind missing": (None, ()), "kind a number": (5, board), "turn missing": (None, ()), "turn a word": ("one", ()),
        "turn 7": (7, ()), "turn negative": (-1, ()), "turn true": (True, ()), "tests a word": ("many", ()),
        "tests an object": ({}, ()), "tests a list of numbers": ([5], ()), "spent a list": ([], ()),
        "dropped negative": ({"x": -1}, ()), "usage a word": ("none", ()), "bins_hit a word": ("all", board),
        "errors an object": ({}, board), "budget a list": ([], board), "by_hand a list": ([], board),
        "claims an object": ({}, board), "structured unknown": (ESCAPES, board),
    }  # fmt: skip
    test: dict[str, tuple[Any, tuple[str, ...]]] = {
        "index missing": (None, ()), "index a word": ("x", ()), "index 9": (9, ()), "index negative": (-1, ()),
        "index true": (True, ()), "test a list": ([], ()), "test missing": (None, ()), "cycles negative": (-3, ()),
        "cycles 1.5": (1.5, ()), "cycles huge": (10**300, ()), "cycles NaN": (float("nan"), ()),
        "end a number": (5, ()),
        "hits a word": ("all", ()), "hits negative": ([-1], board), "hits huge": ([10**4000], board),
        "hits true": ([True], ()),
        "hits a million words": (["x"] * 1_000_000, ()), "new_bins an object": ({}, ()), "new_bins numbers": ([5], ()),
        "failures an object": ({}, ()), "failures of words": (["x"], ()),
        "near negative": ([{"bin": -1, "distance": 1}], board),
        "near NaN": ([{"bin": 1, "distance": float("nan")}], board), "near a word": ("far", board),
    }  # fmt: skip
    found = {f"turn: {name}": (_field(name.split()[0], value), spared) for name, (value, spared) in turn.items()}
    for name, (value, spared) in test.items():
        found[f"test: {name}"] = (_in_test(name.split()[0], value), spared)
    return found | {
        "stimulus: seed negative": (_in_stimulus("seed", -1), board),
        "stimulus: tracks a list": (_in_stimulus("tracks", []), board),
        "stimulus: steps a word": (_in_stimulus("tracks", {"in": "all"}), board),
        "stimulus: NaN in a step": (_in_stimulus("tracks", {"in": [{"idle": float("nan")}]}), board),
        "stimulus: 5,000 digits": (_in_stimulus("tracks", {"in": [{"idle": _Raw("9" * 5000)}]}), ()),
        "stimulus: deep": (_in_stimulus("memory", {"in": _Raw("[" * 500 + "]" * 500)}), ()),
        "stimulus: name a number": (_in_stimulus("name", 5), ()),
    }


def _coverages() -> dict[str, Callable[[Any], None]]:
    plain: dict[str, Any] = {
        "plan_hash missing": None, "plan_hash a number": 3, "plan_hash ESC": ESCAPES, "plan_hash a list": [],
        "tests negative": -1, "tests true": True, "tests 1e400": _Raw("1e400"), "names a word": "x",
        "names of words": ["x"],
        "names backwards": [[1, "b"], [0, "a"]], "bins a list": [], "bins unknown": {ESCAPES: {"hits": 1}},
        "bins of words": {"a.b.c": "x"}, "hidden huge": {"x": 10**30}, "hidden negative": {"x": -1},
        "illegal a list": [],
        "schema_version newer for any plan": 99,
    }  # fmt: skip

    def every(key: str, value: Any) -> Callable[[Any], None]:
        return lambda data: [one.update({key: value}) for one in data["bins"].values()] and None

    found = {name: _field(name.split()[0], value) for name, value in plain.items()}
    for key, value in (("hits", -1), ("hits", 1 << 63), ("hits", "x"), ("first", 99), ("nearest", 10**300),
                       ("distance", float("nan")), ("observable", 1)):  # fmt: skip
        found[f"a bin's {key} {str(value)[:8]}"] = every(key, value)
    return found


def _failures() -> dict[str, tuple[str, Callable[[Any], None]]]:
    failure, test, shrunk, excerpt = FAILURES
    return {
        "cycle negative": (failure, _field("cycle", -1)),
        "check missing": (failure, _field("check", None)),
        "message a list": (failure, _field("message", [])),
        "message too long": (failure, _field("message", "x" * 5000)),
        "tracks a list": (test, _field("tracks", [])),
        "seed true": (test, _field("seed", True)),
        "steps an object": (shrunk, _field("tracks", {"in": {}})),
        "cycles too many": (excerpt, _field("cycles", 10**9)),
        "start negative": (excerpt, _field("start", -5)),
        "signals an object": (excerpt, _field("signals", {})),
        "transfers NaN": (excerpt, _field("transfers", {"in": [float("nan")]})),
    }


class _Raw(str):
    """JSON that goes into the file as it stands."""

    __slots__ = ()


def _edit(change: Callable[[Any], None]) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        data = json.loads(path.read_text())
        change(data)
        path.write_text(_dumped(data))

    return spoil


def _edit_line(change: Callable[[Any], None]) -> Callable[[Path], None]:
    """Spoil the first line of kind ``turn``."""

    def spoil(path: Path) -> None:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        change(next(line for line in lines if line["kind"] == "turn"))
        path.write_text("".join(f"{_dumped(line)}\n" for line in lines))

    return spoil


def _dumped(data: Any) -> str:
    raw: dict[str, str] = {}

    def marked(value: Any) -> Any:
        if isinstance(value, _Raw) or (isinstance(value, int) and abs(value) > 1 << 70):
            raw[key := f"raw {len(raw)}"] = value if isinstance(value, str) else _digits(value)
            return key
        if isinstance(value, dict):
            return {key: marked(one) for key, one in value.items()}
        return [marked(one) for one in value] if isinstance(value, list) else value

    text = json.dumps(marked(data))
    for key, value in raw.items():
        text = text.replace(f'"{key}"', value)
    return text


def _digits(value: int) -> str:
    return "1" + "0" * (len(str(value)) - 1)


def _field(key: str, value: Any) -> Callable[[Any], None]:
    return lambda data: (data.pop(key) if value is None else data.update({key: value})) and None


def _nested(outer: str, key: str, value: Any) -> Callable[[Any], None]:
    return lambda data: data[outer].update({key: value})


def _in_test(key: str, value: Any) -> Callable[[Any], None]:
    return lambda data: _field(key, value)(data["tests"][0])


def _in_stimulus(key: str, value: Any) -> Callable[[Any], None]:
    return lambda data: data["tests"][0]["test"].update({key: value})
