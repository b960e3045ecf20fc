"""Reference model of ``fetch_tag``, written from ``spec.md``: one step a cycle from the sampled inputs.

Axis names used below: c cycles, n transfers of one output. All arrays are int64.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.trace import IntColumn, Trace

ADJACENCY, MESSAGES, SCALE = 1, 2, 3
LANES, WORD = 16, 4  # words of a beat, bytes of a word
ADDRESSES, BEATS, FACTORS = 64, 4096, 1024  # what the three queues hold
ADDRESS = (1 << 34) - 1
IDLE, PLAN, ASK, TAKE, STORE, DONE = range(6)

PINS = {
    "request": "nsb_prefetcher_req_valid", "opcode": "nsb_prefetcher_req[76:74]",
    "nodeslot": "nsb_prefetcher_req[17:12]", "neighbours": "nsb_prefetcher_req[9:0]",
    "start": "nsb_prefetcher_req[73:40]", "allocate": "allocation_valid", "to": "allocation_nodeslot",
    "features": "allocation_feature_count", "deallocate": "deallocation_valid",
    "adj_valid": "fetch_tag_adj_rm_resp_valid", "msg_valid": "fetch_tag_msg_rm_resp_valid",
    "channel": "message_channel_req_valid", "channel_node": "message_channel_req[11:6]",
    "pop": "scale_factor_queue_pop", "adj_base": "layer_config_adjacency_list_address_lsb_value",
    "msg_base": "layer_config_in_messages_address_lsb_value",
    "scale_low": "layer_config_scale_factors_address_lsb_value",
    "scale_high": "layer_config_scale_factors_address_msb_value", "answer": "nsb_prefetcher_resp_ready",
    "adj_ask": "fetch_tag_adj_rm_req_ready", "msg_ask": "fetch_tag_msg_rm_req_ready",
    "message": "message_channel_resp_ready",
}  # fmt: skip
ADJ_DATA, MSG_DATA = "fetch_tag_adj_rm_resp_data", "fetch_tag_msg_rm_resp_data"
LEVELS = (
    "nsb_prefetcher_req_ready", "tag_free", "fetch_tag_adj_rm_resp_ready", "fetch_tag_msg_rm_resp_ready",
    "message_channel_req_ready", "scale_factor_queue_out_valid", "scale_factor_queue_out_data",
    "scale_factor_queue_count", "scale_factor_queue_empty", "scale_factor_queue_full", "nsb_prefetcher_resp_valid",
    "fetch_tag_adj_rm_req_valid", "fetch_tag_msg_rm_req_valid", "message_channel_resp_valid",
)  # fmt: skip
OUTPUTS = {
    "answer": ("nodeslot", "kind", "tag", "partial"), "adj_request": ("address", "bytes"),
    "msg_request": ("address", "bytes"), "message": ("beat", "last_neighbour", "last_feature"),
}  # fmt: skip


def observe(trace: Trace) -> Observation:
    """See `dv_agent.designs.observation.ReferenceModel`; nothing is foretold of a trace without pins."""
    if not trace.cycles or not {*PINS.values(), ADJ_DATA, MSG_DATA} <= set(trace.signals):
        return Observation(expected={}, tables={"request": Table({})})
    tag = Tag(trace.signals)
    columns = [trace.signals[name].tolist() for name in PINS.values()]
    in_reset = trace.in_reset.tolist()
    rows = [tag.cycle(at, in_reset[at], Inputs(*values)) for at, values in enumerate(zip(*columns, strict=True))]
    foretold = np.array(rows, np.int64)
    levels = {name: foretold[:, place] for place, name in enumerate(LEVELS)}
    expected = {name: owed(trace, name, made) for name, made in tag.made.items()}
    return Observation(expected=expected, tables={"request": requests(trace, tag.requests)}, levels=levels)


@dataclass(slots=True)
class Inputs:
    """The sampled inputs of one cycle, in the order of `PINS`."""

    request: int
    opcode: int
    nodeslot: int
    neighbours: int
    start: int
    allocate: int
    to: int
    features: int
    deallocate: int
    adj_valid: int
    msg_valid: int
    channel: int
    channel_node: int
    pop: int
    adj_base: int
    msg_base: int
    scale_low: int
    scale_high: int
    answer: int
    adj_ask: int
    msg_ask: int
    message: int


@dataclass(slots=True)
class Fetch:
    """A list that is fetched, section 3.2; of neighbours, word by word, or of scale factors, beat by beat."""

    each: int  # objects that a cycle stores
    state: int = IDLE
    left: int = 0
    asked: int = 0
    address: int = 0
    place: int = 0
    beat: int = 0  # the cycle in which it was taken
    partial: int = 0

    @property
    def more(self) -> bool:
        """Whether something of the list is still to be stored."""
        return self.state not in (IDLE, DONE)

    def start(self, address: int, count: int) -> None:
        """Accept a request."""
        self.state, self.left, self.address, self.partial = PLAN if count else DONE, count, address & ADDRESS, 0

    def step(self, at: int, room: int, may_ask: bool, ready: int, valid: int, taken: bool) -> None:
        """One cycle of a fetch that is not idle."""
        if self.state == PLAN and may_ask and room:
            self.asked = min(self.left, room)
            self.left -= self.asked
            self.state = ASK
        elif self.state == ASK and ready:
            self.address = (self.address + WORD * self.asked) & ADDRESS
            self.state = TAKE
        elif self.state == TAKE and valid:
            self.beat, self.place, self.state = at, 0, STORE
        elif self.state == STORE:
            self._store()
        elif self.state == DONE and taken:
            self.state = IDLE

    def _store(self) -> None:
        self.asked -= min(self.each, self.asked)
        self.place += self.each
        if not self.asked:
            self.state = PLAN if self.left else DONE
            self.partial |= bool(self.left)
        elif self.place == LANES:
            self.state = TAKE


@dataclass(slots=True)
class State:
    """All state that a reset clears."""

    free: int = 1
    node: int = 0
    features: int = 0
    serving: bool = False
    adjacency: Fetch = field(default_factory=lambda: Fetch(1))
    scale: Fetch = field(default_factory=lambda: Fetch(LANES))
    message: int = IDLE
    beats: int = 0  # of this neighbour, still to come
    address: int = 0
    told: bool = False
    tell: bool = False
    answer: tuple[int, int, int, int] | None = None
    addresses: deque[int] = field(default_factory=deque)
    messages: deque[int] = field(default_factory=deque)  # the cycles in which the beats were taken
    factors: deque[tuple[int, int]] = field(default_factory=deque)  # cycle and lane

    @property
    def per_neighbour(self) -> int:
        """Beats of the features of one neighbour."""
        return -(-self.features // LANES)

    @property
    def at_rest(self) -> bool:
        """Whether the tag can be freed."""
        fetching = self.adjacency.state != IDLE or self.scale.state != IDLE or self.message != IDLE
        return not (fetching or self.addresses or self.messages)


class Tag:
    """The tag of one trace.

    Attributes:
        made: output -> its transfers, each with the cycle and the fields.
        requests: of each cycle with a request: cycle, 1 if the tag is free, 1 if it is of this node, 1 if partial.
    """

    def __init__(self, signals: Mapping[str, IntColumn]) -> None:
        self._signals = signals
        self._state = State()
        self.made: dict[str, list[tuple[int, ...]]] = {name: [] for name in OUTPUTS}
        self.requests: list[tuple[int, int, int, int]] = []

    def cycle(self, at: int, in_reset: bool, pins: Inputs) -> tuple[int, ...]:
        """Return the outputs of a cycle, in the order of `LEVELS`, and go on to the next one."""
        if in_reset:
            self._state = State()
        state = self._state
        accepts, channel = self._accepts(pins), self._channel(pins)
        shown = self._shown(accepts, channel)
        if in_reset:
            return shown
        if pins.request:
            mine = int(not state.free and pins.nodeslot == state.node)
            self.requests.append((at, state.free, mine, state.adjacency.partial))
        self._transfers(at, pins)
        self._next(at, pins, accepts, channel)
        return shown

    def _accepts(self, pins: Inputs) -> bool:
        """Section 3.1: whether a request would be accepted."""
        state = self._state
        if state.free or pins.nodeslot != state.node:
            return False
        if pins.opcode == ADJACENCY:
            return state.adjacency.state == IDLE and not state.addresses
        if pins.opcode == SCALE:
            return state.scale.state == IDLE and not state.factors
        return pins.opcode == MESSAGES and state.message == IDLE and bool(state.addresses)

    def _channel(self, pins: Inputs) -> bool:
        state = self._state
        asked = bool(state.messages) and state.message == IDLE and pins.channel_node == state.node
        return asked and not state.serving

    def _shown(self, accepts: bool, channel: bool) -> tuple[int, ...]:
        state, factors = self._state, len(self._state.factors)
        head = 0
        if factors:
            cycle, lane = state.factors[0]
            head = int(self._signals[MSG_DATA][cycle, lane])
        return (
            accepts, state.free, state.adjacency.state == TAKE, TAKE in (state.scale.state, state.message), channel,
            factors > 0, head, factors, not factors, factors == FACTORS, state.answer is not None,
            state.adjacency.state == ASK, ASK in (state.scale.state, state.message),
            state.serving and len(state.messages) > 0,
        )  # fmt: skip

    def _transfers(self, at: int, pins: Inputs) -> None:
        """Keep what is taken in this cycle."""
        state = self._state
        if state.answer and pins.answer:
            self.made["answer"].append((at, *state.answer))
        if state.adjacency.state == ASK and pins.adj_ask:
            self.made["adj_request"].append((at, state.adjacency.address, WORD * state.adjacency.asked))
        if state.scale.state == ASK and pins.msg_ask:
            self.made["msg_request"].append((at, state.scale.address, WORD * state.scale.asked))
        if state.message == ASK and pins.msg_ask:
            self.made["msg_request"].append((at, state.address, WORD * LANES * state.per_neighbour))
        if state.serving and state.messages and pins.message:
            left = len(state.messages)
            self.made["message"].append((at, state.messages[0], left <= state.per_neighbour, left == 1))

    def _next(self, at: int, pins: Inputs, accepts: bool, channel: bool) -> None:
        """Section 3.2 to 3.5: from the state before the edge to that behind it."""
        state = self._state
        room, more, reads = ADDRESSES - len(state.addresses), state.scale.more, state.message in (ASK, TAKE)
        adjacency_more, factors, at_rest = state.adjacency.more, bool(state.factors), state.at_rest
        served = state.serving and bool(state.messages) and bool(pins.message)
        taken = self._answers(pins)
        stored = state.adjacency.state == STORE, state.scale.state == STORE
        addresses = len(state.addresses)
        new = []
        if stored[0]:
            new = [int(self._signals[ADJ_DATA][state.adjacency.beat, LANES - 1 - state.adjacency.place])]
        self._message(at, pins, addresses, adjacency_more, not more, taken == "message")
        state.addresses.extend(new)
        batch = [(state.scale.beat, lane) for lane in reversed(range(LANES))] if stored[1] else []
        state.adjacency.step(at, room, True, pins.adj_ask, pins.adj_valid, taken == "adjacency")
        state.scale.step(at, FACTORS, not reads, pins.msg_ask, pins.msg_valid, taken == "scale")
        if pins.pop and factors:
            state.factors.popleft()
        state.factors.extend(batch)
        if served:
            state.messages.popleft()
        if pins.request and accepts:
            self._start(pins)
        self._allocation(pins, at_rest, channel)

    def _start(self, pins: Inputs) -> None:
        state = self._state
        if pins.opcode == ADJACENCY:
            state.adjacency.start(pins.adj_base + pins.start, pins.neighbours)
        elif pins.opcode == SCALE:
            state.scale.start((pins.scale_high << 32) + pins.scale_low + pins.start, pins.neighbours)
        else:
            state.message, state.told = PLAN, False

    def _answers(self, pins: Inputs) -> str:
        """Section 3.5: put the next answer into a slot that is free, or becomes free; return whose it is."""
        state = self._state
        if state.answer and not pins.answer:
            return ""
        waiting = (
            ("adjacency", ADJACENCY, state.adjacency.state == DONE), ("scale", SCALE, state.scale.state == DONE),
            ("full", MESSAGES, state.tell), ("message", MESSAGES, state.message == DONE),
        )  # fmt: skip
        state.answer = None
        for name, kind, due in waiting:
            if due:
                state.answer = (state.node, kind, 0, int(name == "full"))
                state.tell &= name != "full"
                return name
        return ""

    def _message(self, at: int, pins: Inputs, addresses: int, more: bool, may_ask: bool, taken: bool) -> None:
        """Section 3.3: the features of one neighbour after another."""
        state = self._state
        if state.message == PLAN:
            self._plan(pins, addresses, more, may_ask)
        elif state.message == ASK and pins.msg_ask:
            state.addresses.popleft()
            state.beats, state.message = state.per_neighbour, TAKE
        elif state.message == TAKE and pins.msg_valid:
            state.messages.append(at)
            state.beats -= 1
            if not state.beats:
                state.message = PLAN
        elif state.message == DONE and taken:
            state.message = IDLE

    def _plan(self, pins: Inputs, addresses: int, more: bool, may_ask: bool) -> None:
        state = self._state
        if not addresses:
            state.message = state.message if more else DONE
        elif not state.per_neighbour:
            state.addresses.popleft()
        elif BEATS - len(state.messages) < state.per_neighbour:
            state.tell |= not state.told
            state.told = True
        elif may_ask:
            state.address = (pins.msg_base + state.addresses[0]) & ADDRESS
            state.message = ASK

    def _allocation(self, pins: Inputs, at_rest: bool, channel: bool) -> None:
        """Section 3.4 and 3.6."""
        state = self._state
        if state.free and pins.allocate:
            state.free, state.node, state.features, state.serving = 0, pins.to, pins.features, False
            return
        state.free |= int(bool(pins.deallocate) and at_rest)
        state.serving |= bool(pins.channel) and channel


def owed(trace: Trace, name: str, made: Iterable[tuple[int, ...]]) -> Expected:
    """The transfers of one output."""
    rows = np.array([*made], np.int64).reshape(-1, 1 + len(OUTPUTS[name]))
    at = rows[:, 0]
    columns = {one: rows[:, 1 + place] for place, one in enumerate(OUTPUTS[name])}
    if (beat := columns.pop("beat", None)) is not None:
        columns = {"data": trace.signals[MSG_DATA][beat]} | columns
    return Expected(epoch=trace.epoch[at], columns=columns, cause_cycle=np.zeros_like(at))


def requests(trace: Trace, seen: Iterable[tuple[int, ...]]) -> Table:
    """One row a cycle with a request."""
    rows = np.array([*seen], np.int64).reshape(-1, 4)
    at = rows[:, 0]
    columns = {"free": rows[:, 1], "mine": rows[:, 2], "overflow": rows[:, 3]}
    return Table({"cycle": at, "epoch": trace.epoch[at], **columns})
