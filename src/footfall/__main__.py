"""`python -m footfall`: the same command line."""

from footfall._cli import main

main()
