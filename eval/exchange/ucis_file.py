"""UCIS XML: functional coverage in the form that verification tools exchange, written and read through pyucis."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.plan import Plan
from dv_agent.errors import InputFileError
from dv_agent.eval.exchange.optional_packages import package
from dv_agent.eval.exchange.recorded_results import RecordedResults

LARGEST = 64 << 20
INSTANCE = "coverage"
_ENCODING = re.compile(r"""\ufeff?\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)""")


def ucis_text(results: RecordedResults) -> str:
    """Return the file: the covergroups of the plan, hidden coverpoints with weight 0; code coverage is not in it.

    Raises:
        PrerequisiteError: pyucis is missing.
    """
    ucis, factory = package("ucis"), package("ucis.mem.mem_factory").MemFactory
    header = results.run.header
    db = factory.create()
    db.setWrittenBy("dv-agent")
    node = db.createHistoryNode(None, header.id, header.id, ucis.UCIS_HISTORYNODE_TEST)
    status = ucis.UCIS_TESTSTATUS_OK if not header.failing_tests else ucis.UCIS_TESTSTATUS_ERROR
    node.setTestData(package("ucis.test_data").TestData(status, "dv-agent", _date(header.started)))
    file = db.createFileHandle("plan.yaml", str(results.folder.path))
    unit = db.createScope(header.design, _place(file, 1), 1, ucis.UCIS_OTHER, ucis.UCIS_DU_MODULE, ucis.UCIS_INST_ONCE)
    instance = db.createInstance(
        INSTANCE, _place(file, 1), 1, ucis.UCIS_OTHER, ucis.UCIS_INSTANCE, unit, ucis.UCIS_INST_ONCE
    )
    _Writer(ucis, instance, file, results).write()
    out = io.StringIO()
    package("ucis.xml.xml_factory").XmlFactory.write(db, out)
    return out.getvalue()


class _Writer:
    """Writes the covergroups of a plan into an instance."""

    def __init__(self, ucis: Any, instance: Any, file: Any, results: RecordedResults) -> None:
        self._ucis, self._instance, self._file = ucis, instance, file
        self._coverage = results.coverage
        self._hidden = dict(zip(results.coverage.plan.hidden, results.coverage.hidden_hits.tolist(), strict=True))

    def write(self) -> None:
        """Write all covergroups but that of the code."""
        other = self._ucis.UCIS_OTHER
        for group in self._coverage.plan.covergroups:
            if group.name == CODE:
                continue
            made = self._instance.createCovergroup(group.name, _place(self._file, group.line), group.weight, other)
            points = {}
            for one in group.coverpoints:
                weight = 0 if one.hidden else one.weight
                point = made.createCoverpoint(one.name, _place(self._file, one.line), weight, other)
                points[one.name] = point
                self._bins(point, one.bins, one.line)
            for cross in group.crosses:
                members = [points[name] for name in cross.of]
                crossed = made.createCross(cross.name, _place(self._file, group.line), cross.weight, other, members)
                self._bins(crossed, cross.bins, group.line)

    def _bins(self, item: Any, bins: tuple[Any, ...], line: int | None) -> None:
        for one in bins:
            item.createBin(one.name, _place(self._file, line), one.at_least, self._hits(one.id), one.description)

    def _hits(self, name: str) -> int:
        plan = self._coverage.plan
        slot = plan.slots.get(name, len(plan.bins))
        return int(self._coverage.hits[slot]) if slot < len(plan.bins) else int(self._hidden.get(name, 0))


def read_ucis(path: Path, plan: Plan) -> dict[str, int]:
    """Return bin of `plan` -> hits in a UCIS XML file.

    Raises:
        InputFileError: no UCIS XML, or of another tool or plan: it names what is missing.
        PrerequisiteError: pyucis is missing.
    """
    reader, types = package("ucis.xml.xml_factory").XmlFactory, package("ucis")
    if path.stat().st_size > LARGEST:
        raise InputFileError(path, f"has more than {LARGEST:,} bytes")
    _require_plain(path)
    try:
        db = reader.read(str(path))
        found = dict(_bins_in(db, types))
    except Exception as error:  # pyucis raises whatever it stumbles over
        raise InputFileError(path, f"is no UCIS XML that can be read ({type(error).__name__})") from None
    wanted = [one.id for one in plan.bins if one.covergroup != CODE]
    missing = [name for name in wanted if name not in found]
    if missing:
        groups = sorted({name.partition(".")[0] for name in found})
        raise InputFileError(
            path,
            f"is of another tool or another plan: {len(missing)} of {len(wanted)} bins are not in it, such as "
            f"{missing[0]}; it holds {', '.join(groups[:6]) or 'no covergroup'}",
        )
    return {name: found[name] for name in wanted}


def _require_plain(path: Path) -> None:
    """Check that the file declares no entities: an XML reader would fetch other files for them."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise InputFileError(path, "is no UTF-8 text; UCIS XML is written so") from None
    declared = _ENCODING.match(text)
    if declared and declared[1].upper() not in ("UTF-8", "ASCII", "US-ASCII"):  # in UTF-7, what follows looks harmless
        raise InputFileError(path, "declares another encoding than UTF-8; UCIS XML is written so")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InputFileError(path, "declares a document type or entities, which are not read; remove the declaration")


def _bins_in(db: Any, ucis: Any) -> Iterator[tuple[str, int]]:
    scope = package("ucis.scope_type_t").ScopeTypeT
    cover = package("ucis.cover_type_t").CoverTypeT
    for instance in db.scopes(scope.INSTANCE):
        for group in instance.scopes(scope.COVERGROUP):
            for kind in (scope.COVERPOINT, scope.CROSS):
                for item in group.scopes(kind):
                    for one in item.coverItems(cover.CVGBIN):
                        yield f"{group.getScopeName()}.{item.getScopeName()}.{one.getName()}", one.getCoverData().data


def _place(file: Any, line: int | None) -> Any:
    return package("ucis.source_info").SourceInfo(file, line or 1, 0)


def _date(started: str) -> str:
    return "".join(one for one in started if one.isdigit())[:14]
