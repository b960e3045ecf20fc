"""Floors and the ceiling of a track: agents without a model, played under the usual budget of the track."""

from __future__ import annotations

from pathlib import Path

from dv_agent.agents.records.reader import is_there, read_header
from dv_agent.agents.records.schema import HEADER
from dv_agent.agents.runs.launch import launch
from dv_agent.agents.runs.progress import Unwatched
from dv_agent.agents.runs.request import RunRequest
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.errors import UsageError
from dv_agent.eval.evaluation.spec import MODEL_AGENTS
from dv_agent.eval.tracks.record_folder import ROW, RUN, RowWords, TrackTitle, slug
from dv_agent.prompts.benchmark_track import TRACKS

AGENTS = ("random", "crv", "search", "oracle")


def play_floor(
    folder: Path, track: TrackTitle, design: str, agent: str, seed: int, simulator: str, cycles: int | None = None
) -> Path:
    """Return the record of an agent on a design, which is played if it is not there yet.

    Args:
        cycles: bound of a new run; None: the usual one of the track.

    Raises:
        UsageError: an agent with a model, or a record that somebody else is writing.
        DvAgentError: as `launch`.
    """
    if agent in MODEL_AGENTS:
        raise UsageError(f"{agent} asks a model; play it with dv-agent run, and add its records")
    name = find_design(design).design.name
    home = folder / track / slug(agent)
    place = home / f"{name}_s{seed}" / RUN
    if is_there(place / HEADER):
        if read_header(place).status == "finished":
            return place.parent
        request = RunRequest(resume=place)
    else:
        bound = cycles or TRACKS[track].cycles
        request = RunRequest(design=design, agent=agent, seed=seed, max_cycles=bound, simulator=simulator, into=place)
    if not is_there(home / ROW):
        words = RowWords(label=agent, note="without a model; given everything")
        replace_text(home / ROW, words.model_dump_json(indent=1) + "\n", make_folder=True)
    launch(request, Unwatched(), _no_report)
    return place.parent


def _no_report(run: Path, design: DesignFolder) -> None:
    del run, design
