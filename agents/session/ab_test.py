"""A/B test: send each prompt variant several times from the same node, and compare mean and spread of the gains."""

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
    """The samples of one variant.

    Attributes:
        nodes: one for each sample; sample i is sent with trial i.
        gains: number of new bins of each sample.
        often: id of a bin -> number of samples that covered it.
    """

    name: str
    draft: Draft
    nodes: tuple[Node, ...]
    gains: tuple[int, ...]
    often: Mapping[str, int]
    cost: Cost

    @property
    def mean(self) -> float:
        """Return the mean of the gains; 0 if there are none."""
        return statistics.fmean(self.gains) if self.gains else 0.0

    @property
    def spread(self) -> float | None:
        """Return the sample standard deviation of the gains (n - 1); None for fewer than two."""
        return statistics.stdev(self.gains) if len(self.gains) > 1 else None


@dataclass(frozen=True, slots=True)
class AbResult:
    """All variants sent from one node."""

    node: Node
    samples: int
    sides: tuple[AbSide, ...]


def run_ab(
    tree: Tree, node: Node, variants: Mapping[str, Draft], samples: int, send: Sender, on_progress: OnProgress
) -> AbResult:
    """Send every variant `samples` times from `node`, alternating, so that all have equally many if it is cancelled.

    A sample that is already in the tree is not sent again: after an interruption the same call continues.

    Raises:
        UsageError: no variant, too many variants, or a number of samples out of range.
        DvAgentError: what `send` raises; earlier samples are kept.
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
    """Return the existing samples of an A/B test without sending any. A side without samples has empty gains.

    Args:
        children: the child nodes of `node`.
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
