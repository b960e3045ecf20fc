"""The four files of a board: what stands in them, and that hostile text stays text."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest
from board_trials import GOOD, MODEL, NULL, ORACLE, RANDOM, Suite, covering, scripted, sheet, values, write_evaluation
from report_runs import parse

from dv_agent.agents.baselines.basic import ScriptedAgent
from dv_agent.eval.board.assembly import make_board
from dv_agent.eval.board.files.csv_file import to_csv
from dv_agent.eval.board.files.markdown import plain_table, to_markdown
from dv_agent.eval.board.files.output import write_board
from dv_agent.eval.board.leaderboard import Board
from dv_agent.eval.board.page.figure_text import percent, probability, signed
from dv_agent.eval.board.page.render import render_board
from dv_agent.eval.board.page.sentences import sentences
from dv_agent.eval.board.pictures.scale import Scale, short
from dv_agent.eval.board.pictures.style import styles
from dv_agent.eval.evaluation.data_model import Entry

HOSTILE = '"><script>document.title="owned"</script>\u202e&amp;=1+1|`'


@pytest.fixture(scope="module")
def page(board: Board) -> str:
    return render_board(board)


def test_all_files_are_written_from_one_object(board: Board, tmp_path: Path) -> None:
    paths = write_board(board, tmp_path / "new" / "folder")
    assert [path.name for path in paths] == [f"leaderboard.{ending}" for ending in ("json", "csv", "md", "html")]
    assert Board.model_validate_json(paths[0].read_text()) == board
    assert [path.read_text() for path in paths[1:]] == [to_csv(board), to_markdown(board), render_board(board)]
    assert not list(paths[0].parent.glob(".*"))


def test_every_table_of_the_page_says_what_it_stands_on(board: Board, page: str) -> None:
    tables, stands = page.count("<table"), page.count("Stands on: ")
    sections = re.findall(r"<section id=\"(\w+)\".*?</section>", page, flags=re.S)
    assert {"leaderboard", "heat", "pairs", "bugs", "effort", "designs", "trials", "method"} <= set(sections)
    for text in re.findall(r"<section id=.*?</section>", page, flags=re.S):
        assert "<table" not in text or board.identity_digest in text
    assert stands >= 8
    assert tables > stands
    assert all(one.checksum in page for one in board.identity.designs)


def test_the_page_is_well_formed_and_asks_for_nothing(page: str) -> None:
    parsed = parse(page)
    assert not [one for one in parsed.all("script") if one]
    assert parsed.all("img") == []
    links = [one["href"] for one in parsed.all("a")]
    assert all(not link.startswith(("http", "//", "javascript")) for link in links)
    ids = {attributes["id"] for _, attributes in parsed.tags if "id" in attributes}
    assert {link[1:] for link in links if link.startswith("#")} <= ids
    assert "default-src 'none'" in page


def test_rows_bins_and_bugs_stand_on_the_page_without_a_script(board: Board, page: str) -> None:
    text = parse(page).text
    for row in board.rows:
        assert row.label in text
    for line in board.designs[2].bin_lines:
        assert line.id in text
    assert "the ceiling only" in text
    assert "Top bit is stuck" in text
    assert "survives" in text
    assert "Rank correlation (Spearman)" in text


def test_reports_are_linked_only_where_they_are(toys: Suite, recorded: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(recorded, tmp_path / "a #folder? of: one"))
    rooms = sorted((folder / "trials").glob("toy0_scripted*"))
    (rooms[0] / "run" / "report.html").write_text("<p>report</p>")
    html = render_board(make_board([folder], find=toys.find))
    assert html.count(">report</a>") == 1
    assert f'href="trials/{rooms[0].name}/run/report.html"' in html
    beside = make_board([folder], tmp_path / "board", find=toys.find)
    assert f'href="../a%20%23folder%3F%20of%3A%20one/trials/{rooms[0].name}/run/report.html"' in render_board(beside)


@pytest.fixture(scope="module")
def hostile(toys: Suite) -> Board:
    entry = Entry(agent="scripted", strategy=HOSTILE, options={HOSTILE: HOSTILE})
    tests = [[values(1, 2, name=HOSTILE[:60])]]
    folder = write_evaluation(
        toys, "hostile", [(entry, lambda record, trial: ScriptedAgent(tests)), (NULL, scripted(covering(0.1)))],
        seeds=(0,), floors=(NULL,), kills=lambda trial: sheet("B1"),
    )  # fmt: skip
    room = next(iter(sorted((folder / "trials").glob("toy5*scripted*"))))
    data = json.loads((room / "trial.json").read_text())
    data |= {"status": "failed", "failure": {"kind": "usage", "error": HOSTILE, "message": HOSTILE}}
    (room / "trial.json").write_text(json.dumps(data))
    path = folder / "evaluation.json"
    evaluation = json.loads(path.read_text())
    evaluation["command"] = evaluation["identity"]["simulator"] = HOSTILE
    path.write_text(json.dumps(evaluation))
    return make_board([folder], find=toys.find)


def test_hostile_text_stays_text_on_the_page(hostile: Board) -> None:
    html = render_board(hostile)
    assert html.count("<script") == 1
    assert "<script>document" not in html
    assert "\u202e" not in html
    assert "[U+202E]" in html
    assert html.count("&lt;script&gt;") > 10
    parse(html)


def test_hostile_text_is_no_formula_in_csv_and_no_markup_in_markdown(hostile: Board) -> None:
    formula = hostile.rows[0].model_copy(update={"label": "=HYPERLINK(1)", "strategy": "@x"})
    rows = list(csv.reader(io.StringIO(to_csv(hostile.model_copy(update={"rows": (formula,)})))))
    assert rows[1][0] == "'=HYPERLINK(1)"
    assert rows[1][4] == "'@x"
    text = to_markdown(hostile)
    assert "<script" not in re.sub(r"`[^`]*`", "", text)  # in a code span it is text
    assert "\u202e" not in text + plain_table(hostile)
    for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.M):
        assert len({len(re.split(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_csv_has_a_line_for_a_row_over_all_designs_and_on_each(board: Board) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(board))))
    mine = [row for row in rows if row["row"] == board.row(GOOD.digest).label]
    assert [row["design"] for row in mine] == ["all", *(design.design for design in board.designs)]
    figure = board.row(GOOD.digest).figures["coverage"]
    assert float(mine[0]["coverage"]) == pytest.approx(figure.mean, rel=1e-5)
    assert float(mine[0]["coverage_n"]) == figure.n
    assert {row["identity"] for row in rows} == {board.identity_digest}
    assert next(row for row in rows if row["agent"] == "null")["tokens"] == ""
    assert mine[1]["checksum"] == board.identity.designs[0].checksum


def test_markdown_and_terminal_show_ranks_intervals_and_n(board: Board) -> None:
    text = to_markdown(board)
    good = board.row(GOOD.digest).figures["coverage"]
    line = next(one for one in text.splitlines() if one.startswith("| 1 |"))
    assert f"{good.mean:.1f} [{good.low:.1f}, {good.high:.1f}]" in line
    assert line.rstrip(" |").endswith("12 of 12")
    assert "(ceiling)" in text
    assert board.identity_digest in text
    assert "2/12" in plain_table(board)
    assert plain_table(board).splitlines()[1].startswith("1 ")


def test_the_model_row_has_its_costs_on_the_page(board: Board, page: str) -> None:
    text = parse(page).text
    assert board.row(MODEL.digest).figures["usd"].mean == pytest.approx(0.03)
    assert "$0.0300" in text
    assert "empty 2, invalid 2" in text
    assert "timeout 2" in text
    assert set(board.curves) == {"cycles", "calls", "tokens", "usd"}
    assert {RANDOM.digest, ORACLE.digest} <= {one.row for one in board.curves["cycles"]}
    assert {one.row for one in board.curves["usd"]} == {MODEL.digest}


def test_the_page_says_first_what_the_board_says(board: Board) -> None:
    first, second = sentences(board)
    assert first.startswith(f"{board.row(GOOD.digest).label} hits most bins: ")
    assert "in the mean over 6 designs, n 12. Every other ranked row is separated from it." in first
    assert "At equal cycles the best entry over random is " in second
    assert sentences(board.model_copy(update={"rows": ()})) == ()


def test_of_many_rows_the_best_are_drawn_and_floors_and_ceiling_with_them(board: Board) -> None:
    entry = board.row(GOOD.digest)
    many = [entry.model_copy(update={"key": f"k{place}", "label": f"entry {place}"}) for place in range(20)]
    drawn = styles([*many, *board.rows])
    beside = {row.key for row in board.rows if row.kind != "entry"}
    assert set(drawn) == {*(f"k{place}" for place in range(9)), *beside}
    assert len({(one.colour, one.dashes, one.shape) for one in drawn.values()}) == len(drawn)
    html = render_board(board.model_copy(update={"rows": (*many, *board.rows)}))
    assert "14 rows with lower means are left out of pictures" in html
    assert "entry 19" in parse(html).text


def test_numbers_are_never_rounded_to_more_than_they_are() -> None:
    assert [percent(one) for one in (99.96, 100, 0.04, 0, None)] == ["99.9", "100.0", "0.1", "0.0", "—"]
    assert [signed(one) for one in (-0.04, 3, -2.25)] == ["0.0", "+3.0", "\u22122.2"]
    assert [probability(one) for one in (0.0004, 0.03125)] == ["< 0.001", "0.031"]
    assert [short(one) for one in (200_000, 1.5e6, 0.02, 0)] == ["200k", "1.5M", "0.02", "0"]


def test_an_axis_puts_equal_ratios_or_equal_steps_in_equal_room() -> None:
    log = Scale(10, 1_000, 0, 100, log=True)
    assert [log.at(one) for one in (1, 10, 100, 1_000, 9_999)] == [0, 0, 50, 100, 100]
    assert [tick.label for tick in log.ticks()] == ["10", "100", "1k"]
    assert [tick.label for tick in Scale(8, 30, 0, 100, log=True).ticks()] == ["8", "10", "15", "20", "30"]
    assert [tick.label for tick in Scale(0, 10, 0, 100).ticks()] == ["0", "2", "4", "6", "8", "10"]
    assert [tick.label for tick in Scale(0, 2, 0, 100).ticks()] == ["0", "0.5", "1", "1.5", "2"]
    assert Scale(5, 5, 0, 100).at(5) == 0
