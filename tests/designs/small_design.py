"""A design with one port of every kind, for tests of the language; it has no RTL."""

from __future__ import annotations

from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.designs.files.documents import Document
from dv_agent.designs.language.schema import StimulusSchema, load_schema

DESIGN = {
    "schema_version": 1,
    "name": "small",
    "title": "One port of every kind",
    "task_version": 1,
    "top": "small",
    "sources": ["small.v"],
    "ports": {
        "in": {
            "kind": "source",
            "valid": "in_valid",
            "ready": "in_ready",
            "last": "in_last",
            "fields": {
                "m": {"signal": "in_m", "width": 8, "lanes": 2, "signed": True},
                "e": {"signal": "in_e", "width": 4, "signed": True},
            },
        },
        "out": {"kind": "sink", "valid": "v", "ready": "r", "fields": {"y": {"signal": "y", "width": 8}}},
        "cfg": {"kind": "strobe", "enable": "we", "fields": {"a": {"signal": "addr", "width": 3}}},
        "ld": {
            "kind": "responder",
            "request": {"valid": "av", "ready": "ar", "fields": {"addr": {"signal": "ad", "width": 4}}},
            "response": {
                "valid": "dv",
                "ready": "dr",
                "fields": {"data": {"signal": "dd", "width": 8, "signed": True}},
            },
        },
        "debug": {"kind": "observe", "fields": {"dbg_level": {"signal": "dbg_level", "width": 3}}},
    },
    "limits": {"max_items": 1000},
}
SCHEMA = """\
schema_version: 1
tracks:
  in:
    item: row
    beats: {min: 1, max: 4}
    profiles:
      default: {count: [2, 3], gap: {weights: [[0, 3], [[1, 5], 1]]}}
      dense: {gap: 0, e: {set: [-8, 7]}}
    use: {default: 1, dense: 2}
  out: {profiles: {default: {ready: [1, 4], stall: [0, 9]}}}
  cfg: {}
  ld: {memory_words: 16}
  reset: {profiles: {default: {wait: [10, 20]}}}
"""


def small_design() -> Design:
    return Design.model_validate({**DESIGN, "folder": Path("small")})


def small_schema() -> StimulusSchema:
    return load_schema(Document(Path("stimulus.yaml"), SCHEMA), small_design())
