"""The directive `footfall-names MODULE`: autodoc of each name that a module offers in `__all__`."""

import importlib
import inspect
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx


class Names(Directive):
    """Everything that `MODULE.__all__` names, or of it what the content lists, in that order."""

    required_arguments: ClassVar[int] = 1
    has_content: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """Hand each name to autodoc, by its kind."""
        (module,) = self.arguments
        loaded = importlib.import_module(module)
        lines: list[str] = []
        for name in " ".join(self.content).split() or list(loaded.__all__):
            lines += [f".. {_kind(getattr(loaded, name))}:: {module}.{name}", ""]
        parent = nodes.Element()
        self.state.nested_parse(StringList(lines, source=module), self.content_offset, parent)
        return parent.children


def _kind(what: object) -> str:
    if inspect.isclass(what):
        return "autoexception" if issubclass(what, BaseException) else "autoclass"
    return "autofunction" if callable(what) else "autodata"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("footfall-names", Names)
    return {"parallel_read_safe": True}
