"""Reference model of ``vit_attention``: what leaves for each row, by the models of the four units.

Written from ``spec.md``. `performed_accesses` says when each access is performed (section 3.1), `jobs_and_rows` and
`register_block` fold what moved at the pins (sections 3 and 4), and here the parts compute the values (section 5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.composition.part_models import moved, owed, part_model
from dv_agent.designs.observation import Expected, Observation
from dv_agent.designs.packet_columns import count_up
from dv_agent.designs.trace import IntColumn, Trace, Transfers
from dv_agent.designs.vit_attention.both_contexts import Row
from dv_agent.designs.vit_attention.facts.raw_facts import tables
from dv_agent.designs.vit_attention.foretold_pins import levels
from dv_agent.designs.vit_attention.jobs_and_rows import Epoch
from dv_agent.designs.vit_attention.performed_accesses import accesses, first_reset
from dv_agent.designs.vit_attention.register_block import Registers
from dv_agent.designs.vit_attention.register_map import FACTORS, KEYS, NONE, NORM_SET, WEIGHTS

NORM = part_model("mxint_layernorm")
DOT = part_model("lqer_dot")
SOFTMAX = part_model("mxint_softmax")
QUANT = part_model("block_quant")
BLOCK = 8
E_MIN, E_MAX = -8, 7


def observe(trace: Trace) -> Observation:
    """Fold one trace: the packets, registers and interrupts owed, and raw facts about jobs, rows and aborts."""
    writes, reads = accesses(trace, ("aw", "w"), "b"), accesses(trace, ("ar",), "r")
    offered = offers(trace)
    numbers = np.unique(trace.epoch).tolist()
    epochs = [Epoch(trace, number, writes, reads, offered) for number in numbers]
    for one in epochs:
        one.play()
    values = compute(trace, epochs)
    blocks = []
    for one in epochs:
        block = Registers()
        first = int(np.searchsorted(trace.epoch, one.number, side="left"))
        block.play(first, one.happened, reads, first_reset(trace, one.number))
        blocks.append(block)
    expected = {"out": expected_packets(epochs, values)}
    made = tables(trace, epochs, blocks, reads, values.facts)
    return Observation(expected, made, waiting_streams(epochs), levels(trace, epochs, blocks, writes, reads))


def offers(trace: Trace) -> IntColumn:
    """(cycles + 1,) packets of the trace whose head was offered up to each cycle."""
    out = trace.accepted["out"]
    begun = np.zeros(trace.cycles + 1, np.int64)
    begun[out.cycle[out.columns["head"] == 1]] = 1
    total = np.cumsum(begun)
    if "out_valid" not in trace.signals:
        return total
    waits = (
        (trace.signals["out_valid"] == 1)
        & (trace.signals["out_head"] == 1)
        & (trace.signals["out_ready"] == 0)
        & ~trace.in_reset
    )
    total[: trace.cycles] += waits
    return total


def waiting_streams(epochs: list[Epoch]) -> frozenset[str]:
    """Inputs that may wait for ever: their context accepts no row."""
    if not epochs:
        return frozenset({"x0", "x1"})
    return frozenset(
        f"x{c}" for c, one in enumerate(epochs[-1].contexts) if not one.accepting and not one.flush and not one.open
    )


@dataclass(frozen=True, slots=True)
class Values:
    """What leaves for each row whose scores count."""

    codes: dict[int, list[int]]  # id of the row -> header and eight codes
    facts: dict[int, tuple[int, ...]]  # id of the row -> `raw_facts.VALUE_COLUMNS`


def compute(trace: Trace, epochs: list[Epoch]) -> Values:
    """Section 5, by the models of the parts; sets `Row.clipped`."""
    rows, mants, exps = normalised(trace, epochs)
    if not rows:
        return Values({}, {})
    scores = dot_products(rows, mants, exps)
    pairs, facts = packed(rows, *scores)
    probabilities = owed(SOFTMAX, "out", {"in": pairs})
    elements, formats = unpacked(rows, probabilities)
    out = owed(QUANT, "out", {"in": moved(np.arange(len(elements)), {"x": elements, "fmt": formats})})
    codes = out.columns["data"].reshape(-1, BLOCK + 1).tolist()
    found = {}
    for row, one, fact, x in zip(rows, codes, facts, elements.reshape(-1, BLOCK), strict=True):
        found[id(row)] = (*fact, one[0] & 15, int((x > 0).sum()))
    return Values({id(row): one for row, one in zip(rows, codes, strict=True)}, found)


def normalised(trace: Trace, epochs: list[Epoch]) -> tuple[list[Row], list[IntColumn], list[IntColumn]]:
    """Complete rows that are not bad, with the mantissas (b, 4) and exponents (b,) of the layer normalisation."""
    beats = [(*beat, one.number) for one in epochs for beat in one.norm_beats]
    cycle, source, index, last, epoch = np.array(beats, np.int64).reshape(-1, 5).T
    both = [trace.accepted[f"x{c}"] for c in (0, 1)]
    m = np.concatenate([np.asarray(one.columns["m"], np.int64).reshape(-1, 4) for one in both])
    e = np.concatenate([np.asarray(one.columns["e"], np.int64) for one in both])
    at = index + source * len(both[0])
    loads = trace.accepted["ld"]
    sets = np.flatnonzero(loads.columns["kind"] == NORM_SET)
    place = np.asarray(loads.columns["index"], np.int64)[sets]
    data = lanes(np.asarray(loads.columns["data"], np.int64)[sets] & 255, 8, 1).reshape(-1)
    commits = [(c, one.number) for one in epochs for c in one.commits]
    commit_cycle, commit_epoch = np.array(commits, np.int64).reshape(-1, 2).T
    done = owed(
        NORM, "out",
        {"in": moved(cycle, {"m": m[at], "e": e[at], "last": last}, epoch),
         "cfg": moved(loads.cycle[sets], {"sel": place >> 4, "addr": place & 15, "data": data}, loads.epoch[sets]),
         "commit": moved(commit_cycle, {}, commit_epoch)},
        trace.epoch,
    )  # fmt: skip
    rows = [row for one in epochs for row in one.rows if row.end != NONE]
    lengths = np.cumsum([len(row.beats) for row in rows])[:-1] if rows else np.zeros(0, np.int64)
    mants, exps = np.split(done.columns["m"].reshape(-1, 4), lengths), np.split(done.columns["e"], lengths)
    kept = [n for n, row in enumerate(rows) if not row.bad]
    return [rows[n] for n in kept], [mants[n] for n in kept], [exps[n] for n in kept]


def dot_products(
    rows: list[Row], mants: list[IntColumn], exps: list[IntColumn]
) -> tuple[IntColumn, IntColumn, IntColumn]:
    """Section 5.2: mantissa, exponent and zero flag of every score, row by row."""
    jobs, lengths = [row.job for row in rows], np.array([len(e) for e in exps], np.int64)
    keys = np.array([job.keys for job in jobs], np.int64)
    of_key = np.repeat(np.arange(len(rows)), keys)  # the row of each vector
    beats = lengths[of_key]
    key, place = np.repeat(count_up(keys), beats), count_up(beats)
    row = np.repeat(of_key, beats)
    source = (np.cumsum(lengths) - lengths)[row] + place
    weights, factors, key_factors = (np.array([one.bank[kind] for one in rows]) for kind in (WEIGHTS, FACTORS, KEYS))
    halves = [lanes(factors[row, 8 * rank + 2 * place + half], 8, 2) for rank in (0, 1) for half in (0, 1)]
    columns = {
        "x": np.concatenate(mants)[source], "w": lanes(weights[row, 4 * key + place], 4, 4),
        "a0": np.hstack(halves[:2]), "a1": np.hstack(halves[2:]),
    }  # fmt: skip
    columns = {name: np.pad(column, ((0, 0), (0, 4))) for name, column in columns.items()}
    columns["ex"] = np.concatenate(exps)[source]
    columns |= {name: np.array([getattr(job, name) for job in jobs], np.int64)[row] for name in ("ew", "ea")}
    columns["last"] = (place == beats.repeat(beats) - 1).astype(np.int64)
    factors_of = lanes(key_factors[of_key, count_up(keys)], 8, 2)
    settings = {"eb": np.array([job.eb for job in jobs]), "lr_en": np.array([job.correction for job in jobs])}
    written = {"b0": factors_of[:, 0], "b1": factors_of[:, 1], **{name: one[of_key] for name, one in settings.items()}}
    given = {
        "in": moved(2 * np.arange(len(place)) + 1, columns),
        "cfg": moved(2 * (np.cumsum(beats) - beats), written),
    }
    out = owed(DOT, "y", given)
    return out.columns["m"], out.columns["e"], out.columns["zero"]


def lanes(words: IntColumn, width: int, count: int) -> IntColumn:
    """The signed lanes of words, lowest first, along a new last axis."""
    found = (words[..., None] >> (width * np.arange(count))) & ((1 << width) - 1)
    return np.where(found >> (width - 1), found - (1 << width), found).astype(np.int64)


def packed(rows: list[Row], m: IntColumn, e: IntColumn, zero: IntColumn) -> tuple[Transfers, list[tuple[int, ...]]]:
    """Section 5.3: pairs of scores as beats of the softmax; sets `Row.clipped`."""
    keys = np.array([row.job.keys for row in rows], np.int64)
    scale = np.repeat([row.job.scale for row in rows], keys)
    exponent = np.where(zero == 1, -64, e + scale).reshape(-1, 2)
    block = np.clip(exponent.max(axis=1), E_MIN, E_MAX)
    gap = block[:, None] - exponent
    mant, none = m.reshape(-1, 2), zero.reshape(-1, 2) == 1
    clipped = ~none & (gap < 0)
    aligned = np.where(clipped, np.where(mant < 0, -128, 127), mant >> np.clip(gap, 0, 7))
    ends = np.cumsum(keys // 2)
    last = np.zeros(len(block), np.int64)
    last[ends - 1] = 1
    facts: list[tuple[int, ...]] = []
    for row, end, count in zip(rows, ends.tolist(), (keys // 2).tolist(), strict=True):
        mine = slice(end - count, end)
        row.clipped = int(clipped[mine].any())
        top = exponent[mine].max()
        facts.append((
            int(np.ptp(exponent[mine][~none[mine]])) if not none[mine].all() else NONE, int(none[mine].sum()),
            int(aligned[mine].max()), int(aligned[mine].min()), int(clipped[mine].sum()), int(top),
        ))  # fmt: skip
    return moved(np.arange(len(block)), {"m": np.where(none, 0, aligned), "e": block, "last": last}), facts


def unpacked(rows: list[Row], probabilities: Expected) -> tuple[IntColumn, IntColumn]:
    """Section 5.4: elements of the quantiser and their formats, eight a row."""
    shift = probabilities.columns["e"][:, None] + 8
    x = ((probabilities.columns["m"] << shift) >> 1).reshape(-1)
    keys = np.array([row.job.keys for row in rows], np.int64)
    elements = np.zeros((len(rows), BLOCK), np.int64)
    elements[np.arange(BLOCK) < keys[:, None]] = x
    return elements.reshape(-1), np.repeat([row.job.format for row in rows], BLOCK).astype(np.int64)


def expected_packets(epochs: list[Epoch], values: Values) -> Expected:
    """Section 5.5: a packet or a marker for every complete row."""
    beats: list[tuple[int, ...]] = []
    for one in epochs:
        for row in one.rows:
            if row.end == NONE:
                continue
            common = (row.context, one.number, row.end)
            if row.reason:
                beats.append((row.reason, 1, 1, 1, *common))
                continue
            header, *codes = values.codes[id(row)]
            beats.append((header | row.clipped << 6, 1, 0, 0, *common))
            beats += [(code, 0, 0, int(n == row.job.keys - 1), *common) for n, code in enumerate(codes[: row.job.keys])]
    data, head, drop, last, context, epoch, cause = np.array(beats, np.int64).reshape(-1, 7).T
    return Expected(epoch, {"data": data, "head": head, "drop": drop, "ctx": context, "last": last}, cause)
