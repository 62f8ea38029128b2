"""`python -m studies.offices_warsaw`: see `--help`."""

import sys

from studies.offices_warsaw.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
