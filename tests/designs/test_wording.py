"""Words for people."""

import pytest

from dv_agent.designs.text.visible import visible
from dv_agent.designs.text.wording import counted, plural, tidy_version


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "test", "0 tests"),
        (1, "test", "1 test"),
        (2, "test", "2 tests"),
        (1, "reply", "1 reply"),
        (3, "reply", "3 replies"),
        (12_345, "cycle", "12,345 cycles"),
        (2, "failing test", "2 failing tests"),
    ],
)
def test_a_number_and_its_noun(number: int, noun: str, text: str) -> None:
    assert counted(number, noun) == text
    assert text.endswith(plural(noun)) is (number != 1)


def test_versions_and_terminals() -> None:
    assert tidy_version("Icarus Verilog version 11.0 (stable) ()") == "Icarus Verilog version 11.0 (stable)"
    assert tidy_version("icarus 12.0") == "icarus 12.0"
    assert visible("a\x1b[31m\u202eb\n\tc") == "a[U+001B][31m[U+202E]b\n\tc"
