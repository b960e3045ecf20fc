"""Loads of coefficients against jobs: the table ``load``, and what was loaded before a job starts."""

from __future__ import annotations

import numpy as np

from dv_agent.designs.trace import Trace
from dv_agent.designs.vit_attention.both_contexts import STATE_COLUMNS, Happened, Job
from dv_agent.designs.vit_attention.facts.event_rows import Rows
from dv_agent.designs.vit_attention.jobs_and_rows import Epoch
from dv_agent.designs.vit_attention.register_map import ABORTING, CTRL, IDLE, JOB0, JOB1, NONE, NORM_SET

RELOADS = ("last_load", "first_refused", "loads_beside")
Load = tuple[Happened, int]  # what happened in its cycle, and its bank


def loads_of(trace: Trace, epoch: Epoch) -> list[Load]:
    """The loads of a bank in an epoch."""
    columns = trace.accepted["ld"].columns
    loads = [(now, now.load) for now in epoch.happened if now.load != NONE]
    return [(now, int(columns["bank"][load])) for now, load in loads if int(columns["kind"][load]) != NORM_SET]


def reload_facts(epoch: Epoch, loads: list[Load], ctx: int, start: int, job: Job) -> tuple[int, ...]:
    """The columns `RELOADS` of a job that starts."""
    uses = [cycle for starts in epoch.starts for cycle, one, *_ in starts if one.bank == job.bank and cycle < start]
    since = max(uses, default=0)
    mine = [now for now, bank in loads if bank == job.bank and since <= now.cycle <= start]
    taken = [now for now in mine if not now.load_refused and now.cycle < start]
    return (
        start - taken[-1].cycle if taken else NONE,
        int(any(now.cycle == start and now.load_refused for now in mine)),
        sum(now.states[1 - ctx] >> 3 > 0 for now in taken),
    )


def load_table(trace: Trace, epochs: list[Epoch]) -> Rows:
    """A row for each load of a bank; ``user`` tells who has the bank, ``meets`` what happens in the same cycle."""
    rows = Rows("kind", "bank", "refused", "user", "meets", "waits_for", "commit")
    loads = {name: np.asarray(trace.accepted["ld"].columns[name], np.int64) for name in ("kind", "bank")}
    for one in epochs:
        place = {note[0]: note for note in one.notes}
        for now in one.happened:
            if now.load == NONE:
                continue
            kind, bank = int(loads["kind"][now.load]), int(loads["bank"][now.load])
            state = dict(zip(STATE_COLUMNS, place.get(now.cycle, one.note_at(now.cycle))[1:], strict=True))
            users = [c for c in (0, 1) if state[f"bank{c}"] == bank and state[f"phase{c}"] != IDLE]
            user = (
                0
                if not users
                else 4
                if len(users) == 2
                else 3
                if state[f"phase{users[0]}"] == ABORTING
                else 1 + users[0]
            )
            meets = (
                1
                if now.word in (JOB0, JOB1) and not now.states[now.word - JOB0] & 1
                else 2
                if now.finish
                else 3
                if now.cleaned
                else 0
            )
            waiting = int(any(now.states[c] & 2 and one.waits_at(c, now.cycle) == bank for c in (0, 1)))
            rows.add(
                now.cycle,
                one.number,
                kind,
                bank,
                int(now.load_refused),
                user,
                meets,
                waiting,
                int(now.word == CTRL and bool(now.data & 4)),
            )
    return rows
