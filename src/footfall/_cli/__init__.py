"""The command line: one file a command."""

import sys


def main() -> None:
    """Run the command line; whatever the user gave wrong ends in one line and exit code 2."""
    # Imported late, so that the heavy libraries load after the name is known.
    from footfall._cli.app import run
    from footfall._runs.process import be_a_child

    be_a_child()
    sys.exit(run(sys.argv[1:]))
