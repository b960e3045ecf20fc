"""Asking a model for a plan until one can be used; every reply is written before it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dv_agent.agents.models.chat_model import ChatModel, Message
from dv_agent.coverage.plan import Plan
from dv_agent.designs.column_words import column_words, row_words
from dv_agent.designs.design import Design
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.loader import DesignFolder
from dv_agent.eval.plan_writing.written_plan import MOST_BINS, PlanFault, check_tables, plan_text_of, written_plan
from dv_agent.prompts.text.plain_templates import plain_templates

Columns = Mapping[str, tuple[str, ...]]
TEMPLATES = Path(__file__).parent / "templates"
CYCLE, LAST_MOST = "cycle", 20_000


class Asked(Frozen):
    """One call: the prompt, the reply, and why its plan cannot be used; empty if it can."""

    prompt: str
    reply: str
    fault: str = ""
    tokens: int = 0


class WrittenPlan(Frozen):
    """All calls; `text` is the plan of the last one, empty if none can be used."""

    calls: tuple[Asked, ...]
    text: str = ""


def ask_for_plan(model: ChatModel, folder: DesignFolder, columns: Columns, most: int, home: Path) -> WrittenPlan:
    """Ask for a plan at most `most` times; the calls stand in ``home/calls.json``, the plan in ``home/plan.yaml``.

    Raises:
        ModelFailure: no reply after all retries.
        OutputError: a file cannot be written.
    """
    asked: list[Asked] = []
    while len(asked) < most and not (asked and not asked[-1].fault):
        prompt = request_text(folder, columns, model.settings.reply_tokens, asked)
        reply = model.ask((Message(role="user", content=prompt),))
        tokens = sum(one.input_tokens + one.output_tokens for one in reply.attempts)
        _keep(home, [*asked, Asked(prompt=prompt, reply=reply.text, fault="not read yet", tokens=tokens)])
        fault, text = "", ""
        try:
            text = plan_text_of(reply.text)
            usable(text, columns)
        except PlanFault as wrong:
            fault = str(wrong)
        asked.append(Asked(prompt=prompt, reply=reply.text, fault=fault, tokens=tokens))
        _keep(home, asked)
        if not fault:
            replace_text(home / "plan.yaml", text.rstrip() + "\n")
            return WrittenPlan(calls=tuple(asked), text=text)
    return WrittenPlan(calls=tuple(asked))


def usable(text: str, columns: Columns) -> Plan:
    """Return the plan in `text`, which reads nothing but `columns`.

    Raises:
        PlanFault: it cannot be used.
    """
    plan = written_plan(text)
    check_tables(plan, columns)
    return plan


def _keep(home: Path, asked: Sequence[Asked]) -> None:
    text = json.dumps([one.model_dump(mode="json") for one in asked], indent=1)
    replace_text(home / "calls.json", text + "\n", make_folder=True)


def request_text(folder: DesignFolder, columns: Columns, reply_tokens: int, asked: Sequence[Asked] = ()) -> str:
    """Return the prompt: specification, tables, language; after a plan that cannot be used, with its fault."""
    last = asked[-1] if asked else None
    return (
        plain_templates(TEMPLATES)
        .get_template("plan_request.jinja")
        .render(
            design=folder.design,
            specification=folder.specification,
            tables=list(_tables(folder.design, columns)),
            reply_tokens=reply_tokens,
            most_bins=MOST_BINS,
            faults=[last.fault] if last else [],
            last=last.reply[:LAST_MOST] if last else "",
            cut=LAST_MOST if last and len(last.reply) > LAST_MOST else 0,
        )
    )


def _tables(design: Design, columns: Columns) -> Iterator[str]:
    """Return the lines on all tables; what every table has is told once."""
    shared = [name for name in columns.get(CYCLE, ()) if all(name in found for found in columns.values())]
    yield "every table, of the cycle of its row; in `reset`, but for cycle and epoch, of the cycle before"
    yield from _columns(design, CYCLE, shared)
    for table, names in columns.items():
        yield f"{table}: a row for {row_words(table) or 'what its columns say'}"
        yield from _columns(design, table, [name for name in names if name not in shared])


def _columns(design: Design, table: str, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        meaning = column_words(design, table, name)
        yield f"  {name}: {meaning}" if meaning else f"  {name}"
