"""Judging and keeping: two nodes side by side, A/B, saving a strategy or a template, exporting a branch as a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse

from dv_agent.agents.session.ab_test import MAX_SAMPLES
from dv_agent.agents.session.drafts.saving import FileThere
from dv_agent.agents.session.opening import export_run
from dv_agent.agents.session.progress import IsCancelled, OnProgress
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.designs.text.wording import counted
from dv_agent.errors import UsageError
from dv_agent.eval.report.output import write_report
from dv_agent.studio.allowed_folders import AllowedFolders, check_contained
from dv_agent.studio.responses import page
from dv_agent.studio.routes.return_link import to_session, whole_number
from dv_agent.studio.routes.sessions import opening
from dv_agent.studio.session_registry import SessionRegistry
from dv_agent.studio.strategy_store import safe_name
from dv_agent.studio.views.ab_test import HERE, NAMES, Variant, ab_page, drafts_of

Text = Annotated[str, Form()]
Number = Annotated[int, Form()]
Samples = Annotated[int, Query(ge=1, le=MAX_SAMPLES)]


def compare_router(registry: SessionRegistry, places: AllowedFolders) -> APIRouter:
    """Pages of comparisons, and what is written into the folders of strategies and runs."""
    router = APIRouter(prefix="/sessions/{name:path}")

    @router.get("/compare")
    def compare(name: str, a: int | None = None, b: int | None = None) -> HTMLResponse:
        session = registry.room(name).ready()
        found = session.compare(*compared(session, a, b))
        return page("compare.html.jinja", name=name, found=found, nodes=session.nodes, plan=session.bench.plan)

    @router.get("/ab")
    def ab(name: str, request: Request, node: int, samples: Samples = 3) -> HTMLResponse:
        room = registry.room(name)
        variants = variants_of(request.query_params)
        if room.busy or room.session is None:
            return opening(room)
        problem = room.problem()
        one = ab_page(name, room.session, node, variants, samples, places.strategies)
        return page("ab.html.jinja", one=one, problem=problem)

    @router.post("/ab")
    async def send_ab(name: str, request: Request) -> RedirectResponse:
        form = {key: str(value) for key, value in (await request.form()).items()}
        node, samples = whole_number("node", form.get("node", "")), whole_number("samples", form.get("samples", ""))
        variants = variants_of(form)
        room = registry.room(name)
        drafts = drafts_of(room.ready(), node, variants, places.strategies)

        def work(session: PromptSession, tell: OnProgress, given_up: IsCancelled) -> None:
            session.ab(drafts, samples, node, tell, given_up)

        room.begin(f"A/B of {counted(len(drafts), 'variant')}, {counted(samples, 'sample')} each", work)
        return RedirectResponse(f"/sessions/{quote(name)}/ab?{urlencode(form)}", 303)

    @router.post("/save")
    def save(
        name: str, node: Number, strategy: Text = "", replace: Text = "", description: Text = ""
    ) -> RedirectResponse:
        room = registry.room(name)
        session, file = room.ready(), safe_name(strategy.strip())
        told = " ".join((description or session.description(node)).split())
        with _replacing():
            path = session.save_strategy(file, places.strategies, node, bool(replace), told)
        edits = f" Not in it: {counted(count, 'edit')} by hand." if (count := len(session.draft(node).edits)) else ""
        room.said = (
            f"Saved: {path}, the strategy of node {node}: {told}.{edits} Use it: dv-agent run --prompt-strategy {path}"
        )
        return to_session(name, node)

    @router.post("/save-template")
    def save_template(name: str, node: Number, template: Text, replace: Text = "") -> RedirectResponse:
        room = registry.room(name)
        folder = places.strategies / "templates"
        if folder.exists():
            check_contained((folder,), places.strategies)
        with _replacing():
            path = room.ready().save_template(template, folder, node, bool(replace))
        use = "A strategy file beside it takes it with `templates: templates`."
        room.said = f"Saved: {path}, the template of node {node}. {use}"
        return to_session(name, node, template=template)

    @router.post("/export")
    def export(name: str, node: Number) -> RedirectResponse:
        folder = export_run(registry.room(name).ready(), places.runs, write_report, node)
        return RedirectResponse(f"/runs/{quote(folder.name)}", 303)

    return router


@contextmanager
def _replacing() -> Iterator[None]:
    """Say how a file that is there may be replaced."""
    try:
        yield
    except FileThere as error:
        raise UsageError(f"{error}; choose another name, or tick `replace`") from None


def compared(session: PromptSession, a: int | None, b: int | None) -> tuple[int, int]:
    """The two nodes of a comparison: those that were chosen, else a node that is worth comparing with the other."""
    if a is not None and b is not None:
        return a, b
    chosen = next((one for one in (a, b) if one is not None), session.current.id)
    return (session.partner(chosen).id if len(session.nodes) > 1 else chosen), chosen


def variants_of(given: Mapping[str, str]) -> tuple[Variant, ...]:
    """The lines of the form; at first only the prompt of the node.

    Raises:
        UsageError: a text that is too long to be one.
    """
    found = tuple(Variant(one, given.get(f"source_{one}", ""), given.get(f"model_{one}", "").strip()) for one in NAMES)
    if any(len(one.source) + len(one.model) > 500 for one in found):
        raise UsageError("a name of a model or strategy is expected")
    if any(one.source for one in found):
        return found
    return (Variant("A", HERE), *(Variant(one) for one in NAMES[1:]))
