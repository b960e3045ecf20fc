"""Asking a child process what the elaborated RTL of a design holds, with a cache."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from pydantic import ValidationError

from dv_agent.designs.design import Design
from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.probes.register_question import Answer, Question, Wanted
from dv_agent.designs.reader.parse_rtl import keep_answer, request_key, request_of
from dv_agent.designs.reader.structure import Structure
from dv_agent.designs.rtl_files import parameter_texts

READ_SECONDS = 30.0
_MOST_STATES = 64
_LIMITED = """\
import resource, runpy
resource.setrlimit(resource.RLIMIT_AS, (4096 << 20, 4096 << 20))
runpy.run_module("dv_agent.designs.probes.registers_child", run_name="__main__")
"""


def looked_up(design: Design, structure: Structure) -> Answer:
    """Return what the elaborated RTL of `design` holds; nothing if it cannot be elaborated within `READ_SECONDS`.

    The same RTL gives the same answer; it is kept in the cache.

    Raises:
        InputFileError: a source file cannot be read.
    """
    cache = cache_folder() / "structures"
    parameters = dict(parameter_texts(design.parameters))
    request = request_of(design).model_copy(update={"parameters": parameters})
    question = Question(request=request, wanted=tuple(_wanted(structure)))
    text = question.model_dump_json()
    kept = cache / f"{request_key(request, design.header_files(), text)}.probes.json"
    if kept.is_file():
        try:
            return Answer.model_validate_json(kept.read_bytes())
        except (ValidationError, OSError):
            kept.unlink(missing_ok=True)
    command = [sys.executable, "-W", "ignore", "-c", _LIMITED]
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=READ_SECONDS, check=False)
        answer = Answer.model_validate_json(done.stdout)
    except (ValidationError, subprocess.TimeoutExpired):
        return Answer()
    keep_answer(kept, answer.model_dump_json())
    return answer


def _wanted(structure: Structure) -> Iterator[Wanted]:
    for module in structure.modules:
        for one in module.machines:
            names = tuple(state.name for state in one.states)
            if 1 < len(names) <= _MOST_STATES:
                yield Wanted(module=module.name, name=one.state_register, states=names)
