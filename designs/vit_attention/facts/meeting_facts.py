"""Event tables about single cycles: what meets in both contexts (``meet``), and each change of credits (``credit``)."""

from __future__ import annotations

from dv_agent.designs.vit_attention.both_contexts import Happened
from dv_agent.designs.vit_attention.facts.event_rows import Rows
from dv_agent.designs.vit_attention.job_lives import Hunger
from dv_agent.designs.vit_attention.jobs_and_rows import Epoch
from dv_agent.designs.vit_attention.performed_accesses import Accesses
from dv_agent.designs.vit_attention.register_map import CREDIT, MOST_CREDITS, NONE

(BEGINS, ENDS, CUT, STARVES, FLUSHED, HEADER, PACKET, DONE, BACK, CLEANED, ABORT, STARTS, WAKES) = range(13)


def events_of(one: Happened, context: int) -> list[int]:
    """What one context does in a cycle."""
    bit = 1 << context
    head = one.head is not None and one.head.context == context
    ends = one.ending is not None and one.ending.context == context
    last = bool(one.finish & bit)
    byte = one.data >> 8 * context & 255
    fed = one.word == CREDIT and one.strb & bit and (byte >> 7 == 0 or byte & MOST_CREDITS != 0)
    wakes = one.starved & bit and fed
    known = (
        (one.began, BEGINS), (one.row_end, ENDS), (one.overlong, CUT), (one.spent, STARVES), (one.flush_end, FLUSHED),
        (bit * head, HEADER), (bit * (ends and not last and not one.gave_back), PACKET), (one.finish, DONE),
        (one.gave_back, BACK), (one.cleaned, CLEANED), (one.aborts, ABORT), (one.started, STARTS),
        (bit * bool(wakes), WAKES),
    )  # fmt: skip
    return [code for mask, code in known if mask & bit]


def meet_table(epochs: list[Epoch], reads: Accesses) -> Rows:
    """A row for each pair of an event of context 0 and one of context 1 in the same cycle."""
    rows = Rows("first", "second", "word", "wrote", "loads", "load_refused")
    for one in epochs:
        for now in one.happened:
            first = events_of(now, 0)
            second = events_of(now, 1) if first else []
            word = int(reads.word[now.read]) if now.read != NONE else NONE
            for a in first:
                for b in second:
                    rows.add(now.cycle, one.number, a, b, word, now.word, int(now.load != NONE), int(now.load_refused))
    return rows


def credit_table(epochs: list[Epoch]) -> Rows:
    """A row for each context and cycle in which a row takes a credit, a marker gives one back, or CREDIT is written."""
    rows = Rows(
        "ctx", "before", "after", "took", "back", "added", "wrote", "needs", "will_need", "starved", "starved_for",
        "aborts", "other_aborts", "cleans", "other_cleans", "done", "other_done", "began", "spent_since_add", "lost",
    )  # fmt: skip
    for one in epochs:
        for ctx in (0, 1):
            hunger = Hunger.of(one, ctx)
            spent = since = 0
            for now in one.happened:
                bit = 1 << ctx
                if not now.starved & bit:
                    since = hunger.before(now.cycle)
                wrote = now.word == CREDIT and bool(now.strb & bit)
                if not (wrote or (now.took | now.gave_back) & bit):
                    continue
                byte = now.data >> 8 * ctx & 255 if wrote else now.credits[ctx] & 128
                added = byte & MOST_CREDITS if wrote else 0
                took, back = now.took >> ctx & 1, now.gave_back >> ctx & 1
                spent = took if added else spent + took
                total = (now.credits[ctx] & MOST_CREDITS) + added + back - took
                rows.add(
                    now.cycle, one.number, ctx, now.credits[ctx] & MOST_CREDITS, min(total, MOST_CREDITS), took, back,
                    added, int(wrote), now.credits[ctx] >> 7, byte >> 7, now.starved >> ctx & 1,
                    hunger.before(now.cycle) - since, *_both(now.aborts, ctx), *_both(now.cleaned, ctx),
                    *_both(now.finish, ctx), now.began >> ctx & 1, spent, max(total - MOST_CREDITS, 0),
                )  # fmt: skip
    return rows


def _both(mask: int, context: int) -> tuple[int, int]:
    return mask >> context & 1, mask >> (1 - context) & 1
