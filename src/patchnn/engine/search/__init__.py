"""Nearest-neighbour search: exact where a level is small, approximate where it is large."""

from patchnn.engine.search.level import Level, Matches, Search
from patchnn.engine.search.policy import SEARCHES, Policy, find_policy

__all__ = ["SEARCHES", "Level", "Matches", "Policy", "Search", "find_policy"]
