"""A seed means the same test for ever: records, proofs and measured tiers of the shipped designs rest on it."""

import hashlib
import random

import pytest

from dv_agent.agents.baselines.basic import random_test
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.loader import find_design

PINNED = {
    "hass_spe": "4888593be8589298",
    "hgsa_loop": "1102a98468077566",
    "lqer_dot": "8da49dd114f7bbcb",
    "mxint_gelu": "e2f8b46e87ca5c7d",
    "mxint_layernorm": "6c77ea031ad2ec79",
}


@pytest.mark.parametrize("name", PINNED)
def test_a_random_test_of_a_seed_is_the_one_it_always_was(name: str) -> None:
    folder = find_design(name)
    program = expand(folder.design, folder.schema, random_test(folder.design, folder.schema, random.Random(7)))
    plain = {track: [list(op) for op in ops] for track, ops in sorted(program.tracks.items())}
    assert hashlib.sha256(repr((plain, program.memories)).encode()).hexdigest()[:16] == PINNED[name]
