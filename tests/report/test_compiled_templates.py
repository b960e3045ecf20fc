"""Compiled templates are kept, and a cache that is missing, damaged or in the way changes nothing but time."""

from pathlib import Path

from jinja2 import DictLoader, Environment

from dv_agent.eval.report.compiled_templates import CompiledTemplates


class Counting(Environment):
    """Counts how often a template is compiled."""

    compiled = 0

    def compile(self, *args: object, **options: object) -> object:  # type: ignore[override]
        self.compiled += 1
        return super().compile(*args, **options)  # type: ignore[arg-type, call-overload]


def rendered(folder: Path, text: str = "{{ 1 + one }} & more") -> tuple[str, int]:
    environment = Counting(loader=DictLoader({"page": text}), bytecode_cache=CompiledTemplates(folder))
    return environment.get_template("page").render(one=2), environment.compiled


def test_a_template_is_compiled_once_until_its_text_changes(tmp_path: Path) -> None:
    assert rendered(tmp_path / "kept") == ("3 & more", 1)
    assert rendered(tmp_path / "kept") == ("3 & more", 0)
    assert rendered(tmp_path / "kept", "{{ one }}") == ("2", 1)
    assert rendered(tmp_path / "kept") == ("3 & more", 0)


def test_a_damaged_file_is_compiled_anew(tmp_path: Path) -> None:
    rendered(tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_text()
    for damage in ("", "no hex", whole[: len(whole) // 2 * 2 // 4 * 2], "4e", "ee" * 9):
        file.write_text(damage)
        assert rendered(tmp_path) == ("3 & more", 1)


def test_a_file_in_the_place_of_the_folder_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("in the way")
    assert rendered(tmp_path / "kept") == ("3 & more", 1)
