"""The style sheets and the script: a fixed list, read once."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from dv_agent.eval.report.environment import FOLDER
from dv_agent.studio.responses import HERE

FILES = {
    "report.css": (FOLDER / "report.css", "text/css"),
    "studio.css": (HERE / "studio.css", "text/css"),
    "studio.js": (HERE / "studio.js", "text/javascript"),
}


def assets_router() -> APIRouter:
    """``/assets/<name>`` for the names in `FILES`."""
    router = APIRouter()
    for name, (path, kind) in FILES.items():
        router.add_api_route(f"/assets/{name}", _sender(path.read_text(encoding="utf-8"), kind), methods=["GET"])
    return router


def _sender(text: str, kind: str):  # type: ignore[no-untyped-def]
    def send() -> Response:
        return Response(text, media_type=kind)

    return send
