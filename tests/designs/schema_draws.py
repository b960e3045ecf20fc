"""Data drawn from a JSON schema at random: what a server writes that is held to a schema and knows nothing else."""

from __future__ import annotations

import random
from typing import Any

LONGEST, DEEPEST = 3, 14


class Draws:
    """Draws values of `schema`; understands what `dv_agent.designs.language.json_schema` uses."""

    def __init__(self, schema: dict[str, Any], seed: int) -> None:
        self._schema, self._source = schema, random.Random(seed)

    def value(self) -> Any:
        """One value of the whole schema."""
        return self._draw(self._schema, 0)

    def _draw(self, schema: dict[str, Any], depth: int) -> Any:  # noqa: PLR0911  # a table of kinds
        if "$ref" in schema:
            return self._draw(self._schema["$defs"][schema["$ref"].rsplit("/", 1)[1]], depth)
        if "anyOf" in schema:
            plain = [one for one in schema["anyOf"] if "steps" not in one.get("properties", {})]
            return self._draw(self._source.choice(plain if depth > DEEPEST else schema["anyOf"]), depth + 1)
        if "enum" in schema:
            return self._source.choice(schema["enum"])
        kind = schema["type"]
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            least = schema["minItems"]
            count = self._source.randint(least, max(least, min(LONGEST, schema["maxItems"])))
            return [self._draw(schema["items"], depth + 1) for _ in range(count)]
        if kind == "string":
            return self._source.choice(["i", "2*i - 8", "1 << k", "no (such"])
        low = schema.get("minimum", 1)
        return self._source.choice([low, self._source.randint(low, min(schema.get("maximum", low + 9), low + 9))])

    def _object(self, schema: dict[str, Any], depth: int) -> Any:
        if isinstance(schema.get("additionalProperties"), dict):
            return {"i": self._draw(schema["additionalProperties"], depth + 1)}
        kept = {
            name: one
            for name, one in schema["properties"].items()
            if name in schema.get("required", ()) or self._source.random() < 0.4
        }
        return {name: self._draw(one, depth + 1) for name, one in kept.items()}
