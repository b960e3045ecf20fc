"""Asking a model for a plan until one can be used; every reply is written before it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dv_agent.agents.models.chat_model import ChatModel, Message
from dv_agent.coverage.plan import Plan
from dv_agent.designs.column_words import column_words, row_words
from dv_agent.designs.design import Design
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import UsageError
from dv_agent.eval.plan_writing.plan_record import PLAN, Asked, WrittenPlan, keep_calls, read_calls
from dv_agent.eval.plan_writing.written_plan import MOST_BINS, PlanFault, check_tables, plan_text_of, written_plan
from dv_agent.prompts.text.plain_templates import plain_templates

Columns = Mapping[str, tuple[str, ...]]
TEMPLATES = Path(__file__).parent / "templates"
CYCLE, LAST_MOST = "cycle", 20_000
UNREAD = "not read yet"
"""Stands in the record while a reply is not read: it is written first."""


def ask_for_plan(model: ChatModel, folder: DesignFolder, columns: Columns, most: int, home: Path) -> WrittenPlan:
    """Ask for a plan at most `most` times; the calls stand in ``home/calls.json``, the plan in ``home/plan.yaml``.

    Calls that stand there already are not made again: their replies are read as if they had just come.

    Raises:
        ModelFailure: no reply after all retries.
        UsageError: the calls that stand there answer other prompts.
        OutputError: a file cannot be written.
    """
    known, asked = read_calls(home), list[Asked]()
    while len(asked) < most and not (asked and not asked[-1].fault):
        prompt = request_text(folder, columns, model.settings.reply_tokens, asked)
        if len(asked) < len(known):
            one = _read_again(known[len(asked)], prompt, columns, home)
        else:
            one = _ask(model, prompt, columns, home, asked)
        asked.append(one)
        keep_calls(home, (*asked, *known[len(asked) :]))
    if asked[-1].fault:
        return WrittenPlan(calls=tuple(asked))
    text = plan_text_of(asked[-1].reply)
    replace_text(home / PLAN, text.rstrip() + "\n")
    return WrittenPlan(calls=tuple(asked), text=text)


def _ask(model: ChatModel, prompt: str, columns: Columns, home: Path, asked: Sequence[Asked]) -> Asked:
    reply = model.ask((Message(role="user", content=prompt),))
    tokens = sum(one.input_tokens + one.output_tokens for one in reply.attempts)
    found = Asked(prompt=prompt, reply=reply.text, fault=UNREAD, tokens=tokens)
    keep_calls(home, (*asked, found))
    return found.model_copy(update={"fault": fault_of(reply.text, columns)})


def _read_again(known: Asked, prompt: str, columns: Columns, home: Path) -> Asked:
    if known.prompt != prompt:
        raise UsageError(f"{home} holds calls with other prompts; choose another folder with --out")
    return known.model_copy(update={"fault": fault_of(known.reply, columns)})


def fault_of(reply: str, columns: Columns) -> str:
    """Return why the plan in a reply cannot be used; empty if it can."""
    try:
        usable(plan_text_of(reply), columns)
    except PlanFault as wrong:
        return str(wrong)
    return ""


def usable(text: str, columns: Columns) -> Plan:
    """Return the plan in `text`, which reads nothing but `columns`.

    Raises:
        PlanFault: it cannot be used.
    """
    plan = written_plan(text)
    check_tables(plan, columns)
    return plan


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
