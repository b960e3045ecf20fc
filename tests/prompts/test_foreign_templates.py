"""Templates and design folders of a stranger: what they hold stays in their folder, and what they do is bounded."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from prompt_views import small_view, softmax_view

from dv_agent.agents.session.drafts.changes import self_contained
from dv_agent.designs.loader import find_design, load_design
from dv_agent.errors import InputFileError, UsageError
from dv_agent.prompts import bounded_render
from dv_agent.prompts.parts import Section
from dv_agent.prompts.renderer import render, templates_hash
from dv_agent.prompts.strategy import TEMPLATES, Strategy, find_strategy, load_strategy, template_names
from dv_agent.prompts.template_set import TemplatePage

BOMBS = {
    "loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "times": '{{ "x" * 10**10 }}',
    "list": "{{ ([0] * 10**10) | length }}",
    "power": "{{ (9 ** (9 ** 9)) % 7 }}",
    "doubling": "{% set n = namespace(t='x') %}{% for i in range(60) %}{% set n.t = n.t ~ n.t %}{% endfor %}",
    "center": '{{ "x" | center(10**10) }}',
    "format": '{{ "%10000000000d" | format(1) }}',
    "method": '{{ "{:>10000000000}".format(1) }}',
    "macro": "{% macro m(n) %}{{ m(n - 1) ~ m(n - 1) if n else '' }}{% endmacro %}{{ m(60) }}",
    "endless": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "itself": '{% include "parts/role.jinja" %}{% include "parts/role.jinja" %}',
    "replace": '{{ ("x" * 100000) | replace("x", "y" * 100000) | length }}',
    "output": "{% for a in range(60000) %}{{ 'x' * 100 }}{% endfor %}",
}


def with_wording(**wording: str) -> Strategy:
    return Strategy(name="foreign", wording={name.replace("__", "/"): text for name, text in wording.items()})


@pytest.fixture
def few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_render, "CPU_SECONDS", 1)
    monkeypatch.setattr(bounded_render, "MEMORY_BYTES", 64 << 20)


@pytest.mark.usefixtures("few_seconds")
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_template_ends_within_its_bounds(tmp_path: Path, bomb: str) -> None:
    used = time.process_time()
    with pytest.raises(UsageError, match=r"template parts/role|a template gives more than"):
        render(small_view(tmp_path), 100_000, 4_000, with_wording(parts__role=BOMBS[bomb]))
    assert time.process_time() - used < 3  # of this process, which only waits


@pytest.mark.usefixtures("few_seconds")
def test_errors_of_a_foreign_template_name_their_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="template parts/role, line 2: 'nothing' is undefined"):
        render(small_view(tmp_path), 100_000, 4_000, with_wording(parts__role="a\n{{ nothing }}"))
    with pytest.raises(UsageError, match=r"unsafe|undefined|has no attribute"):
        render(small_view(tmp_path), 100_000, 4_000, with_wording(parts__role="{{ ''.__class__.__mro__ }}"))


@pytest.mark.usefixtures("few_seconds")
@pytest.mark.parametrize(
    "reach",
    [
        "design.base.joinpath('secret').read_text()",
        "design.base.joinpath('made').write_text('x')",
        "(design.base / 'secret').read_text()",
        "design['base'].joinpath('secret').read_text()",
        "(design | attr('base')).joinpath('secret').read_text()",
        "([design] | map(attribute='base') | first).parent",
        "(design.base | attr('joinpath'))('secret')",
        "strategy.folder.joinpath('secret').read_text()",
        "strategy.model_copy(update={'tests': 2})",
        "strategy.model_fields['folder'].annotation",
        "design.source_files()",
        "design.header_files()",
        "design.model_validate_json('{}')",
        "schema.model_dump()",
    ],
)
def test_a_template_reaches_no_file_and_calls_no_method_of_what_it_is_given(tmp_path: Path, reach: str) -> None:
    (tmp_path / "secret").write_text("SECRET")
    view, words = small_view(tmp_path), with_wording(parts__ask=f"{{{{ {reach} }}}}")
    design, strategy = (
        one.model_copy(update={name: tmp_path}) for one, name in ((view.design, "base"), (words, "folder"))
    )
    section = Section(name="ask", context={"design": design, "strategy": strategy, "schema": view.schema})
    with pytest.raises(UsageError, match="template parts/ask"):
        TemplatePage(words).draw(section, 0)
    assert not (tmp_path / "made").exists()


def test_shipped_templates_as_a_strategys_own_give_the_same_prompt(tmp_path: Path) -> None:
    own = {name: (TEMPLATES / f"{name}.jinja").read_text() for name in template_names()}
    view = small_view(tmp_path)
    assert render(view, 9_000, 2_000, Strategy(name="a", wording=own)) == render(view, 9_000, 2_000, Strategy(name="a"))


def strategy_folder(home: Path) -> Path:
    (home / "templates" / "parts").mkdir(parents=True)
    (home / "mine.yaml").write_text("templates: templates\n")
    (home / "templates" / "parts" / "ask.jinja").write_text("Ask.\n")
    return home / "mine.yaml"


@pytest.mark.parametrize("way", ["file", "folder", "above"])
def test_a_link_that_leads_out_of_the_strategys_folder_is_refused(tmp_path: Path, way: str) -> None:
    file = strategy_folder(tmp_path / "s")
    (tmp_path / "out" / "parts").mkdir(parents=True)
    (tmp_path / "out" / "parts" / "role.jinja").write_text("SECRET")
    parts = tmp_path / "s" / "templates" / "parts"
    if way == "file":
        (parts / "role.jinja").symlink_to(tmp_path / "out" / "parts" / "role.jinja")
    elif way == "folder":
        shutil.rmtree(parts)
        parts.symlink_to(tmp_path / "out" / "parts")
    else:
        shutil.rmtree(parts.parent)
        parts.parent.symlink_to(tmp_path / "out")
    for use in (_render, self_contained, templates_hash):
        with pytest.raises(UsageError, match="a link that leads out"):
            use(load_strategy(file))


def _render(strategy: Strategy) -> Any:
    return render(softmax_view(), 100_000, 4_000, strategy)


def test_a_link_inside_of_the_folder_is_followed(tmp_path: Path) -> None:
    file = strategy_folder(tmp_path / "s")
    (tmp_path / "s" / "templates" / "parts" / "role.jinja").symlink_to("ask.jinja")
    assert self_contained(load_strategy(file)).wording == {"parts/ask": "Ask.\n", "parts/role": "Ask.\n"}


@pytest.mark.parametrize("target", ["/dev/zero", "pipe", "big"])
def test_a_template_is_a_plain_file_of_bounded_size(tmp_path: Path, target: str) -> None:
    file = strategy_folder(tmp_path / "s")
    role = tmp_path / "s" / "templates" / "parts" / "role.jinja"
    if target == "pipe":
        os.mkfifo(role)
    elif target == "big":
        role.write_text("x" * 100_001)
    else:
        role.symlink_to(target)
    with pytest.raises(UsageError, match=r"not a regular file|longer than 100,000|leads out"):
        _render(load_strategy(file))


def test_a_record_never_says_where_templates_stand(tmp_path: Path) -> None:
    file = strategy_folder(tmp_path / "s")
    said = load_strategy(file).model_dump(mode="json")
    assert said["folder"] is None
    foreign = Strategy.model_validate(said | {"folder": str(tmp_path / "s")})
    assert foreign.own_templates is None
    for use in (_render, self_contained, templates_hash):
        with pytest.raises(UsageError, match="which a record does not hold; name its file"):
            use(foreign)
    file.write_text("templates: templates\nfolder: /etc\n")
    with pytest.raises(InputFileError, match=r"mine\.yaml:2: folder: not a key"):
        load_strategy(file)
    assert find_strategy("default").own_templates is None


@pytest.mark.parametrize(
    "name", ["spec.md", "plan.yaml", "model.py", "witnesses/x.json", "bugs/x.patch", "rtl", "bugs"]
)
def test_a_link_that_leads_out_of_a_designs_folder_is_refused(tmp_path: Path, name: str) -> None:
    home = tmp_path / "d"
    shutil.copytree(find_design("mxint_gelu").path, home)
    load_design(home)
    (tmp_path / "out").mkdir()
    place = home / name
    if place.is_dir():
        shutil.move(place, tmp_path / "out")
    place.unlink() if place.is_file() else None
    place.symlink_to(tmp_path / "out" / name)
    with pytest.raises(InputFileError, match="a link that leads out"):
        load_design(home)


@pytest.mark.parametrize("source", ["/etc/passwd", "../x.v", "rtl/../../x.v"])
def test_rtl_stands_in_the_designs_folder(tmp_path: Path, source: str) -> None:
    home = tmp_path / "d"
    shutil.copytree(find_design("mxint_gelu").path, home)
    text = (home / "design.yaml").read_text()
    first = load_design(home).design.sources[0]
    (home / "design.yaml").write_text(text.replace(first, source, 1))
    with pytest.raises(InputFileError, match="a file of the design's folder is expected"):
        load_design(home)
