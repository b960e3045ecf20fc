"""What the page of a session shows, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dv_agent.agents.budget import Spent
from dv_agent.agents.session.drafts.changes import options
from dv_agent.agents.session.drafts.cost import CostBound
from dv_agent.agents.session.drafts.own_changes import base_name
from dv_agent.agents.session.drafts.preview import Rendered
from dv_agent.agents.session.nodes import PERSON, Node, SessionHeader
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.errors import UsageError
from dv_agent.eval.report.data.load_turns import test_data
from dv_agent.eval.report.data.run_data import TestData
from dv_agent.eval.report.data.text_limits import Allowance
from dv_agent.eval.report.turn_rows import TestRow, cut_tracks
from dv_agent.prompts.strategy import Strategy, strategy_names, template_names
from dv_agent.studio.strategy_store import saved_names, strategy_choice
from dv_agent.studio.views.coverage_column import CoverageColumn, coverage_column
from dv_agent.studio.views.option_fields import FieldGroup, OptionField, sampling_fields, strategy_groups
from dv_agent.studio.views.tree_picture import TreePicture, tree_picture

_STEPS = 8_000


@dataclass(frozen=True, slots=True)
class TurnView:
    """How a node came about: the reply, what it cost, its tests; `tests` are those with a failed check first."""

    reply: str
    model: str
    finish_reason: str
    input_tokens: int
    output_tokens: int
    usd: float | None
    seconds: float
    errors: tuple[str, ...]
    tests: tuple[TestRow, ...]
    new_bins: int
    cycles: int


@dataclass(frozen=True, slots=True)
class OpenedEditors:
    """What of a node is opened.

    Attributes:
        template: the one in the editor of templates.
        edit: the part that is edited by hand.
        take: name of the strategy that a person wants to take, and has to confirm.
    """

    template: str = ""
    edit: str = ""
    take: str = ""


@dataclass(frozen=True, slots=True)
class SessionPage:
    """One node of a session.

    Attributes:
        rendered: what would be sent; None where it cannot be rendered, then `problem` says why.
        bound: what sending it may cost; None where it cannot be sent.
        no_model: why no model can be asked, empty if one can.
        base: what the strategy was made from, as the form names it; empty if that is not known.
        lost: what `looked.take` would drop.
        description: one line about the strategy, as it would be saved.
        templates: name of each template -> whether the strategy has a text of its own for it.
        template_text: of the template that is looked at; `template_open` says whether its editor is open.
        notes: what was said when the session was opened.
        alone: there is no other node to compare with.
        changes: how many changes can be taken back here.
    """

    name: str
    header: SessionHeader
    node: Node
    is_current: bool
    tree: TreePicture
    rendered: Rendered | None
    problem: str
    bound: CostBound | None
    no_model: str
    spent: Spent
    strategy: str
    base: str
    lost: tuple[str, ...]
    description: str
    groups: tuple[FieldGroup, ...]
    sampling: tuple[OptionField, ...]
    strategies: tuple[str, ...]
    templates: Mapping[str, bool]
    looked: OpenedEditors
    template_text: str
    template_open: bool
    alone: bool
    notes: tuple[str, ...]
    turn: TurnView | None
    column: CoverageColumn
    changes: int


def session_page(
    name: str, session: PromptSession, which: int | None, looked: OpenedEditors, saved: Path
) -> SessionPage:
    """The page of node `which`, the current one if None.

    Args:
        saved: the folder of saved strategies.

    Raises:
        UsageError: no such node or template.
    """
    node, draft = session.node(which), session.draft(which)
    rendered, problem = _rendered(session, node.id)
    bound, no_model = _bound(session, node.id, rendered)
    known = (*strategy_names(), *(f"saved:{one}" for one in saved_names(saved)))
    origin = session.origin_strategy(node.id)
    state, nodes = session.state(node.id), session.nodes
    template = looked.template or ("parts/ask" if "parts/ask" in template_names() else template_names()[0])
    won = [(test.index, test.new_bins) for test in node.turn.tests] if node.turn else []
    return SessionPage(
        name=name,
        header=session.header,
        node=node,
        is_current=node.id == session.current.id,
        tree=tree_picture(nodes, {one.id: one.turn.bins_hit for one in nodes.values() if one.turn}, node.id),
        rendered=rendered,
        problem=problem,
        bound=bound,
        no_model=no_model,
        spent=session.spent,
        strategy=draft.strategy.name,
        base=_form_name(draft.strategy, known),
        lost=session.lost_with(strategy_choice(looked.take, saved), node.id) if looked.take else (),
        description=session.description(node.id),
        groups=strategy_groups(session.options(node.id), options(origin or draft.strategy)),
        sampling=sampling_fields(draft.model, session.header.draft.model),
        strategies=known,
        templates={one: one in draft.strategy.wording for one in template_names()},
        looked=OpenedEditors(template, looked.edit, looked.take),
        template_text=session.template(template, node.id),
        template_open=bool(looked.template) or node.turn is None,
        alone=len(nodes) == 1,
        notes=session.notes,
        turn=turn_view(node),
        column=coverage_column(state.coverage, won, measured=True),
        changes=session.changes(node.id),
    )


def _rendered(session: PromptSession, node: int) -> tuple[Rendered | None, str]:
    try:
        return session.render(node), ""
    except UsageError as error:
        return None, str(error)


def _bound(session: PromptSession, node: int, rendered: Rendered | None) -> tuple[CostBound | None, str]:
    if session.draft(node).model.model == PERSON:
        return None, "No model is set."
    try:
        return session.cost_bound(node) if rendered else None, ""
    except UsageError as error:
        return None, f"{error}."


def _form_name(strategy: Strategy, known: Sequence[str]) -> str:
    """What the form calls the strategy that this one was made from; empty if it does not list that."""
    base = base_name(strategy)
    return next((one for one in (base, f"saved:{base}") if one in known), "")


def turn_view(node: Node) -> TurnView | None:
    """The turn of a node; None where it has none."""
    if node.turn is None or node.reply is None:
        return None
    allowance, before, tests = Allowance(), 0, list[TestData]()
    for record in node.turn.tests:
        tests.append(test_data(record, node.id, before, allowance))
        before += record.cycles
    share = _STEPS * 8 // max(len(tests), 8)
    attempts = node.reply.attempts
    prices = [one.usd for one in attempts if not one.error]
    return TurnView(
        reply=node.reply.text,
        model=node.reply.model,
        finish_reason=node.reply.finish_reason,
        input_tokens=sum(one.input_tokens for one in attempts),
        output_tokens=sum(one.output_tokens for one in attempts),
        usd=None if None in prices else sum(price or 0 for price in prices),
        seconds=sum(one.seconds for one in attempts),
        errors=node.turn.errors,
        tests=tuple(TestRow(test, cut_tracks(test.tracks, share)) for test in tests),
        new_bins=len(node.new_bins),
        cycles=before,
    )
