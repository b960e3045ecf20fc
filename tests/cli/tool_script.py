"""A model that calls tools, behind a loopback server: what it says is a script, or a function of the dialogue."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from loopback import USAGE, Behaviour, Body, Handler, completion

Call = tuple[str, Any]
WIDE = {"name": "wide", "seed": 1, "tracks": {"in": [{"random": {"count": 40}}], "out": [{"stall": 30}]}}
LONG = "it follows from section 4: there are twelve places and no more, whatever comes"


def body_of(calls: Sequence[Call], model: str = "test-model", text: str | None = None, **more: Any) -> Body:
    """A chat completion that calls tools; arguments that are text go over the wire as they are."""
    written = [
        {
            "id": f"call_{place}",
            "type": "function",
            "function": {"name": name, "arguments": args if isinstance(args, str) else json.dumps(args)},
        }
        for place, (name, args) in enumerate(calls)
    ]
    more = {"tool_calls": written, **more} if written else more
    return completion(text, model, USAGE, "tool_calls" if written else "stop", **more)


def says(*calls: Call, text: str | None = None) -> Behaviour:
    """One reply with these calls."""
    return lambda handler, body: handler.send_json(200, body_of(calls, text=text))


def follows(make: Callable[[Body], Sequence[Call]]) -> Behaviour:
    """Replies that are a function of the request."""

    def answer(handler: Handler, body: Body) -> None:
        handler.send_json(200, body_of(make(body)))

    return answer


def told(body: Body) -> list[str]:
    """The contents of all results of tools in a request."""
    return [one["content"] for one in body["messages"] if one["role"] == "tool"]
