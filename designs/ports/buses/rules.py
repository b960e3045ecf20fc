"""Rules: what the protocol of a port demands beyond the handshakes of its streams, as data for the checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dv_agent.designs.wiring.signal_slice import Signal


@dataclass(frozen=True, slots=True)
class Answers:
    """Every request gets exactly one answer, none comes without a request, and those of one id come in order.

    Attributes:
        requests: streams; a request is complete when each of them had its transfer (or the last one of its burst).
        answer: the stream of answers.
        id: the field that tells answers of several requests apart, on the first of `requests` and on `answer`.
        length: the field of the first of `requests` with the transfers of the answer less 1; empty if it is one.
    """

    words: ClassVar[str] = "every request has exactly one answer, of its id and length"
    requests: tuple[str, ...]
    answer: str
    id: str = ""
    length: str = ""


@dataclass(frozen=True, slots=True)
class OneOf:
    """At most one of these signals is high in one cycle."""

    words: ClassVar[str] = "answers exclude each other"
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class OnlyWhile:
    """The signals `these` are low whenever `signal` is low."""

    words: ClassVar[str] = "nothing is answered without a request"
    these: tuple[Signal, ...]
    signal: Signal


@dataclass(frozen=True, slots=True)
class Known:
    """Signals are neither X nor Z in some transfers.

    Attributes:
        transfers: a key of `Trace.accepted`.
        signals: (name to show, signal).
    """

    words: ClassVar[str] = "no X in what is returned"
    transfers: str
    signals: tuple[tuple[str, Signal], ...]


@dataclass(frozen=True, slots=True)
class Legal:
    """A field of a stream has one of these values in every transfer."""

    words: ClassVar[str] = "responses are legal"
    stream: str
    field: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReadsBack:
    """A read gives what the writes before it left there, byte by byte, and is answered without an error.

    It holds of plain registers and of memories only, so design.yaml must ask for it.

    Attributes:
        port: whose reads and writes.
        ranges: (first, last) address of each range in which it holds.
        step: addresses between a word and the next.
        bytes: bytes of a word.
        lane: bits of one lane of the data.
    """

    words: ClassVar[str] = "reads give what was written"
    port: str
    ranges: tuple[tuple[int, int], ...]
    step: int
    bytes: int
    lane: int


@dataclass(frozen=True, slots=True)
class Framed:
    """Each burst of data has as many transfers as its request says, and ``last`` with the last of them.

    Attributes:
        request, data: streams; the k-th burst of data belongs to the k-th request.
        length: the field of a request with the transfers less 1.
    """

    words: ClassVar[str] = "bursts of data are as long as asked"
    request: str
    data: str
    length: str


Rule = Framed | Answers | OneOf | OnlyWhile | Known | Legal | ReadsBack
