"""Logs of Inspect (inspect_ai, log version 2): one for each row of an evaluation, a sample for each of its trials.

Written without the package, which brings eighty others; a test behind a switch has it read them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dv_agent import __version__
from dv_agent.agents.models.chat_model import Message, Reply
from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import find_recorded_design
from dv_agent.designs.text.wording import counted
from dv_agent.errors import InputFileError, UsageError
from dv_agent.eval.evaluation.data_model import Entry, Evaluation, Trial, TrialRecord
from dv_agent.eval.evaluation.scheduler import trial_folder
from dv_agent.eval.evaluation.trial_folder import RUN, read_evaluation, read_header, read_trial
from dv_agent.eval.scoring.cache import score_trial
from dv_agent.eval.scoring.score import TrialScore

Data = dict[str, Any]


def inspect_logs(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of each log.

    Raises:
        InputFileError: no evaluation, or a broken record in it.
        UsageError: none of its trials has ended.
    """
    evaluation = read_evaluation(folder)
    if evaluation is None:
        raise InputFileError(folder, "no evaluation.json: --as inspect takes the folder of an evaluation")
    found = {trial.id: record for trial in evaluation.trials if (record := read_trial(trial_folder(folder, trial)))}
    if not any(record.status != "running" for record in found.values()):
        raise UsageError(f"{folder}: no trial of this evaluation has ended")
    for entry in evaluation.entries:
        trials = [trial for trial in evaluation.trials if trial.entry == entry]
        ended = [(one, found[one.id]) for one in trials if one.id in found and found[one.id].status != "running"]
        if ended:
            log = _log(evaluation, entry, [_sample(folder, *one) for one in ended], len(trials))
            created = log["eval"]["created"].replace(":", "-")
            yield f"{created}_{evaluation.identity.suite}_{entry.digest}.json", json.dumps(log, indent=1) + "\n"


def _log(evaluation: Evaluation, entry: Entry, samples: Sequence[Data], count: int) -> Data:
    identity = evaluation.identity
    names = [one.design for one in identity.designs]
    started = [one["started_at"] for one in samples if one.get("started_at")]
    run = hashlib.sha256(identity.model_dump_json().encode()).hexdigest()[:22]
    spec: Data = {
        "run_id": run, "task_id": f"{run[:14]}{entry.digest}", "eval_id": f"{entry.digest}{run[:14]}",
        "created": min(started, default="1970-01-01T00:00:00+00:00"), "task": identity.suite,
        "task_version": identity.suite_version, "model": _model(entry),
        "model_base_url": entry.model.base_url if entry.model else None,
        "task_args": {"agent": entry.agent, "strategy": entry.strategy, **entry.options},
        "dataset": {"name": identity.suite, "samples": len(names), "sample_ids": names, "shuffled": False},
        "config": {"epochs": max(one["epoch"] for one in samples)},
        "packages": {"dv-agent": __version__}, "tags": [entry.label],
        "metadata": {
            "command": evaluation.command, "simulator": identity.simulator, "track": identity.track,
            "budget": identity.budget.model_dump(mode="json"),
            "designs": {one.design: one.checksum for one in identity.designs},
        },
    }  # fmt: skip
    usage = _sum([use for one in samples for use in one["model_usage"].values()])
    return {
        "version": 2, "status": "success" if len(samples) == count else "started", "eval": spec,
        "plan": {"name": "plan", "steps": [{"solver": entry.agent, "params": {}}]},
        "results": {
            "total_samples": count, "completed_samples": sum("error" not in one for one in samples),
            "scores": list(_means(samples)),
        },
        "stats": {
            "started_at": spec["created"],
            "completed_at": max((one.get("completed_at") or "" for one in samples), default=""),
            "model_usage": {_model(entry): usage} if usage["total_tokens"] else {},
        },
        "samples": list(samples),
    }  # fmt: skip


def _model(entry: Entry) -> str:
    return entry.model.model.replace(":", "/", 1) if entry.model else f"dv-agent/{entry.agent}"


def _means(samples: Sequence[Data]) -> Iterator[Data]:
    for name in dict.fromkeys(name for one in samples for name in one["scores"]):
        values = [one["scores"][name]["value"] for one in samples if name in one["scores"]]
        mean = {"name": "mean", "value": sum(values) / len(values), "params": {}}
        yield {"name": name, "scorer": name, "params": {}, "metrics": {"mean": mean}, "scored_samples": len(values)}


def _sample(folder: Path, trial: Trial, record: TrialRecord) -> Data:
    room, entry = trial_folder(folder, trial), trial.entry
    sample: Data = {
        "id": trial.design, "epoch": trial.seed + 1, "input": trial.design, "target": "", "scores": {}, "messages": [],
        "output": {"model": _model(entry), "choices": []}, "model_usage": {},
        "metadata": {"trial": trial.id, "seed": trial.seed, "attempts": record.attempts},
    }  # fmt: skip
    header = read_header(room)
    if header:
        sample |= {"started_at": header.started, "completed_at": header.finished or None}
    if record.failure:
        words = f"{record.failure.error} ({record.failure.kind}): {record.failure.message}"
        return sample | {"error": {"message": words, "traceback": words, "traceback_ansi": words}}
    run = read_run(room / RUN)
    score = score_trial(room, plan_of(find_recorded_design(trial.design)))
    messages = list(_dialogue(run))
    texts = [line.reply for line in run.replies if not line.failure]
    sample["metadata"] |= {"stop_reason": score.stop_reason, "cycles": score.cost.cycles, "calls": score.cost.calls}
    return sample | {
        "input": next((one["content"] for one in messages if one["role"] == "user"), trial.design),
        "target": f"{score.coverage.overall.bins} bins", "scores": _scores(score), "messages": messages,
        "output": {"model": _model(entry), "choices": [_choice(one) for one in texts[-1:]]},
        "model_usage": {_model(entry): _usage(score)} if entry.model else {},
        "total_time": record.seconds,
    }  # fmt: skip


def _scores(score: TrialScore) -> Data:
    total = score.coverage.overall
    found: Data = {
        "coverage": {"value": total.bins_hit / total.bins if total.bins else 0.0,
                     "explanation": f"{total.bins_hit} of {total.bins} bins covered in {score.cost.cycles:,} cycles"},
    }  # fmt: skip
    if score.bugs and score.bugs.total.bugs:
        kills = score.bugs.total
        said = f"{kills.kills} of {counted(kills.bugs, 'seeded bug')} killed"
        found["kills"] = {"value": kills.kills / kills.bugs, "explanation": said}
    return found


def _usage(score: TrialScore) -> Data:
    cost = score.cost
    usd = {"total_cost": cost.usd} if cost.usd and not cost.unpriced else {}
    return {"input_tokens": cost.input_tokens, "output_tokens": cost.output_tokens,
            "total_tokens": cost.input_tokens + cost.output_tokens} | usd  # fmt: skip


def _sum(uses: Sequence[Data]) -> Data:
    return {name: sum(one[name] for one in uses) for name in ("input_tokens", "output_tokens", "total_tokens")}


def _dialogue(run: RecordedRun) -> Iterator[Data]:
    """Yield what was said: the system message once, and of each prompt what stands behind its last earlier reply."""
    system = ""
    for line in run.replies:
        if line.failure:
            continue
        place = max((at for at, one in enumerate(line.messages) if one.role == "assistant"), default=-1)
        for one in line.messages:
            if one.role == "system" and one.content != system:
                system = one.content
                yield {"role": "system", "content": system}
        yield from (_message(one) for one in line.messages[place + 1 :] if one.role != "system")
        yield _choice(line.reply)["message"]


def _message(one: Message) -> Data:
    return {"role": one.role, "content": one.content} | (
        {"tool_call_id": one.tool_call_id} if one.role == "tool" else {}
    )


def _choice(reply: Reply) -> Data:
    calls = [{"id": one.id, "function": one.name, "arguments": _arguments(one.arguments)} for one in reply.tool_calls]
    said = {"role": "assistant", "content": reply.text, "model": reply.model, "source": "generate"}
    stop = reply.finish_reason if reply.finish_reason in ("stop", "tool_calls", "content_filter") else "unknown"
    stop = "max_tokens" if reply.finish_reason == "length" else stop
    return {"message": said | ({"tool_calls": calls} if calls else {}), "stop_reason": stop}


def _arguments(text: str) -> Data:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    return data if isinstance(data, dict) else {"text": text}
