"""The directive `footfall-commands`: every command's help, from the command line itself."""

from collections.abc import Iterator
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from footfall._cli.app import COMMANDS, command_named


class Commands(Directive):
    """A section for each command: what it does, how it is called, its arguments and options."""

    has_content: ClassVar[bool] = False

    def run(self) -> list[nodes.Node]:
        """Build the sections in the order of `footfall --help`."""
        sections: list[nodes.Node] = []
        for name in COMMANDS:
            command: Any = command_named(name)
            section = _section(f"footfall {name}", command)
            section += [_section(f"footfall {name} {sub}", inner) for sub, inner in _inner(command)]
            sections.append(section)
        return sections


def _inner(command: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  Typer exports no name of its kind
    yield from getattr(command, "commands", {}).items()


def _section(title: str, command: Any) -> nodes.section:  # noqa: ANN401  as above
    context = command.context_class(command, info_name=title)
    usage = " ".join((title, *command.collect_usage_pieces(context)))
    section = nodes.section("", nodes.title("", title), ids=[nodes.make_id(title)])
    section += [_prose(part) for part in (command.help or "").split("\n\n")]
    section += nodes.literal_block(usage, usage, language="text")
    records = [parameter.get_help_record(context) for parameter in command.get_params(context)]
    options = [record for record in records if record is not None and record[0] != "--help"]
    if options:
        section += _options(options)
    return section


def _options(records: list[tuple[str, str]]) -> nodes.definition_list:
    listed = nodes.definition_list(classes=["options"])
    for name, text in records:
        term = nodes.term("", "", nodes.literal("", name))
        listed += nodes.definition_list_item("", term, nodes.definition("", _prose(text)))
    return listed


def _prose(text: str) -> nodes.paragraph:
    joined = " ".join(text.split())
    return nodes.paragraph(joined, joined)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("footfall-commands", Commands)
    return {"parallel_read_safe": True}
