"""Criteria: what is asked of a run, parsed once by one grammar and carried as frozen objects."""

from footfall._criteria.lists import Vocabulary, check_names, criteria_of, parse, parse_lines
from footfall._criteria.objects import Criterion, Scope

__all__ = ["Criterion", "Scope", "Vocabulary", "check_names", "criteria_of", "parse", "parse_lines"]
