"""The cone of influence: all signals in the RTL that can change a given signal, across the hierarchy."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dv_agent.designs.reader.structure import Module, Structure

Node = tuple[str, str]
"""(instance path, signal)"""


@dataclass(frozen=True, slots=True)
class Cone:
    """The signals and lines reached by going back from some signals (roots) of the top module.

    Attributes:
        signals: (instance path, signal) -> steps back from the nearest root.
        lines: (file, line) of the assignments and instances passed -> steps at which each was reached first.
    """

    signals: dict[Node, int]
    lines: dict[tuple[str, int], int]


def cone_of(structure: Structure, roots: tuple[str, ...], depth: int | None = None) -> Cone:
    """Return the cone of `roots`, signals of the top module.

    Args:
        depth: maximum number of steps; None for no limit. A step goes from a signal to the signals that its
            assignments read, conditions included; passing a module boundary is not a step.

    Raises:
        KeyError: the top module has no signal of one of these names.
    """
    search = _Search(structure)
    unknown = [name for name in roots if name not in search.names(structure.top)]
    if unknown:
        raise KeyError(unknown[0])
    signals: dict[Node, int] = {(structure.top, name): 0 for name in roots}
    lines: dict[tuple[str, int], int] = {}
    queue = deque(signals)
    while queue:
        node = queue.popleft()
        at = signals[node]
        for before, step, place in search.drivers(node):
            if depth is not None and at + step > depth:
                continue
            lines[place] = min(lines.get(place, at), at)
            if before not in signals or signals[before] > at + step:
                signals[before] = at + step
                # Edges of zero steps go first, so that each signal is reached at its minimum distance.
                queue.append(before) if step else queue.appendleft(before)
    return Cone(signals, lines)


def influence_of(structure: Structure, changed: Iterable[Node], cone: Cone, depth: int) -> dict[Node, int]:
    """Walk forward from `changed` inside `cone`, to the signals that they can change on the way to its roots.

    Args:
        depth: maximum number of assignments; passing a module boundary does not count.

    Returns:
        (instance path, signal) -> number of assignments from the nearest of `changed`. Signals of `changed` outside the
        cone are left out.
    """
    search = _Search(structure)
    readers: dict[Node, list[tuple[Node, int]]] = {}
    for node in cone.signals:
        for before, step, _ in search.drivers(node):
            readers.setdefault(before, []).append((node, step))
    found = {node: 0 for node in changed if node in cone.signals}
    queue = deque(found)
    while queue:
        node = queue.popleft()
        for after, step in readers.get(node, ()):
            at = found[node] + step
            if at <= depth and at < found.get(after, depth + 1):
                found[after] = at
                queue.append(after) if step else queue.appendleft(after)
    return found


def drivers_of(structure: Structure, changed: Iterable[Node], depth: int) -> dict[Node, int]:
    """Walk back from `changed` to the signals that can change them.

    Args:
        depth: maximum number of assignments; passing a module boundary does not count.

    Returns:
        (instance path, signal) -> number of assignments to the nearest of `changed`.
    """
    search = _Search(structure)
    found = dict.fromkeys(changed, 0)
    queue = deque(found)
    while queue:
        node = queue.popleft()
        for before, step, _ in search.drivers(node):
            at = found[node] + step
            if at <= depth and at < found.get(before, depth + 1):
                found[before] = at
                queue.append(before) if step else queue.appendleft(before)
    return found


class _Search:
    def __init__(self, structure: Structure) -> None:
        self._structure = structure
        self._module_at = dict(structure.hierarchy())

    def names(self, module: str) -> set[str]:
        """Return the ports and signals of a module."""
        one = self._structure.module(module)
        return {port.name for port in one.ports} | {signal.name for signal in one.signals}

    def drivers(self, node: Node) -> Iterator[tuple[Node, int, tuple[str, int]]]:
        """Yield (driving signal, steps, (file, line)) for all drivers of a signal."""
        path, name = node
        if not self._structure.has(self._module_at[path]):
            return
        module = self._structure.module(self._module_at[path])
        known = self.names(module.name)
        for one in module.assignments:
            if name in one.targets:
                read = [*one.sources, *(n for condition in one.conditions for n in condition.names)]
                for source in dict.fromkeys(read):
                    if source in known:
                        yield (path, source), 1, (module.file, one.line)
        yield from self._from_instances(path, module, name)
        yield from self._from_above(path, name)

    def _from_instances(self, path: str, module: Module, name: str) -> Iterator[tuple[Node, int, tuple[str, int]]]:
        """Yield the outputs of instances in this module that are connected to the signal."""
        for instance in module.instances:
            for connection in instance.connections:
                if name not in connection.names:
                    continue
                place = (module.file, instance.line)
                if not self._structure.has(instance.module):  # a black box: any of its pins may drive the signal
                    for other in instance.connections:
                        yield from (((path, one), 1, place) for one in other.names if one != name)
                elif self._direction(instance.module, connection.port) != "input":
                    yield (f"{path}.{instance.name}", connection.port), 0, place

    def _from_above(self, path: str, name: str) -> Iterator[tuple[Node, int, tuple[str, int]]]:
        """Yield the signals of the parent module that are connected to the instance's input."""
        if "." not in path or self._direction(self._module_at[path], name) != "input":
            return
        above, own = path.rsplit(".", maxsplit=1)
        parent = self._structure.module(self._module_at[above])
        known = self.names(parent.name)
        instance = next(one for one in parent.instances if one.name == own)
        for connection in instance.connections:
            if connection.port == name:
                yield from (((above, one), 0, (parent.file, instance.line)) for one in connection.names if one in known)

    def _direction(self, module: str, port: str) -> str:
        return next((one.direction for one in self._structure.module(module).ports if one.name == port), "")
