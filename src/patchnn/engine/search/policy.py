"""Which search a level gets."""

from __future__ import annotations

import math
from dataclasses import dataclass

from patchnn.engine.search.exact import ExactSearch
from patchnn.engine.search.level import Level, Matches, Search
from patchnn.engine.search.patchmatch import PatchMatch
from patchnn.errors import InputError

__all__ = ["POLICIES", "SEARCHES", "Policy", "find_policy"]


@dataclass(frozen=True)
class Policy:
    """Search exactly while a level has at most `pairs` pairs of a query and a key, by PatchMatch above."""

    pairs: float

    def choose(self, level: Level, coarser: Matches | None, memory: int) -> Search:
        """Return the search for a level. memory: bytes that exact search may use for blocks."""
        if len(level.atlas.index) * len(level.live) <= self.pairs:
            return ExactSearch(level, memory)
        return PatchMatch(level, coarser)


POLICIES: dict[str, Policy] = {
    # The layout is decided on small levels, and there exact search costs next to nothing.
    "auto": Policy(1000**2),
    "exact": Policy(math.inf),
    # Up to here, trying all patches is cheaper than trying some.
    "patchmatch": Policy(400**2),
}
SEARCHES = tuple(POLICIES)
"""What a user may ask for."""


def find_policy(search: str | Policy) -> Policy:
    """Return the policy called `search`; a Policy is returned as it is. Raises InputError for an unknown name."""
    if isinstance(search, Policy):
        return search
    if search not in POLICIES:
        raise InputError(f"search is {search!r}: choose {', '.join(POLICIES)}", about="search")
    return POLICIES[search]
