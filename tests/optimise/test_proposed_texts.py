"""What a model proposes as a text of a strategy is data: checked, bounded, and written so that it is read the same."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.errors import UsageError
from dv_agent.eval.optimisation.candidate import LONGEST, OPTIONS, digest_of, options_text, strategy_of, texts_of
from dv_agent.eval.optimisation.candidate_trials import Outcome, strategy_text
from dv_agent.eval.optimisation.proposer import BEGIN, END, MOST_TRIALS, new_text, proposal_prompt
from dv_agent.eval.optimisation.wish import Item, Wish
from dv_agent.prompts.strategy import Strategy, find_strategy, load_strategy, strategy_names, template_names

DEFAULT = find_strategy("default")
HOSTILE = {
    "{% include '/etc/passwd' %}": "may not read the template '/etc/passwd'",
    "{% include '../strategy.py' %}": "may not read the template",
    "{% include ['parts/role.jinja', tests] %}": "may not read the template",
    "{% include tests %}": "may not read the template",
    "{% extends 'system.jinja' %}": "may not read the template",
    "{% import 'parts/holes.jinja' as x %}": "may not read the template",
    "{{ strategy.__class__ }}": "no attribute '__class__'",
    "{{ strategy.model_dump() }}": "it may call macros and the methods",
    "{{ strategy.holes.model_copy(update={}) }}": "it may call macros",
    "{{ ''.join(range(9)) }}": "it may call macros",
    "{{ (strategy | attr('model_dump'))() }}": "it may call macros",
    "{{ strategy['model_dump']() }}": "it may call macros",
    "{{ lipsum() }}": "no value 'lipsum'",
    "{{ cycler.__init__.__globals__ }}": "no value 'cycler'",
    "{{ self.__init__ }}": "",
    "{{ view }}": "no value 'view'",
    "{% for a in range(3) %}": "Unexpected end of template",
    "{{ 1 + }}": "line 1",
    "{{ 1" + "+ 1" * 6_000 + " }}": "nested too deep",
    "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}": "parts/ask",
    "{% if 1 %}" * 900 + "{% endif %}" * 900: "parts/ask",
    "x" * (LONGEST + 1): "characters; at most 20,000",
}
BAD_OPTIONS = {
    "tests: 65": "tests",
    "tests: [": "options:1",
    "- tests": "expected keys",
    "wording: {system: x}": "unknown option 'wording'",
    "name: default": "unknown option 'name'",
    "folder: /etc": "unknown option 'folder'",
    "templates: /etc": "unknown option 'templates'",
    "without: [everything]": "unknown part 'everything'",
    "without: 7": "without",
    "restart: {when: stale}": "restart",
    "holes: {show: [random, adaptive]}": "at most one",
    "a: &a [1]\nb: *a": "options:1",
    "tests: true": "tests",
    "tests: {a: 1}": "tests",
    "holes: 7": "holes",
    "holes: {nearest: 7}": "holes.nearest",
    "converged: {few: -1}": "converged.few",
    "'\\u001b[31m': 1": "unknown option",
}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_template_that_reaches_for_more_is_refused_before_it_is_rendered(text: str) -> None:
    with pytest.raises(UsageError, match="parts/ask") as refused:
        strategy_of(DEFAULT, {"parts/ask": text})
    assert HOSTILE[text] in str(refused.value)


@pytest.mark.parametrize("text", BAD_OPTIONS)
def test_options_that_are_not_allowed_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="options") as refused:
        strategy_of(DEFAULT, {OPTIONS: text})
    assert BAD_OPTIONS[text] in str(refused.value)


@given(
    text=st.one_of(st.text(max_size=40), st.text("{%}[]: -|>&*'\"#!,\n tsehol01", max_size=40)),
    part=st.sampled_from(["parts/ask", OPTIONS]),
)
def test_any_other_text_is_used_or_refused(text: str, part: str) -> None:
    with contextlib.suppress(UsageError):
        assert strategy_of(DEFAULT, {part: text}).name.startswith("candidate-")


@pytest.mark.parametrize("name", strategy_names())
def test_the_present_texts_of_every_strategy_are_allowed_and_change_nothing(name: str) -> None:
    strategy = find_strategy(name)
    made = strategy_of(strategy, texts_of(strategy, (*template_names(), OPTIONS)))
    assert digest_of(made) == digest_of(strategy)
    assert made.model_copy(update={"name": name}) == strategy
    assert made.name == f"candidate-{digest_of(strategy)}"


def test_options_that_are_left_out_keep_their_value() -> None:
    before = find_strategy("llm4dv-best")
    after = strategy_of(before, {OPTIONS: "tests: 3\nhistory: {messages: 4}\n"})
    assert (after.tests, after.holes) == (3, before.holes)
    assert after.history == before.history.model_copy(update={"messages": 4})
    assert "wording" not in options_text(before)
    assert digest_of(after) != digest_of(before)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60))
def test_a_strategy_is_read_again_as_it_was_written(tmp_path: Path, text: str) -> None:
    said = text.encode("utf-8", "replace").decode()
    strategy = Strategy(name="made", description=said, tests=3, wording={"parts/ask": said, "system": f"{said}\n"})
    (tmp_path / "made.yaml").write_text(strategy_text(strategy), encoding="utf-8")
    assert load_strategy(tmp_path / "made.yaml") == strategy


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (f"I think.\n{BEGIN}\na\nb\n{END}\nbye", "a\nb\n"),
        (f"<think>{BEGIN}\nno\n{END}</think>\n{BEGIN}\nyes\n{END}", "yes\n"),
        (f"{BEGIN}\n```json\n{{}}\n```\n{END}", "```json\n{}\n```\n"),
        (f"  {BEGIN}\r\na\r\n{END}  ", "a\n"),
        (f"{BEGIN}\n\n{END}", None),
        (f"{END}\na\n{BEGIN}", None),
        (f"{BEGIN}\nunfinished", None),
        ("", None),
        (f"{BEGIN}\n\ud800\n{END}", "\ufffd\n"),
    ],
)
def test_the_new_text_stands_between_two_lines(reply: str, text: str | None) -> None:
    assert new_text(reply) == text


@pytest.mark.parametrize(("count", "told"), [(MOST_TRIALS, ""), (MOST_TRIALS + 1, "1 more trial with it is not shown"),
                                             (MOST_TRIALS + 3, "3 more trials with it are not shown")])  # fmt: skip
def test_a_prompt_shows_so_many_trials_and_says_how_many_more_there_were(count: int, told: str) -> None:
    model = ModelSettings(model="openai:any")
    wish = Wish(
        strategy=DEFAULT, parts=(OPTIONS,), train=("a",), validation=("b",), held_out=("c",), model=model,
        reflection=model, trial=Budget(), simulator="icarus", checksums={},
    )  # fmt: skip
    outcomes = [Outcome(Item(design="a", seed=seed), 0.5, f"feedback {seed}.") for seed in range(count)]
    prompt = proposal_prompt(wish, OPTIONS, texts_of(DEFAULT, (OPTIONS,)), outcomes, "")
    assert [f"feedback {seed}." in prompt for seed in range(count)] == [seed < MOST_TRIALS for seed in range(count)]
    assert told in prompt
    assert ("not shown" in prompt) is bool(told)
