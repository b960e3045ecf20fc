"""Caps are kept and too small ones refused with the least that would do; bad input is one message, and asks nobody."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_world import World, make_designs

from dv_agent.agents.budget import Budget, Spent
from dv_agent.agents.models.chat_model import CallUsage, ModelSettings, Reply
from dv_agent.errors import UsageError
from dv_agent.eval.optimisation.allowance import Caps, Meter, prices_of, require_enough, steps_within
from dv_agent.eval.optimisation.held_out import HeldOutTrial, figures
from dv_agent.eval.optimisation.wish import Wish
from dv_agent.prompts.strategy import SHIPPED, Strategy

PRICED = ModelSettings(model="openai:gpt-4o")
SPLIT = {"train": ("a", "b"), "validation": ("c", "d", "e"), "held_out": ("f", "g")}


def wish(calls: int = 4, seeds: int = 1, batch: int = 2, usd: float | None = None) -> Wish:
    return Wish(
        strategy=Strategy(name="mine"), parts=("parts/ask",), seeds=seeds, batch=batch, model=PRICED,
        reflection=PRICED, trial=Budget(calls=calls, usd=usd), simulator="icarus", checksums={}, **SPLIT,
    )  # fmt: skip


def test_the_least_is_one_proposal_with_all_around_it() -> None:
    # Validation 3 trials of 4; a proposal from 2 trials of 4, 1 call, 2 trials again, validation; twice 2 held out.
    assert prices_of(wish()).least.calls == 12 + (8 + 1 + 8 + 12) + 16
    assert prices_of(wish(seeds=2, batch=9)).least.calls == 24 + (16 + 1 + 16 + 24) + 32
    with pytest.raises(UsageError, match=r"--cap-calls 56 is too small\. The least that would do is 57 calls"):
        require_enough(wish(), Caps(calls=56))
    assert require_enough(wish(), Caps(calls=57)).least.calls == 57
    with pytest.raises(UsageError, match="say how much it may cost"):
        require_enough(wish(), Caps())


def test_dollars_are_bounded_by_full_contexts_or_by_the_budget_of_a_trial() -> None:
    full = prices_of(wish()).least
    assert full.usd is not None
    cheap = prices_of(wish(usd=0.01)).least
    assert cheap.usd is not None
    trials, proposal = (57 - 1) // 4, full.usd / 57
    assert cheap.usd == pytest.approx(trials * 0.01 + proposal)
    with pytest.raises(UsageError, match=r"--cap-usd 0\.1 is too small: at least 0\.\d\d US dollars"):
        require_enough(wish(usd=0.01), Caps(usd=0.1))
    unknown = wish().model_copy(update={"model": ModelSettings(model="openai:nobody-knows-it")})
    with pytest.raises(UsageError, match="the price of a model is not known"):
        require_enough(unknown, Caps(usd=5.0))
    assert require_enough(unknown, Caps(calls=57)).least.usd is None


@given(
    cap=st.integers(57, 400),
    dollars=st.floats(1.0, 20.0),
    costs=st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1)), min_size=1, max_size=12),
)
def test_whatever_trials_cost_the_caps_hold(cap: int, dollars: float, costs: list[tuple[int, float]]) -> None:
    asked = wish()
    prices = prices_of(asked)
    assert prices.least.usd is not None
    caps = Caps(calls=cap, usd=max(dollars, prices.least.usd))
    meter, draw, names = Meter(caps, require_enough(asked, caps)), iter(costs * 1000), iter(range(10_000))
    full = prices.step.usd / prices.step.calls if prices.step.usd else 0.0

    def trials(count: int) -> None:
        for _ in range(count):
            calls, share = next(draw)
            for _ in range(2):  # the same trial twice is counted once
                meter.trial(name := str(next(names)), Spent(calls=calls, usd=share * full * calls))
                meter.trial(name, Spent(calls=calls, usd=share * full * calls))

    steps = 0
    trials(1)
    while meter.one_more_step() and steps < 1000:
        trials(3)
        meter.proposal(Reply(text="", attempts=(CallUsage(usd=full),)))
        steps += 1
    trials(2)
    assert meter.calls <= cap
    assert meter.usd <= (caps.usd or 0) * (1 + 1e-9)
    assert steps >= (steps_within(prices, caps) or 0) >= 1


def test_figures_say_how_many_and_what_they_do_not_show() -> None:
    two = figures(
        tuple(HeldOutTrial(design=name, seed=0, before=40, after=after) for name, after in (("f", 50), ("g", 70)))
    )
    assert (two.before, two.after, two.difference, two.smallest_p) == (40, 60, 20, 0.5)
    assert "n = 2 pairs of trials on 2 designs" in two.words
    assert "95 % interval +10.0 to +30.0" in two.words
    assert "p cannot be below 0.5: a hint, not a proof" in two.words
    same = figures(
        tuple(HeldOutTrial(design=str(name), seed=0, before=40, after=40 + 3 * (-1) ** name) for name in range(8))
    )
    assert "not shown to differ" in same.words
    sure = figures(tuple(HeldOutTrial(design=str(name), seed=0, before=40, after=50 + name) for name in range(8)))
    assert sure.p < 0.01
    assert sure.words.endswith("p = 0.0078)")


WORDS = [
        "optimise", "--train", "tally_train", "--validation", "tally_check", "--held-out", "tally_last", "--model",
        "openai:test-model", "--base-url", "http://127.0.0.1:9/v1", "--max-calls", "1", "--cap-calls", "20", "--out",
        "fresh", "--retry-seconds", "0",
    ]  # fmt: skip

BAD: dict[str, tuple[Callable[[list[str]], list[str]], int, str]] = {
    "no model": (lambda words: without(words, "--model"), 2, "say who proposes tests"),
    "an unknown provider": (lambda words: changed(without(words, "--base-url"), "--model", "nobody:x"), 2, "nobody"),
    "a replay": (lambda words: changed(words, "--model", "replay:x"), 2, "a recorded run has none"),
    "a bad address": (lambda words: changed(words, "--base-url", "ftp://x"), 2, "base-url"),
    "no key": (lambda words: changed(without(words, "--base-url"), "--model", "anthropic:x"), 3, "anthropic"),
    "no training design": (lambda words: without(words, "--train"), 2, "no designs for --train"),
    "no validation": (lambda words: without(words, "--validation"), 2, "no designs for --validation"),
    "nothing held out": (lambda words: without(words, "--held-out"), 2, "no designs for --held-out"),
    "an unknown design": (lambda words: changed(words, "--train", "tally_trian"), 2, "did you mean tally_train"),
    "a path": (lambda words: changed(words, "--train", "designs/tally_train"), 2, "name the design"),
    "one design twice": (lambda words: [*words, "--held-out", "tally_train"], 2, "tally_train is in both: --train and"),
    "validation held out": (lambda words: [*words, "--held-out", "tally_check"], 2, "--validation and --held-out"),
    "shared RTL": (lambda words: [*words, "--held-out", "tally_copy"], 2, "tally_copy shares RTL with tally_train"),
    "an unknown part": (lambda words: [*words, "--part", "parts/aks"], 2, "did you mean parts/ask"),
    "a tools template": (lambda words: [*words, "--part", "tools_system"], 2, "unknown part"),
    "an unknown strategy": (lambda words: [*words, "--strategy", "defalt"], 2, "did you mean default"),
    "no strategy file": (lambda words: [*words, "--strategy", "./no.yaml"], 2, "no such file"),
    "a broken strategy": (lambda words: [*words, "--strategy", "broken.yaml"], 2, "broken.yaml:1"),
    "the name of a shipped one": (lambda words: [*words, "--name", "plain"], 2, "a shipped strategy has this name"),
    "no name": (lambda words: [*words, "--name", "../x"], 2, "--name"),
    "the shipped folder": (lambda words: changed(words, "--out", str(SHIPPED)), 2, "shipped strategies"),
    "a file as folder": (lambda words: changed(words, "--out", "broken.yaml"), 2, "broken.yaml"),
    "another search": (lambda words: changed(words, "--out", "other"), 2, "holds an optimisation with another"),
    "a broken record": (lambda words: changed(words, "--out", "torn"), 2, "optimise.json"),
    "an unknown simulator": (lambda words: [*words, "--simulator", "icraus"], 2, "did you mean icarus"),
    "too small a cap": (lambda words: changed(words, "--cap-calls", "6"), 2, "The least that would do is 7 calls"),
    "no cap": (lambda words: without(words, "--cap-calls"), 2, "--cap-calls, or --cap-usd"),
    "dollars without a price": (lambda words: [*words, "--cap-usd", "3"], 2, "--cap-usd cannot be kept"),
    "no seeds": (lambda words: [*words, "--seeds", "0"], 2, "--seeds"),
    "no batch": (lambda words: [*words, "--batch", "0"], 2, "--batch"),
    "an address of nobody": (
        lambda words: [*words, "--proposing-base-url", "http://127.0.0.1:1"],
        2,
        "--proposing-model",
    ),
}


def without(words: list[str], option: str) -> list[str]:
    place = words.index(option)
    return [*words[:place], *words[place + 2 :]]


def changed(words: list[str], option: str, value: str) -> list[str]:
    place = words.index(option) + 1
    return [*words[:place], value, *words[place + 1 :]]


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory, optimise_cache: Path) -> World:
    """A world whose models must not be asked."""
    folder = tmp_path_factory.mktemp("idle")
    env = {
        "DV_AGENT_DESIGNS": str(make_designs(folder)),
        "DV_AGENT_CACHE": str(optimise_cache),
        "OPENAI_API_KEY": "sk-loop",
    }
    copy = folder / "designs/tally_copy"
    shutil.copytree(folder / "designs/tally_train", copy)
    text = (copy / "design.yaml").read_text().replace("name: tally_train", "name: tally_copy")
    (copy / "design.yaml").write_text(text)
    (folder / "broken.yaml").write_text("tests: many\n")
    (folder / "other").mkdir()
    (folder / "other/optimise.json").write_text(wish().model_dump_json())
    (folder / "torn").mkdir()
    (folder / "torn/optimise.json").write_text('{"schema_version": 1, "strategy"')
    return World(folder, None, env)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_message_with_its_code(name: str, idle: World) -> None:
    change, code, message = BAD[name]
    done = idle.call(*change(WORDS))
    assert done.returncode == code, done.stderr
    told = " ".join(done.stderr.replace("│", " ").split())
    assert message in told, told
    assert "Traceback" not in done.stderr
    assert not list(idle.folder.glob("*/trials"))


def test_without_the_package_it_says_how_it_is_installed(idle: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gepa.api", None)
    done = idle.call(*WORDS)
    assert (done.returncode, "pip install 'dv-agent[optimise]'" in done.stderr) == (3, True)
    assert not (idle.folder / "fresh").exists()


def test_a_dry_run_says_what_it_needs_and_writes_nothing(idle: World) -> None:
    words = ("optimise", "--train", "tally_train", "--validation", "tally_check", "--held-out", "tally_last", "--model",
             "openai:gpt-4o", "--max-calls", "2", "--dry-run", "--out", "dry")  # fmt: skip
    answer = json.loads(idle.call(*words, "--cap-calls", "40", "--json").stdout)
    # 2 for validation, 2 + 1 + 2 + 2 for a proposal, 4 at the end; 40 hold (40 - 6) // 7 proposals.
    assert (answer["least_calls"], answer["steps"]) == (13, 4)
    assert answer["least_usd"] > 0
    told = idle.call(*words).stdout
    assert "The least that would do is 13 calls" in told
    assert not (idle.folder / "dry").exists()
