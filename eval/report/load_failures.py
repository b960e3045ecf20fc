"""Reading the folders of failing tests."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from dv_agent.agents.failures.excerpt import Excerpt
from dv_agent.agents.failures.finding import Finding
from dv_agent.designs.files.documents import complaint
from dv_agent.errors import InputFileError
from dv_agent.eval.report.json_file import read_object
from dv_agent.eval.report.load_tests import read_failure, read_tracks
from dv_agent.eval.report.run_data import FailureData, Track
from dv_agent.eval.report.text_limits import Allowance

MOST = 40
_WORDS = 400


def read_failures(folder: Path, allowance: Allowance) -> tuple[FailureData, ...]:
    """The first `MOST` folders ``failures/<number of the test>``, each with whatever files it has.

    Raises:
        InputFileError: a file that is there, but not what it should be.
    """
    room = folder / "failures"
    numbers = sorted(int(one.name) for one in room.iterdir() if one.name.isdecimal()) if room.is_dir() else []
    return tuple(_read(room / str(number), number, allowance) for number in numbers[:MOST])


def _read(room: Path, index: int, allowance: Allowance) -> FailureData:
    failure = read_object(room / "failure.json")
    return FailureData(
        index=index,
        failure=read_failure(failure) if failure else None,
        test=_stimulus(room / "test.json", allowance),
        shrunk=_stimulus(room / "shrunk.json", allowance),
        excerpt=_excerpt(room / "excerpt.json"),
        has_waves=(room / "waves.fst").is_file(),
        **_words(room / "finding.json"),
    )


def _words(path: Path) -> dict[str, str]:
    data = read_object(path)
    if data is None:
        return {}
    try:
        finding = Finding.model_validate({name: one for name, one in data.data.items() if name in Finding.model_fields})
    except ValidationError as error:
        raise InputFileError(path, complaint(error)) from None
    return {"sizes": finding.sizes[:_WORDS], "behind": finding.behind[:_WORDS]}


def _stimulus(path: Path, allowance: Allowance) -> tuple[Track, ...] | None:
    data = read_object(path)
    return read_tracks(data, allowance) if data else None


def _excerpt(path: Path) -> Excerpt | None:
    data = read_object(path)
    if data is None:
        return None
    known = {name: value for name, value in data.data.items() if name in Excerpt.model_fields}
    try:
        return Excerpt.model_validate(known)
    except ValidationError as error:
        raise InputFileError(path, complaint(error)) from None
