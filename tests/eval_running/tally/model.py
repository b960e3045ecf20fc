"""Reference model of ``tally``: see its spec.md."""

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.trace import Trace


def observe(trace: Trace) -> Observation:
    """Fold one trace."""
    got = trace.accepted["in"]
    v = got.columns["v"].reshape(-1)
    before = np.concatenate([np.zeros(1, np.int64), v])[: len(v)]
    first = np.concatenate([np.ones(1, np.bool_), got.epoch[1:] != got.epoch[:-1]])[: len(v)]
    before = np.where(first, 0, before)
    owed = Expected(got.epoch, {"y": v + before}, got.cycle)
    return Observation({"out": owed}, {"beat": Table({"cycle": got.cycle, "v": v, "before": before})})
