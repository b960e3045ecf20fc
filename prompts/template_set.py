"""Templates of a strategy: from its file, its folder, or shipped; sandboxed, with one-line error messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, DictLoader, FileSystemLoader, StrictUndefined, nodes
from jinja2.exceptions import TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dv_agent.errors import UnknownNameError, UsageError
from dv_agent.prompts.bounded_render import ContainedLoader, render_bounded
from dv_agent.prompts.parts import PARTS, MessageRole, Part, Section
from dv_agent.prompts.strategy import TEMPLATES, Strategy, template_names
from dv_agent.prompts.text.compact_json import compact_json
from dv_agent.prompts.text.data_fence import fenced

_PLAIN = (str, bytes, int, float, list, tuple, set, frozenset, Mapping)
# Exceptions that a template expression can raise besides jinja2's own errors.
_FAULTS = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)


class TemplatePage:
    """Renders sections and messages with the templates of a strategy.

    Raises:
        UsageError: from every method, if a template of the strategy is invalid; the message says which and where.
    """

    def __init__(self, strategy: Strategy) -> None:
        strategy.require_templates()
        # Only shipped templates are rendered without limits.
        self._is_foreign = bool(strategy.wording) or strategy.own_templates is not None
        self._environment = _environment(str(strategy.own_templates or ""), tuple(sorted(strategy.wording.items())))

    def draw(self, section: Section, shown: int | None) -> str:
        """Return the text of a section with its first `shown` items; for None the note that it was left out."""
        if shown is None:
            return self._text("parts/left_out", {"name": section.name})
        items, rest = section.items[:shown], section.items[shown:]
        values = {"items": items, "rest": rest, "more": len(rest), **section.context}
        return self._text(f"parts/{section.name}", values)

    def message(self, template: str, role: MessageRole, parts: Sequence[Part]) -> str:
        """Render a message; its template only places the parts in order, without text, so that token counts add up."""
        texts = dict.fromkeys(PARTS, "") | {one.name: one.text for one in parts if one.message == role}
        return self._text(template, texts)

    def _text(self, name: str, values: Mapping[str, object]) -> str:
        if self._is_foreign:
            return render_bounded(name, lambda: self._rendered(name, values))
        return self._rendered(name, values)

    def _rendered(self, name: str, values: Mapping[str, object]) -> str:
        with _told(name):
            return self._environment.get_template(f"{name}.jinja").render(values)


def check_template(name: str, text: str) -> None:
    """Check that `text` is valid for the template `name`; errors that depend on values appear only when rendering.

    Raises:
        UnknownNameError: there is no such template.
        UsageError: the text is not a valid Jinja template; the message names the line.
    """
    if name not in template_names():
        raise UnknownNameError("template", name, template_names())
    parse_template(name, text)


def parse_template(name: str, text: str) -> nodes.Template:
    """Return the syntax tree of the template `name`.

    Raises:
        UsageError: the text is not a valid Jinja template; the message names the line.
    """
    with _told(name):
        return _environment("", ()).parse(text, name)


def template_text(name: str, strategy: Strategy) -> str:
    """Return the text of a template in `strategy`.

    Raises:
        UnknownNameError: there is no such template.
        UsageError: it cannot be read.
    """
    if name not in template_names():
        raise UnknownNameError("template", name, template_names())
    environment = _environment(str(strategy.own_templates or ""), tuple(sorted(strategy.wording.items())))
    assert environment.loader is not None
    with _told(name):
        return environment.loader.get_source(environment, f"{name}.jinja")[0]


@contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        yield
    except TemplateSyntaxError as error:
        raise UsageError(f"template {error.name or name}, line {error.lineno}: {error.message}") from None
    except (TemplateError, *_FAULTS) as error:
        line = _line(error)
        where = f", line {line}" if line else ""
        raise UsageError(f"template {name}{where}: {str(error).strip() or type(error).__name__}") from None


def _line(error: BaseException) -> int | None:
    """Return the template line in which `error` occurred; jinja2 puts it into the traceback."""
    found, trace = None, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename.endswith((".jinja", "<template>")):
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


class _Sandbox(ImmutableSandboxedEnvironment):
    """jinja2's sandbox, in which no path can be used, and of methods only those of plain values can be called.

    jinja2 forbids only names that begin with an underscore; a path among the values (`design.base`) could read and
    write files.
    """

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Return whether a template may use this attribute."""
        return super().is_safe_attribute(obj, attr, value) and not isinstance(obj, (PurePath, type))

    def is_safe_callable(self, obj: Any) -> bool:
        """Return whether a template may call this."""
        owner = getattr(obj, "__self__", None)
        plain = owner is None or isinstance(owner, _PLAIN) or type(owner).__module__.startswith("jinja2.")
        return super().is_safe_callable(obj) and plain


def _json(data: object, most: int = 1 << 20) -> str:
    return compact_json(data, most)


@lru_cache(maxsize=16)
def _environment(own: str, wording: tuple[tuple[str, str], ...]) -> _Sandbox:
    # Prompts are plain text, so there is no HTML escaping; inserted values are never parsed as templates.
    loaders: list[BaseLoader] = [DictLoader({f"{name}.jinja": text for name, text in wording})]
    loaders += [ContainedLoader(Path(own))] if own else []
    environment = _Sandbox(
        loader=ChoiceLoader([*loaders, FileSystemLoader(TEMPLATES)]),
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(fenced=fenced)
    environment.filters.update(json=_json)
    return environment
