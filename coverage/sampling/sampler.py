"""Sampling event tables into bins, vectorised over rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dv_agent.coverage.contribution import Sample
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.group_sampler import GroupSampler
from dv_agent.coverage.sampling.tally import Tally
from dv_agent.designs.observation import Table


class Sampler:
    """Samples the tables of tests into the bins of one plan. Holds no state between tests.

    Args:
        plan: the plan to sample.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._groups = tuple(GroupSampler(plan, group) for group in plan.covergroups)

    def sample(
        self,
        tables: Mapping[str, Table],
        targets: Sequence[int] | NDArray[np.int64] | None = None,
        partial: bool = False,
    ) -> Sample:
        """Sample one test.

        Args:
            tables: event tables by name. If one is absent, or has no columns, its bins are not observable.
            targets: indices of the bins whose distance is computed, such as the holes; None for no distances.
            partial: whether the tables may lack columns (a session without cycles); a covergroup that reads such a
                column is then not observable.

        Raises:
            InputFileError: a table lacks a column that the plan reads, unless `partial`; points at the line in
                the plan.
        """
        wanted = None
        if targets is not None:
            wanted = np.zeros(len(self.plan.bins), dtype=np.bool_)
            wanted[np.asarray(targets, dtype=np.int64)] = True
        tally = Tally(self.plan, wanted)
        for group in self._groups:
            table = tables.get(group.on)
            if table is not None and table.columns and not (partial and not group.can_read(table)):
                group.sample(table, tally)
        return tally.finish()
