"""`vit_attention`: its parts are those of the other designs, and what meets in one cycle is as specified.

Nothing here uses the model, except where its adapters are compared with a second reading of section 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dv_agent.designs.benchmark.fingerprint import fingerprint
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import parse_test
from dv_agent.designs.loader import find_design
from dv_agent.designs.observation import Expected
from dv_agent.designs.trace import Trace
from dv_agent.designs.vit_attention.both_contexts import Row, make_job
from dv_agent.designs.vit_attention.interrupt_spell import Spell
from dv_agent.designs.vit_attention.model import packed, unpacked
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.registry import find_simulator
from dv_agent.runners.simulator import Session

FOLDER = find_design("vit_attention")
PARTS = FOLDER.path / "rtl" / "parts"
RENAMED = {
    "norm_bit_length.v": ("mxint_layernorm", "bit_length.v"),
    "norm_lane_cast.v": ("mxint_layernorm", "lane_cast.v"),
    "block_cast.v": ("mxint_layernorm", "block_cast.v"),
    "inverse_root.v": ("mxint_layernorm", "inverse_root.v"),
    "softmax_bit_length.v": ("mxint_softmax", "bit_length.v"),
    "block_exponent.v": ("mxint_softmax", "block_exponent.v"),
}
STATUS, ERROR, STATE, COUNT = 8, 12, 20, 28
BEAT = {"m": [9, -4, 30, 77], "e": 1}


# --- Parts -----------------------------------------------------------------------------------


def test_files_of_parts_differ_from_the_originals_in_module_names_only() -> None:
    assert {file.name for file in PARTS.iterdir()} == set(RENAMED)
    for name, (design, original) in RENAMED.items():
        text = (PARTS / name).read_text(encoding="utf-8")
        plain = re.sub(r"\b(norm|softmax)_(bit_length|lane_cast)\b", r"\2", text)
        assert plain == (find_design(design).path / "rtl" / original).read_text(encoding="utf-8"), name


def test_all_other_rtl_of_parts_is_read_where_it_stands() -> None:
    names = {"mxint_layernorm", "lqer_dot", "mxint_softmax", "block_quant"}
    for name in names:
        own = {f"{name}/{source}" for source in find_design(name).design.sources}
        copied = {f"{name}/rtl/{original}" for design, original in RENAMED.values() if design == name}
        assert own - copied <= set(FOLDER.design.sources)


def test_the_hash_of_its_model_covers_all_that_it_is_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(FOLDER)["model"]
    for part in (find_design("lqer_dot").path / "model.py", FOLDER.path / "jobs_and_rows.py"):
        read = type(part).read_bytes
        monkeypatch.setattr(
            type(part), "read_bytes", lambda file, part=part, read=read: read(file) + b" " * (file == part)
        )
        assert fingerprint(FOLDER)["model"] != before
        monkeypatch.undo()
    assert fingerprint(FOLDER)["model"] == before


# --- A second reading of sections 5.3 and 5.4 ------------------------------------------------

SCORES = st.tuples(st.integers(64, 127), st.booleans(), st.integers(-29, 29), st.integers(0, 9))


@given(st.lists(st.tuples(SCORES, SCORES), min_size=1, max_size=4), st.integers(-8, 7))
def test_pairs_are_what_section_5_3_says(pairs: list[Any], scale: int) -> None:
    scores = [(0, -32, 1) if zero == 0 else (-m if minus else m, e, 0) for pair in pairs for m, minus, e, zero in pair]
    word = (len(pairs) - 1) << 5 | (scale & 15) << 11
    row = Row(0, make_job(word, 0), 0, 0, 0, ())
    m, e, zero = (np.array(column, np.int64) for column in zip(*scores, strict=True))
    beats, _ = packed([row], m, e, zero)
    clipped = 0
    for at in range(len(pairs)):
        two = scores[2 * at : 2 * at + 2]
        known = [exponent + scale for _, exponent, none in two if not none]
        block = min(max([*known, -8]), 7)
        assert beats.columns["e"][at] == block
        for lane, (mantissa, exponent, none) in enumerate(two):
            value = Fraction(mantissa) * Fraction(2) ** (exponent + scale - block)
            wanted = 0 if none else -128 if value < -128 else 127 if value >= 128 else value.__floor__()
            if not none and exponent + scale > block:
                clipped, wanted = 1, 127 if mantissa > 0 else -128
            if not none and exponent + scale < block - 7:
                wanted = 0 if mantissa > 0 else -1
            assert beats.columns["m"][at][lane] == wanted
        assert beats.columns["last"][at] == (at == len(pairs) - 1)
    assert row.clipped == clipped


@given(st.lists(st.tuples(st.integers(0, 126), st.integers(0, 126), st.integers(-8, 1)), min_size=1, max_size=4))
def test_elements_are_what_section_5_4_says(beats: list[tuple[int, int, int]]) -> None:
    row = Row(0, make_job((len(beats) - 1) << 5 | 1 << 8, 0), 0, 0, 0, ())
    m, e = np.array([beat[:2] for beat in beats], np.int64), np.array([beat[2] for beat in beats], np.int64)
    elements, formats = unpacked(
        [row], Expected(np.zeros(len(e), np.int64), {"m": m, "e": e}, np.zeros(len(e), np.int64))
    )
    wanted = [(Fraction(one) * Fraction(2) ** (x + 7)).__floor__() for a, b, x in beats for one in (a, b)]
    assert elements.tolist() == wanted + [0] * (8 - len(wanted))
    assert formats.tolist() == [1] * 8


# --- What meets in one cycle, on the RTL -----------------------------------------------------


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with find_simulator("icarus").open(FOLDER.design) as found:
        yield found


def play(session: Session, **tracks: Any) -> Trace:
    test = parse_test({"tracks": tracks, "seed": 1}, FOLDER.design)
    trace = session.run(expand(FOLDER.design, FOLDER.schema, test)).trace
    assert check(FOLDER.design, trace, FOLDER.model.observe(trace)) == ()
    return trace


def performed(cycle: int, **access: Any) -> list[dict[str, Any]]:
    """Steps of an access that is performed in a cycle: it is offered one before."""
    return [{"at": cycle - 1}, access]


def job(context: int, **fields: Any) -> dict[str, Any]:
    given = {"rows": 1, "length": 4, "keys": 2, "bank": 0, "fmt": 0, "lr_en": 0, "scale": 0, **fields}
    return {"job": {"ctx": context, **given}}


def read(address: int) -> dict[str, Any]:
    return {"read": {"addr": address}}


def values(trace: Trace) -> list[int]:
    """What reads gave, in their order."""
    return [int(value) for value in trace.accepted["regs.reads"].columns["data"]]


def packets(trace: Trace) -> list[tuple[int, int, int]]:
    """(context, dropped, cycle of its end) of each packet."""
    out = trace.accepted["out"]
    ends = np.flatnonzero(out.columns["last"])
    return [(int(out.columns["ctx"][i]), int(out.columns["drop"][i]), int(out.cycle[i])) for i in ends]


def rows(count: int) -> list[dict[str, Any]]:
    return [{"repeat": count, "steps": [{"row": [BEAT]}]}]


def test_a_job_is_done_once_and_its_bit_stays_until_it_is_cleared(session: Session) -> None:
    steps = [{"write": {"addr": 16, "data": 1}}, job(0, rows=2), {"after": {"port": "out", "accepted": 6}}, {"idle": 4}]
    clear = {"write": {"addr": STATUS, "data": 1}}
    trace = play(session, x0=rows(2), regs=[*steps, read(STATUS), read(COUNT), clear, read(STATUS), read(COUNT)])
    assert values(trace) == [1, 2, 0, 0]
    last = packets(trace)[-1][2]
    assert trace.signals["irq"][: last + 1].sum() == 0
    assert trace.signals["irq"][last + 1] == 1
    assert trace.signals["irq"][-1] == 0


@pytest.mark.parametrize(("waits", "status"), [(False, 0b0001), (True, 0b0101)])
def test_an_abort_that_meets_the_end_of_a_job_is_for_the_one_that_waits(
    session: Session, waits: bool, status: int
) -> None:
    start = [job(0), *([job(0, rows=3)] if waits else [])]
    end = packets(play(session, x0=rows(1), regs=start))[0][2]
    trace = play(
        session, x0=rows(1), regs=[*start, *performed(end, abort={"ctx": 0}), {"idle": 5}, read(STATUS), read(STATE)]
    )
    assert values(trace) == [status, 0]
    assert [drop for _, drop, _ in packets(trace)] == [0]


@pytest.mark.parametrize("waits", [False, True])
def test_a_job_written_as_one_ends_runs_at_once_or_is_refused_if_one_waits(session: Session, waits: bool) -> None:
    start = [job(0), *([job(0)] if waits else [])]
    end = packets(play(session, x0=rows(4), regs=start))[0][2]
    trace = play(session, x0=rows(4), regs=[*start, *performed(end, **job(0)), read(STATE), read(ERROR)])
    state, error = values(trace)
    assert (state & 1, error) == (1, int(waits))
    assert len(packets(trace)) == 2


def test_an_abort_kills_rows_in_flight_but_not_one_whose_header_waits(session: Session) -> None:
    stall = [{"stall": 400}]
    regs = [
        job(0, rows=4),
        {"at": 300},
        {"abort": {"ctx": 0}},
        {"idle": 2},
        read(STATE),
        {"at": 600},
        read(STATE),
        read(STATUS),
    ]
    trace = play(session, x0=rows(4), out=stall, regs=regs)
    assert [drop for _, drop, _ in packets(trace)] == [0, 1, 1, 1]
    before, after, status = values(trace)
    assert before == 0b100101
    assert after == 0
    assert status == 0b0100


def test_a_clear_that_meets_the_end_of_a_job_loses(session: Session) -> None:
    end = packets(play(session, x1=rows(1), regs=[job(1)]))[0][2]
    clear = performed(end, write={"addr": STATUS, "data": 15})
    trace = play(session, x1=rows(1), regs=[job(1), *clear, read(STATUS)])
    assert values(trace) == [2]


def test_a_packet_that_ends_as_count_is_read_counts_for_the_next_read(session: Session) -> None:
    end = packets(play(session, x0=rows(1), regs=[job(0)]))[0][2]
    trace = play(session, x0=rows(1), regs=[job(0), *performed(end, **read(COUNT)), read(COUNT)])
    assert values(trace) == [0, 1]


def test_a_bank_in_use_is_protected_and_a_free_one_changes_what_leaves(session: Session) -> None:
    load = {"load": [{"kind": 0, "bank": 0, "index": 0, "data": 0x0007}]}
    plain = play(session, x0=rows(1), regs=[job(0)])
    late = play(session, x0=rows(1), regs=[job(0), {"at": 30}, read(ERROR)], ld=[{"at": 20}, load])
    early = play(session, x0=rows(1), regs=[{"idle": 6}, job(0), {"at": 30}, read(ERROR)], ld=[load])
    codes = [trace.accepted["out"].columns["data"].tolist() for trace in (plain, late, early)]
    assert codes[0] == codes[1] != codes[2]
    assert (values(late), values(early)) == ([1 << 4], [0])


def test_a_row_that_is_too_long_is_cut_flushed_and_told(session: Session) -> None:
    long = {"row": [{**BEAT, "times": 3}, {**BEAT, "gap": 60}, BEAT]}
    trace = play(
        session,
        x0=[long, *rows(1)],
        x1=rows(2),
        regs=[job(0, rows=2, length=2), job(1, rows=2), {"at": 700}, read(ERROR)],
    )
    assert [drop for ctx, drop, _ in packets(trace) if ctx == 0] == [1, 0]
    assert [drop for ctx, drop, _ in packets(trace) if ctx == 1] == [0, 0]
    assert values(trace) == [1 << 2]


# --- Credits and the moderated interrupt, on the RTL -----------------------------------------

CREDIT = 48


def credit(context: int, add: int, needs: int = 1) -> dict[str, Any]:
    return {"credit": {"ctx": context, "add": add, "needs": needs}}


def test_rows_take_credits_and_those_that_an_abort_kills_give_theirs_back(session: Session) -> None:
    stall = [{"stall": 400}]
    regs = [
        credit(0, 3), job(0, rows=8), {"at": 200}, read(CREDIT), {"abort": {"ctx": 0}}, {"at": 700}, read(CREDIT),
        job(0, rows=8), {"at": 1100}, read(CREDIT), read(STATE),
    ]  # fmt: skip
    trace = play(session, x0=rows(8), out=stall, regs=regs)
    before, after, spent, state = values(trace)
    assert (before, after, spent) == (0x80, 0x82, 0x80)  # the header of the first row waited, so two were killed
    assert [drop for _, drop, _ in packets(trace)] == [0, 1, 1, 0, 0]
    assert state == 1  # the job runs and is starved


def test_what_comes_back_in_the_cycle_of_a_write_is_added_to_it(session: Session) -> None:
    start = [credit(1, 1), job(1, rows=2, length=1)]
    long = [{"row": [{**BEAT, "times": 2}]}]
    end = packets(play(session, x1=long, regs=start))[0][2]
    trace = play(session, x1=long, regs=[*start, *performed(end, **credit(1, 5)), read(CREDIT)])
    assert values(trace) == [0x8600]


def test_credits_stop_at_63_and_a_strobe_chooses_the_context(session: Session) -> None:
    trace = play(session, regs=[credit(0, 63), credit(1, 7), credit(0, 63, needs=0), read(CREDIT)])
    assert values(trace) == [0x873F]


def aborts(session: Session, times: list[int], moderate: tuple[int, int], until: int) -> tuple[int, int]:
    """First cycle in which a clean-up of context 0 shows, and that of the interrupt; -1 if there is none."""
    regs: list[dict[str, Any]] = [
        {"write": {"addr": 16, "data": 4}}, {"moderate": {"events": moderate[0], "timeout": moderate[1]}}
    ]  # fmt: skip
    for time in times:
        regs += [{"at": time - 12}, job(0), *performed(time - 1, abort={"ctx": 0})]
    trace = play(session, regs=[*regs, {"at": until}, read(STATUS)])
    irq = np.flatnonzero(trace.signals["irq"])
    return times[0] + 1, int(irq[0]) if len(irq) else -1


@pytest.mark.parametrize(("events", "units", "late"), [(1, 0, 0), (2, 0, 50), (3, 9, 36), (2, 20, 50), (3, 0, None)])
def test_the_interrupt_waits_for_events_or_for_age(session: Session, events: int, units: int, late: int | None) -> None:
    shows, rises = aborts(session, [60, 110], (events, units), 200)
    assert rises == (-1 if late is None else shows + late)


@given(
    st.integers(0, 15), st.integers(0, 1023), st.booleans(), st.integers(0, 15), st.integers(0, 255), st.booleans(),
    st.integers(1, 1100),
)  # fmt: skip
def test_calm_cycles_of_a_spell_are_what_single_steps_make_of_them(
    events: int, age: int, ripe: bool, threshold: int, timeout: int, raised: bool, most: int
) -> None:
    at_once, by_steps = Spell(events, age, ripe), Spell(events, age, ripe)
    calm = at_once.calm(threshold, timeout, most, raised=raised)
    at_once.skip(calm, raised=raised)
    for _ in range(calm):
        by_steps.step(0, threshold, timeout, raised=raised)
    assert 0 <= calm <= most
    assert at_once.facts == by_steps.facts
    assert by_steps.ripe == ripe or calm == 0
