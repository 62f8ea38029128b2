"""Whole jobs as functions: simulate, make a trace, load a service, predict, judge, compare, report, fit.

The command line, the pytest plugin, the web page and a notebook all call these. Nothing here writes to a
terminal: what is going on is passed to a `Messages` object that the caller passes in.
"""
