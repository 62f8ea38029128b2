"""Directives for what the code says of itself: names of a module, and columns of a file.

Functions go through autodoc. A class is shown as its user calls it: with the `__init__` that its source
declares for type checkers, its docstring, and the docstring below each field that can be given.
"""

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx


class Names(Directive):
    """The names of a module that the content lists, in that order.

    Without content: the names that the page does not mention elsewhere.
    """

    required_arguments: ClassVar[int] = 1
    has_content: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """Write each name as reStructuredText, and have it parsed."""
        (module,) = self.arguments
        loaded = importlib.import_module(module)
        lines = ["```{eval-rst}"]
        for name in " ".join(self.content).split() or self._left_out(loaded.__all__):
            lines += [*_described(f"{module}.{name}", getattr(loaded, name)), ""]
        lines.append("```")
        parent = nodes.Element()
        self.state.nested_parse(StringList(lines, source=module), self.content_offset, parent)
        return parent.children

    def _left_out(self, names: list[str]) -> list[str]:
        page = Path(str(self.state.document.current_source)).read_text(encoding="utf-8")
        named = set(re.findall(r"\w+", page))
        return [name for name in names if name not in named and name != "__version__"]


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
    yield ""
    yield from textwrap.indent(inspect.cleandoc(ast.get_docstring(tree) or ""), "   ").splitlines()
    yield ""
    given = {each.arg for each in (*arguments.args, *arguments.kwonlyargs)} if arguments else None
    for field, text in _field_texts(tree):
        if given is None or field in given:
            yield f"   ``{field}``"
            yield from textwrap.indent(inspect.cleandoc(text), "      ").splitlines()
            yield ""


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
    app.add_directive("footfall-columns", Columns)
    return {"parallel_read_safe": True}
