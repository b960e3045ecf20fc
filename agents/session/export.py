"""Export of a path of a session as a run folder, for reports, replays and scores.

Every turn of the session stores the user's choices for it (`ManualTurn`): its strategy with all templates, its
sampling settings, the prompt before edits, and whether the reply was pasted. So a replay can render each prompt again,
compare it with the prompt rendered at the time, and only then apply the user's edit. Failed calls and other branches
are not exported: they are costs of the session, not of this path.
"""

from __future__ import annotations

from pathlib import Path

from dv_agent.agents.budget import Budget
from dv_agent.agents.llm.structured_output import wanted_schema
from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.records.schema import AgentOptions, RunHeader
from dv_agent.agents.records.writer import RunRecord, new_folder
from dv_agent.agents.runs.goal import keep_points
from dv_agent.agents.session.context import SessionContext
from dv_agent.agents.session.nodes import Node
from dv_agent.agents.session.tree import Which
from dv_agent.agents.turn import TurnRecord
from dv_agent.errors import UsageError
from dv_agent.prompts.renderer import templates_hash
from dv_agent.runners.checks.scope_of_checks import what_is_checked


def export(context: SessionContext, which: Which, out: Path) -> Path:
    """Write the turns from the root to a node as a run folder in `out`; return this folder.

    Raises:
        UsageError: there is no such node, or no turn on its path.
        OutputError: the folder cannot be created or written.
    """
    nodes = [one for one in context.tree.path(which) if one.turn]
    if not nodes:
        raise UsageError("there is no turn on the way to this node: nothing to export")
    state = context.state(which)
    model = nodes[-1].draft.model.model
    folder = new_folder(out, context.log.header.design, "llm", model)
    record = RunRecord(folder, _header(context, nodes, folder.name))
    keep_points(folder, context.bench.plan)
    if context.origin:
        _copy(context, context.origin, record)
    for node in nodes:
        assert node.turn
        form = wanted_schema(node.draft.strategy, context.bench.folder.design, context.bench.folder.schema, ())
        for line in context.tree.answers(node.id):
            record.reply(line.messages, line.reply, output=form if line.output else None)
        record.turn(node.turn)
    record.finish(state, "exported")
    return folder


def _header(context: SessionContext, nodes: list[Node], name: str) -> RunHeader:
    session, last = context.log.header, nodes[-1]
    options = AgentOptions(
        session=session.id, node=last.id, bug=session.bug or None, from_run=session.origin or None,
        from_turn=session.turns if session.origin else None,
    )  # fmt: skip
    # Turns of an earlier run of a model are replayed with the settings of that run.
    old = context.origin.header if context.origin and context.origin.header.agent == "llm" and session.turns else None
    prompting = (old.prompting if old else None) or last.draft.strategy
    earlier = context.origin.turns if context.origin else ()
    home = context.bench.folder
    checks = what_is_checked(home.design, home.has_model, (session.simulator.split() or [""])[0])
    return RunHeader(
        id=name,
        started=session.started,
        design=session.design,
        design_folder=session.design_folder,
        task_version=session.task_version,
        agent="llm",
        agent_options=options,
        model=(old.model if old else None) or last.draft.model,
        strategy=old.strategy if old else prompting.name,
        prompting=prompting,
        goal=session.goal,
        seed=old.seed if old else session.seed,
        budget=_widest(session.budget, [*earlier, *(one.turn for one in nodes if one.turn)]),
        target=100.0,
        simulator=session.simulator,
        hashes=session.hashes | {"prompts": templates_hash(prompting)},
        versions=session.versions,
        reproducible=False,
        checked=checks.rules,
        unchecked=checks.left_out,
    )


def _widest(budget: Budget, turns: list[TurnRecord]) -> Budget:
    """Return bounds large enough for all of these turns; a bound that is set in one of them stays set."""
    wide: dict[str, float | None] = {}
    for name in Budget.model_fields:
        bounds = [bound for one in (budget, *(turn.budget for turn in turns)) if (bound := getattr(one, name))]
        wide[name] = max(*bounds, turns[-1].spent.bounded(name) + 1) if bounds else None
    return Budget.model_validate(wide)


def _copy(context: SessionContext, origin: RecordedRun, record: RunRecord) -> None:
    """Copy the turns before the session. For an agent with tools the dialogue is omitted; its tests are replayed."""
    design, schema, prompting = context.bench.folder.design, context.bench.folder.schema, origin.header.prompting
    for number, turn in enumerate(origin.turns):
        for line in origin.replies if origin.header.agent == "llm" else ():
            if line.turn == number:
                form = wanted_schema(prompting, design, schema, ()) if line.output and prompting else None
                record.reply(line.messages, line.reply, line.failure, output=form)
        record.turn(turn)
