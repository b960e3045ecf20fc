"""Rules of design.yaml: the design keeps each, and each fails by its name once it asks for more than that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from busy_test import BUSY, GELU
from pydantic import ValidationError

from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.observation import Observation
from dv_agent.designs.rules.check_rules import CheckRules
from dv_agent.designs.trace import End, Trace
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.registry import find_simulator


@pytest.fixture(scope="module")
def traced() -> tuple[Trace, Observation]:
    """One test of a real simulator, with a stall that fills the design, and a reset."""
    with find_simulator("icarus").open(GELU.design) as session:
        trace = session.run(expand(GELU.design, GELU.schema, BUSY)).trace
    return trace, GELU.model.observe(trace)


def ruled(**rules: Any) -> Design:
    return GELU.design.model_copy(update={"checks": CheckRules.model_validate(rules)})


def test_the_design_keeps_its_own_rules(traced: tuple[Trace, Observation]) -> None:
    assert GELU.design.checks.latency
    assert check(GELU.design, *traced) == ()


@pytest.mark.parametrize(
    ("rules", "failed", "where", "words"),
    [
        ({"reset": {"in_ready": 0}}, "reset_value", "in_ready", "in_ready is 1 after reset, expected 0"),
        ({"reset": {"dbg_kept": 0}}, "reset_value", "dbg_kept", "dbg_kept is 8 after reset, expected 0"),
        ({"codes": {"dbg_held": [0]}}, "code", "dbg_held", "dbg_held is 1, which does not occur"),
        ({"latency": [{"to": "out", "least": 3}]}, "early", "", "2 cycles after its cause, sooner than 3"),
        ({"latency": [{"to": "out", "most": 1, "after": 1}]}, "late", "", "it appeared in cycle"),
        ({"capacity": [{"accepts": "in", "holds": "out", "least": 4}]}, "capacity", "", "there is room for 4"),
        ({"capacity": [{"accepts": "in", "holds": "out", "most": 2}]}, "capacity", "", "holds 3 outputs"),
        ({"patience": [{"offer": "in", "most": 0}]}, "patience", "", "refused for 1 cycles"),
    ],
)
def test_a_rule_that_asks_for_more_fails_by_its_name(
    traced: tuple[Trace, Observation], rules: dict[str, Any], failed: str, where: str, words: str
) -> None:
    failures = check(ruled(**rules), *traced)
    assert {one.check for one in failures} == {failed}
    assert failures[0].field == where
    assert words in failures[0].message


def test_without_a_model_the_nth_input_is_the_cause_of_the_nth_output(traced: tuple[Trace, Observation]) -> None:
    trace, _ = traced
    nothing = Observation(expected={}, tables={})
    kept = ruled(latency=[{"from": "in", "to": "out", "least": 2, "most": 2, "after": 1}])
    assert check(kept, trace, nothing) == ()
    asked = ruled(latency=[{"from": "in", "to": "out", "least": 3}])
    assert {one.check for one in check(asked, trace, nothing)} == {"early"}
    unknown = ruled(latency=[{"to": "out", "least": 3}])
    assert check(unknown, trace, nothing) == ()


def test_an_output_that_never_appears_is_late_even_if_the_test_was_cut(traced: tuple[Trace, Observation]) -> None:
    trace, observation = traced
    # The pins of a design that stops offering: valid low from its third output on.
    third = int(trace.accepted["out"].cycle[2])
    signals = dict(trace.signals)
    signals["out_valid"] = signals["out_valid"].copy()
    signals["out_valid"][third:] = 0
    seen = trace.accepted["out"]
    cut = replace(
        seen, cycle=seen.cycle[:2], epoch=seen.epoch[:2], unknown=seen.unknown[:2],
        columns={name: column[:2] for name, column in seen.columns.items()},
    )  # fmt: skip
    silent = replace(trace, signals=signals, accepted={**trace.accepted, "out": cut}, end=End.BUDGET)
    late = [one for one in check(GELU.design, silent, observation) if one.check == "late"]
    assert late
    assert "has not appeared" in late[0].message


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ({"reset": {"out_vaild": 0}}, "out_vaild: no port of the design has such a signal"),
        ({"latency": [{"to": "inn"}]}, "inn: no such stream; there are: in, out"),
        ({"latency": [{"to": "out", "most": 3}]}, "give both"),
        ({"latency": [{"to": "out", "least": 5, "most": 3, "after": 1}]}, "less than `least`"),
        ({"patience": [{"offer": "in", "most": -1}]}, "greater than or equal to 0"),
    ],
)
def test_rules_about_what_does_not_exist_are_refused(rules: dict[str, Any], complaint: str) -> None:
    data = {**GELU.design.model_dump(mode="json", by_alias=True), "folder": GELU.design.folder, "checks": rules}
    with pytest.raises(ValidationError, match="checks") as told:
        Design.model_validate(data)
    assert complaint in str(told.value)
