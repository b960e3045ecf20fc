"""PromptSession: interactive work on a prompt, independent of the user interface (terminal or web page).

Coverage changes only in `advance`, and every action is written to the session folder before the next one starts, so
that a session can continue after a kill and nothing is paid for twice.
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

    A node is named by its number, its label, or None for the current one; an unknown node raises UsageError. Only one
    thread may change a session at a time; others may read nodes meanwhile.

    Args:
        log: an open session folder; `close` closes it.
        bench: the testbench of the session's design on an open simulator; the caller closes the simulator.
        caller: calls models.

    Attributes:
        branch_of: see `Tree`.
        edit_message, edit_part, edit_template, set_option, set_strategy, set_sampling, set_draft, lost_with: see
            `DraftEditor`.
        description, origin_strategy, save_strategy, save_template: see `StrategySaver`.
        notes: what a person has to know of how the session was opened.

    Raises:
        InputFileError: the log is inconsistent.
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
        """Unlock the session folder."""
        self._context.log.close()

    # Read ------------------------------------------------------------------------------------------------

    @property
    def header(self) -> SessionHeader:
        """Return the session header."""
        return self._context.log.header

    @property
    def folder(self) -> Path:
        """Return the session folder."""
        return self._context.log.folder

    @property
    def bench(self) -> Testbench:
        """Return the testbench: the design, its plan and the simulator."""
        return self._context.bench

    @property
    def origin(self) -> RecordedRun | None:
        """Return the turns of the earlier run whose end is the state of the root, or None."""
        return self._context.origin

    @property
    def nodes(self) -> Mapping[int, Node]:
        """Return all nodes by number, parents first."""
        return dict(self._tree.nodes)

    @property
    def current(self) -> Node:
        """Return the current node, from which the next message would be sent."""
        return self._tree.node()

    @property
    def spent(self) -> Spent:
        """Return the cost of all calls of this session, including failed and unused ones; without cycles."""
        return spent_of(self._tree.calls)

    def node(self, which: Which = None) -> Node:
        """Return the node with this number or label."""
        return self._tree.node(which)

    def path(self, which: Which = None) -> tuple[Node, ...]:
        """Return the nodes from the root to this one."""
        return self._tree.path(which)

    def children(self, which: Which = None) -> tuple[Node, ...]:
        """Return the child nodes of a node."""
        return self._tree.children(which)

    def draft(self, which: Which = None) -> Draft:
        """Return the draft of the next message of a node."""
        return self._tree.draft(which)

    def changes(self, which: Which = None) -> int:
        """Return how many changes of a node's draft can be undone."""
        return self._tree.changes(which)

    def state(self, which: Which = None, on_progress: OnProgress = no_progress) -> RunState:
        """Return the run state of a node, see `NodeStates.state`; after a restart its tests are simulated again."""
        return self._context.state(which, on_progress)

    def view(self, which: Which = None) -> View:
        """Return the view of a model at a node."""
        return self._context.view(which)

    def template(self, name: str, which: Which = None) -> str:
        """Return the text of a template in the node's draft; `template_names` lists the names."""
        return template_text(name, self.draft(which).strategy)

    def options(self, which: Which = None) -> dict[str, Any]:
        """Return every option of the node's strategy by its dotted name."""
        return drafting.options(self.draft(which).strategy)

    def render(self, which: Which = None) -> Rendered:
        """Return exactly what would be sent from a node.

        Raises:
            UsageError: a template is broken, or the context is too small.
        """
        return self._context.rendered(which, self.draft(which))

    # Send ------------------------------------------------------------------------------------------------

    def cost_bound(self, which: Which = None, draft: Draft | None = None) -> CostBound:
        """Return the upper bound of the cost of sending from this node; `draft` None means the node's own draft."""
        chosen = draft or self.draft(which)
        return cost_bound(chosen, self._context.rendered(which, chosen).sent_tokens, self._caller)

    def send(
        self, which: Which = None, on_progress: OnProgress = no_progress, cancelled: IsCancelled = never_stop
    ) -> Node:
        """Call the model, run the tests of its reply, and make the new node the current one.

        Args:
            cancelled: checked while waiting for the model and between tests. A paid reply is kept: sending the same
                draft again uses it.

        Raises:
            UsageError: no model is set, all bins are covered, or the budget is too small for the call.
            ModelFailure, PrerequisiteError, Cancelled: no reply; its cost is recorded.
        """
        return self._turns.send(self.node(which), self.draft(which), on_progress, cancelled)

    def paste(
        self, text: str, which: Which = None, on_progress: OnProgress = no_progress, cancelled: IsCancelled = never_stop
    ) -> Node:
        """Run the tests of a reply written by the user, and make the new node the current one. No model is called.

        Raises:
            UsageError: the text is empty, all bins are covered, or the budget of cycles is used up.
        """
        return self._turns.paste(self.node(which), self.draft(which), text, on_progress, cancelled)

    def take_up(self, on_progress: OnProgress = no_progress, cancelled: IsCancelled = never_stop) -> tuple[Node, ...]:
        """Run the tests of replies whose turn was cut off by a kill; call it after opening an existing session."""
        return self._turns.take_up(on_progress, cancelled)

    # Navigate --------------------------------------------------------------------------------------------

    def undo(self) -> str:
        """Undo the last change of the current draft, or else go to the parent node; return what was done.

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
        """Create a node with the same state, a new unique label and its own draft; it becomes the current node."""
        parent = self.node(which).id
        self._tree.check_label(label)
        self._context.take(BranchLine(node=self._tree.reserve(), parent=parent, label=label))
        return self.current

    # Compare and save ------------------------------------------------------------------------------------

    def partner(self, which: Which = None) -> Node:
        """The node that is worth comparing with one, see `compare.partner`."""
        return partner(self._tree, which)

    def compare(self, a: Which, b: Which) -> Comparison:
        """Compare two nodes, from their last common node on."""
        return compare(self._context, a, b)

    def ab(
        self, variants: Mapping[str, Draft], samples: int, which: Which = None, on_progress: OnProgress = no_progress,
        cancelled: IsCancelled = never_stop,
    ) -> AbResult:  # fmt: skip
        """Send each variant `samples` times from one node, which becomes the current one; see `ab_test.run_ab`.

        Raises:
            DvAgentError: as `send`; earlier samples are kept, and the same call continues after them.
        """
        node = self.node(which)

        def send(start: Node, draft: Draft) -> Node:
            return self._turns.send(start, draft, on_progress, cancelled)

        try:
            return run_ab(self._tree, node, variants, samples, send, on_progress)
        finally:
            self.goto(node.id)

    def export(self, out: Path, which: Which = None) -> Path:
        """Write the turns from the root to a node as a run in `out`; return its folder, see `export`."""
        return export(self._context, which, out)
