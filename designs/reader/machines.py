"""Finding state machines: registers that are assigned only constants, and are compared with them."""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.designs.reader.structure import Arc, Assignment, Condition, Module, State, StateMachine


def find_machines(module: Module) -> tuple[StateMachine, ...]:
    """Return the state machines of one module, in order of their registers."""
    return tuple(found for name in module.registers if (found := _machine(module, name)))


def _machine(module: Module, register: str) -> StateMachine | None:
    codes = {one.name: one.value for one in module.parameters}
    updates = [one for one in _updates(module, register) if one.right not in (register, one.left)]
    compared = {
        value for one in module.assignments for c in one.conditions if c.subject == register for value in c.values
    }
    compared |= {one.constant for one in module.comparisons if one.signal == register and one.operator in ("==", "!=")}
    named = {one.right for one in updates}
    if not updates or not named <= codes.keys() or len(named | compared) < 2 or not compared:
        return None
    order = [name for name in codes if name in named | compared]
    arcs = tuple(dict.fromkeys(arc for one in updates for arc in _arcs(one, register, order)))
    return StateMachine(
        state_register=register, states=tuple(State(name=name, code=codes[name]) for name in order), arcs=arcs,
        line=min(one.line for one in updates),
    )  # fmt: skip


def _updates(module: Module, register: str) -> list[Assignment]:
    """Return the assignments of the register; a next-state signal is replaced by its own assignments."""
    own = [one for one in module.assignments if register in one.targets]
    found: list[Assignment] = []
    for one in own:
        following = [two for two in module.assignments if one.right in two.targets and two.kind == "combinational"]
        if following and one.right != register:
            found += [two.model_copy(update={"conditions": (*one.conditions, *two.conditions)}) for two in following]
        else:
            found.append(one)
    return found


def _arcs(update: Assignment, register: str, order: list[str]) -> Iterator[Arc]:
    sources, rest = set(order), list[Condition]()
    for condition in update.conditions:
        if condition.subject == register and set(condition.values) <= set(order):
            sources = sources - set(condition.values) if condition.negated else sources & set(condition.values)
        else:
            rest.append(condition)
    text = " && ".join(one.text for one in rest)
    if len(sources) == len(order):
        yield Arc(source="", target=update.right, condition=text, line=update.line)
        return
    for source in order:
        if source in sources and source != update.right:
            yield Arc(source=source, target=update.right, condition=text, line=update.line)
