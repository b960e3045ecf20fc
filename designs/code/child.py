"""The child process that judges counters: reads a question on stdin, writes the answer to stdout, as JSON."""

from __future__ import annotations

import sys

from dv_agent.designs.code.dead_counters import DeadCounters
from dv_agent.designs.code.judging import Answer, Question
from dv_agent.designs.elaboration.compilation import RefusedError, Sources


def main() -> None:
    """Answer one question; nothing is written if the RTL cannot be elaborated."""
    question, _, judge = asked()
    answer = Answer(counters=tuple(judge.judged(question.counters)))
    sys.stdout.write(answer.model_dump_json(exclude_defaults=True))


def asked() -> tuple[Question, Sources, DeadCounters]:
    """Return the question on stdin, the RTL that it is about, and who answers; exit if there is not one top."""
    question = Question.model_validate_json(sys.stdin.buffer.read())
    sources = readable(question)
    tops = sources.compilation.getRoot().topInstances
    if len(tops) != 1:
        sys.exit(f"{len(tops)} modules are the top")
    judge = DeadCounters(tops[0], sources.manager, question.ties, question.files)
    return question, sources, judge


def readable(question: Question) -> Sources:
    """Read the files in the language of the build; ``.v`` files that Verilog-2005 refuses, as SystemVerilog."""
    for plain in (True, False) if question.plain else (False,):
        try:
            sources = Sources(question.request, plain=plain)
        except RefusedError as error:
            sys.exit(str(error))
        if not sources.errors(sources.compilation.getParseDiagnostics()):
            break
    return sources


if __name__ == "__main__":
    main()
