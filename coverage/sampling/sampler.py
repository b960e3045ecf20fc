"""Sampling event tables into bins, vectorised over the rows, coverpoints and tests of a turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dv_agent.coverage.contribution import Sample
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.columns import can_read
from dv_agent.coverage.sampling.event_rows import concatenated
from dv_agent.coverage.sampling.table_sampler import TableSampler
from dv_agent.coverage.sampling.tally import Tally
from dv_agent.designs.observation import Table, names_of

Tables = Mapping[str, Table]
_Kind = tuple[bool, tuple[str, ...]]


class Sampler:
    """Samples the tables of tests into the bins of one plan. Holds no state between tests.

    Args:
        plan: the plan to sample.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._compiled: dict[tuple[str, _Kind], TableSampler | None] = {}

    def sample(
        self, tables: Tables, targets: Sequence[int] | NDArray[np.int64] | None = None, partial: bool = False
    ) -> Sample:
        """Sample one test; see `sample_turn`."""
        return self.sample_turn([tables], targets, [partial])[0]

    def sample_turn(
        self,
        tests: Sequence[Tables],
        targets: Sequence[int] | NDArray[np.int64] | None = None,
        partial: Sequence[bool] = (),
    ) -> tuple[Sample, ...]:
        """Sample several tests; the sample of each is the same as if it were alone.

        Args:
            tests: for each test its event tables by name. If one is absent, or has no columns, its bins are not
                observable.
            targets: indices of the bins whose distance is computed, such as the holes; None for no distances.
            partial: for each test whether the tables may lack columns (a session without cycles); a covergroup that
                reads such a column is then not observable. Empty: no test.

        Raises:
            InputFileError: a table lacks a column that the plan reads, unless `partial`; points at the line in
                the plan.
        """
        wanted = None
        if targets is not None and len(targets):
            wanted = np.zeros(len(self.plan.bins), dtype=np.bool_)
            wanted[np.asarray(targets, dtype=np.int64)] = True
        tally = Tally(self.plan, len(tests))
        for name in self.plan.tables:
            alike: dict[_Kind, list[tuple[int, Table]]] = {}
            for number, tables in enumerate(tests):
                table = tables.get(name)
                if table is not None and table.columns:
                    kind = bool(partial) and partial[number], names_of(table.columns)
                    alike.setdefault(kind, []).append((number, table))
            for kind, found in alike.items():
                if sampler := self._sampler(name, kind, found[0][1]):
                    sampler.sample(concatenated(found, sampler.reads), wanted, tally)
        return tally.finish()

    def _sampler(self, name: str, kind: _Kind, table: Table) -> TableSampler | None:
        """Return the sampler of the covergroups on a table; if it may lack columns, of those that can read it."""
        if (name, kind) not in self._compiled:
            groups = [one for one in self.plan.covergroups if one.on == name]
            known = tuple(one for one in groups if not kind[0] or can_read(one, table))
            self._compiled[name, kind] = TableSampler(self.plan, known, table) if known else None
        return self._compiled[name, kind]
