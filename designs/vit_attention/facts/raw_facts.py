"""The event tables: raw facts about jobs, rows, aborts and accesses, each beside the state of its cycle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from dv_agent.designs.observation import LazyColumns, Table
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace
from dv_agent.designs.vit_attention.both_contexts import PER_CONTEXT, STATE_COLUMNS, Job, make_job
from dv_agent.designs.vit_attention.facts.abort_facts import abort_table, clean_table
from dv_agent.designs.vit_attention.facts.consequence_facts import fate_table
from dv_agent.designs.vit_attention.facts.event_rows import Rows
from dv_agent.designs.vit_attention.facts.load_facts import RELOADS, load_table, loads_of, reload_facts
from dv_agent.designs.vit_attention.facts.meeting_facts import credit_table, meet_table
from dv_agent.designs.vit_attention.interrupt_spell import SPELL_COLUMNS
from dv_agent.designs.vit_attention.job_lives import stalls
from dv_agent.designs.vit_attention.jobs_and_rows import Epoch
from dv_agent.designs.vit_attention.performed_accesses import Accesses
from dv_agent.designs.vit_attention.register_block import REGISTER_COLUMNS, Registers
from dv_agent.designs.vit_attention.register_map import (
    ABORTED,
    COUNT,
    DONE,
    ERROR,
    JOB0,
    JOB1,
    NONE,
    STATE,
    STATUS,
    merged,
)

VALUE_COLUMNS = ("spread", "zeros", "greatest", "least", "clips", "e_top", "header_e", "kept")
NEW = ("rows", "length", "keys", "bank", "fmt", "lr", "scale")
BEGINS, WAITS, FULL, BUSY = range(4)  # what becomes of a job that is asked for


@dataclass(frozen=True, slots=True)
class States:
    """The contexts and the register block at the beginning of any cycle."""

    contexts: IntColumn  # (notes, 1 + columns)
    registers: IntColumn

    @classmethod
    def of(cls, epochs: list[Epoch], blocks: list[Registers]) -> States:
        """Gather the notes of all epochs."""
        contexts = [note for one in epochs for note in one.notes]
        registers = [note for block in blocks for note in block.notes]
        return cls(
            np.array(contexts, np.int64).reshape(-1, 1 + len(STATE_COLUMNS)),
            np.array(registers, np.int64).reshape(-1, 1 + len(REGISTER_COLUMNS)),
        )

    def beside(self, columns: dict[str, IntColumn]) -> Table:
        """Return a table with the state at its cycles: of ``ctx`` and of the other one if it has such a column."""
        made: dict[str, Callable[[], IntColumn]] = {}
        for names, notes in ((STATE_COLUMNS, self.contexts), (REGISTER_COLUMNS, self.registers)):
            rows = np.maximum(np.searchsorted(notes[:, 0], columns["cycle"], side="right") - 1, 0)
            made |= {name: partial(_taken, notes, rows, place) for place, name in enumerate(names, 1)}
        if "ctx" in columns:
            second = columns["ctx"] == 1
            for name in PER_CONTEXT:
                made[f"own_{name}"] = partial(_chosen, second, made[f"{name}1"], made[f"{name}0"])
                made[f"other_{name}"] = partial(_chosen, second, made[f"{name}0"], made[f"{name}1"])
        known = columns.keys()
        return Table(LazyColumns(columns, {name: how for name, how in made.items() if name not in known}))


def _taken(notes: IntColumn, rows: IntColumn, place: int) -> IntColumn:
    return notes[rows, place] if len(notes) else np.zeros(len(rows), np.int64)


def _chosen(second: BoolColumn, if_second: Callable[[], IntColumn], if_first: Callable[[], IntColumn]) -> IntColumn:
    return np.where(second, if_second(), if_first())


def tables(
    trace: Trace, epochs: list[Epoch], blocks: list[Registers], reads: Accesses, facts: Mapping[int, tuple[int, ...]]
) -> dict[str, Table]:
    """The event tables; see the README of the design."""
    states = States.of(epochs, blocks)
    made = {
        "job": job_table(epochs), "start": start_table(trace, epochs), "abort": abort_table(trace, epochs),
        "clean": clean_table(epochs), "done": done_table(epochs, reads), "flag": flag_table(epochs, blocks),
        "read": read_table(epochs, blocks, reads), "load": load_table(trace, epochs), "row": row_table(epochs, facts),
        "change": change_table(epochs), "fate": fate_table(epochs, blocks, stalls(trace)),
        "meet": meet_table(epochs, reads), "credit": credit_table(epochs), "spell": spell_table(epochs, blocks),
    }  # fmt: skip
    return {name: states.beside(one.columns()) for name, one in made.items()}


def change_table(epochs: list[Epoch]) -> Rows:
    """A row for each cycle after one in which something happened."""
    rows = Rows()
    for one in epochs:
        for note in one.notes:
            rows.add(note[0], one.number)
    return rows


def settings(job: Job | None) -> tuple[int, ...]:
    """The columns `NEW` of a job."""
    if job is None:
        return (NONE,) * len(NEW)
    return job.rows, job.length, job.keys, job.bank, min(job.format, 2), job.correction, job.scale


def job_table(epochs: list[Epoch]) -> Rows:
    """A row for each write to a job register: what it asked for, and what became of it (``outcome``)."""
    rows = Rows("ctx", *NEW, "outcome", "finish", "other_finish", "strb", "cleaned", "other_began")
    for one in epochs:
        registers, exponents = [0, 0], [0, 0]
        for now in one.happened:
            if now.word not in (JOB0, JOB1):
                continue
            ctx = now.word - JOB0
            registers[ctx] = merged(registers[ctx], now.word, now.data, now.strb)
            state, bit = now.states[ctx], 1 << ctx
            finish = int(bool(now.finish & bit))
            outcome = BUSY if state & 4 else FULL if state & 2 else BEGINS if not state & 1 or finish else WAITS
            rows.add(
                now.cycle, one.number, ctx, *settings(make_job(registers[ctx], exponents[ctx])), outcome, finish,
                int(bool(now.finish & ~bit)), now.strb, int(bool(now.cleaned & bit)), int(bool(now.began & ~bit)),
            )  # fmt: skip
    return rows


def start_table(trace: Trace, epochs: list[Epoch]) -> Rows:
    """A row for each job that begins to run, in its first cycle, with the job of this context before it (``was_*``)."""
    rows = Rows("ctx", *NEW, *(f"was_{name}" for name in NEW), "how", "since_abort", *RELOADS)
    for one in epochs:
        loads = loads_of(trace, one)
        for ctx in (0, 1):
            for cycle, job, before, how, cut in one.starts[ctx]:
                known = reload_facts(one, loads, ctx, cycle, job)
                rows.add(cycle, one.number, ctx, *settings(job), *settings(before), how, cut, *known)
    return rows


def done_table(epochs: list[Epoch], reads: Accesses) -> Rows:
    """A row for each job that is done."""
    rows = Rows(
        "ctx", "asked", "wrote", "clears", "was_set", "read", "bad_rows", "clipped_rows", "since_other", "last_reason",
        "writes",
    )  # fmt: skip
    for one in epochs:
        status, when = 0, [NONE, NONE]
        for now in one.happened:
            clears = now.data & 15 if now.word == STATUS and now.strb & 1 else 0
            for ctx in (0, 1):
                bit = 1 << ctx
                if now.finish & bit and now.ending is not None:
                    rows_of = [row for row in one.rows if row.context == ctx and row.job is now.ending.job]
                    since = now.cycle - when[1 - ctx] if when[1 - ctx] != NONE else NONE
                    rows.add(
                        now.cycle, one.number, ctx, int(bool(now.asked & bit)), int(now.word == JOB0 + ctx),
                        int(bool(clears & bit)), int(bool(status & bit)),
                        int(reads.word[now.read]) if now.read != NONE else NONE, sum(row.bad for row in rows_of),
                        sum(row.clipped for row in rows_of), since, now.ending.reason, int(now.word != NONE),
                    )  # fmt: skip
                    when[ctx] = now.cycle
            status = status & ~clears | now.finish << DONE | now.cleaned << ABORTED
    return rows


def flag_table(epochs: list[Epoch], blocks: list[Registers]) -> Rows:
    """A row for each bit of STATUS (0..3) and ERROR (4..11) that an event sets or a write clears."""
    rows = Rows("bit", "sets", "clears", "was", "others")
    for one, block in zip(epochs, blocks, strict=True):
        for cycle, status, error, clear_status, clear_error, held_status, held_error in block.set_now:
            sets, clears, held = status | error << 4, clear_status | clear_error << 4, held_status | held_error << 4
            for bit in range(12):
                if (sets | clears) >> bit & 1:
                    rows.add(
                        cycle,
                        one.number,
                        bit,
                        sets >> bit & 1,
                        clears >> bit & 1,
                        held >> bit & 1,
                        int(bool(sets & ~(1 << bit))),
                    )
    return rows


def read_table(epochs: list[Epoch], blocks: list[Registers], reads: Accesses) -> Rows:
    """A row for each read that is performed; ``moves``: what it reads changes in this very cycle."""
    rows = Rows("word", "value", "moves", "wrote")
    for one, block in zip(epochs, blocks, strict=True):
        sets = {cycle: (status, error) for cycle, status, error, *_ in block.set_now}
        for now in one.happened:
            if now.read == NONE:
                continue
            word = int(reads.word[now.read])
            status, error = sets.get(now.cycle, (0, 0))
            moves = {
                STATUS: status != 0, ERROR: error != 0, COUNT: now.ending is not None,
                STATE: bool(now.began or now.ending or now.finish or now.cleaned or now.aborts),
            }  # fmt: skip
            rows.add(now.cycle, one.number, word, block.values[now.read][0], int(moves.get(word, False)), now.word)
    return rows


def spell_table(epochs: list[Epoch], blocks: list[Registers]) -> Rows:
    """A row for each spell of the interrupt that has ended, in the first cycle after it."""
    rows = Rows(*SPELL_COLUMNS)
    for one, block in zip(epochs, blocks, strict=True):
        for cycle, *facts in block.spells:
            rows.add(cycle, one.number, *facts)
    return rows


def row_table(epochs: list[Epoch], facts: Mapping[int, tuple[int, ...]]) -> Rows:
    """A row for each row whose packet has ended, in the cycle of its first beat; ``was_*`` is the row before it."""
    rows = Rows(
        "ctx", *NEW, "beats", "number", "reason", "clipped", "ahead", "was_ctx", *(f"was_{name}" for name in NEW),
        "was_beats", "was_reason", "was_clipped", "together", "new_commits", "took", "run", "next_ctx", *VALUE_COLUMNS,
    )  # fmt: skip
    for one in epochs:
        run = 0
        for number, row in enumerate(one.rows):
            before = one.rows[number - 1] if number else None
            run = run + 1 if before is not None and before.context == row.context else 1
            if row.done == NONE:
                continue
            was = (
                (before.context, *settings(before.job), len(before.beats), before.reason, before.clipped)
                if before
                else (NONE,) * 11
            )
            together = int(before is not None and (before.done == NONE or before.done > row.end))
            later = one.rows[number + 1].context if number + 1 < len(one.rows) else NONE
            known = facts.get(id(row), (NONE,) * len(VALUE_COLUMNS))
            rows.add(
                row.first, one.number, row.context, *settings(row.job), len(row.beats), row.number, row.reason,
                row.clipped if not row.reason else 0, row.ahead, *was[:8], *was[8:], together,
                row.commits - (before.commits if before else 0), row.done - row.end, run, later, *known,
            )  # fmt: skip
    return rows
