"""What the user who starts the server lays down: designs, budget, track, and what a client may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dv_agent.agents.records.reader import read_header
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.runs.assembly import named_bug
from dv_agent.agents.runs.kept_options import require_kept
from dv_agent.agents.runs.request import RunRequest
from dv_agent.designs.files.output_places import require_folder_place
from dv_agent.designs.files.places import design_names
from dv_agent.designs.loader import find_design
from dv_agent.errors import UnknownNameError, UsageError
from dv_agent.prompts.benchmark_track import TRACKS, Track


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """The options of ``dv-agent mcp``.

    Attributes:
        designs: names or folders of the designs that a client may choose; empty: all that are known by name.
        request: the options of its run; `design`, `agent` and `model` are set when the run begins.
        golden: the design against which a client may compare, by name or folder.
        mutants: a folder of ``dv-agent mutate``: the client may see which changes of the RTL nothing noticed.
    """

    request: RunRequest
    designs: tuple[str, ...] = ()
    golden: str = ""
    mutants: Path | None = None

    @property
    def resumed(self) -> RunHeader | None:
        """The header of the run that goes on, if one does: what it is was laid down when it began.

        Raises:
            InputFileError: no run is in that folder.
        """
        return read_header(self.request.resume) if self.request.resume else None

    @property
    def track(self) -> Track:
        """The track of its runs."""
        past = self.resumed
        return TRACKS[past.track if past else self.request.track]

    @property
    def scored(self) -> bool:
        """Whether a run is an examination: then a client sees nothing of the record or of the original design."""
        asked, past = self.request, self.resumed
        hidden = (asked.bug, asked.change, asked.decoys)
        if past:
            hidden = (past.agent_options.bug, past.agent_options.change, len(past.decoys))
        return any(hidden) or not self.track.plan

    @property
    def only_design(self) -> str | None:
        """The design, if there is no choice."""
        return self.designs[0] if len(self.designs) == 1 else None

    @property
    def only_name(self) -> str:
        """The name under which a client knows the design, if there is no choice; else empty."""
        past = self.resumed
        return Path(self.only_design).name if self.only_design else past.design if past else ""

    def choose(self, name: str) -> str:
        """Return the design that a client names; empty: the only one. What it says is never used as a path.

        Raises:
            UsageError: several designs may be chosen, and none was.
            UnknownNameError: it is none of them.
        """
        known = named(self.designs)
        if not name and self.only_design is not None:
            return self.only_design
        if not name:
            raise UsageError(f"design: say which one: {', '.join(known)}")
        if name not in known:
            raise UnknownNameError("design", name[:80], known)
        return known[name]


def named(designs: Sequence[str]) -> dict[str, str]:
    """Return the name under which a client knows a design -> name or folder of the user."""
    return {Path(one).name or one: one for one in designs} if designs else {name: name for name in design_names()}


def check_options(options: ServerOptions) -> None:
    """Check that the options go together.

    Raises:
        UsageError: they do not.
        UnknownNameError: a design or a seeded bug is not known: a client would be told too late, and its user never.
        InputFileError: there is no run to resume, or a design cannot be read.
        OutputError: no record can be written to the folder of records.
    """
    if len(named(options.designs)) < len({*options.designs}):
        raise UsageError("--design: two of these folders have the same name, by which a client would choose")
    told = {"--golden": options.golden, "--mutants": options.mutants}
    given = [name for name, value in told.items() if value]
    if given and options.scored:
        raise UsageError(f"{given[0]} tells of the original: it does not go with --bug, --decoys or --track hunt")
    if options.mutants and options.only_design is None:
        raise UsageError("--mutants holds changes of one design: give that with --design")
    if options.request.resume and len(options.designs) > 1:
        raise UsageError("a run that is resumed has one design: leave --design out, or name the folder of that one")
    if not options.track.plan and options.track.agent != "tools":
        raise UsageError(f"--track {options.track.name} is played by `dv-agent run --agent llm`; a client has tools")
    if past := options.resumed:
        require_kept(options.request, past, resumed=True)
    else:
        require_folder_place(options.request.out, "--out")
    for one in filter(None, (*options.designs, options.golden)):
        find_design(one)
    if options.request.bug and options.only_design:
        named_bug(find_design(options.only_design), options.request.bug)
