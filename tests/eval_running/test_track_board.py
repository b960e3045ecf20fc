"""Records of all tracks in one folder: copied, judged by subtle mutants, and put side by side."""

import json
import re
from pathlib import Path

import pytest
from in_process import CommandLine
from loopback import LoopbackServer, ok

from dv_agent.errors import UsageError
from dv_agent.eval.board.leaderboard import Figure
from dv_agent.eval.mutants.earlier_campaign import survivors
from dv_agent.eval.mutants.result_folder import read_result
from dv_agent.eval.tracks.board import BoardRow, BoardTrack, Lead, make_track_board, ranking_figure
from dv_agent.eval.tracks.record_folder import RowKind, RowWords, add_record, slug
from dv_agent.eval.tracks.sentences import verdict

SWEEP = {
    "name": "every value",
    "tracks": {"in": [{"for": {"m": [-128, 127]}, "steps": [{"block": [{"m": "m", "e": "m % 16 - 8"}]}]}]},
}
LABEL = "a strong language model behind a local server"


def played(dv_agent: CommandLine) -> Path:
    """A blind run of one reply."""
    text = "Sweep.\n```json\n" + json.dumps({"tests": [SWEEP]}) + "\n```"
    with LoopbackServer([ok(text)]) as server:
        words = ("run", "--track", "blind", "--design", "mxint_gelu", "--model", "openai:x", "--base-url", server.url)
        done = dv_agent(*words, "--max-calls", "1", "--out", "r", "--json")
    assert done.returncode == 0, done.stderr
    return Path(json.loads(done.stdout)["record"])


def test_a_blind_record_is_judged_by_subtle_mutants_beside_its_floors(
    tmp_path: Path, dv_agent_command: CommandLine
) -> None:
    run = played(dv_agent_command)
    for words in (
        ("add", "b", str(run), "--row", LABEL, "--note", "model not recorded <one seed>"),
        ("floors", "b", "--design", "mxint_gelu", "--agent", "random", "--agent", "oracle", "--max-cycles", "600"),
        ("mutants", "b", "--seed", "5", "--count", "5", "--beats", "60", "--quiet"),
    ):
        done = dv_agent_command("tracks", *words)
        assert done.returncode == 0, done.stderr
    alive = len(survivors(read_result(tmp_path / "b/subtle/mxint_gelu")).mutants)
    assert f"{alive} of 5 mutants survive 60 random beats" in done.stdout
    assert 0 < alive < 5
    scored = dv_agent_command("tracks", "score", "b", "--quiet")
    assert scored.returncode == 0, scored.stderr
    again = dv_agent_command("tracks", "score", "b", "--quiet", "--json")
    board = json.loads(again.stdout)
    assert [one["track"] for one in board["tracks"]] == ["blind", "rtl"]
    rows = {one["label"]: one for one in board["tracks"][0]["rows"]}
    assert {name: one["kind"] for name, one in rows.items()} == {LABEL: "entry", "random": "floor", "oracle": "ceiling"}
    mine = rows[LABEL]["figures"]
    assert mine["mutants"]["mean"] == mine["mutants_first"]["mean"]
    assert 0 <= mine["mutants"]["mean"] <= 100
    assert rows["oracle"]["figures"]["mutants"]["mean"] >= rows["random"]["figures"]["mutants"]["mean"]
    assert rows[LABEL]["lead"]["floor"] == "random"
    assert {one["label"] for one in board["tracks"][1]["rows"]} == {"random", "oracle"}
    page = (tmp_path / "b/tracks.html").read_text()
    assert "model not recorded &lt;one seed&gt;" in page
    assert not re.search(r"<script|https?://(?!www\.w3\.org)", page)
    assert re.findall(r"<strong>(.*?)</strong>", page)[0] in (LABEL, "random")
    said = (tmp_path / "b/tracks.md").read_text().splitlines()
    assert [line.count("|") for line in said if line.startswith(("| blind |", "| rtl |"))] == [6, 6]


def test_a_replay_that_used_up_its_calls_says_so_and_is_verified(dv_agent_command: CommandLine) -> None:
    run = played(dv_agent_command)
    words = ("run", "--track", "blind", "--design", "mxint_gelu", "--reparse", "--out", "r", "--json")
    done = dv_agent_command(*words, "--model", f"replay:{run}")
    assert done.returncode == 0, done.stderr
    again = Path(json.loads(done.stdout)["record"])
    headers = [json.loads((one / "run.json").read_text()) for one in (run, again)]
    assert [one["stop_reason"] for one in headers] == ["budget:calls"] * 2
    assert headers[0]["bins_hit"] == headers[1]["bins_hit"]
    assert dv_agent_command("verify", str(again)).returncode == 0


def test_a_record_is_added_once_and_under_its_own_track(tmp_path: Path, dv_agent_command: CommandLine) -> None:
    run = played(dv_agent_command)
    first = add_record(tmp_path / "b", run, RowWords(label="x"))
    assert (first / "run/turns.jsonl").read_bytes() == (run / "turns.jsonl").read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        add_record(tmp_path / "b", run, RowWords(label="x"))
    with pytest.raises(UsageError, match="of the track blind, not of rtl"):
        add_record(tmp_path / "b", run, RowWords(label="y"), "rtl")
    with pytest.raises(UsageError, match="no run, no hunt and no written plan"):
        add_record(tmp_path / "b", tmp_path, RowWords(label="y"))
    with pytest.raises(UsageError, match="a letter or digit"):
        slug("../..")
    assert slug("../../etc passwd") == "etc-passwd"
    (run / "coverage.json").unlink()
    (run / "coverage.json").symlink_to("/etc/passwd")
    refused = dv_agent_command("tracks", "add", "c", str(run), "--row", "linked")
    assert refused.returncode == 2
    assert "a link" in refused.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--row", ""), "--row: String should have at least 1 character"),
        (("--row", "x" * 201), "--row: String should have at most 200 characters"),
        (("--row", "a\nb"), "--row: "),
        (("--row", "x", "--note", "x" * 501), "--note: String should have at most 500 characters"),
    ],
)
def test_words_of_a_row_that_cannot_be_kept_are_refused_by_their_option(
    words: tuple[str, ...], told: str, tmp_path: Path, dv_agent_command: CommandLine
) -> None:
    done = dv_agent_command("tracks", "add", "b", str(tmp_path), *words)
    assert done.returncode == 2
    assert f"dv-agent: {told}" in done.stderr


def test_a_folder_without_rows_says_what_to_do(tmp_path: Path, dv_agent_command: CommandLine) -> None:
    done = dv_agent_command("tracks", "score", str(tmp_path))
    assert done.returncode == 2
    assert "dv-agent tracks add" in done.stderr
    done = dv_agent_command("tracks", "mutants", str(tmp_path), "--seed", "1")
    assert done.returncode == 2
    assert "no record of the tracks blind and rtl" in done.stderr


def test_a_floor_is_an_agent_that_is_known(tmp_path: Path, dv_agent_command: CommandLine) -> None:
    for name in ("nobody", "llm"):
        done = dv_agent_command("tracks", "floors", "b", "--design", "mxint_gelu", "--agent", name)
        assert (done.returncode, (tmp_path / "b").exists()) == (2, False)
        assert name in done.stderr


def test_the_first_sentence_says_who_in_what_how_sure_and_at_what_cost() -> None:
    lead = Lead(floor="search", mean=12.0, low=4.0, high=20.0, p=0.008, smallest=0.008, n=8, designs=8)
    figures = {
        "mutants": Figure(mean=81.0, n=8, designs=8, low=70.0, high=90.0), "calls": Figure(mean=1.5, n=8, designs=8),
        "tokens": Figure(mean=9_000.0, n=8, designs=8), "cycles": Figure(mean=45_000.0, n=8, designs=8),
    }  # fmt: skip
    row = BoardRow(
        label="m", note="", kind="entry", records=8, designs=8, waiting=0, why="", figures=figures, cells={}, lead=lead
    )
    floor = row.model_copy(update={"label": "search", "kind": "floor", "lead": None,
                                   "figures": {"mutants": Figure(mean=69.0, n=8, designs=8)}})  # fmt: skip
    said = verdict(BoardTrack(track="blind", given="", main="mutants", rows=(row, floor)))
    assert said == (
        "Best: m, subtle mutants killed 81.0 % (70 to 90) on 8 designs (8 records); +12.0 points to search (+4.0 to "
        "+20.0), p 0.008; a record costs 1.5 calls, 9,000 tokens, 45,000 cycles."
    )
    unsure = row.model_copy(update={"lead": lead.model_copy(update={"p": 1.0, "smallest": 1.0, "designs": 1})})
    said = verdict(BoardTrack(track="blind", given="", main="mutants", rows=(unsure, floor)))
    assert "not separated, p 1.00, at best 1.000 with 1 design" in said


def test_a_figure_that_the_ceiling_does_not_reach_ranks_nobody() -> None:
    def row(kind: RowKind, mutants: float, hard: float) -> BoardRow:
        means = {"mutants": mutants, "hard": hard}
        figures = {name: Figure(mean=mean, n=2, designs=2) for name, mean in means.items()}
        return BoardRow(
            label=kind, note="", kind=kind, records=2, designs=2, waiting=0, why="", figures=figures, cells={}
        )

    entry, floor = row("entry", 4.0, 60.0), row("floor", 4.0, 20.0)
    assert ranking_figure("blind", [entry, floor, row("ceiling", 80.0, 100.0)]) == "mutants"
    assert ranking_figure("blind", [entry, floor, row("ceiling", 4.0, 100.0)]) == "hard"
    assert ranking_figure("blind", [entry, floor]) == "mutants"


def test_a_board_of_an_empty_folder_has_no_track(tmp_path: Path) -> None:
    assert make_track_board(tmp_path).tracks == ()
