"""Competition for places: the limit of the completeness score, and how equal bids are told apart."""

from __future__ import annotations

import numpy as np

from patchnn.engine.backend import Array

__all__ = ["claim", "firsts", "winners"]


def claim(xp: Array, field: Array, keys: Array, places: Array, distances: Array) -> Array:
    """Give every key the query that it fits best. If several want the same query, the key with the largest distance gets it.

    The completeness score tends to this as alpha goes to 0, where every key scores 1 at its nearest query.
    field: flat, changed in place. keys, places, distances: (n,), every key, its nearest query and how far that is.
    Returns the queries that changed hands.
    """
    won = winners(xp, places, distances, farthest=True)
    won = won[field[places[won]] != keys[won]]
    field[places[won]] = keys[won]
    return places[won]


def winners(xp: Array, places: Array, distances: Array, farthest: bool = False) -> Array:
    """Return the bids that win their place: the nearest of each place, or the farthest; the first of equals.

    With two writes to one place, a device does not say which stays. places, distances: (n,), distances >= 0.
    """
    # The bits of non-negative floats are in the order of the floats.
    rank = distances.astype(np.float32).view(np.int32).astype(np.int64)
    order = xp.argsort((places.astype(np.int64) << 32) + (2**31 - 1 - rank if farthest else rank), kind="stable")
    return order[firsts(xp, places[order])]


def firsts(xp: Array, values: Array) -> Array:
    """Return where in sorted values (n,) each one stands for the first time, (n,) bool."""
    first = xp.ones(len(values), np.bool_)
    first[1:] = values[1:] != values[:-1]
    return first
