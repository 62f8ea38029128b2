"""A page's blocks, run in order in a folder of their own."""

import contextlib
import doctest
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.docs.blocks import HERE, Block, WrongBlockError, check_python, has_form_of

PORT = 8000
"""The port that the pages name."""
PORT_IN_TEXT = re.compile(rf"(?<!\d){PORT}(?!\d)")
CONTENT = ("models", "scenarios", "docs/examples", "locustfile.py")
"""What a workspace has, and the blocks may use."""
BLOCK_S_MOST = 120.0
OUTPUT = doctest.OutputChecker()
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Page:
    """The folder and the namespace that a page's blocks share."""

    def __init__(self, folder: Path) -> None:
        """Copy the content into the folder."""
        self.folder = folder
        self._module = ModuleType("page")
        self._left: list[subprocess.Popen[bytes]] = []
        self._port = _free_port()
        self._printed = ""
        for name in CONTENT:
            source, target = HERE / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)

    def run_all(self, blocks: list[Block]) -> None:
        """Run blocks in order."""
        for block in blocks:
            self.run(block)

    def save(self, block: Block) -> None:
        """Write a block to the file that it names."""
        target = self.folder / block.about
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block.text, encoding="utf-8")

    def run(self, block: Block) -> None:
        """Run one block, or check it where it is not to be run; raises `WrongBlockError`."""
        if block.mark == "file":
            self.save(block)
        if block.language == "python":
            check_python(block) if block.mark == "not run" else self._python(block)
        elif block.language in {"toml", "json"}:
            _read(block)
        elif block.mark == "output":
            self._compare(block)
        elif block.mark == "not run" or block.language in {"text", "csv", "yaml"}:
            return
        elif block.mark == "background":
            self._left.append(self._start(block.text, subprocess.DEVNULL))
            if PORT_IN_TEXT.search(block.text):
                self._wait(block)
        elif block.language == "console":
            self._console(block)
        else:
            self._printed = self._shell(block, block.text)

    def end(self) -> None:
        """End what was left running."""
        for process in self._left:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)

    def _wait(self, block: Block) -> None:
        end = time.monotonic() + BLOCK_S_MOST
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return
            time.sleep(0.1)
        raise WrongBlockError(f"{block.where}: nothing listens")

    def _python(self, block: Block) -> None:
        path = str(self.folder / (block.about or block.where))
        names = (
            {"__name__": Path(path).stem, "__file__": path} if block.mark == "file" else vars(self._module)
        )
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(block.text, path, "exec"), names)  # noqa: S102  the documentation's own code
        except Exception as error:
            raise WrongBlockError(f"{block.where}: {type(error).__name__}: {error}") from error

    def _console(self, block: Block) -> None:
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            found = self._shell(block, command)
            if expected.strip() and not OUTPUT.check_output(expected, found, FLAGS):
                raise WrongBlockError(
                    f"{block.where}: {command}\n--- the page:\n{expected}--- printed:\n{found}"
                )

    def _compare(self, block: Block) -> None:
        if not has_form_of(self._printed, block.text):
            raise WrongBlockError(f"{block.where}\n--- the page:\n{block.text}--- printed:\n{self._printed}")

    def _shell(self, block: Block, text: str) -> str:
        process = self._start(text)
        try:
            printed = process.communicate(timeout=BLOCK_S_MOST)[0].decode()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        if process.returncode not in ({0, 3} if block.mark == "load run" else {0}):
            raise WrongBlockError(f"{block.where}: exit code {process.returncode}\n{text}\n{printed}")
        return printed

    def _start(self, text: str, output: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        binaries = Path(sys.executable).parent
        text = PORT_IN_TEXT.sub(str(self._port), text.replace(".venv/bin/", ""))
        return subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.folder,
            env=os.environ | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _read(block: Block) -> None:
    readers: dict[str, Any] = {"toml": tomllib.loads, "json": json.loads}
    try:
        readers[block.language](block.text)
    except ValueError as error:
        raise WrongBlockError(f"{block.where}: {error}") from error
