"""What a person changed of a strategy, in words: to describe what is saved, and to warn before it is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dv_agent.agents.session.drafts.changes import EDITED, options
from dv_agent.agents.session.drafts.option_help import in_yaml
from dv_agent.agents.session.nodes import Edit
from dv_agent.agents.session.tree import Tree, Which
from dv_agent.designs.text.wording import counted
from dv_agent.prompts.strategy import Strategy, find_strategy, strategy_names

SHOWN = 8
_VALUE = 60


def origin_of(tree: Tree, which: Which = None) -> Strategy | None:
    """The strategy that a node's draft was made from by its changes: itself where there are none, None if not known."""
    base = base_name(tree.draft(which).strategy)
    known = (one.strategy for one in tree.earlier_drafts(which) if one.strategy.name == base)
    return next(known, None) or (find_strategy(base) if base in strategy_names() else None)


def base_name(strategy: Strategy) -> str:
    """Its name without the mark of changes."""
    return strategy.name.removesuffix(EDITED)


def own_changes(strategy: Strategy, origin: Strategy | None) -> tuple[str, ...]:
    """``holes.detailed=12``, ``template contract edited``: how `strategy` differs from its origin."""
    if origin is None:
        return (f"the changes that {strategy.name} holds",)
    return tuple(words for _, words in _changes(strategy, origin))


def lost_changes(strategy: Strategy, origin: Strategy | None, other: Strategy) -> tuple[str, ...]:
    """Those of `own_changes` that are gone once `other` takes the place of `strategy`."""
    if origin is None:
        return own_changes(strategy, None) if strategy != other else ()
    kept, now = _settings(strategy), _settings(other)
    return tuple(words for name, words in _changes(strategy, origin) if kept.get(name) != now.get(name))


def edit_words(edit: Edit) -> str:
    """``the text of ask, edited by hand``."""
    what = f"the text of {edit.part}" if edit.part else f"the {'system' if edit.index == 0 else 'user'} message"
    return f"{what}, edited by hand"


def described(strategy: Strategy, origin: Strategy | None) -> str:
    """One line about a strategy that is to be saved: what a person wrote, or else what it is made of."""
    if origin is None:
        return f"{base_name(strategy)}, edited"
    if strategy.description != origin.description:
        return strategy.description
    changes = own_changes(strategy, origin)
    if not changes:
        return f"the same as {base_name(strategy)}"
    more = f" and {counted(len(changes) - SHOWN, 'more change')}" if len(changes) > SHOWN else ""
    return f"{base_name(strategy)} with {', '.join(changes[:SHOWN])}{more}"


def _changes(strategy: Strategy, origin: Strategy) -> Iterator[tuple[str, str]]:
    now, before = _settings(strategy), _settings(origin)
    for name in dict.fromkeys((*now, *before)):
        if now.get(name) != before.get(name):
            yield name, _words(name, now)


def _words(name: str, now: Mapping[str, object]) -> str:
    if name.startswith("template "):
        short = name.removeprefix("template ").removeprefix("parts/")
        return f"template {short} {'edited' if name in now else 'as shipped'}"
    value = in_yaml(now.get(name))
    return f"{name}={value if len(value) <= _VALUE else value[:_VALUE] + '...'}"


def _settings(strategy: Strategy) -> Mapping[str, object]:
    words = {f"template {name}": text for name, text in strategy.wording.items()}
    return {**{name: value for name, value in options(strategy).items() if name != "description"}, **words}
