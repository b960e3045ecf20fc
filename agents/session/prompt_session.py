"""PromptSession: iterate on a prompt without any face; a terminal and a web page are put over it.

Whatever happens to the coverage happens in `advance`; whatever was done stands in the session's folder before the
next thing begins, so that a session goes on after a kill and nothing is paid for twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dv_agent.agents.budget import Spent
from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.session.ab_test import AbResult, run_ab
from dv_agent.agents.session.compare import Comparison, compare, partner
from dv_agent.agents.session.context import SessionContext
from dv_agent.agents.session.drafts import changes as drafting
from dv_agent.agents.session.drafts.cost import CostBound, cost_bound, spent_of
from dv_agent.agents.session.drafts.editor import DraftEditor
from dv_agent.agents.session.drafts.preview import Rendered
from dv_agent.agents.session.drafts.saving import StrategySaver
from dv_agent.agents.session.export import export
from dv_agent.agents.session.log import BackLine, BranchLine, GotoLine, SessionLog
from dv_agent.agents.session.model_call import ModelCaller
from dv_agent.agents.session.nodes import Draft, Node, SessionHeader
from dv_agent.agents.session.progress import IsCancelled, OnProgress, never_stop, no_progress
from dv_agent.agents.session.tree import Which
from dv_agent.agents.session.turn import TurnRunner
from dv_agent.agents.state import RunState
from dv_agent.agents.testbench import Testbench
from dv_agent.errors import UsageError
from dv_agent.prompts.template_set import template_text
from dv_agent.prompts.view import View


class PromptSession:
    """A tree of turns on one design, kept in a folder.

    A node is named by its number, its label, or None for the current one; UsageError says that there is none. One
    thread changes a session at a time; others may look at nodes meanwhile.

    Args:
        log: an open session folder; `close` closes it.
        bench: the design of the session on an open simulator; the caller closes that.
        caller: reaches models.

    Attributes:
        branch_of: see `Tree`.
        edit_message, edit_part, edit_template, set_option, set_strategy, set_sampling, set_draft, lost_with: see
            `DraftEditor`.
        description, origin_strategy, save_strategy, save_template: see `StrategySaver`.
        notes: what a person has to know of how the session was opened.

    Raises:
        InputFileError: the log contradicts itself.
    """

    def __init__(self, log: SessionLog, bench: Testbench, caller: ModelCaller) -> None:
        self._context, self._caller = SessionContext(log, bench), caller
        self._tree, self._turns = self._context.tree, TurnRunner(self._context, caller)
        self.branch_of = self._tree.branch_of
        editing = DraftEditor(self._context)
        self.edit_message, self.edit_part = editing.edit_message, editing.edit_part
        self.edit_template, self.set_option = editing.edit_template, editing.set_option
        self.set_strategy, self.set_sampling = editing.set_strategy, editing.set_sampling
        self.set_draft, self.lost_with = editing.set_draft, editing.lost_with
        saver = StrategySaver(self._tree)
        self.description, self.origin_strategy = saver.description, saver.origin_strategy
        self.save_strategy, self.save_template = saver.save_strategy, saver.save_template
        self.notes: tuple[str, ...] = ()

    def close(self) -> None:
        """Let go of the folder."""
        self._context.log.close()

    # Looking ----------------------------------------------------------------------------------------------

    @property
    def header(self) -> SessionHeader:
        """What the session is of."""
        return self._context.log.header

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return self._context.log.folder

    @property
    def bench(self) -> Testbench:
        """The design, its plan and the simulator."""
        return self._context.bench

    @property
    def origin(self) -> RecordedRun | None:
        """The turns of an earlier run at whose end the root stands."""
        return self._context.origin

    @property
    def nodes(self) -> Mapping[int, Node]:
        """All nodes by number, parents first."""
        return dict(self._tree.nodes)

    @property
    def current(self) -> Node:
        """Where the next message would be sent from."""
        return self._tree.node()

    @property
    def spent(self) -> Spent:
        """What all calls of this session cost, those that failed or led nowhere included; no cycles."""
        return spent_of(self._tree.calls)

    def node(self, which: Which = None) -> Node:
        """The node that a number or a label names."""
        return self._tree.node(which)

    def path(self, which: Which = None) -> tuple[Node, ...]:
        """The nodes from the root to this one."""
        return self._tree.path(which)

    def children(self, which: Which = None) -> tuple[Node, ...]:
        """The nodes that follow one."""
        return self._tree.children(which)

    def draft(self, which: Which = None) -> Draft:
        """What would be sent next from a node."""
        return self._tree.draft(which)

    def changes(self, which: Which = None) -> int:
        """How many changes of a node's draft can be taken back."""
        return self._tree.changes(which)

    def state(self, which: Which = None, on_progress: OnProgress = no_progress) -> RunState:
        """The run state of a node; after a restart its tests are simulated again first, see `States.state`."""
        return self._context.state(which, on_progress)

    def view(self, which: Which = None) -> View:
        """All that a model may know at a node."""
        return self._context.view(which)

    def template(self, name: str, which: Which = None) -> str:
        """The text of a template as the node's draft has it; `template_names` lists their names."""
        return template_text(name, self.draft(which).strategy)

    def options(self, which: Which = None) -> dict[str, Any]:
        """Every option of the node's strategy by its dotted name."""
        return drafting.options(self.draft(which).strategy)

    def render(self, which: Which = None) -> Rendered:
        """Exactly what would be sent from a node.

        Raises:
            UsageError: a template is broken, or the context is too small.
        """
        return self._context.rendered(which, self.draft(which))

    # Going on ---------------------------------------------------------------------------------------------

    def cost_bound(self, which: Which = None, draft: Draft | None = None) -> CostBound:
        """The most that sending from this node can cost; `draft` None means the node's own."""
        chosen = draft or self.draft(which)
        return cost_bound(chosen, self._context.rendered(which, chosen).sent_tokens, self._caller)

    def send(
        self, which: Which = None, on_progress: OnProgress = no_progress, cancelled: IsCancelled = never_stop
    ) -> Node:
        """Ask the model, run the tests of its reply, and go to the new node.

        Args:
            cancelled: asked while the model is waited for and between tests. What was paid for stays: sending the
                same again takes the reply that came, if one came.

        Raises:
            UsageError: no model is set, nothing is open, or the budget cannot hold the call.
            ModelFailure, PrerequisiteError, Cancelled: no reply; what it cost is recorded.
        """
        return self._turns.send(self.node(which), self.draft(which), on_progress, cancelled)

    def paste(
        self, text: str, which: Which = None, on_progress: OnProgress = no_progress, cancelled: IsCancelled = never_stop
    ) -> Node:
        """Run the tests of a reply that a person wrote, and go to the new node. It costs no call.

        Raises:
            UsageError: the text is empty, nothing is open, or the budget of cycles is used up.
        """
        return self._turns.paste(self.node(which), self.draft(which), text, on_progress, cancelled)

    def take_up(self, on_progress: OnProgress = no_progress, cancelled: IsCancelled = never_stop) -> tuple[Node, ...]:
        """Run the tests of replies whose turn a kill cut off; called once a session is opened again."""
        return self._turns.take_up(on_progress, cancelled)

    # Moving -----------------------------------------------------------------------------------------------

    def undo(self) -> str:
        """Take back the last change of the current draft, or else go to the node before; says which.

        Raises:
            UsageError: there is nothing to undo.
        """
        node = self.current
        if self._tree.changes():
            self._context.take(BackLine(node=node.id))
            return "took back the last change of the prompt"
        if node.parent is None:
            raise UsageError("there is nothing to undo: this is the root")
        self._context.take(GotoLine(node=node.parent))
        return f"went back from node {node.id} to node {node.parent}; `goto {node.id}` goes forward again"

    def goto(self, which: Which) -> Node:
        """Make another node the current one."""
        self._context.take(GotoLine(node=self.node(which).id))
        return self.current

    def branch(self, label: str, which: Which = None) -> Node:
        """A node of its own at the same state, with a free label and its own draft; it becomes the current one."""
        parent = self.node(which).id
        self._tree.check_label(label)
        self._context.take(BranchLine(node=self._tree.reserve(), parent=parent, label=label))
        return self.current

    # Judging and keeping ----------------------------------------------------------------------------------

    def partner(self, which: Which = None) -> Node:
        """The node that is worth comparing with one, see `compare.partner`."""
        return partner(self._tree, which)

    def compare(self, a: Which, b: Which) -> Comparison:
        """Two nodes side by side, from their last common node on."""
        return compare(self._context, a, b)

    def ab(
        self, variants: Mapping[str, Draft], samples: int, which: Which = None, on_progress: OnProgress = no_progress,
        cancelled: IsCancelled = never_stop,
    ) -> AbResult:  # fmt: skip
        """Send each variant `samples` times from one node, which is the current one afterwards; see `ab.ab`.

        Raises:
            DvAgentError: as `send`; samples before that stand, and the same call goes on behind them.
        """
        node = self.node(which)

        def send(start: Node, draft: Draft) -> Node:
            return self._turns.send(start, draft, on_progress, cancelled)

        try:
            return run_ab(self._tree, node, variants, samples, send, on_progress)
        finally:
            self.goto(node.id)

    def export(self, out: Path, which: Which = None) -> Path:
        """Write the turns from the root to a node as a run in `out`; returns its folder, see `export`."""
        return export(self._context, which, out)
