"""Event tables about what becomes of things later: jobs that end (``fate``) and what followed each abort."""

from __future__ import annotations

from dv_agent.designs.trace import IntColumn
from dv_agent.designs.vit_attention.both_contexts import Happened
from dv_agent.designs.vit_attention.facts.event_rows import Rows
from dv_agent.designs.vit_attention.job_lives import (
    DONE,
    Life,
    at,
    differences,
    kept_errors,
    lives,
    next_after,
    or_none,
)
from dv_agent.designs.vit_attention.jobs_and_rows import Epoch
from dv_agent.designs.vit_attention.register_block import Registers
from dv_agent.designs.vit_attention.register_map import NONE

FOLLOWS = (
    "next_quality", "next_differs", "next_stall", "next_starved", "next_added", "next_paid", "other_quality",
    "other_whole", "other_stall", "back",
)  # fmt: skip


def follow_facts(
    epoch: Epoch, found: tuple[list[Life], list[Life]], stall: IntColumn, now: Happened, ctx: int
) -> tuple[int, ...]:
    """The columns `FOLLOWS` of an abort."""
    mine, others = found[ctx], at(found[1 - ctx], now.cycle)
    aborted, follower = at(mine, now.cycle), next_after(mine, now.cycle)
    later = [row for row in others.rows if row.first > now.cycle] if others else []
    return (
        or_none(follower, "quality"),
        differences(aborted.job, follower.job) if aborted and follower else NONE,
        or_none(follower, "stall"),
        or_none(follower, "starved"),
        or_none(follower, "added"),
        sum(row.charged for row in follower.rows) if follower else NONE,
        or_none(others, "quality"),
        sum(not row.reason for row in later),
        int(stall[now.cycle : others.end + 1].max(initial=0)) if others else NONE,
        sum(row.charged and row.killed == now.cycle and row.done != NONE for row in epoch.rows if row.context == ctx),
    )


def fate_table(epochs: list[Epoch], blocks: list[Registers], stall: IntColumn) -> Rows:
    """A row for each job that ends, in that cycle."""
    rows = Rows(
        "ctx", "fate", "before", "before_that", "lasted", "whole", "bad_rows", "paid", "starved", "added", "back",
        "stall", "other_done", "other_aborted", "kept", "ever", "commits",
    )  # fmt: skip
    for one, block in zip(epochs, blocks, strict=True):
        found = lives(one, stall)
        ends = sorted((life.end, ctx, n) for ctx in (0, 1) for n, life in enumerate(found[ctx]))
        for end, ctx, n in ends:
            rows.add(end, one.number, *fate_facts(one, block, found, ctx, n))
    return rows


def fate_facts(
    epoch: Epoch, block: Registers, found: tuple[list[Life], list[Life]], ctx: int, n: int
) -> tuple[int, ...]:
    """The columns of `fate_table` after ``epoch``."""
    life = found[ctx][n]
    before = [found[ctx][n - back].fate if n >= back else NONE for back in (1, 2)]
    kept = kept_errors(block, found[ctx][n - 2].end + 1, life.end) if n >= 2 else (0, 0)
    others = [one for one in found[1 - ctx] if life.start <= one.end <= life.end]
    back = sum(row.charged and bool(row.reason) and life.start <= row.done <= life.end for row in life.rows)
    done = sum(one.fate == DONE for one in others)
    return (
        ctx, life.fate, *before, life.end - life.start, sum(not row.reason for row in life.rows),
        sum(row.bad for row in life.rows), sum(row.charged for row in life.rows), life.starved, life.added, back,
        life.stall, done, len(others) - done, *kept, sum(life.start <= cycle <= life.end for cycle in epoch.commits),
    )  # fmt: skip
