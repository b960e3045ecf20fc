"""What a session answers late: where its run stands now, and how it ended; every answer tells the present state."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest
from mcp_clients import DESIGN, LONG, WIDE, in_memory, options, record_in, refused, said, witnesses

from dv_agent.agents.records.reader import read_run
from dv_agent.agents.toolbox.arguments import TOOLS

REPORT = {"test": 0, "title": "a fault", "explanation": LONG}


def left(status: str) -> dict[str, int]:
    """The amounts that a status tells."""
    (line,) = (line for line in status.splitlines() if line.startswith("Left now: "))
    return {name: int(amount.replace(",", "")) for amount, name in re.findall(r"(\d[\d,]*) (\w+)", line)}


def test_the_status_tells_the_budget_of_now_and_not_of_the_last_turn(tmp_path: Path) -> None:
    async def talk() -> None:
        async with in_memory(options(tmp_path, max_calls=9, max_seconds=500)) as session:
            await said(session, "start_run")
            first = await said(session, "run_status")
            assert left(first) | {"seconds": 0} == {"cycles": 200_000, "calls": 9, "seconds": 0}
            assert "0 of 99 bins" in first
            await said(session, "run_tests", tests=[WIDE])
            ran = left(await said(session, "run_status"))
            await said(session, "list_holes")
            await refused(session, "read_rtl", name="nowhere")
            await refused(session, "run_tests", tests=[{"tracks": {"in": [{"beat": 1}]}}])
            now = left(await said(session, "run_status"))
            assert (ran["calls"], now["calls"]) == (8, 5)
            assert now["cycles"] == ran["cycles"] < 200_000

    asyncio.run(talk())


def test_after_the_end_each_tool_says_how_it_came_and_finish_is_no_error(tmp_path: Path) -> None:
    ending = "The run has ended: target"

    async def talk() -> None:
        async with in_memory(options(tmp_path, golden=DESIGN)) as session:
            last = await said(session, "run_tests", tests=witnesses())
            for given in ({"reason": "all bins are hit"}, {}):
                assert f"ended before this call, which was not counted.\n{ending}" in await said(
                    session, "finish", **given
                )
            for name in (*(TOOLS.keys() - {"finish"}), "no_such_tool"):
                assert f"too late, nothing was done or counted: {ending}" in await refused(session, name, **REPORT)
            status = await said(session, "run_status")
            assert status.startswith(ending)
            assert status.count(ending) == 1
            assert f"BEGIN {last.partition('BEGIN ')[2].partition(ending)[0].rstrip()}" in status
            assert ending in await said(session, "start_run")
            assert "no difference" in await said(session, "compare_with_golden", test=0)
            assert DESIGN in await said(session, "list_designs")

    asyncio.run(talk())
    record = record_in(tmp_path)
    assert len(read_run(record).replies) == 1
    assert {file.name for file in record.iterdir()} == {"run.json", "turns.jsonl", "coverage.json", "report.html"}


def test_a_run_that_an_error_ended_is_told_as_such_and_its_last_results_stay(tmp_path: Path) -> None:
    async def talk() -> None:
        async with in_memory(options(tmp_path)) as session:
            await said(session, "run_tests", tests=[WIDE])
            shutil.rmtree(record_in(tmp_path))
            why = "the run has stopped: cannot write"
            assert why in await refused(session, "run_tests", tests=[WIDE | {"seed": 2}])
            assert why in await refused(session, "finish", reason="enough")
            for name in ("run_status", "start_run"):
                told = await said(session, name)
                assert why in told
                assert '"wide"' in told

    asyncio.run(talk())


def test_a_tool_of_the_session_takes_no_argument_that_it_would_pass_over(tmp_path: Path) -> None:
    async def talk() -> None:
        async with in_memory(options(tmp_path, golden=DESIGN)) as session:
            assert "takes only `design`" in await refused(session, "start_run", track="hunt")
            assert "unknown design" in await refused(session, "start_run", design="kv_pack")
            await said(session, "start_run", design=DESIGN)
            assert f"this one is of {DESIGN}" in await refused(session, "start_run", design="kv_pack")
            for name in ("list_designs", "run_status"):
                assert f"verbose: {name} takes no arguments" in await refused(session, name, verbose=True)
            assert "takes only `test`" in await refused(session, "compare_with_golden", test=0, cycle=3)

    asyncio.run(talk())


@pytest.mark.parametrize("name", ["kv_pack", "../" + DESIGN])
def test_a_run_that_goes_on_keeps_its_design(tmp_path: Path, name: str) -> None:
    async def talk() -> None:
        async with in_memory(options(tmp_path)) as session:
            await said(session, "start_run")
        record = record_in(tmp_path)
        async with in_memory(options(tmp_path, resume=record, designs=())) as session:
            assert f"goes on is of {DESIGN}" in await refused(session, "start_run", design=name)
            assert "You steer this run" in await said(session, "start_run", design=DESIGN)

    asyncio.run(talk())
