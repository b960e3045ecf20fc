"""What a prompt says of columns is true of the table in which they stand, and names that table where two differ."""

from dataclasses import replace

import pytest

from dv_agent.agents.budget import Budget
from dv_agent.agents.state import RunState
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.holes import holes
from dv_agent.coverage.plan import Plan
from dv_agent.designs.column_words import column_words, row_words
from dv_agent.designs.files.places import design_names
from dv_agent.designs.loader import find_design
from dv_agent.prompts.feedback.column_texts import column_texts
from dv_agent.prompts.view import View


def texts(name: str, plan: Plan | None = None) -> dict[str, str]:
    folder = find_design(name)
    plan = plan or plan_of(folder)
    coverage = empty_coverage(plan)
    left = Budget().left(RunState(coverage).spent)
    view = View(
        folder.design, folder.schema, folder.specification, plan, coverage, holes(plan, coverage), 0, budget_left=left
    )
    return {one.name: one.meaning for one in column_texts(view)}


@pytest.mark.parametrize("name", ["block_quant", "hgsa_loop"])
def test_a_column_of_a_model_is_not_defined_by_the_name_that_it_shares(name: str) -> None:
    of_packets = "1 if a reset cut the packet, else 0"
    assert column_words(find_design(name).design, "packet_in", "cut") == of_packets
    assert texts(name)["cut"] not in ("", of_packets)


@pytest.mark.parametrize("name", design_names())
def test_every_column_that_a_bin_samples_is_defined_or_a_pin(name: str) -> None:
    told = {one.rpartition(".")[2] for one in texts(name)}
    folder = find_design(name)
    fields = [one for port in folder.design.ports.values() for one in getattr(port, "fields", {}).items()]
    pins = {name for key, field in fields for name in (key, field.signal)}
    groups = plan_of(folder).covergroups
    used = {column for group in groups for point in group.coverpoints for column in point.of.names()}
    used |= {column for group in groups if group.when for column in group.when.names()}
    assert {one for one in used if one not in pins} <= told


@pytest.mark.parametrize("name", design_names())
def test_a_plan_defines_no_column_that_no_bin_samples(name: str) -> None:
    plan = plan_of(find_design(name))
    told = texts(name)
    assert {one.rpartition(".")[2] for one in plan.columns} <= {one.rpartition(".")[2] for one in told}


def test_columns_of_two_tables_under_one_name_are_told_with_their_tables() -> None:
    told = texts("block_quant")
    assert {"block.prev_format", "open.prev_format"} <= set(told)
    assert "prev_format" not in told
    assert told["open.prev_format"] == "`format` one row of `open` earlier"


def test_transfers_behind_a_reset_are_counted_to_the_next_one() -> None:
    assert texts("mxint_softmax")["out_after"].startswith("transfers of that stream from this reset")


def test_when_the_rows_of_a_models_table_are_sampled_is_told_where_the_plan_says_it() -> None:
    plan = plan_of(find_design("mxint_softmax"))
    said = replace(plan, columns={**plan.columns, "row.cycle": "of its last beat", "element.cycle": "of no open bin"})
    told = texts("mxint_softmax", said)
    assert told["row.cycle"] == "of its last beat"
    assert "cycle" not in told


@pytest.mark.parametrize("table", ["transfer_in", "beat_in", "packet_in", "access_bus", "cycle", "reset", "row"])
def test_every_table_of_the_tool_says_what_has_a_row(table: str) -> None:
    words = row_words(table)
    assert bool(words) == (table != "row")
    assert "{" not in words


def told_of(name: str, bin_: str) -> dict[str, str]:
    """The columns that a prompt tells if only this bin is open."""
    folder = find_design(name)
    plan = plan_of(folder)
    coverage = empty_coverage(plan)
    left = Budget().left(RunState(coverage).spent)
    open_ = tuple(one for one in holes(plan, coverage) if one.bin == bin_)
    assert open_
    view = View(folder.design, folder.schema, "", plan, coverage, open_, 0, budget_left=left)
    return {one.name: one.meaning for one in column_texts(view)}


def test_what_the_words_of_a_column_need_is_told_with_it() -> None:
    under = told_of("mxint_layernorm_hard", "under.committed.late+very")
    assert {"gone.regime", "dragging", "flowing", "late", "apart", "swapping"} <= set(under)
    falling = told_of("mxint_layernorm_hard", "leaving.falling.twelve")
    assert "rising" in falling  # whose words are "the same with one cycle less"


def test_a_column_that_means_something_else_in_one_table_keeps_its_plain_name_in_the_others() -> None:
    told = told_of("hgsa_loop_hard", "lasting.turns.four")
    columns = plan_of(find_design("hgsa_loop_hard")).columns
    tables = [name for name in columns if name.endswith(".result")]
    assert [told[name] for name in ("result", *tables)] == [columns[name] for name in ("result", *tables)]
    assert tables
    assert not [name for name in told if name.startswith(".")]
