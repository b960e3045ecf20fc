"""How fast the native path is: ``python benchmarks/native.py [--rounds 5] [--whole] [DESIGN ...]``.

Prints thousand cycles a second of the same random tests on cocotb with Icarus and with Verilator, natively, and of a loop
over the same Verilated model without any driver, with random values on all pins. The simulators take turns in each round,
so the ratios hold on a busy machine too. With ``--whole``: processor time of whole runs, and of a million checked beats.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path

from dv_agent.agents.runs.launch import launch
from dv_agent.agents.runs.request import RunRequest
from dv_agent.designs.files.places import cache_folder, design_names
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.loader import find_design
from dv_agent.designs.program import Program
from dv_agent.eval.soundness.check import chunk_failures
from dv_agent.eval.soundness.traffic import Chunk, chunk_tests
from dv_agent.runners.build.verilator_tool import find_verilator
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.native.compilation import build_native
from dv_agent.runners.native.simulator import NativeSimulator
from dv_agent.runners.repeating_session import LastingSimulator
from dv_agent.runners.simulator import Session
from dv_agent.runners.verilator import VerilatorSimulator

TESTS, LONG, CYCLES = 12, 60, 200_000
BEATS = 1_000_000
