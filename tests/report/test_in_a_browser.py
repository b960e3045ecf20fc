"""A real browser opens the report: nothing goes wrong, and nothing is asked of any network."""

from pathlib import Path

import pytest
from browser import visit

from dv_agent.eval.report.output import write_report

pytestmark = pytest.mark.usefixtures("chromium")


def test_a_browser_shows_the_report_without_a_complaint_or_a_request(failed: Path, tmp_path: Path) -> None:
    seen = visit(write_report(failed), tmp_path)
    assert "<h1>mxint_softmax" in seen.document
    assert 'role="img"' in seen.document
    assert seen.complaints == ()
    assert seen.requests == ()


def test_such_a_visit_does_notice_requests_and_forbidden_scripts(failed: Path, tmp_path: Path) -> None:
    html = write_report(failed).read_text(encoding="utf-8")
    attack = '<img src="http://127.0.0.1:9/x.png"><script>document.title = "owned"</script></main>'
    (tmp_path / "bad.html").write_text(html.replace("</main>", attack))
    guarded = visit(tmp_path / "bad.html", tmp_path)
    assert len(guarded.complaints) == 2
    assert "owned" not in guarded.document.split("</title>")[0]
    (tmp_path / "bad.html").write_text(html.replace("Content-Security-Policy", "x").replace("</main>", attack))
    assert visit(tmp_path / "bad.html", tmp_path).requests == ("http://127.0.0.1:9/x.png",)
