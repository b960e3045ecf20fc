"""The child process that finds the branches of counters: reads a question on stdin, writes the answer, as JSON."""

from __future__ import annotations

import sys

from dv_agent.designs.code.child import readable
from dv_agent.designs.code.dead_counters import DeadCounters
from dv_agent.designs.code.judging import Question
from dv_agent.designs.code.marking import MarkedBranches


def main() -> None:
    """Answer one question; nothing is written if the RTL cannot be elaborated."""
    question = Question.model_validate_json(sys.stdin.buffer.read())
    sources = readable(question)
    tops = sources.compilation.getRoot().topInstances
    if len(tops) != 1:
        sys.exit(f"{len(tops)} modules are the top")
    judge = DeadCounters(tops[0], sources.manager, question.ties, question.files)
    answer = MarkedBranches(branches=tuple(judge.branches(question.counters)))
    sys.stdout.write(answer.model_dump_json(exclude_defaults=True))


if __name__ == "__main__":
    main()
