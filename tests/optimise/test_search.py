"""The search over a scripted world: a better prompt is found, designs stay apart, and an ended search goes on."""

import json
import os
import signal
from pathlib import Path
from typing import Any

from command import call, start
from loopback import Behaviour, status
from prompt_world import (
    EVERY,
    EXTREMES,
    PATIENCE,
    PROPOSING,
    World,
    make_world,
    scripted,
    stimuli_for,
    text_for,
)  # fmt: skip

from dv_agent.agents.records.reader import read_run
from dv_agent.prompts.strategy import find_strategy, load_strategy
from dv_agent.prompts.template_set import template_text


def test_a_better_prompt_is_found_and_is_an_ordinary_strategy(whole: World) -> None:
    result, history = whole.read("result.json"), whole.read("history.json")
    assert [round(one, 1) for one in result["validation"]] == [11.1, 100.0]
    (pair,) = result["held_out"]["trials"]
    assert (pair["design"], round(pair["before"], 1), pair["after"]) == ("tally_d", 11.1, 100.0)
    assert [round(100 * one["validation"]) for one in history["curve"]] == [11, 92, 100]
    assert [(one["parent"], one["became"]) for one in history["steps"]] == [(0, 1), (1, 2)]
    file = whole.folder / "out/strategy.yaml"
    made, shipped = load_strategy(file), find_strategy("default")
    assert made.wording["parts/ask"] == template_text("parts/ask", shipped) + f"{EVERY}\n{EXTREMES}\n"
    words = {"name", "description", "wording"}
    assert made.model_dump(exclude=words) == shipped.model_dump(exclude=words)
    assert "step 2: parts/ask of candidate 1" in file.read_text()
    assert "One design: this says nothing about other designs" in (whole.folder / "stdout").read_text()
    assert "step 1: parts/ask of candidate 0" in (whole.folder / "stderr").read_text()
    assert "<svg" in (whole.folder / "out/curve.svg").read_text()


def test_what_was_made_is_used_by_a_run(whole: World) -> None:
    asked = len(whole.server.requests)
    done = call(
        "run", "--design", "tally_d", "--model", "openai:test-model", "--base-url", whole.server.url,
        "--max-calls", "1",
        "--prompt-strategy", "out/strategy.yaml", "--json", "-q", cwd=whole.folder, env=whole.env,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"]["bins_hit"] == 36
    assert EXTREMES in whole.prompts[asked]


def test_training_validation_and_held_out_designs_stay_apart(whole: World) -> None:
    prompts = whole.prompts
    proposing = [number for number, prompt in enumerate(prompts) if prompt.startswith(PROPOSING)]
    assert len(proposing) == 2
    for number in proposing:
        assert "tally_a" in prompts[number]
        assert not {"tally_c", "tally_d"} & set(prompts[number].replace(",", " ").split())
    trials = sorted((whole.folder / "out/trials").glob("*/*/run"), key=lambda room: read_run(room).header.started)
    runs = [read_run(room) for room in trials]
    assert [run.header.agent for run in runs] == ["llm"] * 11
    assert all(run.header.status == "finished" and run.header.spent.calls == 1 for run in runs)
    assert [run.header.design for run in runs][-2:] == ["tally_d", "tally_d"]
    assert "tally_d" not in [run.header.design for run in runs][:-2]
    assert whole.read("result.json")["calls"] == len(runs) + len(proposing)


def test_the_same_command_again_asks_nobody_and_gives_the_same(whole: World) -> None:
    before, asked = whole.read("result.json"), len(whole.server.requests)
    history = whole.read("history.json")
    done = whole.optimise("--json", calls=70)
    assert done.returncode == 0, done.stderr
    assert len(whole.server.requests) == asked
    assert (whole.read("result.json"), whole.read("history.json")) == (before, history)


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
    whole: World, tmp_path: Path, optimise_cache: Path
) -> None:
    victims: list[int] = []

    def deadly(handler: Any, body: dict[str, Any]) -> None:
        os.kill(victims.pop(), signal.SIGKILL)

    # The second request is of a trial, the fifth the first proposal, the seventh the second trial with it.
    good = list(scripted())
    replies: list[Behaviour] = [*good, status(500), *good * 2, status(500), *good * 2, deadly, *good]
    with make_world(tmp_path, optimise_cache, replies) as world:
        for _ in ("trial", "proposal"):
            done = world.optimise(calls=20)
            assert (done.returncode, "Traceback" in done.stderr) == (5, False), done.stderr
        process = start(*world.words(calls=20), cwd=tmp_path, env=world.env)
        victims.append(process.pid)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == -signal.SIGKILL
        assert len(world.server.requests) == 8
        done = world.optimise("--json", calls=20)
        assert done.returncode == 0, done.stderr
        # Only what nobody had received was asked for again.
        assert len(world.server.requests) == whole.read("result.json")["calls"] + 3
        for name in ("result.json", "history.json"):
            assert world.read(name) == whole.read(name)


def test_a_proposal_that_cannot_be_rendered_costs_only_itself(tmp_path: Path, optimise_cache: Path) -> None:
    said = iter(["{{ 1 // 0 }}", "{{ secret }}"])

    def text(prompt: str) -> str:
        broken = next(said, "")
        if not broken:
            assert "there is no value 'secret'" in prompt
            return text_for(prompt)
        return f"=== BEGIN NEW TEXT ===\n{broken}\n=== END NEW TEXT ===\n"

    with make_world(tmp_path, optimise_cache, scripted(stimuli_for, text)) as world:
        done = world.optimise("--json", calls=13)
        assert done.returncode == 0, done.stderr
        steps = world.read("history.json")["steps"]
        assert [(one["refused"].split(":")[0], one["became"]) for one in steps] == [
            ("template parts/ask, line 1", None),
            ("template parts/ask", None),
            ("", 1),
        ]
        assert json.loads(done.stdout)["refused"] == 2
