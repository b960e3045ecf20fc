"""What the pages of a run show."""

from __future__ import annotations

from report_runs import parse
from studio_server import RUN, Studio


def test_a_run_is_listed_with_its_figures(studio: Studio) -> None:
    page = parse(studio.get("/runs").text)
    assert {"href": f"/runs/{RUN}", "title": RUN} in page.all("a")
    assert "✗ 1 failing" in page.text


def test_the_turn_shows_tests_failure_waveform_and_coverage(studio: Studio) -> None:
    page = parse(studio.get(f"/runs/{RUN}/turns/0").text)
    assert "wrong value on out in cycle" in " ".join(page.text.split())
    assert "Waveform of the shrunk test, failing in cycle" in page.text
    assert any("wave" in one.get("class", "") for one in page.all("svg"))
    assert "<script>alert(1)</script>" in page.text
    assert "/ 415 bins" in page.text


def test_any_test_is_simulated_again_to_be_looked_at_window_by_window(studio: Studio) -> None:
    first = studio.get(f"/runs/{RUN}/tests/0")
    assert first.status == 200, first.text
    assert "failing in cycle" in first.text
    long = studio.get(f"/runs/{RUN}/tests/1")
    later = [one["href"] for one in parse(long.text).all("a") if one.get("rel") == "next"]
    assert "cycles 0 to 39 of" in long.text
    assert "cycles 40 to 79 of" in studio.get(later[0]).text
    assert studio.get(f"/runs/{RUN}/tests/7").status == 400


def test_every_page_names_its_parts_for_a_screen_reader(studio: Studio) -> None:
    for target in ("/runs", f"/runs/{RUN}", f"/runs/{RUN}/turns/0", f"/runs/{RUN}/tests/0"):
        page = parse(studio.get(target).text)
        assert len(page.all("h1")) == 1
        assert page.all("main")[0]["id"] == "main"
        named = {one["id"] for _, one in page.tags if "id" in one}
        assert {one["aria-labelledby"] for _, one in page.tags if "aria-labelledby" in one} <= named
        assert all(one.get("aria-label") for one in page.all("nav") + page.all("aside"))
