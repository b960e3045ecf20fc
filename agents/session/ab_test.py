"""A/B: from one turn state each variant is sent several times; gains side by side, with their spread."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dv_agent.agents.session.compare import Cost, cost_of
from dv_agent.agents.session.nodes import Draft, Node
from dv_agent.agents.session.progress import OnProgress, Progress
from dv_agent.agents.session.tree import Tree
from dv_agent.errors import UsageError

MAX_SAMPLES = 50
MAX_VARIANTS = 8
Sender = Callable[[Node, Draft], Node]


@dataclass(frozen=True, slots=True)
class AbSide:
    """One variant.

    Attributes:
        nodes: one for each sample; sample i is asked with trial i.
        gains: new bins of each.
        often: id of a bin -> in how many samples it was covered.
    """

    name: str
    draft: Draft
    nodes: tuple[Node, ...]
    gains: tuple[int, ...]
    often: Mapping[str, int]
    cost: Cost

    @property
    def mean(self) -> float:
        """Of the gains; 0 where there are none."""
        return statistics.fmean(self.gains) if self.gains else 0.0

    @property
    def spread(self) -> float | None:
        """Standard deviation of the gains (of a sample, n - 1); None for fewer than two."""
        return statistics.stdev(self.gains) if len(self.gains) > 1 else None


@dataclass(frozen=True, slots=True)
class AbResult:
    """All variants, from one node."""

    node: Node
    samples: int
    sides: tuple[AbSide, ...]


def run_ab(
    tree: Tree, node: Node, variants: Mapping[str, Draft], samples: int, send: Sender, on_progress: OnProgress
) -> AbResult:
    """Send every variant `samples` times from `node`, turn about, so that giving up leaves both with as many.

    A sample that is in the tree already is not sent again: after a break the same call goes on.

    Raises:
        UsageError: no variant, too many, or a number of samples that is out of range.
        DvAgentError: what `send` raises; samples before that stand.
    """
    if not 1 <= len(variants) <= MAX_VARIANTS:
        raise UsageError(f"1 to {MAX_VARIANTS} variants are expected, not {len(variants)}")
    if not 1 <= samples <= MAX_SAMPLES:
        raise UsageError(f"1 to {MAX_SAMPLES} samples of each variant are expected, not {samples}")
    total = samples * len(variants)
    for trial in range(samples):
        for place, (name, draft) in enumerate(variants.items()):
            done = trial * len(variants) + place
            on_progress(Progress("asking", f"{name}, sample {trial + 1} of {samples}", done, total))
            if _sample(tree.children(node.id), draft, trial) is None:
                send(node, draft.model_copy(update={"trial": trial}))
    return collected_ab(node, tree.children(node.id), variants, samples)


def collected_ab(node: Node, children: Sequence[Node], variants: Mapping[str, Draft], samples: int) -> AbResult:
    """What there is of an A/B already; nothing is sent. A side without any sample has empty gains.

    Args:
        children: the nodes that follow `node`.
    """
    found = {
        name: [one for trial in range(samples) if (one := _sample(children, draft, trial)) is not None]
        for name, draft in variants.items()
    }
    return AbResult(node, samples, tuple(_side(name, variants[name], nodes) for name, nodes in found.items()))


def _sample(children: Sequence[Node], draft: Draft, trial: int) -> Node | None:
    wanted = draft.model_copy(update={"trial": trial})
    return next((one for one in children if one.kind == "sent" and one.draft == wanted), None)


def _side(name: str, draft: Draft, nodes: list[Node]) -> AbSide:
    often: dict[str, int] = {}
    for node in nodes:
        for one in node.new_bins:
            often[one] = often.get(one, 0) + 1
    return AbSide(name, draft, tuple(nodes), tuple(len(one.new_bins) for one in nodes), often, cost_of(nodes))
