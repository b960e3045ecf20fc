"""The test language of one design as a JSON schema, for servers that can hold a model to one.

It is a frame, not the judge: short forms are left out, and what no schema can say (the order of a range, the size
after expansion, where an expression may stand) is checked by `parse_test` and `expand` as for any other test. Loops
hold steps, so a step refers to itself. docs/test-language.md is the language.
"""

from __future__ import annotations

from typing import Any

from dv_agent.designs.design import Design, FieldSpec, ResponderPort, SourcePort, StrobePort
from dv_agent.designs.language.schema import MAX_WAIT, TIMING_KEYS, StimulusSchema, key_range, track_kind
from dv_agent.designs.language.size import MAX_VARIABLES
from dv_agent.designs.language.stimulus import MAX_STEPS

Json = dict[str, Any]
MAX_SEED = (1 << 31) - 1  # narrower than the language: some servers read numbers as 32 bits
_CYCLES = {"source": ("idle",), "strobe": ("idle",), "reset": ("idle", "pulse"), "sink": ("ready", "stall", "accept")}


def language_definitions(design: Design, schema: StimulusSchema, literal: bool = False) -> Json:
    """Definitions for ``$defs``, of which ``test`` is one test of this design.

    Args:
        literal: leaves out loops, sweeps, random blocks and expressions.
    """
    return _Language(design, schema, literal).definitions()


def json_object(properties: Json, required: tuple[str, ...] = ()) -> Json:
    """An object of these properties and no others."""
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, **needed, "additionalProperties": False}


def json_list(items: Json, least: int, most: int) -> Json:
    """A list of `least` to `most` items."""
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


class _Language:
    def __init__(self, design: Design, schema: StimulusSchema, literal: bool) -> None:
        self._design, self._schema, self._literal = design, schema, literal
        self._found: Json = {}

    def definitions(self) -> Json:
        """All of them, ``test`` last."""
        tracks = {}
        for name in self._schema.tracks:
            self._found[f"step_{name}"] = {"anyOf": self._steps(name)}
            tracks[name] = json_list({"$ref": f"#/$defs/step_{name}"}, 0, MAX_STEPS)
        test = {
            "name": {"type": "string", "maxLength": 200},
            "seed": {"type": "integer", "minimum": 0, "maximum": MAX_SEED},
            "tracks": json_object(tracks),
        }
        memory = {name: self._words(name, port) for name, port in self._design.ports.items()
                  if isinstance(port, ResponderPort)}  # fmt: skip
        if memory:
            test["memory"] = json_object(memory)
        self._found["test"] = json_object(test, ("tracks",))
        return self._found

    # Steps -----------------------------------------------------------------------------------------------

    def _steps(self, name: str) -> list[Json]:
        kind = track_kind(self._design, name)
        steps = [*self._items(name), *(self._only(key, 1, MAX_WAIT) for key in _CYCLES.get(kind, ()))]
        watched = {"port": {"enum": self._ports()}, "accepted": self._integer(1, 1 << 31)}
        steps.append(self._shared("after", json_object({"after": json_object(watched, tuple(watched))}, ("after",))))
        steps.append(self._shared("at", self._only("at", 0, self._design.limits.max_cycles)))
        return steps if self._literal else [*steps, *self._loops(name, kind)]

    def _only(self, key: str, low: int, high: int) -> Json:
        return json_object({key: self._integer(low, high)}, (key,))

    def _items(self, name: str) -> list[Json]:
        """What carries payload, or answers."""
        port, wait, limit = self._design.ports.get(name), self._integer(0, MAX_WAIT), self._design.limits.max_items
        if isinstance(port, SourcePort):
            track = self._schema.tracks[name]
            packet = json_list(self._beat(port, track.beats.max), 1, track.beats.max)
            return [json_object({track.item: packet, "gap": wait}, (track.item,))]
        if isinstance(port, StrobePort):
            return [json_object({"write": self._payload(port.fields), "gap": wait}, ("write",))]
        if isinstance(port, ResponderPort):
            return [json_object({"serve": self._integer(1, limit), "latency": wait, "stall": wait}, ("serve",))]
        return []

    def _beat(self, port: SourcePort, most: int) -> Json:
        strobes = {name: self._payload(one.fields) for name, one in self._design.ports.items()
                   if isinstance(one, StrobePort)}  # fmt: skip
        more = {"with": json_object(strobes)} if strobes else {}
        timing = {"gap": self._integer(0, MAX_WAIT), "times": self._integer(0, most)}
        fields = {name: self._field(spec) for name, spec in port.fields.items()}
        return json_object({**fields, **timing, **more}, tuple(fields))

    def _payload(self, fields: dict[str, FieldSpec]) -> Json:
        return json_object({name: self._field(spec) for name, spec in fields.items()}, tuple(fields))

    def _field(self, spec: FieldSpec) -> Json:
        """One number for all lanes, or one for each."""
        one = self._integer(spec.low, spec.high)
        if spec.lanes == 1:
            return one
        return {"anyOf": [one, json_list(one, spec.lanes, spec.lanes)]}

    def _loops(self, name: str, kind: str) -> list[Json]:
        inner = json_list({"$ref": f"#/$defs/step_{name}"}, 1, MAX_STEPS)
        count = {"type": "integer", "minimum": 0, "maximum": self._design.limits.max_items}
        variables = {"type": "object", "minProperties": 1, "maxProperties": MAX_VARIABLES,
                     "additionalProperties": {"$ref": self._values()}}  # fmt: skip
        return [
            json_object({"random": self._random(name, kind)}, ("random",)),
            json_object({"repeat": count, "steps": inner}, ("repeat", "steps")),
            json_object({"for": variables, "steps": inner}, ("for", "steps")),
        ]

    def _random(self, name: str, kind: str) -> Json:
        track, port = self._schema.tracks[name], self._design.ports.get(name)
        fields = tuple(port.fields) if isinstance(port, SourcePort | StrobePort) else ()
        keys = {key: self._drawn(*key_range(self._design, track, name, key)) for key in (*TIMING_KEYS[kind], *fields)}
        count = self._drawn(*key_range(self._design, track, name, "count"), expressions=False)
        profiles = {"enum": sorted({"default", *track.profiles})}
        seed = self._integer(0, MAX_SEED)
        return json_object({"count": count, "profile": profiles, **keys, "seed": seed})

    # Numbers ---------------------------------------------------------------------------------------------

    def _integer(self, low: int, high: int, expressions: bool = True) -> Json:
        """A number, or an expression of loop variables; equal ones share a definition, for a short schema."""
        number: Json = {"type": "integer", "minimum": low, "maximum": high}
        if self._literal or not expressions:
            return self._shared(f"number_{low}_{high}", number)
        text = self._shared("expression", {"type": "string", "maxLength": 200})
        return self._shared(f"value_{low}_{high}", {"anyOf": [number, text]})

    def _shared(self, name: str, definition: Json) -> Json:
        name = name.replace("-", "m")
        self._found.setdefault(name, definition)
        return {"$ref": f"#/$defs/{name}"}

    def _drawn(self, low: int, high: int, expressions: bool = True) -> Json:
        """A distribution over ``low..high``; equal ones share a definition."""
        name = f"{'drawn' if expressions else 'count'}_{low}_{high}".replace("-", "m")
        reference = {"$ref": f"#/$defs/{name}"}
        if name not in self._found:
            one = self._integer(low, high, expressions)
            # A pair of distribution and weight; lists whose places differ are beyond most servers.
            pair = json_list({"anyOf": [reference, {"type": "number", "exclusiveMinimum": 0}]}, 2, 2)
            self._found[name] = {"anyOf": [
                one, json_list(one, 2, 2), json_object({"set": json_list(one, 1, 256)}, ("set",)),
                json_object({"weights": json_list(pair, 1, 256)}, ("weights",)),
            ]}  # fmt: skip
        return reference

    def _values(self) -> str:
        """What a loop variable runs over."""
        number = {"type": "integer"}
        between = json_list(number, 2, 2)
        step = {"type": "integer", "minimum": 1}
        self._found["values"] = {"anyOf": [
            between, json_object({"range": between, "step": step}, ("range",)),
            json_object({"values": json_list(number, 1, 4096)}, ("values",)),
        ]}  # fmt: skip
        return "#/$defs/values"

    def _words(self, name: str, port: ResponderPort) -> Json:
        """Memory of a responder: its words, or what they are drawn from."""
        spec = next(iter(port.response.fields.values()))
        words = json_list(self._integer(spec.low, spec.high, expressions=False), 1,
                          max(self._schema.tracks[name].memory_words, 1))  # fmt: skip
        return words if self._literal else {"anyOf": [words, self._drawn(spec.low, spec.high, expressions=False)]}

    def _ports(self) -> list[str]:
        """Whose transfers a step may wait for."""
        ports = self._design.ports.items()
        names = [name for name, port in ports if port.kind in ("source", "sink", "strobe")]
        return names + [f"{name}.{side}" for name, port in ports if port.kind == "responder"
                        for side in ("request", "response")]  # fmt: skip
