"""Footfall: simulate customers and their channels, run that load against real endpoints, and judge it.

`import footfall as ff` gives all that a model is written with, each name loaded when it is first used
(`__init__.pyi` lists them):

    >>> import footfall as ff
    >>> counter = ff.Channel("hall", ff.Counters(3), service=ff.exponential(ff.minutes(6)))
    >>> model = ff.Model("mm3", "M/M/3", arrivals=ff.per_hour(20), channels=[counter])
    >>> model.population
    480.0
"""

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
