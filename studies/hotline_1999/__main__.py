"""`python -m studies.hotline_1999`: see `--help`."""

import sys

from studies.hotline_1999.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
