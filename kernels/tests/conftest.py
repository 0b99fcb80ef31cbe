"""Every test of a kernel runs with every variant that this processor can run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from patchnn_kernels import KernelsBackend
from patchnn_kernels.library import VARIANT, load

settings.register_profile("kernels", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kernels")

os.environ.pop(VARIANT, None)
VARIANTS = sorted({"plain", load().variant})


@pytest.fixture(scope="module", params=VARIANTS)
def backend(request: pytest.FixtureRequest) -> Iterator[KernelsBackend]:
    """The backend with two threads, of each variant."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIANT, request.param)
        load.cache_clear()
        yield KernelsBackend(threads=2)
    load.cache_clear()
