"""Feathering: the equation that it solves, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import lil_matrix
from scipy.sparse.linalg import spsolve

from patchnn.engine.feather import ACCURACY, _spread


@pytest.mark.parametrize("reach", [1.0, 3.0, 20.0])
def test_the_iteration_solves_the_screened_poisson_equation(reach: float) -> None:
    random = np.random.default_rng(0)
    inside = random.random((17, 19)) > 0.1
    inside[:, 0] = False
    steps = np.where(inside, random.normal(size=inside.shape), 0).astype(np.float32)
    places = [tuple(place) for place in np.argwhere(inside)]
    numbers = {place: number for number, place in enumerate(places)}
    matrix = lil_matrix((len(places), len(places)))
    for (row, column), number in numbers.items():
        matrix[number, number] = reach**-2
        for place in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
            if 0 <= place[0] < 17 and 0 <= place[1] < 19:
                matrix[number, number] += 1
                if place in numbers:
                    matrix[number, numbers[place]] = -1
    expected = np.zeros_like(steps)
    expected[inside] = spsolve(matrix.tocsr(), steps[inside])
    found = _spread(steps[:, :, None], inside, reach)[:, :, 0]
    assert np.abs(found - expected).max() < 2 * ACCURACY * np.abs(expected).max()
    assert (found[~inside] == 0).all()
