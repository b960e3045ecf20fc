"""The command line as people meet it: real processes, exit codes, one clear message for a mistake."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command import call
from in_process import CommandLine
from typer.main import get_command

from dv_agent.cli.main import app
from dv_agent.designs.files.places import design_names
from dv_agent.designs.loader import find_design

TALLY = Path(__file__).parent.parent / "eval_running" / "tally"


def home(tmp_path: Path) -> Path:
    copy = tmp_path / "mxint_softmax"
    shutil.copytree(find_design("mxint_softmax").path, copy)
    return copy


def test_a_run_ends_with_holes_record_and_the_word_on_models(tmp_path: Path) -> None:
    done = call("run", "--design", "mxint_softmax", "--max-cycles", "9000", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "holes remain" in done.stdout
    assert "all checks passed" in done.stdout
    assert "No model is set" in done.stdout
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name in done.stdout
    assert "turn   1" in done.stderr
    written = json.loads((folder / "run.json").read_text())
    assert written["versions"]["cocotb"]
    assert set(written["hashes"]) >= {"rtl", "model", "plan", "schema", "specification"}


def test_json_is_one_object_and_the_seed_fixes_it(tmp_path: Path) -> None:
    words = ("run", "--design", "mxint_softmax", "--agent", "random", "--max-cycles", "6000", "--json", "--seed", "4")
    one, two = (json.loads(call(*words, cwd=tmp_path, fresh=True).stdout) for _ in range(2))  # two seeds of hashes
    assert one["totals"] == two["totals"]
    assert one["holes"] == two["holes"]
    assert one["run"]["bins"] == len(one["holes"]) + one["run"]["bins_hit"]


def test_options_can_stand_in_the_environment(tmp_path: Path) -> None:
    env = {"DV_AGENT_DESIGN": "mxint_softmax", "DV_AGENT_AGENT": "null", "DV_AGENT_OUT": "elsewhere"}
    assert call("run", "-q", cwd=tmp_path, env=env).returncode == 0
    assert len(list((tmp_path / "elsewhere").iterdir())) == 1


def test_no_option_has_the_variable_of_a_setting_without_one() -> None:
    commands = get_command(app).commands.values()
    variables = {str(one.envvar) for command in commands for one in command.params}
    assert "DV_AGENT_REPLY_CACHE" in variables
    assert not variables & {"DV_AGENT_CACHE", "DV_AGENT_CHILD", "DV_AGENT_DESIGNS", "DV_AGENT_SANDBOX"}


def test_a_missed_target_and_a_found_bug_are_exit_code_one(tmp_path: Path) -> None:
    words = ("run", "--design", "mxint_softmax", "--agent", "random", "--max-cycles", "3000", "-q")
    assert call(*words, "--target", "99", cwd=tmp_path).returncode == 1
    assert call(*words, "--target", "10", cwd=tmp_path).returncode == 0
    found = call(*words, "--bug", "S7", "--stop-on-failure", cwd=tmp_path)
    assert found.returncode == 1
    assert "FAILED value on out" in found.stdout
    assert "confirmed in a fresh process" in found.stdout
    assert "waves.fst" in found.stdout


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


MISTAKES: list[tuple[str, str, str, int, str]] = [
    ("design.yaml", "kind: source", "kind: sauce", 2, r"design.yaml:23: ports.in: .*sauce"),
    ("design.yaml", "name: mxint_softmax", "name: [", 2, r"design.yaml:\d+: not valid YAML"),
    ("plan.yaml", "of: [n, r]", "of: [n, q]", 2, r"plan.yaml:\d+: .*'q'"),
    ("plan.yaml", "of: acc_shift", "of: acc_shfit", 2, r"plan.yaml:\d+: .*acc_shfit.*did you mean"),
    ("stimulus.yaml", "gap: [4, 18]", "gap: [18, 4]", 2, r"stimulus.yaml:\d+: range"),
    (
        "witnesses/witnesses.json",
        '"e":',
        '"f":',
        2,
        r"witnesses.json:2: tracks\.in\[\d+\]\.row\[\d+\]\.f: unknown key 'f'",
    ),
    ("witnesses/witnesses.json", '"tracks":', '"track":', 2, r"witnesses.json:2: .*unknown key"),
    ("model.py", "import numpy", "import nunpy", 2, r"model.py: cannot be imported: ModuleNotFoundError"),
    ("rtl/exp_lane.v", "endmodule", "endmodul", 4, r"exp_lane.v"),
]


@pytest.mark.parametrize(("file", "old", "new", "code", "message"), MISTAKES)
def test_a_broken_design_is_one_message(tmp_path: Path, file: str, old: str, new: str, code: int, message: str) -> None:
    copy = home(tmp_path)
    edit(copy / file, old, new)
    agent = "oracle" if file.startswith("witnesses") else "random"
    done = call("run", "--design", str(copy), "--agent", agent, "--max-cycles", "500", "-q", cwd=tmp_path)
    assert done.returncode == code
    assert re.search(message, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 14


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("run", "--design", "mxint_sofmax"), 2, "did you mean mxint_softmax"),
        (("run", "--design", "./nowhere"), 2, "no such file"),
        (("run", "--design", "mxint_softmax", "--bug", "S99"), 2, "unknown seeded bug"),
        (("run", "--design", "mxint_softmax", "--simulator", "vcs"), 2, "unknown simulator 'vcs'"),
        (("run", "--design", "mxint_softmax", "--agent", "psychic"), 2, "psychic"),
        (("run", "--design", "mxint_softmax", "--out", "/proc/nothing"), 2, "choose another with --out"),
        (("designs", "show", "nope"), 2, "unknown design"),
        (("designs", "check"), 2, "name one design"),
        (("designs", "show", "mxint_gelu", "--spec", "--bins"), 2, "give one of them"),
        (("designs", "show", "mxint_gelu", "--spec", "--json"), 2, "leave --json out"),
    ],
)
def test_a_wrong_word_is_one_message(tmp_path: Path, words: tuple[str, ...], code: int, message: str) -> None:
    done = call(*words, cwd=tmp_path)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_simulator_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    done = call("run", "--design", "mxint_softmax", cwd=tmp_path, env={"PATH": str(tmp_path / "bin")})
    assert done.returncode == 3
    assert "apt-get install" in done.stderr
    doctor = call("doctor", cwd=tmp_path, env={"PATH": str(tmp_path / "bin")})
    assert doctor.returncode == 3
    assert "MISS iverilog" in doctor.stdout


def test_doctor_list_and_show(tmp_path: Path) -> None:
    doctor = call("doctor", "--json", cwd=tmp_path)
    assert doctor.returncode == 0
    assert {one["name"] for one in json.loads(doctor.stdout)} >= {"python", "cocotb", "iverilog"}
    rows = {row["name"]: row for row in json.loads(call("designs", "list", "--json", cwd=tmp_path).stdout)}
    assert set(rows) == set(design_names())
    assert all(sum(row["tiers"].values()) == row["bins"] for row in rows.values())
    row = rows["mxint_softmax"]
    assert "source" in call("designs", "show", "mxint_softmax", cwd=tmp_path).stdout
    bins = call("designs", "show", "mxint_softmax", "--bins", cwd=tmp_path).stdout
    assert len(bins.splitlines()) == row["bins"]
    listed = json.loads(call("designs", "show", "mxint_softmax", "--bins", "--json", cwd=tmp_path).stdout)
    assert [one["id"] for one in listed] == [line.split()[0] for line in bins.splitlines()]
    assert {one["tier"] for one in listed} == set(row["tiers"])
    shift = next(one for one in listed if one["id"] == "alignment.sum_shift.14")
    assert shift["definition"] == "a row of beat with acc_shift = 14, where position > 0"
    assert list(shift["columns"]) == ["position", "acc_shift"]


@pytest.mark.parametrize(
    "words",
    [
        ("hunt", "cases.yaml", "--model", "floor:random"),
        ("mutate", "--design", "mxint_gelu", "--count", "1"),
        ("eval", "llm4dv", "--agent", "null", "--max-cycles", "100"),
        ("plan", "--design", "mxint_gelu", "--judge", "cases.yaml", "--no-expert"),
        ("run", "--design", "mxint_gelu", "--max-cycles", "100"),
    ],
)
def test_a_folder_that_cannot_be_made_is_one_message(
    words: tuple[str, ...], tmp_path: Path, dv_agent_command: CommandLine
) -> None:
    (tmp_path / "cases.yaml").write_text("schema_version: 1\ncases: [{design: mxint_gelu}]\n")
    done = dv_agent_command(*words, "--out", "cases.yaml/record")
    assert done.returncode == 2
    assert "dv-agent: cannot " in done.stderr
    assert "cases.yaml/record" in done.stderr


def test_a_full_disk_is_one_message(tmp_path: Path) -> None:
    """A file-size limit stands in for the full disk: writing beyond it fails as a full disk does."""
    code = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from dv_agent.cli.main import main; import dv_agent.agents.records.writer as r;"
        "old = r.RunRecord.turn;\n"
        "def turn(self, t):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)); old(self, t)\n"
        "r.RunRecord.turn = turn\n"
        "main()"
    )
    words = ["run", "--design", "mxint_softmax", "--agent", "random", "--max-cycles", "900", "-q"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_test_of_ones_own_is_simulated(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("tracks:\n  in:\n    - row: [{m: [127, 60], e: 7}]\n")
    words = ("simulate", "mine.yaml", "--design", "mxint_softmax")
    done = call(*words, "--waves", "mine.fst", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "row.length.1" in done.stdout
    assert (tmp_path / "mine.fst").stat().st_size > 300
    broken = call(*words, "--bug", "S7", "--json", cwd=tmp_path)
    assert broken.returncode == 1
    assert json.loads(broken.stdout)["failures"][0]["check"] == "value"
    (tmp_path / "mine.yaml").write_text("tracks:\n  in:\n    - row:\n      - {m: [127, 600], e: 7}\n")
    wrong = call(*words, cwd=tmp_path)
    assert wrong.returncode == 2
    assert "mine.yaml:4: tracks.in[0].row[0].m[1]: 600 is outside -128..127" in wrong.stderr
    (tmp_path / "mine.yaml").write_text("tracks: {in: [{repeat: 1000000000, steps: [{idle: 1}]}]}\n")
    assert "expands to more than 4000 items" in call(*words, cwd=tmp_path).stderr


def test_a_suite_says_what_it_pins_and_what_to_do_when_a_task_changed(tmp_path: Path) -> None:
    (tmp_path / "designs").mkdir()
    copy = home(tmp_path / "designs").rename(tmp_path / "designs" / "pinned")
    described = copy / "design.yaml"
    described.write_text(described.read_text().replace("name: mxint_softmax", "name: pinned", 1))
    version = find_design("mxint_softmax").design.task_version
    suite = tmp_path / "mine.yaml"
    suite.write_text("schema_version: 1\nname: mine\nversion: 1\ntitle: One design\ndesigns:\n  - {name: pinned}\n")
    env = {"DV_AGENT_DESIGNS": str(tmp_path / "designs")}
    words = ("designs", "suite", "mine.yaml")
    assert "run `dv-agent designs suite mine.yaml --update`" in call(*words, cwd=tmp_path, env=env).stderr
    entered = call(*words, "--update", "--json", cwd=tmp_path, env=env)
    assert (entered.returncode, entered.stderr) == (0, f"pinned: task version {version} entered\n")
    assert json.loads(entered.stdout)["designs"][0]["task_version"] == version
    with (copy / "spec.md").open("a") as text:
        text.write("\n")
    changed = call(*words, cwd=tmp_path, env=env)
    assert changed.returncode == 1
    assert f"pinned: changed since task version {version}" in changed.stderr
    assert "dv-agent designs suite mine.yaml --update" in changed.stderr
    refused = call(*words, "--update", cwd=tmp_path, env=env)
    assert refused.returncode == 2
    assert "raise task_version" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_witness_written_by_hand_fills_the_gap_without_any_search(tmp_path: Path) -> None:
    copy = tmp_path / "tally"
    shutil.copytree(TALLY, copy)
    bugs = copy / "bugs" / "bugs.yaml"
    bugs.write_text(bugs.read_text().partition("  - id: silent")[0])  # nobody can see that one
    stored = copy / "witnesses" / "witnesses.json"
    tests = json.loads(stored.read_text())["tests"]
    stored.write_text(json.dumps({"tests": tests[1:]}))
    words = ("designs", "witnesses", str(copy), "--max-cycles", "0")
    lacking = call(*words, cwd=tmp_path)
    assert lacking.returncode == 1
    assert "without a witness" in lacking.stdout
    ends = {"name": "ends", "tracks": {"in": [{"number": {"v": 9}}, {"number": {"v": 3}}]}}
    (tmp_path / "mine.json").write_text(json.dumps({"tests": [tests[0], ends]}))
    filled = call(*words, "--add", "mine.json", cwd=tmp_path)
    assert filled.returncode == 0, filled.stdout + filled.stderr
    assert "36 of 36 bins, 4 of 4 bugs" in filled.stdout


def test_a_place_that_cannot_be_written_is_a_mistake_of_the_user_told_before_any_work(
    tmp_path: Path, dv_agent_command: CommandLine
) -> None:
    (tmp_path / "file").touch()
    design = ("--design", "mxint_softmax")
    for words in (
        ("simulate", "no_such_tests.json", *design, "--waves", "/proc/x.fst"),
        ("simulate", "no_such_tests.json", *design, "--waves", "file/x.fst"),
        ("compare", "mxint_softmax", "--golden", "mxint_softmax", "--waves", "file"),
        ("regress", "no_such_run", "--base", "main", "--waves", "file/x"),
        ("regress", "no_such_run", "--base", "main", "--junit", "/proc/x.xml"),
        ("designs", "certify", "mxint_softmax", "--tests-out", "/proc/x"),
    ):
        done = dv_agent_command(*words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"dv-agent: {words[-2]} {words[-1]}: ")
        assert done.stderr.count("\n") == 1
    assert [*tmp_path.iterdir()] == [tmp_path / "file"]
