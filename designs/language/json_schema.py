"""The test language of one design as a JSON schema, for servers that can constrain a model's output to one.

The schema is not the final check: short forms are left out, and rules that no schema can express (the order of a
range, the size after expansion, where an expression is allowed) are checked by `parse_test` and `expand` as for any
other test. Loops hold steps, so the definition of a step refers to itself. docs/test-language.md describes the
language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.language.distribution import MAX_FOR, MAX_TURNS
from dv_agent.designs.language.loops.variables import MAX_VARIABLES
from dv_agent.designs.language.packets import BEATS
from dv_agent.designs.language.schema import (
    MAX_WAIT,
    StimulusSchema,
    grammar_of,
    key_range,
    stream_keys,
    streams_of_numbers,
)
from dv_agent.designs.language.stimulus import MAX_STEPS
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Item, Word

Json = dict[str, Any]
MAX_SEED = (1 << 31) - 1  # narrower than the language: some servers read numbers as 32 bits


def language_definitions(design: Design, schema: StimulusSchema, literal: bool = False) -> Json:
    """Return the definitions for ``$defs``, of which ``test`` is one test of this design.

    Args:
        literal: whether to leave out loops, sweeps, random blocks and expressions.
    """
    return _Language(design, schema, literal).definitions()


def json_object(properties: Json, required: tuple[str, ...] = ()) -> Json:
    """Return the schema of an object with these properties and no others."""
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, **needed, "additionalProperties": False}


def json_list(items: Json, least: int, most: int) -> Json:
    """Return the schema of a list of `least` to `most` items."""
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


class _Language:
    def __init__(self, design: Design, schema: StimulusSchema, literal: bool) -> None:
        self._design, self._schema, self._literal = design, schema, literal
        self._found: Json = {}

    def definitions(self) -> Json:
        """Return all definitions, ``test`` last."""
        tracks = {}
        for name in self._schema.tracks:
            self._found[f"step_{name}"] = {"anyOf": self._steps(name)}
            tracks[name] = json_list({"$ref": f"#/$defs/step_{name}"}, 0, MAX_STEPS)
        test = {
            "name": {"type": "string", "maxLength": 200},
            "seed": {"type": "integer", "minimum": 0, "maximum": MAX_SEED},
            "tracks": json_object(tracks),
        }
        memory = {name: self._words(name, memory.word) for name, memory in self._design.memories.items()}
        if memory:
            test["memory"] = json_object(memory)
        self._found["test"] = json_object(test, ("tracks",))
        return self._found

    # Steps -----------------------------------------------------------------------------------------------

    def _steps(self, name: str) -> list[Json]:
        wait = self._integer(0, MAX_WAIT)
        steps = [*self._items(name, wait), *(self._number(word, wait) for word in grammar_of(self._design, name).words)]
        if streams := stream_keys(self._design):
            watched = {"port": {"enum": streams}, "accepted": self._integer(1, 1 << 31)}
            after = json_object({"after": json_object(watched, tuple(watched))}, ("after",))
            steps.append(self._shared("after", after))
        steps.append(self._shared("at", self._only("at", 0, self._design.limits.max_cycles)))
        if grammar_of(self._design, name).stalls:
            waits = [one for one in steps if one in ({"$ref": "#/$defs/at"}, {"$ref": "#/$defs/after"})]
            steps.append(self._shared("stall", json_object({"stall": {"anyOf": waits}}, ("stall",))))
        return steps if self._literal else [*steps, *self._transactions(name), *self._loops(name)]

    def _transactions(self, name: str) -> list[Json]:
        """Return the schemas of the transactions of a track."""
        times = {"type": "integer", "minimum": 0, "maximum": self._design.limits.max_items}
        found = []
        for word, one in self._schema.tracks[name].transactions.items():
            fields = {field: self._drawn(draws.low, draws.high) for field, draws in one.draws().items()}
            found.append(json_object({word: json_object(fields), "times": times}, (word,)))
        return found

    def _only(self, key: str, low: int, high: int) -> Json:
        return json_object({key: self._integer(low, high)}, (key,))

    def _number(self, word: Word, wait: Json) -> Json:
        most = MAX_WAIT if word.limit == "cycles" else self._design.limits.max_items
        return json_object({word.key: self._integer(1, most), **dict.fromkeys(word.options, wait)}, (word.key,))

    def _items(self, name: str, wait: Json) -> list[Json]:
        """Return the schemas of the items that carry payload."""
        track, grammar = self._schema.tracks[name], grammar_of(self._design, name)
        if grammar.item is None:
            return []
        word, item = grammar.item_word(track.item), grammar.item
        options = {key: self._integer(option.least, MAX_WAIT) for key, option in item.options.items()}
        payload = (
            self._packet(name, track.beats.max) if item.packets else self._payload(item.fields, item.level is None)
        )
        words = {**{form: self._form(item, form, track.beats.max) for form in item.forms}, word: payload}
        return [json_object({one: body, "gap": wait, **options}, (one,)) for one, body in words.items()]

    def _form(self, item: Item, word: str, most: int) -> Json:
        """Return the schema of a shorter form of an item."""
        form = item.forms[word]
        fields = {name: self._field(spec) for name, spec in item.fields.items() if name not in form.fixed}
        for name in item.per_beat if item.packets else ():
            if name in fields:
                fields[name] = {"anyOf": [fields[name], json_list(fields[name], 1, most)]}
        needed = tuple(name for name in fields if name not in form.defaults)
        return json_object({**fields, **({BEATS: self._integer(1, most)} if item.packets else {})}, needed)

    def _packet(self, name: str, most: int) -> Json:
        streams = self._design.streams
        carries = any(one.carries for one in streams if one.port == name)
        writes = {one.port: self._payload(one.fields) for one in streams if one.rides and carries}
        more = {"with": json_object(writes)} if writes else {}
        timing = {"gap": self._integer(0, MAX_WAIT), "times": self._integer(0, most)}
        fields = {field: self._field(spec) for field, spec in self._design.grammars[name].fields.items()}
        return json_list(json_object({**fields, **timing, **more}, tuple(fields)), 1, most)

    def _payload(self, fields: Mapping[str, FieldSpec], whole: bool = True) -> Json:
        return json_object({name: self._field(spec) for name, spec in fields.items()}, tuple(fields) if whole else ())

    def _field(self, spec: FieldSpec) -> Json:
        """Return the schema of a field: one number for all lanes, or one for each lane."""
        one = self._integer(spec.low, spec.high)
        if spec.lanes == 1:
            return one
        return {"anyOf": [one, json_list(one, spec.lanes, spec.lanes)]}

    def _loops(self, name: str) -> list[Json]:
        inner = json_list({"$ref": f"#/$defs/step_{name}"}, 1, MAX_STEPS)
        count = {"type": "integer", "minimum": 0, "maximum": self._design.limits.max_items}
        variables = {"type": "object", "minProperties": 1, "maxProperties": MAX_VARIABLES,
                     "additionalProperties": {"$ref": self._values()}}  # fmt: skip
        return [
            json_object({"random": self._random(name)}, ("random",)),
            json_object({"repeat": count, "steps": inner}, ("repeat", "steps")),
            json_object({"for": variables, "steps": inner}, ("for", "steps")),
        ]

    def _random(self, name: str) -> Json:
        track, grammar = self._schema.tracks[name], grammar_of(self._design, name)
        keys = {key: self._drawn(*key_range(self._design, track, name, key))
                for key in (*grammar.timing_keys, *grammar.fields)}  # fmt: skip
        for key in streams_of_numbers(self._design, track, name):
            keys[key] = {"anyOf": [keys[key], self._walk(*key_range(self._design, track, name, key))]}
        count = self._drawn(*key_range(self._design, track, name, "count"), expressions=False)
        profiles = {"enum": sorted({"default", *track.profiles})}
        seed = self._integer(0, MAX_SEED)
        return json_object({"count": count, "profile": profiles, **keys, "seed": seed})

    # Numbers ---------------------------------------------------------------------------------------------

    def _integer(self, low: int, high: int, expressions: bool = True) -> Json:
        """Return the schema of a number or expression of loop variables; equal ones share a definition, to be short."""
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
        """Return the schema of a distribution over ``low..high``; equal ones share a definition."""
        name = f"{'drawn' if expressions else 'count'}_{low}_{high}".replace("-", "m")
        reference = {"$ref": f"#/$defs/{name}"}
        if name not in self._found:
            one = self._integer(low, high, expressions)
            # A pair of distribution and weight; most servers do not support lists whose items differ in type.
            pair = json_list({"anyOf": [reference, {"type": "number", "exclusiveMinimum": 0}]}, 2, 2)
            self._found[name] = {"anyOf": [
                one, json_list(one, 2, 2),
                json_object({"set": json_list({"anyOf": [one, json_list(one, 2, 2)]}, 1, 256)}, ("set",)),
                json_object({"weights": json_list(pair, 1, 256)}, ("weights",)),
            ]}  # fmt: skip
        return reference

    def _walk(self, low: int, high: int) -> Json:
        """Return the schema of a walk over ``low..high``."""
        span = high - low
        parts = {"turns": (1, MAX_TURNS), "for": (1, MAX_FOR), "from": (low, high)}
        more = {key: self._drawn(*bounds) for key, bounds in parts.items()}
        return json_object({"walk": self._drawn(-span, span), **more}, ("walk",))

    def _values(self) -> str:
        """Return the schema of the values of a loop variable."""
        number = {"type": "integer"}
        between = json_list(number, 2, 2)
        step = {"type": "integer", "minimum": 1}
        self._found["values"] = {"anyOf": [
            between, json_object({"range": between, "step": step}, ("range",)),
            json_object({"values": json_list(number, 1, 4096)}, ("values",)),
        ]}  # fmt: skip
        return "#/$defs/values"

    def _words(self, name: str, spec: FieldSpec) -> Json:
        """Return the schema of a responder's memory: its words, or the distribution that they are drawn from."""
        words = json_list(self._integer(spec.low, spec.high, expressions=False), 1,
                          max(self._schema.tracks[name].memory_words, 1))  # fmt: skip
        return words if self._literal else {"anyOf": [words, self._drawn(spec.low, spec.high, expressions=False)]}
