"""A small design in a folder of its own: it repeats its input, and a bin of its plan is one value."""

from pathlib import Path

from dv_agent.designs.loader import DesignFolder, load_design

BINS = 40
DESIGN = """\
schema_version: 1
name: {name}
title: Repeats its input
task_version: 1
top: toy
sources: [toy.v]
ports:
  in: {{kind: source, valid: in_valid, ready: in_ready, fields: {{v: {{signal: in_v, width: 6}}}}}}
  out: {{kind: sink, valid: out_valid, ready: out_ready, fields: {{v: {{signal: out_v, width: 6}}}}}}
limits: {{max_items: 1000}}
"""
SCHEMA = """\
schema_version: 1
tracks:
  in:
    item: word
    beats: {min: 1, max: 1}
    profiles: {default: {count: [1, 20], v: [0, 63]}}
  out: {profiles: {default: {count: 0}}}
  reset: {}
"""
PLAN = f"""\
schema_version: 1
covergroups:
  - name: value
    on: word
    description: Values of the input
    coverpoints:
      - {{name: low, of: v, auto: {{range: [0, {BINS - 11}]}}, tier: easy, description: "{{value}}"}}
      - {{name: high, of: v, auto: {{range: [{BINS - 10}, {BINS - 1}]}}, tier: hard, description: "{{value}}"}}
"""
MODEL = '''\
"""out = in."""
from dv_agent.designs.observation import Expected, Observation, Table


def observe(trace):
    seen = trace.accepted["in"]
    columns = {"v": seen.columns["v"]}
    return Observation({"out": Expected(seen.epoch, columns, seen.cycle)}, {"word": Table(columns)})
'''
BUGS = """\
schema_version: 1
bugs:
  - {id: B1, title: Top bit is stuck, patch: b1.patch, description: d, difficulty: easy}
  - {id: B2, title: Loses every ninth word, patch: b2.patch, description: d, difficulty: hard}
"""


def toy_design(room: Path, name: str) -> DesignFolder:
    """The design `name` in ``room/name``."""
    folder = room / name
    files = {
        "design.yaml": DESIGN.format(name=name), "stimulus.yaml": SCHEMA, "plan.yaml": PLAN, "model.py": MODEL,
        "spec.md": "The output repeats the input.\n", "toy.v": "module toy; endmodule\n", "bugs/bugs.yaml": BUGS,
    }  # fmt: skip
    for file, text in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return load_design(folder)
