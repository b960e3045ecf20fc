"""Editing of a node's draft: each change is rendered before it is stored, and can be undone."""

from __future__ import annotations

from collections.abc import Mapping

from dv_agent.agents.session.context import SessionContext
from dv_agent.agents.session.drafts import changes as drafting
from dv_agent.agents.session.drafts.own_changes import edit_words, lost_changes, origin_of
from dv_agent.agents.session.drafts.preview import Rendered, edit_of, part_edit, with_edit
from dv_agent.agents.session.log import DraftLine
from dv_agent.agents.session.nodes import Draft, Edit
from dv_agent.agents.session.tree import Which


class DraftEditor:
    """The changes that a user can make. Each method returns the rendered draft after the change.

    Raises:
        UsageError: from every method: an unknown name, a value that is not allowed, an invalid template, or a prompt
            that no longer fits into the context. The draft is then unchanged.
    """

    def __init__(self, context: SessionContext) -> None:
        self._context = context

    def edit_message(self, index: int, text: str, which: Which = None) -> Rendered:
        """Replace a message: 0 is the system message, -1 the new one. The edit is valid for this prompt only."""
        return self._edit(edit_of(self._render(which), index, text), which)

    def edit_part(self, name: str, text: str, which: Which = None) -> Rendered:
        """Replace a named part of the prompt."""
        return self._edit(part_edit(self._render(which), name, text), which)

    def edit_template(self, name: str, text: str, which: Which = None) -> Rendered:
        """Change a template for this node and its descendants; setting the shipped text undoes the change."""
        return self._change(drafting.with_template(self._context.tree.draft(which), name, text), which)

    def set_option(self, name: str, value: str, which: Which = None) -> Rendered:
        """Set an option of the strategy, such as ``holes.detailed`` to ``12``."""
        return self._change(drafting.with_option(self._context.tree.draft(which), name, value), which)

    def set_strategy(self, name: str, which: Which = None) -> Rendered:
        """Use another strategy: a shipped one, or a YAML file."""
        return self._change(drafting.with_strategy(self._context.tree.draft(which), name), which)

    def lost_with(self, name: str, which: Which = None) -> tuple[str, ...]:
        """What would be dropped of a node's changes if it took another strategy, in words."""
        tree, draft = self._context.tree, self._context.tree.draft(which)
        other = drafting.with_strategy(draft, name)
        lost = lost_changes(draft.strategy, origin_of(tree, which), other.strategy)
        stale = self._context.rendered(which, other).stale if draft.edits else ()
        return (*lost, *(edit_words(one) for one in stale))

    def set_sampling(self, settings: Mapping[str, str], which: Which = None) -> Rendered:
        """Change connection and sampling settings, such as ``{"temperature": "0.2"}``; ``none`` unsets one."""
        return self._change(drafting.with_sampling(self._context.tree.draft(which), settings), which)

    def set_draft(self, draft: Draft, which: Which = None) -> Rendered:
        """Replace the whole draft, for example by that of another node."""
        return self._change(draft, which)

    def _edit(self, edit: Edit, which: Which) -> Rendered:
        draft = self._context.tree.draft(which)
        return self._change(draft.model_copy(update={"edits": with_edit(draft.edits, edit)}), which)

    def _change(self, draft: Draft, which: Which) -> Rendered:
        """Store `draft` if it can be rendered; edits that are no longer valid are dropped and reported."""
        with self._context.lock:
            rendered = self._context.rendered(which, draft)
            if rendered.stale:
                draft = draft.model_copy(update={"edits": rendered.edits})
            if draft != self._context.tree.draft(which):
                self._context.take(DraftLine(node=self._context.tree.node(which).id, draft=draft))
            return rendered

    def _render(self, which: Which) -> Rendered:
        return self._context.rendered(which, self._context.tree.draft(which))
