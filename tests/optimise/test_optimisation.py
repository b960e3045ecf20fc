"""The search over a scripted world: a better prompt is found, designs stay apart, and an ended search goes on."""

import json
import os
import shutil
import signal
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from command import start
from loopback import Behaviour, LoopbackServer, status
from prompt_world import (
    EVERY,
    EXTREMES,
    PATIENCE,
    PROPOSING,
    World,
    make_world,
    scripted,
)  # fmt: skip

from dv_agent.agents.records.reader import read_run
from dv_agent.eval.execution.process_executor import LocalExecutor
from dv_agent.eval.execution.progress import EventWatcher
from dv_agent.eval.execution.worker import AskedToStop
from dv_agent.eval.optimisation.allowance import Caps, Meter, prices_of
from dv_agent.eval.optimisation.candidate import texts_of
from dv_agent.eval.optimisation.candidate_trials import CandidateTrials
from dv_agent.eval.optimisation.trial_players import OneAtATime, SideBySide
from dv_agent.eval.optimisation.wish import Item, Wish
from dv_agent.prompts.strategy import find_strategy, load_strategy
from dv_agent.prompts.template_set import template_text

LEAST = 7
"""Calls that one proposal needs with all around it: 1 for validation, 1 + 1 + 1 + 1 for the step, 2 at the end."""


def test_a_better_prompt_is_found_and_is_an_ordinary_strategy(whole: World) -> None:
    result, history = whole.read("result.json"), whole.read("history.json")
    assert [round(one, 1) for one in result["validation"]] == [11.1, 100.0]
    (pair,) = result["held_out"]["trials"]
    assert (pair["design"], round(pair["before"], 1), pair["after"]) == ("tally_last", 11.1, 100.0)
    assert [round(100 * one["validation"]) for one in history["curve"]] == [11, 92, 100]
    assert [(one["parent"], one["became"]) for one in history["steps"]][2:] == [(0, 1), (1, 2)]
    file = whole.folder / "out/strategy.yaml"
    made, shipped = load_strategy(file), find_strategy("default")
    assert made.wording["parts/ask"] == template_text("parts/ask", shipped) + f"{EVERY}\n{EXTREMES}\n"
    words = {"name", "description", "wording"}
    assert made.model_dump(exclude=words) == shipped.model_dump(exclude=words)
    assert "step 4: parts/ask of candidate 1" in file.read_text()
    assert "One design: this says nothing about other designs" in (whole.folder / "stdout").read_text()
    assert (
        "step 1: parts/ask of candidate 0, 11.1 % of the bins before; refused: template parts/ask"
        in (whole.folder / "stderr").read_text()
    )
    assert "<svg" in (whole.folder / "out/curve.svg").read_text()


def test_what_was_made_is_used_by_a_run(whole: World) -> None:
    asked = len(whole.server.requests)
    done = whole.call(
        "run", "--design", "tally_last", "--model", "openai:test-model", "--base-url", whole.server.url,
        "--max-calls", "1",
        "--prompt-strategy", "out/strategy.yaml", "--json", "-q",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"]["bins_hit"] == 36
    assert EXTREMES in whole.prompts[asked]


def test_training_validation_and_held_out_designs_stay_apart(whole: World) -> None:
    prompts = whole.prompts
    proposing = [number for number, prompt in enumerate(prompts) if prompt.startswith(PROPOSING)]
    assert len(proposing) == 4
    for number in proposing:
        assert "tally_train" in prompts[number]
        assert not {"tally_check", "tally_last"} & set(prompts[number].replace(",", " ").split())
    trials = sorted((whole.folder / "out/trials").glob("*/*/run"), key=lambda room: read_run(room).header.started)
    runs = [read_run(room) for room in trials]
    assert [run.header.agent for run in runs] == ["llm"] * 9
    # That with a prompt which cannot be made asked nobody.
    assert sorted((run.header.status, run.header.spent.calls) for run in runs) == [("error", 0), *[("finished", 1)] * 8]
    assert [run.header.design for run in runs][-2:] == ["tally_last", "tally_last"]
    assert "tally_last" not in [run.header.design for run in runs][:-2]
    assert whole.read("result.json")["calls"] == 8 + len(proposing)


def test_proposals_that_cannot_be_rendered_cost_only_themselves(whole: World) -> None:
    first, second = whole.read("history.json")["steps"][:2]
    assert (first["became"], second["became"], whole.read("result.json")["refused"]) == (None, None, 2)
    assert first["refused"].startswith("template parts/ask, line 1: integer division")
    assert second["refused"].startswith("template parts/ask: there is no value 'secret'; it may read: budget, detailed")
    assert (first["after"], second["after"], second["calls"] - first["calls"]) == (0.0, None, 1)


def test_the_same_command_again_asks_nobody_and_gives_the_same(whole: World) -> None:
    before, asked = whole.read("result.json"), len(whole.server.requests)
    history = whole.read("history.json")
    done = whole.optimise("--json", "--jobs", "2", calls=70)
    assert done.returncode == 0, done.stderr
    assert len(whole.server.requests) == asked
    assert (whole.read("result.json"), whole.read("history.json")) == (before, history)


def test_trials_side_by_side_are_played_at_the_same_time_and_come_to_the_same(whole: World, tmp_path: Path) -> None:
    pair = Barrier(2, timeout=PATIENCE)

    def in_pairs(handler: Any, body: dict[str, Any]) -> None:
        pair.wait()  # for the call of the trial beside it
        scripted()[0](handler, body)

    items = [Item(design="tally_check", seed=seed) for seed in (7, 8)]
    found = []
    for place, reply in enumerate((scripted()[0], in_pairs)):
        with LoopbackServer([reply]) as server, LocalExecutor(2) as executor, pytest.MonkeyPatch.context() as patch:
            for name, value in whole.env.items():
                patch.setenv(name, value)
            wish = Wish.model_validate(whole.read("optimise.json"))
            wish = wish.model_copy(update={"model": wish.model.model_copy(update={"base_url": server.url})})
            watcher, stopper = EventWatcher("", lambda _: None), AskedToStop()
            beside = SideBySide(executor, watcher, stopper)
            meter = Meter(Caps(calls=9), prices_of(wish))
            trials = CandidateTrials(
                wish, tmp_path / str(place), meter, beside if place else OneAtATime(watcher, stopper)
            )
            texts = texts_of(wish.strategy, wish.parts)
            found.append((trials.outcomes(texts, [*items, items[0]], told=True), meter.calls, meter.trials))
    assert found[0] == found[1]
    assert found[1][1:] == (2, 2)
    assert found[1][0][0].feedback


def test_a_damaged_record_is_told_and_asks_nobody(whole: World) -> None:
    copy, asked = whole.folder / "damaged", len(whole.server.requests)
    shutil.copytree(whole.folder / "out", copy)
    for name, content, told in (
        ("trials/*/tally_check_s0/run/turns.jsonl", "{", "the record is damaged; delete this folder"),
        ("proposals.sqlite", "no database" * 100, "proposals.sqlite: file is not a database; delete it"),
    ):
        kept = {file: file.read_bytes() for file in copy.glob(name)}
        for file in kept:
            file.write_text(content)
        done = whole.optimise(calls=20, out="damaged")
        assert (done.returncode, told in done.stderr) == (2, True), done.stderr
        for file, data in kept.items():
            file.write_bytes(data)
    assert len(whole.server.requests) == asked


def test_without_feedback_the_same_search_gains_nothing(world: World) -> None:
    done = world.optimise("--no-feedback", "--json", calls=20)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["improved"], result["held_out"], result["strategy"]) == (False, None, "")
    assert result["validation"][0] == result["validation"][1]
    assert not (world.folder / "out/strategy.yaml").exists()
    proposing = [prompt for prompt in world.prompts if prompt.startswith(PROPOSING)]
    assert len(proposing) > 5
    assert all("sum." not in prompt for prompt in proposing)


def test_a_search_that_failed_and_was_killed_goes_on_and_pays_nothing_twice(
    tmp_path: Path, optimise_cache: Path
) -> None:
    victims: list[int] = []

    def deadly(handler: Any, body: dict[str, Any]) -> None:
        os.kill(victims.pop(), signal.SIGKILL)

    def stopping(handler: Any, body: dict[str, Any]) -> None:
        os.kill(os.getpid(), signal.SIGINT)  # as Ctrl-C does
        good[0](handler, body)

    # Validation, in which a stop is asked for; a trial that fails; the trial, a proposal that fails; the proposal, and
    # the kill in a trial with it.
    good = list(scripted())
    replies: list[Behaviour] = [stopping, status(500), *good, status(500), *good, deadly, *good]
    with make_world(tmp_path, optimise_cache, replies) as world:
        for code in (130, 5, 5):
            done = world.optimise(calls=LEAST)
            assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
            assert "the same command goes on" in done.stderr
        process = start(*world.words(calls=LEAST), cwd=tmp_path, env=world.env)
        victims.append(process.pid)
        process.communicate(timeout=PATIENCE)
        assert (process.returncode, len(world.server.requests)) == (-signal.SIGKILL, 6)
        done = world.optimise("--json", calls=LEAST)
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        assert [round(one, 1) for one in result["validation"]] == [11.1, 91.7]
        assert (result["calls"], result["why_ended"], len(world.read("history.json")["steps"])) == (LEAST, "caps", 1)
        # Only what nobody had received was asked for again.
        assert len(world.server.requests) == LEAST + 3
