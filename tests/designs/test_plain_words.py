"""What is wrong with a value is said in plain words, whatever kind of value a class asks for."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dv_agent.designs.files.documents import complaint


class Every(BaseModel):
    model_config = ConfigDict(extra="forbid")

    whole: Annotated[int, Field(ge=1, lt=2_000)] = 1
    share: Annotated[float, Field(gt=0, le=1)] = 1
    flag: bool = False
    kind: Literal["near", "far"] = "near"
    version: Literal[1] = 1
    text: Annotated[str, Field(min_length=2, max_length=3, pattern="^[a-z]*$")] = "ab"
    some: Annotated[tuple[int, ...], Field(max_length=1)] = ()
    names: frozenset[str] = frozenset()
    inner: dict[str, int] = {}
    must: int


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"whole": "many"}, "whole: expected a whole number"),
        ({"whole": 1.5}, "whole: expected a whole number"),
        ({"whole": 0}, "whole: too small; expected at least 1"),
        ({"whole": 2_000}, "whole: too large; expected less than 2,000"),
        ({"share": "half"}, "share: expected a number"),
        ({"share": 0}, "share: too small; expected more than 0"),
        ({"share": 2}, "share: too large; expected at most 1"),
        ({"flag": "perhaps"}, "flag: expected true or false"),
        ({"kind": "nowhere"}, "kind: expected one of near, far"),
        ({"version": 2}, "version: expected 1"),
        ({"text": 3}, "text: expected a text"),
        ({"text": "a"}, "text: too short; at least 2 characters"),
        ({"text": "abcd"}, "text: too long; at most 3 characters"),
        ({"text": "AB"}, "text: has characters that are not allowed here"),
        ({"some": 1}, "some: expected a list"),
        ({"some": [1, 2]}, "some: too many entries; at most 1"),
        ({"names": "one"}, "names: expected a list"),
        ({"inner": 1}, "inner: expected a mapping of keys to values"),
        ({"inner": {"a": "x"}}, "inner.a: expected a whole number"),
        ({"other": 1}, "other: is not a known key"),
        ({"must": None}, "must: expected a whole number"),
    ],
)
def test_a_refused_value_is_told_in_plain_words(data: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Every.model_validate({"must": 1, **data})
    assert complaint(caught.value) == words


def test_a_missing_value_is_told_in_plain_words() -> None:
    with pytest.raises(ValidationError) as caught:
        Every.model_validate({})
    assert complaint(caught.value) == "must: is missing"
