"""`python -m studies.validation`: see `--help`."""

import sys

from studies.validation.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
