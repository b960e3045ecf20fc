"""`crv` and `sweep` know the schema of a design and nothing that was written to suit it."""

import random

import pytest
from shipped_designs import own_names

from dv_agent.agents.baselines.boundary_values import walk
from dv_agent.agents.baselines.crv import crv_test
from dv_agent.agents.baselines.sweep import script
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.designs.ports.field_spec import FieldSpec


def without_profiles(folder: DesignFolder) -> StimulusSchema:
    tracks = folder.schema.tracks.items()
    bare = {name: track.model_copy(update={"profiles": {}, "use": {}}) for name, track in tracks}
    return folder.schema.model_copy(update={"tracks": bare})


@pytest.mark.parametrize("name", own_names())
def test_what_crv_proposes_is_legal_and_owes_nothing_to_profiles(name: str) -> None:
    folder = find_design(name)
    bare = without_profiles(folder)
    programs = []
    for schema in (folder.schema, bare):
        source = random.Random(1)
        tests = [crv_test(folder.design, schema, source) for _ in range(60)]
        programs.append([expand(folder.design, schema, test) for test in tests])
    assert programs[0] == programs[1]
    driven = {track for program in programs[0] for track, ops in program.tracks.items() if ops}
    assert driven == set(folder.schema.tracks)


@pytest.mark.parametrize("name", own_names())
def test_the_script_is_legal_ends_and_owes_nothing_to_profiles(name: str) -> None:
    folder = find_design(name)
    tests = list(script(folder.design, folder.schema))
    assert tests == list(script(folder.design, without_profiles(folder)))
    assert 100 < len(tests) < 3_000
    bare = without_profiles(folder)
    for number, test in enumerate(tests):
        program = expand(folder.design, bare, test)
        if number % 8 == 0:
            assert program == expand(folder.design, folder.schema, test)


def test_a_walk_visits_all_values_of_a_small_field_and_the_corners_of_a_large_one() -> None:
    assert walk(FieldSpec(signal="s", width=4, signed=True), 16) == list(range(-8, 8))
    large = walk(FieldSpec(signal="s", width=16, signed=True), 64)
    assert {-32768, -32767, -1, 0, 1, 32766, 32767, 256, -256} <= set(large)
    assert len(large) < 128
    assert large == sorted(large)
