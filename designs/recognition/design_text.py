"""The text of a design.yaml made of guesses: small, with the reason and the certainty of each as a comment."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from dv_agent.designs.files.yaml_writer import write_yaml
from dv_agent.designs.recognition.guess import Guess, Pool

_WIDTH = 110
_HEAD = """\
Written by `dv-agent init`. Every guess has its reason; what is wrong, change here. docs/your-own-rtl.md explains the
keys. Beside this file may stand, each optional: spec.md (what the design shall do), plan.yaml (what tests must reach),
stimulus.yaml (what tests may do), model.py (what the outputs must be).
"""


def design_text(name: str, files: dict[str, Any], pool: Pool) -> str:
    """Return the text of design.yaml.

    Args:
        files: the keys of `dv_agent.designs.rtl_files.RtlFiles`, as plain data, in order.
    """
    lines = [*_comment(_HEAD), *_plain({"schema_version": 1, "name": name, **files}, ""), ""]
    lines += _wiring(pool.wiring)
    lines += ["", "ports:"]
    for guess in pool.ports:
        lines += _comment(f"{guess.certainty}: {guess.reason}", "  ")
        lines += _port(guess)
    for note in pool.notes:
        lines += _comment(f"Note: {note}")
    return "\n".join(lines) + "\n"


def as_data(name: str, files: dict[str, Any], pool: Pool) -> dict[str, Any]:
    """Return the same as plain data, without comments."""
    data: dict[str, Any] = {"schema_version": 1, "name": name, **files}
    for guess in pool.wiring:
        if guess.key == "ties":
            data["ties"] = {**data.get("ties", {}), **guess.value}
        else:
            data[guess.key] = guess.value
    return {**data, "ports": {guess.key: guess.value for guess in pool.ports}}


def _wiring(guesses: Sequence[Guess]) -> Iterator[str]:
    ties = [one for one in guesses if one.key == "ties"]
    for guess in guesses:
        if guess.key != "ties":
            yield from _comment(f"{guess.certainty}: {guess.reason}")
            yield from _plain({guess.key: guess.value}, "", flow=True)
    for guess in ties:
        yield from _comment(f"{guess.certainty}: {guess.reason}")
    if ties:
        yield from _plain({"ties": {key: value for one in ties for key, value in one.value.items()}}, "", flow=True)


def _port(guess: Guess) -> Iterator[str]:
    yield f"  {guess.key}:"
    for key, value in guess.value.items():
        if key in ("fields", "signals") and value:
            yield f"    {key}:"
            for name, part in value.items():
                yield from _plain({name: part}, "      ", flow=True)
        else:
            yield from _plain({key: value}, "    ", flow=isinstance(value, dict) and not value)


def _plain(data: dict[str, Any], indent: str, *, flow: bool = False) -> Iterator[str]:
    for key, value in data.items():
        if flow and isinstance(value, (dict, list)):
            inner = write_yaml(value, width=10_000, flow=True).strip()
            yield f"{indent}{write_yaml({key: 0}).split(':')[0]}: {inner}"
        else:
            yield from (indent + line for line in write_yaml({key: value}).rstrip("\n").splitlines())


def _comment(text: str, indent: str = "") -> Iterator[str]:
    plain = " ".join("".join(one if one.isprintable() else "?" for one in text.replace("\n", " ")).split())
    for line in textwrap.wrap(plain, _WIDTH - len(indent), break_long_words=False, break_on_hyphens=False):
        yield f"{indent}# {line}"
