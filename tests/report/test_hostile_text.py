"""Whatever a model, a test or a file says is shown as text and does nothing."""

import json
from pathlib import Path

from report_runs import copy_run, edit_header, parse, reply_line, turn_lines, write_lines

from dv_agent.agents.failures.excerpt import Excerpt
from dv_agent.eval.report.environment import visible
from dv_agent.eval.report.output import write_report
from dv_agent.eval.report.pictures.wave_picture import excerpt_svg

SCRIPT = "<script>alert(1)</script>"
IMAGE = "</script></pre></details><img src=x onerror=alert(2)>"
QUOTES = "\"' onmouseover='alert(3)' {{ 7 * 7 }}"


def test_hostile_text_in_every_field_stays_text(failed: Path, tmp_path: Path) -> None:
    folder = copy_run(failed, tmp_path / "run")
    attacks = SCRIPT + IMAGE + QUOTES
    turns = turn_lines(folder)
    test = turns[0]["tests"][0]
    test["test"] |= {"name": attacks[:200], "note": attacks, "tracks": {attacks: [{attacks: attacks}]}}
    test["failures"][0] |= {"message": attacks, "port": attacks, "check": attacks, "field": attacks}
    test["end"] = test["error"] = attacks
    test["new_bins"].append(attacks)
    turns[0]["errors"], turns[0]["cut"], turns[0]["dropped"] = [attacks], [{"part": attacks, "tokens": 1}], {attacks: 1}
    reply = reply_line(0, attacks, attacks, [{"error": attacks, "status": 500}])
    reply["reply"] |= {"model": attacks, "finish_reason": attacks}
    reply["failure"] = attacks
    write_lines(folder, [reply, *turns, reply_line(99, attacks, attacks)])
    edit_header(folder, agent=attacks, model={"model": attacks}, seed=1, simulator=attacks, stop_reason=attacks,
                strategy=attacks, versions={attacks: attacks}, hashes={attacks: attacks}, started=attacks,
                agent_options={"cache": attacks, attacks: attacks})  # fmt: skip
    failure = json.loads((folder / "failures/0/failure.json").read_text())
    failure |= {"check": attacks, "port": attacks, "message": attacks, "field": attacks}
    (folder / "failures/0/failure.json").write_text(json.dumps(failure))
    html = write_report(folder).read_text(encoding="utf-8")
    page = parse(html)
    names = {tag for tag, _ in page.tags}
    assert "script" not in names
    assert "img" not in names
    assert all(not key.startswith("on") for _, attributes in page.tags for key in attributes)
    assert page.text.count(SCRIPT) > 20
    assert "{{ 7 * 7 }}" in page.text


def test_names_in_a_waveform_are_escaped() -> None:
    signal = {"port": SCRIPT, "name": SCRIPT, "signal": SCRIPT, "kind": "bus", "role": "data", "values": [1]}
    excerpt = Excerpt.model_validate(
        {"design": SCRIPT, "start": 0, "cycles": 1, "ports": {SCRIPT: SCRIPT}, "signals": [signal], "transfers": {}}
    )
    assert "<script" not in excerpt_svg(excerpt)


def test_text_that_hides_or_reorders_is_made_visible(searched: Path, tmp_path: Path) -> None:
    folder = copy_run(searched, tmp_path / "run")
    write_lines(folder, [reply_line(0, "safe\u202egnp\x1b[2J\x00", "p"), *turn_lines(folder)])
    html = write_report(folder).read_text(encoding="utf-8")
    assert "safe[U+202E]gnp[U+001B][2J[U+0000]" in html
    assert visible("\ud800") == "[U+D800]"
    assert visible("ünïcode 漢字 ✓\n\ttab") == "ünïcode 漢字 ✓\n\ttab"
