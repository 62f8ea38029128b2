"""`python -m studies.web_1995`: see `--help`."""

import sys

from studies.web_1995.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
