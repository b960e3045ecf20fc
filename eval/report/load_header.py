"""Reading ``run.json``."""

from __future__ import annotations

from pathlib import Path

from dv_agent.errors import InputFileError
from dv_agent.eval.report.fields import Fields
from dv_agent.eval.report.json_file import read_object
from dv_agent.eval.report.run_data import Cost, Header

NEWEST = 1


def read_header(data: Fields, folder: Path) -> Header:
    """What ``run.json`` says, of this version or an older one; fields that are missing get neutral values.

    Raises:
        InputFileError: a field of the wrong kind, or made by a newer version.
    """
    path = folder / "run.json"
    version = data.count("schema_version", NEWEST)
    if version > NEWEST:
        raise InputFileError(path, f"schema_version {version} is newer than {NEWEST}; update dv-agent to read this run")
    if not data.text("design"):
        raise InputFileError(path, "design: expected the name of the design")
    return Header(
        id=data.text("id", folder.name),
        design=data.text("design"),
        task_version=data.count("task_version"),
        agent=data.text("agent", "unknown"),
        options=data.inner("agent_options").data,
        strategy=data.text("strategy"),
        model=_model(data),
        returned_models=data.texts("returned_models"),
        seed=data.count("seed"),
        budget={name: data.inner("budget").number(name) for name in data.inner("budget").data},
        target=data.number("target"),
        simulator=data.text("simulator"),
        hashes=data.strings("hashes"),
        versions=data.strings("versions"),
        reproducible=data.truth("reproducible"),
        status=data.text("status", "running"),
        stop_reason=data.text("stop_reason"),
        started=data.text("started"),
        finished=data.text("finished"),
        bins=data.count("bins"),
        spent=read_cost(data.inner("spent")),
        nothing_checked=data.text("nothing_checked"),
        structured={name: data.inner("structured").count(name) for name in data.inner("structured").data},
    )


def header_fields(folder: Path) -> Fields:
    """``folder/run.json``.

    Raises:
        InputFileError: no run folder, or not JSON.
    """
    path = folder / "run.json"
    data = read_object(path)
    if data is None:
        raise InputFileError(path, "no such file; expected the folder of a run")
    return data


def read_cost(data: Fields) -> Cost:
    """What was used."""
    return Cost(
        cycles=data.count("cycles"),
        calls=data.count("calls"),
        tokens=data.count("tokens"),
        usd=data.number("usd"),
        seconds=data.number("seconds") or None,
    )


def _model(data: Fields) -> dict[str, object]:
    """The settings of the model; a bare name in records that knew no settings."""
    if isinstance(data.data.get("model"), str):
        return {"model": data.text("model")}
    return {name: value for name, value in data.inner("model").data.items() if value is not None}
