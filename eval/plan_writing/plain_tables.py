"""A design whose event tables are only those that every design has; its checks are its own."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.observation import Observation, ReferenceModel
from dv_agent.designs.trace import Trace


class PlainTables(DesignFolder):
    """The folder of a design without the tables of its reference model: a plan written for it names none of them."""

    @cached_property
    def model(self) -> ReferenceModel:
        """The reference model, which says what is due and nothing else."""
        return _OnlyOutputs(DesignFolder(self.design, self.home).model)


class _OnlyOutputs:
    def __init__(self, model: ReferenceModel) -> None:
        self._model = model

    def observe(self, trace: Trace) -> Observation:
        """Return what is due."""
        return replace(self._model.observe(trace), tables={})
