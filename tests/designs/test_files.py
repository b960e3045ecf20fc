"""Files that people write: every complaint names file, line and what was expected."""

import json
import os
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from small_design import DESIGN, SCHEMA, small_design

from dv_agent.designs.design import Design
from dv_agent.designs.files.documents import Document, read_document, replace_text
from dv_agent.designs.files.output_places import require_file_place, require_folder_place
from dv_agent.designs.files.yaml_writer import write_yaml
from dv_agent.designs.language.schema import load_schema
from dv_agent.designs.language.stimulus import tests_from_document as read_tests
from dv_agent.designs.loader import find_design, load_design
from dv_agent.errors import ExitCode, InputFileError, OutputError, UnknownNameError, UsageError


def document(text: str) -> Document:
    return Document(Path("x.yaml"), text)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('{"tests": [', 1, "not valid JSON: expecting value"),
        ('{"a": 1\n "b": 2}', 2, "not valid JSON: expecting ',' delimiter"),
        ('{"a": 1} {"b": 2}', 1, "not valid JSON: extra data"),
        ('{\n"a": "x\n', 2, "not valid JSON"),
        ("[" * 9000, None, "not valid JSON"),
    ],
)
def test_a_broken_json_file_is_told_in_words_of_json(text: str, line: int | None, said: str) -> None:
    with pytest.raises(InputFileError) as caught:
        Document(Path("x.json"), text)
    assert said in str(caught.value)
    assert "YAML" not in str(caught.value)
    assert line is None or caught.value.line == line


def test_json_with_tabs_is_json() -> None:
    found = Document(Path("x.json"), '{\n\t"a":\t[1,\n\t2]\n}')
    assert found.data == {"a": [1, 2]}
    assert found.line(("a", 1)) == 3


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "empty"),
        ("a: [1, 2", 1, "not valid YAML"),
        ("a: 1\nb: 2\na: 3\n", 3, "duplicate key 'a'"),
        ("a: 1\n? [1]\n: 2\n", 2, "plain word"),
        ("a: 1\nb: 2\nc: " + "[" * 70 + "]" * 70, 3, "nested deeper"),
        ("a: " + "[" * 9000, 1, "nested deeper"),
        ("a: 1\nb: &x [1]\n", 2, "anchors"),
        ("a: 1\nb: *x\n", 2, "anchors"),
        ("&x a: 1\n", 1, "anchors"),
        ("[" + "1," * 600_000 + "1]", 1, "more than 500000 parts"),
        ("a: 1\n---\nb: 2\n", 3, "more than one document"),
        ("a: " + "9" * 5000, 1, "not a usable value"),
        ("a: \x00", None, "not valid YAML"),
    ],
)
def test_broken_yaml_is_refused_with_its_line(text: str, line: int | None, message: str) -> None:
    with pytest.raises(InputFileError, match=message) as caught:
        document(text)
    assert line is None or caught.value.line == line
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "text.json"
    with pytest.raises(OutputError, match="No such file or directory"):
        replace_text(path, "old\n")
    replace_text(path, "old\n", make_folder=True)
    with pytest.raises(UnicodeEncodeError):
        replace_text(path, "half \ud800")
    replace_text(path, "new\n")
    assert path.read_text() == "new\n"
    (tmp_path / "full").mkdir()
    for place in (".", "/", ""):
        with pytest.raises(OutputError, match=r"it is a folder; name a file"):
            replace_text(Path(place), "text")
    with pytest.raises(OutputError, match=r"--markdown .*full: it is a folder; name a file"):
        require_file_place(tmp_path / "full", "--markdown")
    os.mkfifo(tmp_path / "pipe")
    for write in (lambda: replace_text(tmp_path / "pipe", "x"), lambda: require_file_place(tmp_path / "pipe", "--out")):
        with pytest.raises(OutputError, match=r"pipe: it is a device or a pipe; name a file"):
            write()
    assert (tmp_path / "pipe").is_fifo()
    for place in ("/dev/stdout", "/dev/fd/1", "/dev/null"):  # whatever they lead to; nothing is written here
        with pytest.raises(OutputError, match=r"--out .*: it is a device or a pipe; name a file"):
            require_file_place(Path(place), "--out")
    (tmp_path / "pipe").unlink()
    with pytest.raises(OutputError, match=r"cannot write .*full: Is a directory"):
        replace_text(tmp_path / "full", "text")
    assert sorted(one.name for one in tmp_path.rglob("*")) == ["folder", "full", "new", "text.json"]


def test_a_place_that_cannot_be_written_is_told_before_the_work_and_nothing_is_left_there(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept")
    wrong = {
        tmp_path / "folder": "it is a folder; name a file",
        tmp_path / "none/x": "there is no folder",
        tmp_path / "file/x": "there is no folder",
        Path("/proc/x"): "nothing can be written in /proc",
    }
    for path, words in wrong.items():
        with pytest.raises(OutputError, match=f"--markdown {path}: .*{words}"):
            require_file_place(path, "--markdown")
    for path in (tmp_path / "file", tmp_path / "file/x", Path("/proc/x/y")):
        with pytest.raises(OutputError, match=r"--out .*(is no folder|nothing can be written in)"):
            require_folder_place(path, "--out")
    require_file_place(tmp_path / "none/x", "--waves", makes_folders=True)
    for path in (tmp_path / "file", None, Path("x")):
        require_file_place(path, "--markdown")
    require_folder_place(tmp_path / "folder/none", "--out")
    assert sorted(one.name for one in tmp_path.rglob("*")) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "kept"


def test_an_alias_bomb_is_refused_before_it_expands() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 16)]
    for text in ("\n".join(rows), json.dumps({"a": 1})[:-1] + ', "b": ' + "[" * 300_000):
        with pytest.raises(InputFileError, match=r"anchors|nest"):
            document(text)


@pytest.mark.parametrize("reader", ["dotted", "file"])
@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("yes", "yes"), ("no", "no"), ("On", "On"), ("off", "off"), ("y", "y"), ("true", True), ("FALSE", False),
        ("0300", 300), ("-017", -17), ("0o17", 15), ("0x1F", 31), ("0b11", "0b11"), ("1_000", "1_000"),
        ("5:00", "5:00"), ("190:20:30", "190:20:30"), ("2026-01-31", "2026-01-31"), ("1e3", 1000.0), ("1.", 1.0),
        (".5", 0.5), ("-1.5E-2", -0.015), ("null", None), ("~", None), ("Null", None), ("nil", "nil"), ("=", "="),
        ("<<", "<<"), ("'0300'", "0300"), ('"true"', "true"), ("+7", 7), ("0x", "0x"), ("0o8", "0o8"), ("!!int 5", "5"),
    ],
)  # fmt: skip
def test_words_mean_what_yaml_1_2_says(word: str, value: object, reader: str) -> None:
    data = document(f"[{word}]").data[0] if reader == "dotted" else document(f"key: {word}\n").data["key"]
    assert (data, type(data)) == (value, type(value))


def test_a_truth_is_no_number(tmp_path: Path) -> None:
    with pytest.raises(
        InputFileError, match=r"x\.yaml:1: task_version: expected a number, not true or false"
    ) as caught:
        document(json.dumps(DESIGN | {"folder": ".", "task_version": True})).validate(Design)
    assert caught.value.line == 1


def test_json_in_ascii_keeps_its_characters() -> None:
    text = "\U0001f600 \u00e9 \u202e"
    assert document(json.dumps({text: text})).data == {text: text}


TEXTS = st.text(max_size=12) | st.from_regex(r"[-+]?[0-9_.:xob]{1,8}([eE][0-9])?", fullmatch=True)
DATA = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(DATA, st.booleans())
def test_what_is_written_is_read_back(data: object, flow: bool) -> None:
    assert document(write_yaml({"key": data}, flow=flow)).data == {"key": data}


def test_shipped_files_mean_the_same_in_yaml_1_1_and_1_2() -> None:
    root = Path(__file__).parents[2]
    files = [file for room in ("designs", "prompts", "eval") for file in sorted((root / room).rglob("*.yaml"))]
    assert len(files) > 50
    for file in files:
        assert read_document(file).data == yaml.load(file.read_text(), Loader=_TextKeys), file  # noqa: S506  # a SafeLoader


class _TextKeys(yaml.SafeLoader):
    """PyYAML as it is, but for keys, which are text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, object]:  # type: ignore[override]
        return {key.value: self.construct_object(part, deep=True) for key, part in node.value}


def test_keys_stay_text_and_tags_build_nothing() -> None:
    assert document("on: 1\nyes: !!python/object:os.system x\n").data == {"on": 1, "yes": "x"}


def test_json_is_read_by_the_same_parser() -> None:
    assert document('{"a": [1, {"b": null}], "c": -2.5}').data == {"a": [1, {"b": None}], "c": -2.5}


def test_a_model_error_points_at_its_line() -> None:
    doc = document(json.dumps(DESIGN, indent=1).replace('"width": 3', '"width": 300'))
    doc.data["folder"] = "."
    with pytest.raises(InputFileError, match=r"x\.yaml:\d+: ports\.\S*width: .*at most 64") as caught:
        doc.validate(Design)
    assert (
        '"width": 300'
        in json.dumps(DESIGN, indent=1).replace('"width": 3', '"width": 300').splitlines()[caught.value.line - 1]
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("  cfg: {}\n", "", 2, "no track 'cfg'"),
        ("  cfg: {}", "  cgf: {}", 11, "unknown track 'cgf'; did you mean cfg"),
        ("gap: 0, e:", "gap: -1, e:", 8, "outside"),
        ("e: {set: [-8, 7]}", "e: {set: -9}", 8, "is not a distribution"),
        ("dense: 2", "sense: 2", 9, "unknown profile 'sense'"),
        ("wait:", "weight:", 13, "unknown key of a random block"),
    ],
)
def test_a_wrong_schema_is_refused_with_its_line(old: str, new: str, line: int, message: str) -> None:
    assert old in SCHEMA
    with pytest.raises(InputFileError, match=message) as caught:
        load_schema(document(SCHEMA.replace(old, new)), small_design())
    assert caught.value.line == line


def test_a_faulty_test_file_is_refused_with_its_line() -> None:
    with pytest.raises(InputFileError, match=r"x\.yaml:3: .*expected a list of steps"):
        read_tests(document('{"tests": [\n {"tracks": {"in": []}},\n {"tracks": {"in": 4}}]}'), small_design())


def test_missing_and_odd_files(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such file"):
        read_document(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff")
    with pytest.raises(InputFileError, match="not UTF-8"):
        read_document(tmp_path / "latin.yaml")
    with pytest.raises(InputFileError):
        read_document(tmp_path)


def test_an_unknown_design_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean mxint_softmax"):
        find_design("mxint_sofmax")


def test_two_designs_of_one_name_are_told_apart_by_their_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(find_design("mxint_softmax").path, tmp_path / "mxint_softmax")
    monkeypatch.setenv("DV_AGENT_DESIGNS", str(tmp_path))
    with pytest.raises(UsageError, match=f"two designs are called mxint_softmax: .* and {tmp_path}/mxint_softmax"):
        find_design("mxint_softmax")
    assert find_design(f"{tmp_path}/mxint_softmax").path == tmp_path / "mxint_softmax"


def test_a_design_needs_its_sources(tmp_path: Path) -> None:
    (tmp_path / "design.yaml").write_text(json.dumps(DESIGN))
    with pytest.raises(InputFileError, match=r"no file 'small\.v'"):
        load_design(tmp_path)
    (tmp_path / "small.v").write_text("module small; endmodule")
    assert load_design(tmp_path).design.packet_ports == ("in",)


def test_shared_rtl_is_found_by_name_and_a_wrong_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "small.v").write_text("module small; endmodule")
    (tmp_path / "design.yaml").write_text(json.dumps({**DESIGN, "shared": ["skid_buffer.v"]}))
    first, second = load_design(tmp_path).design.source_files()
    assert (first.name, first.is_file()) == ("skid_buffer.v", True)
    assert second == tmp_path / "small.v"
    for name in ("skid_bufer.v", "../mxint_softmax/rtl/exp_lane.v"):
        (tmp_path / "design.yaml").write_text(json.dumps({**DESIGN, "shared": [name]}))
        with pytest.raises(InputFileError, match=r"unknown shared RTL file"):
            load_design(tmp_path)


def test_a_design_without_anything_to_drive_is_refused() -> None:
    ports = {"debug": DESIGN["ports"]["debug"]}  # type: ignore[index]
    with pytest.raises(ValueError, match="nothing to drive"):
        Design.model_validate({**DESIGN, "folder": Path(), "ports": ports, "reset": None})
    assert Design.model_validate({**DESIGN, "folder": Path(), "ports": ports}).tracks == ("reset",)
