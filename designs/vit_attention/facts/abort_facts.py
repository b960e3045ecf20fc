"""Event tables about aborts: each that is written (``abort``), and each clean-up that is complete (``clean``)."""

from __future__ import annotations

from dv_agent.designs.trace import Trace
from dv_agent.designs.vit_attention.both_contexts import Happened
from dv_agent.designs.vit_attention.facts.consequence_facts import FOLLOWS, follow_facts
from dv_agent.designs.vit_attention.facts.event_rows import Rows
from dv_agent.designs.vit_attention.job_lives import lives, stalls
from dv_agent.designs.vit_attention.jobs_and_rows import Epoch
from dv_agent.designs.vit_attention.register_map import JOB0, NONE

NOTHING, HEAD_OFFERED, HEAD_TAKEN, CODES, OTHER = range(5)  # where the packet at the output stands when an abort comes


def abort_table(trace: Trace, epochs: list[Epoch]) -> Rows:
    """A row for each context whose abort is written."""
    rows = Rows(
        "ctx", "taken", "both", "commit", "finish", "other_finish", "began", "ended_row", "other_began", "packet",
        "killed", "kept", "age", "alone", "length", "keys", "delivered_after", "jobs_after", "other_open", *FOLLOWS,
    )  # fmt: skip
    stall = stalls(trace)
    for one in epochs:
        found = lives(one, stall)
        for now in one.happened:
            for ctx in (0, 1):
                if now.asked >> ctx & 1:
                    later = follow_facts(one, found, stall, now, ctx)
                    rows.add(now.cycle, one.number, ctx, *abort_facts(one, now, ctx), *later)
    return rows


def abort_facts(epoch: Epoch, now: Happened, ctx: int) -> tuple[int, ...]:
    """The columns of `abort_table` after ``ctx``."""
    bit, cycle = 1 << ctx, now.cycle
    flying = [row for row in epoch.rows if row.first <= cycle and (row.done == NONE or row.done >= cycle)]
    mine = [row for row in flying if row.context == ctx]
    at_gate = flying[0] if flying else None
    begun = int(epoch.offered[cycle]) - epoch.offered_before
    packet = NOTHING
    if at_gate is not None and epoch.rows.index(at_gate) < begun:
        taken = at_gate.begun_at
        stage = CODES if taken != NONE and taken < cycle else HEAD_TAKEN if taken == cycle else HEAD_OFFERED
        packet = stage if at_gate.context == ctx else OTHER
    youngest = mine[-1] if mine else None
    age = cycle - youngest.end if youngest is not None and youngest.end != NONE else NONE
    delivered = sum(
        row.context == ctx and row.first > cycle and row.done != NONE and not row.reason for row in epoch.rows
    )
    jobs = sum(started[0] > cycle for started in epoch.starts[ctx])
    others = [row for row in flying if row.context != ctx]
    return (
        int(bool(now.aborts & bit)), int(now.asked == 3), int(bool(now.data & 4)), int(bool(now.finish & bit)),
        int(bool(now.finish & ~bit)), int(bool(now.began & bit)), int(bool(now.row_end & bit)),
        int(bool(now.began & ~bit)), packet, sum(row.killed == cycle for row in mine),
        int(packet in (HEAD_OFFERED, HEAD_TAKEN, CODES)), age,
        int(len(flying) == 1), len(youngest.beats) if youngest else 0, youngest.job.keys if youngest else 0, delivered,
        jobs,
        int(any(row.end == NONE or row.end >= cycle for row in others)),
    )  # fmt: skip


def clean_table(epochs: list[Epoch]) -> Rows:
    """A row for each clean-up that is complete."""
    rows = Rows("ctx", "took", "markers", "whole", "wrote", "both", "delivered_after", "other_delivered")
    for one in epochs:
        begun = {0: NONE, 1: NONE}
        for now in one.happened:
            for ctx in (0, 1):
                bit = 1 << ctx
                if now.aborts & bit:
                    begun[ctx] = now.cycle
                if now.cleaned & bit:
                    span = range(begun[ctx], now.cycle + 1)
                    ended = [row for row in one.rows if row.done in span]
                    mine = [row for row in ended if row.context == ctx]
                    later = sum(
                        row.context == ctx and row.first > now.cycle and row.done != NONE and not row.reason
                        for row in one.rows
                    )
                    rows.add(
                        now.cycle, one.number, ctx, now.cycle - begun[ctx], sum(row.killed != NONE for row in mine),
                        sum(not row.reason for row in mine), int(now.word == JOB0 + ctx), int(now.cleaned == 3), later,
                        sum(row.context != ctx and not row.reason for row in ended),
                    )  # fmt: skip
    return rows
