"""What a regression found, as a Markdown comment for a pull request."""

from __future__ import annotations

import json
import re

from dv_agent.designs.text.visible import visible
from dv_agent.designs.text.wording import counted
from dv_agent.eval.regression.regress import Regressed

MOST_SHOWN, MOST_TEST, MOST_LINE = 5, 1_500, 200
NAMES = {"golden": "the base", "changed": "the RTL of today"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!@])")


def comment_text(found: Regressed, design: str) -> str:
    """Return the comment; what RTL, tests and checks say is escaped."""
    state = "✅ nothing differs" if found.clean else "❌ the change is seen by the tests"
    if found.nothing_checked:
        state = "❌ nothing was checked"
    reached = "" if found.reached is None else f", {found.reached} of them reach the change"
    lines = [
        f"### {_plain(design)}: {state}",
        "",
        f"{counted(len(found.tests), 'test')} of {found.of} played{reached}; base `{found.base.commit[:12]}`.",
        "",
        "| changed | lines |",
        "|---|---|",
        *(f"| {_plain(name)} | {_ranges(sorted(numbers))} |" for name, numbers in sorted(found.base.now.items())),
    ]
    if not found.base.changed:
        lines = [f"### {_plain(design)}: the RTL is that of the base", "", "No test was played."]
    for number, why in list(found.refused.items())[:MOST_SHOWN]:
        lines += ["", f"**Test {number} cannot be played any more:** {_plain(why)}"]
    if len(found.refused) > MOST_SHOWN:
        lines += ["", f"... nor can {counted(len(found.refused) - MOST_SHOWN, 'more test')}."]
    for number, failures in list(found.failed.items())[:MOST_SHOWN]:
        lines += ["", f"**Test {number} fails a check:** {_plain(str(failures[0]))}"]
    if len(found.failed) > MOST_SHOWN:
        lines += ["", f"... and {counted(len(found.failed) - MOST_SHOWN, 'more test')} fail."]
    if found.different and found.compared:
        lines += ["", f"**Differs from the base** in {counted(len(found.different), 'test')}:", ""]
        lines += [f"- {_plain(str(one))}" for one in found.compared.shown[:MOST_SHOWN]]
        if found.compared.smallest:
            test = visible(json.dumps(found.compared.smallest.test.data()))[:MOST_TEST].replace("`", "'")
            lines += ["", "The smallest test that shows it:", "", "```json", test, "```"]
        for word, table in found.compared.excerpt.items():
            shown = [visible(line)[:MOST_LINE].replace("`", "'") for line in table]
            lines += ["", f"Its pins on {NAMES[word]}:", "", "```text", *shown, "```"]
    if found.lost:
        names = ", ".join(f"`{one}`" for one in found.lost[:MOST_SHOWN])
        more = f" and {len(found.lost) - MOST_SHOWN} more" if len(found.lost) > MOST_SHOWN else ""
        lines += ["", f"**Coverage lost:** {names}{more}"]
    lines += [line for note in found.notes for line in ("", f"Note: {_plain(note)}.")]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", visible(" ".join(text.split()))[:400])


def _ranges(numbers: list[int]) -> str:
    """Return ``3-5, 9`` of 3, 4, 5, 9."""
    parts: list[list[int]] = []
    for one in numbers:
        if parts and parts[-1][-1] == one - 1:
            parts[-1].append(one)
        else:
            parts.append([one])
    return ", ".join(str(one[0]) if len(one) == 1 else f"{one[0]}-{one[-1]}" for one in parts)
