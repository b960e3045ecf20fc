"""Cycle facts come from the trace as design.yaml describes it."""

import dataclasses

import numpy as np
from model_traces import trace, transfers

from dv_agent.designs.cycle_tables import cycle_tables
from dv_agent.designs.loader import find_design


def test_a_signed_field_that_is_only_observed_is_signed_in_the_cycle_table() -> None:
    design = find_design("mxint_gelu").design
    plain = trace(4, [0] * 4, **{"in": transfers([], {"m": 2, "e": 1}), "out": transfers([], {"m": 2, "e": 1})})
    low = np.zeros(4, np.int64)
    signals = dict.fromkeys(("in_valid", "in_ready", "out_valid", "out_ready", "dbg_held"), low)
    signals["dbg_kept"] = np.array([8, 15, 0, 7])
    facts = cycle_tables(design, dataclasses.replace(plain, signals=signals))["cycle"].columns
    assert facts["dbg_kept"].tolist() == [-8, -1, 0, 7]
    assert facts["dbg_held"].tolist() == [0, 0, 0, 0]
