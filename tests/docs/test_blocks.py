"""Every command and every code block of the documentation works as it stands."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall._cli.app import COMMANDS
from tests.docs.blocks import (
    HERE,
    PAGES,
    Block,
    WrongBlockError,
    blocks_of,
    check_commands,
    commands_in,
    files_before,
    has_form_of,
    inline_commands,
    options_of,
)
from tests.docs.running import Page

LOCUST_OPTIONS = """
from locust.argument_parser import get_parser
from locust.util.load_locustfile import load_locustfile

load_locustfile("locustfile.py")
print(*(option for action in get_parser()._actions for option in action.option_strings))
"""
UNKNOWN_NAMES = """
import pkgutil, sys

for name in sys.argv[1:]:
    try:
        pkgutil.resolve_name(name)
    except (AttributeError, ImportError):
        print(name)
"""
RUN = [page for page in PAGES if blocks_of(page)]


def name_of(page: Path) -> str:
    """Name a page by its place in the project."""
    return str(page.relative_to(HERE))


@pytest.fixture(scope="module")
def locust_options() -> frozenset[str]:
    """The options that Locust has with this project's locustfile."""
    done = subprocess.run(
        [sys.executable, "-c", LOCUST_OPTIONS], cwd=HERE, capture_output=True, text=True, check=True
    )
    return frozenset(done.stdout.split())


@pytest.fixture
def page_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A copy of the content to run a page's blocks in."""
    made = Page(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield made
    made.end()


@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_every_command_of_a_page_has_the_options_that_it_names(
    page: Path, locust_options: frozenset[str]
) -> None:
    """Also of blocks that are not run."""
    check_commands(blocks_of(page), locust_options)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_in_running_text_has_the_options_that_it_names(page: Path) -> None:
    """`footfall NAME --option` in backticks."""
    for name, options in inline_commands(page):
        if name != "COMMAND" and not name.startswith("-"):
            assert name in COMMANDS
            assert set(options) <= options_of(name)


def python_names(page: Path) -> set[str]:
    """Find `footfall.package.name` in backticks."""
    return set(re.findall(r"`(footfall(?:\.\w+)+)`", page.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def unknown_names() -> frozenset[str]:
    """Names in the pages that do not exist; looked up in another process, since Locust patches its own."""
    names = sorted(set().union(*map(python_names, PAGES)))
    done = subprocess.run(
        [sys.executable, "-c", UNKNOWN_NAMES, *names, "footfall.no_such_name"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=True,
    )
    return frozenset(done.stdout.split())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_python_name_in_running_text_exists(page: Path, unknown_names: frozenset[str]) -> None:
    """`footfall.package.name` in backticks."""
    assert "footfall.no_such_name" in unknown_names
    assert not python_names(page) & unknown_names


@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_the_blocks_of_a_page_run(page: Path, page_folder: Page) -> None:
    """In order, in one folder and one namespace."""
    for file in files_before(page):
        page_folder.save(file)
    page_folder.run_all(blocks_of(page))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```sh\nfootfall simulate models/mm3.py --sed 7\n```", "No such option: --sed"),
        ("```sh\nx=1 footfall load http://127.0.0.1:1/ --rate quick &\n```", "valid number"),
        ("```sh\nfootfall simmulate models/mm3.py\n```", "no command 'simmulate'"),
        ("```sh\nfootfall theory erlang-q --servers 3\n```", "has no erlang-q"),
        (
            "```console\n$ footfall show m.py | head; locust -f locustfile.py --headles\n```",
            "no option --headles",
        ),
        ("<!-- not run: it is long -->\n```sh\nfootfall demo --scenari x\n```", "No such option: --scenari"),
        ("```sh\nfootfal demo\n```", "what is 'footfal'"),
    ],
)
def test_a_wrong_command_is_found(text: str, message: str, locust_options: frozenset[str]) -> None:
    """By option, value, name or program, whether it would be run or not."""
    blocks = blocks_of(Path("page.md"), text)
    with pytest.raises(WrongBlockError, match=re.escape(message)):
        check_commands(blocks, locust_options)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```\nfootfall demo\n```", "language ''"),
        ("<!-- not run: -->\n```sh\nfootfall demo\n```", "unknown comment"),
        ("<!-- not run -->\n```sh\nfootfall demo\n```", "say why"),
        ("<!-- later -->\n```sh\nfootfall demo\n```", "unknown comment"),
    ],
)
def test_a_block_says_what_it_is_and_why_it_is_not_run(text: str, message: str) -> None:
    """No silent exception."""
    with pytest.raises(WrongBlockError, match=re.escape(message)):
        blocks_of(Path("page.md"), text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```python\nx = 1\n```\n```python\nassert x == 2\n```", "AssertionError"),
        (
            "<!-- not run: needs data -->\n```python\nfrom footfall._records.rows import Vist\n```",
            "has no Vist",
        ),
        ("```sh\necho a | grep b\n```", "exit code 1"),
        ("```console\n$ echo a\nb\n```", "printed:\na"),
        ('```toml\na = "\n```', "page.md:1"),
        ("```json\n{\n```", "page.md:1"),
        ("```sh\necho p95 3.5 s\n```\n<!-- output -->\n```text\np99 20 ms\n```", "printed:\np95 3.5 s"),
        ("```sh\nseq 3\n```\n<!-- output -->\n```text\n1\n...\nverdict: pass\n```", "verdict: pass"),
    ],
)
def test_a_block_that_does_not_work_is_found(text: str, message: str, page_folder: Page) -> None:
    """In each language."""
    blocks = blocks_of(Path("page.md"), text)
    with pytest.raises(WrongBlockError, match=re.escape(message)):
        page_folder.run_all(blocks)


def test_blocks_share_files_names_and_processes(page_folder: Page) -> None:
    """A file that is shown can be used, and what runs in the background runs until the end."""
    text = (
        "<!-- file: shop/answer.py -->\n```python\nANSWER = 42\n```\n"
        "```sh\npython -c 'from shop.answer import ANSWER; print(ANSWER)' > out.txt\n```\n"
        "<!-- background -->\n```sh\nsleep 60\n```\n"
        "```python\nfrom pathlib import Path\nsaid = Path('out.txt').read_text()\n```\n"
        "```python\nassert said == '42\\n'\n```\n"
        "```console\n$ cat out.txt\n4...\n```\n"
    )
    page_folder.run_all(blocks_of(Path("page.md"), text))


def test_an_output_is_compared_by_its_form() -> None:
    """Other numbers, units and verdicts are the same form; other words, or lines left out, are not."""
    printed = (
        "made 1,261 visits\n\nweb  67 ± 5 ms\nall  1.2 ± ? s\nFAIL  p95(web) < 1s\n      why\nverdict: fail\n"
    )
    same = "made 12 visits\n...\nall 67 ± 5 ms\npass p95(web) < 1s\n w...\nverdict: pass\n"
    assert has_form_of(printed, same)
    for wrong in (
        "made 12 visits\nall 67 ± 5 ms\n",
        "made x visits\n",
        "verdict: pass\n...\nmade 1 visits\n",
        "web 5 ± 5 h\n",
    ):
        assert not has_form_of(printed, wrong)


def test_the_parts_of_a_shell_block_are_found() -> None:
    """Pipes, comments, line ends and redirections part commands."""
    text = "a --b c | d  # why\nE=1 f \\\n  --g > h.txt &\ni 'j;k'\n"
    block = Block(Path("p.md"), 1, "sh", "", "", text)
    assert list(commands_in(block)) == [["a", "--b", "c"], ["d"], ["E=1", "f", "--g"], ["i", "j;k"]]
