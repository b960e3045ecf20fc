"""The model that proposes new texts for a strategy: its prompt, its recorded replies, and what is read from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, meta

from dv_agent.agents.llm.json_scanner import clean
from dv_agent.agents.llm.thinking import spoken
from dv_agent.agents.models.chat_model import ChatModel, Message, Reply
from dv_agent.agents.models.reply_cache import CachingModel
from dv_agent.agents.session.drafts.option_help import strategy_help
from dv_agent.eval.optimisation.candidate import FIXED, LONGEST, OPTIONS, Texts, strategy_of
from dv_agent.eval.optimisation.candidate_trials import Outcome
from dv_agent.eval.optimisation.wish import Wish
from dv_agent.prompts.proposed_template import GLOBALS, METHODS
from dv_agent.prompts.template_set import parse_template, template_text
from dv_agent.prompts.text.data_fence import fenced

REPLIES = "proposals.sqlite"
BEGIN, END = "=== BEGIN NEW TEXT ===", "=== END NEW TEXT ==="
MOST_TRIALS = 8


@dataclass(frozen=True, slots=True)
class Proposed:
    """A reply of the proposing model.

    Attributes:
        text: the new text of the part; None if the reply holds none.
    """

    text: str | None
    reply: Reply


class Proposer:
    """Asks a model for a new text of one part. Replies are kept in a file, so that none is paid twice.

    Args:
        folder: folder of the optimisation.

    Raises:
        OutputError: the file of replies cannot be opened.
    """

    def __init__(self, wish: Wish, folder: Path, model: ChatModel) -> None:
        self._wish, self._path, self._model = wish, folder / REPLIES, model
        self._asked = 0

    def propose(self, part: str, texts: Texts, outcomes: Sequence[Outcome], refused: str) -> Proposed:
        """Return the proposal for `part`.

        Args:
            texts: the present texts of all parts.
            refused: why the last proposal for this part was refused, empty if it was not.

        Raises:
            ModelFailure: no reply.
        """
        prompt = proposal_prompt(self._wish, part, texts, outcomes, refused)
        # The number of the call is a part of the key: the same question twice is two samples.
        reply = CachingModel(self._model, self._path, self._asked).ask((Message(role="user", content=prompt),))
        self._asked += 1
        return Proposed(new_text(reply.text), reply)


def new_text(reply: str) -> str | None:
    """Return the text between the two lines that a reply was asked for; None if there is none."""
    lines = clean(spoken(reply)).splitlines()
    marks = [line.strip() for line in lines]
    if BEGIN not in marks or END not in marks:
        return None
    first, last = marks.index(BEGIN), len(marks) - 1 - marks[::-1].index(END)
    text = "\n".join(lines[first + 1 : last])
    return f"{text}\n" if last > first and text.strip() else None


def proposal_prompt(wish: Wish, part: str, texts: Texts, outcomes: Sequence[Outcome], refused: str) -> str:
    """Return the prompt that asks for a new text of `part`."""
    trials = [
        {"design": one.item.design, "seed": one.item.seed, "score": f"{100 * one.score:.1f}",
         "feedback": one.feedback or "nothing is told"}
        for one in outcomes[:MOST_TRIALS]
    ]  # fmt: skip
    text: str = _template().render(
        part=part, text=texts[part], trials=trials, more=len(outcomes) - len(trials),
        refused=refused if wish.feedback else "", begin=BEGIN, end=END,
        calls=wish.trial.calls, cycles=f"{wish.trial.cycles or 0:,}", longest=LONGEST,
        **_rules(wish, part, texts),
    )  # fmt: skip
    return text


def _rules(wish: Wish, part: str, texts: Texts) -> dict[str, Any]:
    if part == OPTIONS:
        told = [(name, f"{one.meaning} ({one.allowed})") for name, one in strategy_help().items() if name not in FIXED]
        return {"options": told, "values": (), "methods": ()}
    strategy = strategy_of(wish.strategy, texts)
    tree = parse_template(part, template_text(part, strategy))
    return {"options": (), "values": sorted(meta.find_undeclared_variables(tree) | GLOBALS), "methods": sorted(METHODS)}


@lru_cache(maxsize=1)
def _template() -> Any:
    # Plain text, made of trusted templates; inserted values are never parsed.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    environment.globals.update(fenced=fenced)
    return environment.get_template("proposal.jinja")
