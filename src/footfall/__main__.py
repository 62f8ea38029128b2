"""`python -m footfall`: the same command line."""

from footfall.cli import main

main()
