"""How much memory a plan takes, from what each part says that it allocates."""

from __future__ import annotations

import math

from patchnn.engine.plan import Plan
from patchnn.engine.search import Policy
from patchnn.engine.search.patchmatch import PatchMatch
from patchnn.engine.sources import Sources
from patchnn.engine.vote import Vote
from patchnn.errors import InputError

__all__ = ["FIXED", "check_memory", "estimate"]

FIXED = 64 << 20
"""Bytes that any run takes: blocks of exact search, chunks of threads."""


def estimate(plan: Plan, policy: Policy) -> tuple[int, int, int]:
    """Return about how many bytes the largest level takes: in any case, for a pixel of the output, and of the sources."""
    channels = plan.guess.shape[2]
    guide = 0 if plan.guide is None else plan.guide.shape[2]
    finest = max(plan.levels_above(shape) for shape in plan.rounds or ())
    # What only coarser levels ask for takes less than the finest does.
    complete = plan.completeness > 0 and (plan.completeness_levels is None or plan.completeness_levels > finest)
    both = plan.alpha < math.inf or complete
    weighs = plan.pixel_weights is not None and (plan.weight_levels is None or plan.weight_levels > finest)
    weighted = plan.patch**2 * (channels + guide) if weighs else 0
    searched = (0, 0) if policy.pairs == math.inf else PatchMatch.bytes_per_patch(both, weighted, guide > 0)
    voted = Vote.bytes_per_pixel(channels)
    # The image that a level starts from, the query canvas, and the guide's.
    images = 4 * (2 * channels + 3 * guide) + 8
    return FIXED, searched[0] + voted[0] + images, searched[1] + voted[1] + Sources.bytes_per_pixel(plan)


def check_memory(plan: Plan, policy: Policy, memory: int) -> None:
    """Raise InputError, saying what would fit, for a plan that takes more than `memory` bytes."""
    rounds = tuple(plan.rounds or ())
    output = max(height * width for height, width in rounds)
    shapes = [source.image.shape for source in plan.sources]
    canvas = sum(shape[0] for shape in shapes) * max(shape[1] for shape in shapes)
    fixed, per_output, per_source = estimate(plan, policy)
    needed = fixed + per_output * output + per_source * canvas
    if needed <= memory:
        return
    height, width = rounds[-1]
    advice = "raise max_memory, or use smaller images"
    room = memory - fixed - per_source * canvas
    if plan.keep is None and room > per_output * output / 4:
        side = math.sqrt(room / per_output / (height * width))
        advice = f"raise max_memory, or ask for an output of at most {int(width * side)}×{int(height * side)}"
    raise InputError(
        f"this needs about {_gigabytes(needed)} of memory and may use {_gigabytes(memory)}: {advice}", about="max_memory"
    )


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
