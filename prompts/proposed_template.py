"""Checks on a template text that a model proposed, before it is rendered: what it may read, include and call.

The sandbox and the bounds of `dv_agent.prompts.bounded_render` hold for it as for any template that is not shipped;
this refuses sooner, and tells the model why.
"""

from __future__ import annotations

from jinja2 import meta, nodes
from jinja2.defaults import DEFAULT_NAMESPACE

from dv_agent.errors import UsageError
from dv_agent.prompts.strategy import Strategy
from dv_agent.prompts.template_set import check_template, parse_template, template_text

GLOBALS = frozenset({"fenced", "namespace", "range"})
METHODS = frozenset({"endswith", "get", "items", "keys", "lower", "replace", "split", "startswith", "strip", "upper",
                     "values"})  # fmt: skip
"""Methods of texts and mappings that a proposed template may call; none of them reaches anything else."""


def check_proposed(name: str, text: str, before: Strategy) -> None:
    """Check that `text` reads and includes no more than the template `name` of `before` does.

    Raises:
        UsageError: not a valid template, or it reads a value, includes a template, or calls something that the present
            template does not.
    """
    try:
        _check(name, text, template_text(name, before))
    except RecursionError:
        raise UsageError(f"template {name}: nested too deep") from None


def _check(name: str, text: str, before: str) -> None:
    check_template(name, text)
    tree, old = parse_template(name, text), parse_template(name, before)
    known = meta.find_undeclared_variables(old) | GLOBALS
    others = {one.name for one in tree.find_all(nodes.Name)} & (set(DEFAULT_NAMESPACE) - GLOBALS)
    if unknown := sorted(meta.find_undeclared_variables(tree) - known | others):
        allowed = ", ".join(sorted(known))
        raise UsageError(f"template {name}: there is no value {unknown[0][:80]!r}; it may read: {allowed}")
    included = set(meta.find_referenced_templates(old))
    for one in meta.find_referenced_templates(tree):
        if one not in included:
            raise UsageError(f"template {name}: it may not read the template {str(one)[:80]!r}")
    for attribute in tree.find_all(nodes.Getattr):
        if attribute.attr.startswith("_"):
            raise UsageError(f"template {name}, line {attribute.lineno}: no attribute {attribute.attr[:80]!r}")
    for call in tree.find_all(nodes.Call):
        if not _may_call(call.node):
            allowed = ", ".join(sorted(METHODS))
            raise UsageError(f"template {name}, line {call.lineno}: it may call macros and the methods {allowed} only")


def _may_call(called: nodes.Expr) -> bool:
    if isinstance(called, nodes.Name):
        return True
    return isinstance(called, nodes.Getattr) and called.attr in METHODS
