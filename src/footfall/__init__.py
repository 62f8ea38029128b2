"""Footfall: simulate an operator's customers, play them at real endpoints, and judge.

The flow is models -> scenarios -> results:

1. `footfall.simulate` runs a model's day: who comes, which channel they choose, how it ends.
2. `footfall.load` plays a window of that day at a running service, through Locust.
3. `footfall.measure` sets predicted and measured side by side and gives a verdict.
4. `footfall.chart` draws it.

`footfall.service` is the reference operator that everything can run against, `footfall.records`
holds the rows and files that all of them exchange, and `footfall.cli` is the command line.
"""

__version__ = "0.1.0"
