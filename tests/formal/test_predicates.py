"""Bins as logic: generated Verilog means the same as the sampler, on a real simulator."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import numpy as np
import pytest
from formal_designs import DECODER, PLAN, write_steps

from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.predicates.plan_monitor import plan_monitor
from dv_agent.coverage.predicates.verilog_numbers import Expressions, Lines, NotOverSignalsError, signed_width
from dv_agent.coverage.values import value_set
from dv_agent.designs.language.expression import Expression, parse
from dv_agent.designs.loader import load_design

NAMES = {"a": (0, 15), "b": (-8, 7), "c": (0, 1), "d": (-100, 100)}


def drawn(chance: random.Random, depth: int) -> str:
    """A random expression over `NAMES`."""
    if depth == 0 or chance.random() < 0.15:
        return chance.choice([*NAMES, str(chance.randint(0, 20)), str(chance.randint(0, 3))])
    kind = chance.choice(["two", "two", "two", "one", "call"])
    inner = [drawn(chance, depth - 1) for _ in range(2)]
    if kind == "one":
        return f"({chance.choice(['-', '~', 'not '])}({inner[0]}))"
    if kind == "call":
        return chance.choice([f"min({inner[0]}, {inner[1]})", f"max({inner[0]}, {inner[1]}, 3)", f"abs({inner[0]})"])
    signs = ["+", "-", "*", "//", "%", "&", "|", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or", "<<", ">>"]
    sign = chance.choice(signs)
    right = f"({inner[1]} & 3)" if sign in ("<<", ">>") else inner[1]
    return f"({inner[0]} {sign} {right})"


def fits(one: Expression) -> bool:
    """Whether the values of an expression are known to fit 63 bits."""
    lines = Lines()
    inputs = {name: lines.number(f"in_{name}", low, high) for name, (low, high) in NAMES.items()}
    try:
        Expressions(lines, inputs.__getitem__).number(one.root)
    except NotOverSignalsError:
        return False
    return True


def evaluated(texts: list[Expression], values: dict[str, list[int]], folder: Path) -> list[list[int]]:
    """Values of expressions in Icarus, row by row."""
    lines = Lines()
    inputs = {name: lines.number(f"in_{name}", low, high) for name, (low, high) in NAMES.items()}
    expressions = Expressions(lines, inputs.__getitem__)
    wires = [expressions.number(one.root).wire for one in texts]
    ports = [f"  reg signed [{signed_width(*NAMES[name]) - 1}:0] in_{name};" for name in NAMES]
    play = []
    for row in range(len(values["a"])):
        play += [*(f"    in_{name} = {column[row]};" for name, column in values.items()), "    #1;"]
        play += [f'    $display("%0d", {wire});' for wire in wires]
    text = "\n".join(["module test;", *ports, *lines.text, "  initial begin", *play, "  end", "endmodule", ""])
    (folder / "test.v").write_text(text)
    build = ["iverilog", "-g2012", "-o", str(folder / "sim"), str(folder / "test.v")]
    subprocess.run(build, check=True, timeout=60)
    done = subprocess.run(["vvp", "-n", str(folder / "sim")], capture_output=True, text=True, check=True, timeout=60)
    found = [int(line) for line in done.stdout.split()]
    return [found[row * len(texts) : (row + 1) * len(texts)] for row in range(len(values["a"]))]


def test_generated_verilog_computes_what_the_sampler_computes(tmp_path: Path) -> None:
    chance = random.Random(7)
    every = [parse(drawn(chance, 3)) for _ in range(150)]
    texts = [one for one in every if fits(one)]
    assert len(texts) > 140
    values = {name: [chance.randint(*limits) for _ in range(25)] for name, limits in NAMES.items()}
    columns = {name: np.array(column, dtype=np.int64) for name, column in values.items()}
    wanted = [np.broadcast_to(one.evaluate_columns(columns), (25,)).tolist() for one in texts]
    found = evaluated(texts, values, tmp_path)
    for place, one in enumerate(texts):
        assert [row[place] for row in found] == wanted[place], one.text


@pytest.mark.parametrize("text", ["a << 63", "d * d * d * d * d * d * d * d * d * d", "a << (b + 60)"])
def test_an_expression_that_may_not_fit_is_refused(text: str) -> None:
    lines = Lines()
    inputs = {name: lines.number(f"in_{name}", low, high) for name, (low, high) in NAMES.items()}
    with pytest.raises(NotOverSignalsError, match="63 bits"):
        Expressions(lines, inputs.__getitem__).number(parse(text).root)


def test_a_set_outside_the_range_of_a_number_is_never_met() -> None:
    lines = Lines()
    number = lines.number("x", 0, 7)
    assert lines.within(number, value_set([(8, 20)])) == "1'b0"
    assert lines.within(number, value_set([(-5, 20)])) == "1'b1"
    assert lines.within(number, value_set([(7, 20)])) != "1'b0"


def test_every_bin_of_a_plan_over_signals_becomes_a_property(tmp_path: Path) -> None:
    folder = write_steps(tmp_path / "steps")
    made = plan_monitor(plan_of(folder), folder.design, plain=True)
    assert [one.reason for one in made.claimed] == [""] * len(made.claimed)
    assert len(made.monitor.properties) == len(plan_of(folder).bins) + 2
    assert [one.id for one in made.claimed if one.kind == "ignored"] == ["machine.steps.back", "machine.at.work+above"]


def test_a_bin_that_the_model_makes_says_so(tmp_path: Path) -> None:
    folder = write_steps(tmp_path / "steps", PLAN.replace("on: transfer_out", "on: packet_out"))
    made = plan_monitor(plan_of(folder), folder.design, plain=True)
    lost = {one.id: one.reason for one in made.claimed if one.reason}
    assert set(lost) == {one.id for one in plan_of(folder).bins if one.covergroup == "taken"}
    assert "which the model makes" in lost["taken.again.no"]


def test_the_plan_of_the_decoder_has_the_bins_that_it_is_known_for() -> None:
    plan = plan_of(load_design(DECODER))
    assert len(plan.bins) == 2107
    assert sum("SUBI" in one.id for one in plan.bins) == 65
