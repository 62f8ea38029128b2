"""Directives for what the code says of itself: names of a module, results of jobs, and columns of a file.

Functions go through autodoc. A class is shown as its user calls it: with the `__init__` that its source
declares for type checkers, its docstring, and each field that can be given, with its types and its docstring.
"""

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx


class Names(Directive):
    """The names of a module that the content lists, in that order, with all that can be said of them."""

    required_arguments: ClassVar[int] = 1
    has_content: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """Write each name as reStructuredText, and have it parsed."""
        (module,) = self.arguments
        loaded = importlib.import_module(module)
        names = " ".join(self.content).split()
        return _parsed(
            self, [line for name in names for line in _described(f"{module}.{name}", getattr(loaded, name))]
        )


class Summary(Directive):
    """A table of the names that the content lists: each a link, with the first sentence of its docstring."""

    required_arguments: ClassVar[int] = 1
    has_content: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """Write a table as reStructuredText, and have it parsed."""
        lines = [".. list-table::", "   :widths: 1 3", ""]
        for name in " ".join(self.content).split():
            found = _found(self.arguments[0], name)
            text = inspect.getdoc(found) if callable(found) else _text_of(self.arguments[0], name)
            sentence = re.split(r"(?<=\.)\s", " ".join((text or "").split("\n\n")[0].split()))[0]
            link = name.rpartition(".")[2] if "." in name else f"~{self.arguments[0]}.{name}"
            lines += [f"   * - :py:obj:`{link}`", f"     - {sentence}"]
        return _parsed(self, lines)


class Results(Directive):
    """The results of jobs: per line a class and, after a colon, the jobs that return it.

    Each is shown with its docstring, its documented fields and its properties; none is made by its user.
    """

    required_arguments: ClassVar[int] = 1
    has_content: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """Write each class as reStructuredText, and have it parsed."""
        lines: list[str] = []
        for line in self.content:
            name, _, jobs = line.partition(": ")
            lines += _result(_found(self.arguments[0], name), jobs)
        return _parsed(self, lines)


class Columns(Directive):
    """The columns of a file of rows: fields of a class, with their types and the text below each."""

    required_arguments: ClassVar[int] = 1

    def run(self) -> list[nodes.Node]:
        """Build a definition list in the order of the columns."""
        module, _, name = self.arguments[0].rpartition(".")
        tree = _class_tree(getattr(importlib.import_module(module), name))
        texts = dict(_field_texts(tree))
        listed = nodes.definition_list(classes=["options"])
        for field in tree.body:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                column, kind = field.target.id, ast.unparse(field.annotation).replace(" | None", ", or empty")
                text = " ".join(texts.get(column, "").replace("`", "").split())
                term = nodes.term("", "", nodes.literal("", column), nodes.Text(f"  {kind}"))
                listed += nodes.definition_list_item(
                    "", term, nodes.definition("", nodes.paragraph("", text))
                )
        return [listed]


def _parsed(directive: Directive, lines: list[str]) -> list[nodes.Node]:
    """Have reStructuredText parsed within a page of Markdown."""
    parent = nodes.Element()
    fenced = ["```{eval-rst}", *lines, "```"]
    directive.state.nested_parse(StringList(fenced, source="docstrings"), directive.content_offset, parent)
    return parent.children


def _found(module: str, name: str) -> Any:  # noqa: ANN401  a name of any kind
    """Find a name; `module.name` is looked up below the package."""
    below, _, short = f"{module}.{name}".rpartition(".")
    found = getattr(importlib.import_module(below), short)
    return getattr(found, "__wrapped__", found) if inspect.ismodule(found) else found


def _text_of(module: str, name: str) -> str:
    """Find the string below a constant, in the module that the package's stub imports it from."""
    package = importlib.import_module(module)
    stub = ast.parse(Path(str(package.__file__)).with_suffix(".pyi").read_text(encoding="utf-8"))
    homes = {
        alias.name: node.module
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    body = ast.parse(inspect.getsource(importlib.import_module(f"{module}.{homes[name]}"))).body
    for assigned, below in pairwise(body):
        target = (
            assigned.targets[0] if isinstance(assigned, ast.Assign) else getattr(assigned, "target", None)
        )
        if isinstance(target, ast.Name) and target.id == name and isinstance(below, ast.Expr):
            return str(ast.literal_eval(below.value))
    return ""


def _result(what: type, jobs: str) -> Iterator[str]:
    classes = [each for each in reversed(what.__mro__) if each.__module__.startswith("footfall")]
    trees = [_class_tree(each) for each in classes]
    linked = re.sub(r"\b([a-z_]+)\b", r":py:obj:`~footfall.\1`", jobs).replace(
        ":py:obj:`~footfall.and`", "and"
    )
    yield f".. py:class:: {what.__name__}"
    yield ""
    yield f"   Returned by {linked}."
    yield ""
    yield from textwrap.indent(inspect.getdoc(what) or "", "   ").splitlines()
    yield ""
    for name, kind, text in (each for tree in trees for each in _attributes(tree)):
        yield f"   ``{name}``{f' ({kind})' if kind else ''}"
        yield from textwrap.indent(inspect.cleandoc(text), "      ").splitlines()
        yield ""


def _attributes(tree: ast.ClassDef) -> Iterator[tuple[str, str, str]]:
    """Documented fields and properties, in the order of the source: name, type, text."""
    texts = dict(_field_texts(tree))
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if node.target.id in texts:
                yield node.target.id, _kind(node.annotation), texts[node.target.id]
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            is_property = any("property" in ast.unparse(each) for each in node.decorator_list)
            text = ast.get_docstring(node) or ""
            if is_property:
                yield node.name, _kind(node.returns), text
            elif not node.decorator_list:
                yield f"{node.name}()", _kind(node.returns), text


def _kind(annotation: ast.expr | None) -> str:
    """Give a type as a reader wants it: without modules and quotes."""
    if annotation is None:
        return ""
    return re.sub(r"\bpl\.DataFrame\b", "data frame", ast.unparse(annotation)).replace("'", "")


def _described(name: str, what: object) -> Iterator[str]:
    if inspect.isclass(what) and not issubclass(what, BaseException):
        yield from _class(name, what)
    elif inspect.isclass(what):
        yield f".. autoexception:: {name}"
    else:
        yield f".. {'autofunction' if callable(what) else 'autodata'}:: {name}"


def _class(name: str, what: type) -> Iterator[str]:
    tree = _class_tree(what)
    made = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
    arguments = made[0].args if made else None
    yield f".. py:class:: {name}({_signature(arguments) if arguments else ''})"
    yield "   :single-line-parameter-list:"
    yield ""
    yield from textwrap.indent(inspect.cleandoc(ast.get_docstring(tree) or ""), "   ").splitlines()
    yield ""
    each_given = (*arguments.args, *arguments.kwonlyargs) if arguments else ()
    given = {each.arg: each.annotation for each in each_given}
    for field, its in getattr(what, "model_fields", {}).items() if not given else ():
        if its.description:
            default = "" if its.is_required() else f", default {its.get_default(call_default_factory=True)!r}"
            yield f"   ``{field}`` ({_type_name(its.annotation)}{default})"
            yield f"      {its.description}"
            yield ""
    for field, text in _field_texts(tree):
        if not given or field in given:
            kind = _kind(given.get(field))
            yield f"   ``{field}``{f' ({kind})' if kind else ''}"
            yield from textwrap.indent(inspect.cleandoc(text), "      ").splitlines()
            yield ""


def _type_name(kind: Any) -> str:  # noqa: ANN401  a type, or a form of one
    return (
        kind.__name__ if isinstance(kind, type) else str(kind).replace("typing.", "").replace("pathlib.", "")
    )


def _class_tree(what: type) -> ast.ClassDef:
    whole = ast.parse(textwrap.dedent(inspect.getsource(what)))
    return next(each for each in whole.body if isinstance(each, ast.ClassDef))


def _signature(arguments: ast.arguments) -> str:
    plain = [each.arg for each in arguments.args][1:]
    first_default = len(plain) - len(arguments.defaults)
    shown = [f"{arg}=..." if i >= first_default else arg for i, arg in enumerate(plain)]
    named = [
        each.arg if value is None else f"{each.arg}=..."
        for each, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    return ", ".join([*shown, *(["*"] if named else []), *named])


def _field_texts(tree: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Each field with the string below it."""
    for field, below in zip(tree.body, tree.body[1:], strict=False):
        is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_text:
            yield field.target.id, str(below.value.value)  # type: ignore[attr-defined]  # narrowed by is_text


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("footfall-names", Names)
    app.add_directive("footfall-summary", Summary)
    app.add_directive("footfall-results", Results)
    app.add_directive("footfall-columns", Columns)
    return {"parallel_read_safe": True}
