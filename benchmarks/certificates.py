"""Does a proof ever call a reachable bin dead, and how long does a plan of 2,107 bins take?

Bins are planted that are reachable by construction: values that signals had together in a cycle of a recorded test.
They are certified without any test. Ends with exit code 1 if one is called unreachable. Then a decoder of RV32
instructions is certified, of which 65 bins are dead.

    python benchmarks/certificates.py [--bins 50] [--seed 0] [--seconds 300] [DESIGN ...]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator

from dv_agent.agents.testbench import observe
from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.plan_file.loader import parse_plan
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.files.documents import Document
from dv_agent.designs.files.places import design_names
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.designs.observation import Table
from dv_agent.designs.program import Program
from dv_agent.eval.certificates.certify import Order, certify
from dv_agent.runners.formal.decision import Effort
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.simulator import Session

DECODER = "rv32_decoder"
SHOWN = 20  # witnesses that bins are drawn from


def main() -> None:
    """Certify planted bins of each design, then the decoder."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("designs", nargs="*", default=[one for one in design_names() if one != DECODER])
    asked.add_argument("--bins", type=int, default=50, help="planted bins of all designs together")
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--seconds", type=float, default=300.0, help="for the proofs of a design")
    options = asked.parse_args()
    print("| design | bins | reachable | unknown | called dead | seconds |\n|---|---:|---:|---:|---:|---:|")
    dead = 0
    for number, name in enumerate(options.designs):
        count = len(range(number, options.bins, len(options.designs)))
        folder = find_design(name)
        found = counted(folder, planted(folder, count, options.seed), options.seconds)
        dead += found["unreachable"]
    decoder = find_design(DECODER)
    counted(decoder, plan_of(decoder), 600.0)
    sys.exit(dead > 0)


def counted(folder: DesignFolder, plan: Plan, seconds: float) -> Counter[str]:
    """Certify a plan without tests, print a line, and return how many bins have each outcome."""
    start = time.monotonic()
    effort = Effort(seconds=seconds, each=seconds / max(len(plan.bins) // 2, 1), cycles=30)
    done = certify(Order(folder, plan, effort, None, lambda _: None, lambda _: None), [])
    found = Counter(one.outcome for one in done.verdicts if one.subject == "bin")
    columns = [len(plan.bins), found["reachable"], found["unknown"], found["unreachable"]]
    print(f"| {folder.design.name} | {' | '.join(map(str, columns))} | {time.monotonic() - start:.0f} |", flush=True)
    return Counter(found)


def planted(folder: DesignFolder, count: int, seed: int) -> Plan:
    """Return a plan of `count` bins that a recorded test hits."""
    chance = random.Random(f"planted/{folder.design.name}/{seed}")
    tests = load_witnesses(folder)
    lines = ["schema_version: 1", "covergroups:", "  - name: planted", "    on: cycle", "    coverpoints:"]
    with IcarusSimulator().open(folder.design) as session:
        tables = [_cycles(folder, expand(folder.design, folder.schema, one), session) for one in tests[:SHOWN]]
    for number in range(count):
        terms = " and ".join(_terms(folder, chance.choice(tables), chance))
        lines.append(f"      - {{name: p{number}, of: {terms}, bins: {{hit: 1}}}}")
    return parse_plan(Document(folder.path / "plan.yaml", "\n".join([*lines, ""])))


def _cycles(folder: DesignFolder, program: Program, session: Session) -> Table:
    trace = session.run(program).trace
    return observe(folder, trace, plan_of(folder)).tables["cycle"]


def _terms(folder: DesignFolder, table: Table, chance: random.Random) -> Iterator[str]:
    """Yield comparisons that hold in one cycle of a test: of observed levels and of handshakes."""
    levels = [name for port in folder.design.ports.values() for name in port.observed()]
    flags = [
        f"{one.column}_{what}"
        for one in folder.design.streams
        if one.ready is not None
        for what in ("valid", "ready", "transfer")
    ]
    names = [name for name in [*levels, *flags] if name in table.columns and table.columns[name].ndim == 1]
    row = chance.randrange(len(table))
    for name in chance.sample(names, min(4, len(names))):
        yield f"{name} == {int(table.columns[name][row])}"
    yield f"in_reset == {int(table.columns['in_reset'][row])}"


if __name__ == "__main__":
    main()
