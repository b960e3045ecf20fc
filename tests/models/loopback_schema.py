"""``response_format`` as a server reads it: is it well formed, and is a reply of its schema?"""

from __future__ import annotations

import json
import re
from typing import Any

from jsonschema import Draft202012Validator, SchemaError
from jsonschema.exceptions import best_match

Body = dict[str, Any]


def schema_of(body: Body) -> Body:
    """The schema of a request; empty without one."""
    schema: Body = body.get("response_format", {}).get("json_schema", {}).get("schema", {})
    return schema


def breach(schema: Body, text: str) -> str:
    """What in `text` is not as the schema wants it, empty if all is."""
    try:
        fault = best_match(Draft202012Validator(schema).iter_errors(json.loads(text)))
    except ValueError as error:
        return f"not JSON: {error}"
    return str(fault.message)[:300] if fault else ""


def malformed_format(body: Body) -> str:
    """What is wrong with ``response_format`` as OpenAI describes it, empty if nothing is."""
    if "response_format" not in body:
        return ""
    given = body["response_format"]
    inner = given.get("json_schema") if isinstance(given, dict) else None
    if not isinstance(inner, dict) or given.get("type") != "json_schema":
        return "expected an object of type json_schema"
    if not re.fullmatch("[A-Za-z0-9_-]{1,64}", str(inner.get("name", ""))):
        return "json_schema.name is missing, or no name"
    try:
        Draft202012Validator.check_schema(inner.get("schema"))
    except SchemaError as error:
        return f"json_schema.schema: {error.message}"
    return "" if inner["schema"].get("type") == "object" else "json_schema.schema: the root must be an object"
