"""What was read from RTL: modules, signals, assignments, comparisons, state machines. Typed, with file and line."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dv_agent.designs.frozen import Frozen

Direction = Literal["input", "output", "inout"]
SignalKind = Literal["net", "variable", "memory"]
AssignmentKind = Literal["continuous", "combinational", "clocked", "connection"]


class Port(Frozen):
    """A port of a module; `width` is its range as written, empty for one bit."""

    name: str
    direction: Direction
    width: str = ""
    signed: bool = False
    line: int


class Parameter(Frozen):
    """A parameter or local constant; `value` as written."""

    name: str
    value: str
    local: bool
    line: int


class Signal(Frozen):
    """A net or variable declared inside a module."""

    name: str
    kind: SignalKind
    width: str = ""
    signed: bool = False
    line: int


class Condition(Frozen):
    """What must hold for an assignment to happen.

    Attributes:
        text: as an expression.
        names: identifiers in it.
        subject, values: where it says "`subject` is one of `values`" (or is not, if `negated`).
    """

    text: str
    names: tuple[str, ...]
    subject: str = ""
    values: tuple[str, ...] = ()
    negated: bool = False


class Assignment(Frozen):
    """One assignment: ``left`` gets ``right`` if all `conditions` hold.

    Attributes:
        targets: signals that change.
        sources: identifiers that the value or the place depends on, those of the conditions not included.
    """

    kind: AssignmentKind
    left: str
    right: str
    targets: tuple[str, ...]
    sources: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    line: int


class Connection(Frozen):
    """What is connected to one port of an instance; `names` are the signals in it."""

    port: str
    text: str
    names: tuple[str, ...]


class Instance(Frozen):
    """A module used inside another."""

    name: str
    module: str
    parameters: dict[str, str] = Field(default_factory=dict)
    connections: tuple[Connection, ...] = ()
    line: int


class Comparison(Frozen):
    """A signal compared with a constant: a place where behaviour may change."""

    signal: str
    operator: str
    constant: str
    line: int


class State(Frozen):
    """A state by its name, and its code as written."""

    name: str
    code: str


class Arc(Frozen):
    """A step of a state machine. An empty `source` stands for any state."""

    source: str
    target: str
    condition: str
    line: int


class StateMachine(Frozen):
    """A register that is compared with and assigned constants only."""

    state_register: str
    states: tuple[State, ...]
    arcs: tuple[Arc, ...]
    line: int


class Module(Frozen):
    """One module of the source text, whatever its parameters."""

    name: str
    file: str
    line: int
    end_line: int = 0
    ports: tuple[Port, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    signals: tuple[Signal, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    instances: tuple[Instance, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    machines: tuple[StateMachine, ...] = ()

    @property
    def registers(self) -> tuple[str, ...]:
        """Names of what a clocked block assigns, in order of first assignment."""
        return tuple(dict.fromkeys(t for one in self.assignments if one.kind == "clocked" for t in one.targets))

    @property
    def names(self) -> frozenset[str]:
        """Names of all ports and signals."""
        return frozenset({*(one.name for one in self.ports), *(one.name for one in self.signals)})

    def width_of(self, name: str) -> str:
        """The range of a port or signal as written; empty for one bit or an unknown name."""
        found: tuple[Port | Signal, ...] = (*self.ports, *self.signals)
        return next((one.width for one in found if one.name == name), "")


class Structure(Frozen):
    """All modules of a design.

    Attributes:
        top: name of the top module.
        front_end: which parser read it: ``pyverilog`` or ``pyslang``.
    """

    top: str
    front_end: str
    modules: tuple[Module, ...]

    def module(self, name: str) -> Module:
        """The module called `name`.

        Raises:
            KeyError: there is none.
        """
        return next(one for one in self.modules if one.name == name) if self.has(name) else _missing(name)

    def has(self, name: str) -> bool:
        """Whether a module of this name was read (else it is a black box)."""
        return any(one.name == name for one in self.modules)

    def hierarchy(self) -> tuple[tuple[str, str], ...]:
        """(instance path, module name) of every instance, the top first; the top's path is its name."""
        found: list[tuple[str, str]] = []
        self._descend(self.top, self.top, found, ())
        return tuple(found)

    def _descend(self, path: str, name: str, found: list[tuple[str, str]], above: tuple[str, ...]) -> None:
        found.append((path, name))
        if self.has(name) and name not in above:
            for one in self.module(name).instances:
                self._descend(f"{path}.{one.name}", one.module, found, (*above, name))


def _missing(name: str) -> Module:
    raise KeyError(name)
