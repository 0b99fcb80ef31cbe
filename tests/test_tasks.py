"""The six tasks keep the contract that every plugin is held to, and do what they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from patchnn import Task
from patchnn.testing import TaskConformance, tiny_image, tiny_mask
from patchnn_tasks import Analogy, Collage, Edit, Generate, Inpaint, Retarget

Wrong = Iterable[Mapping[str, Any]]


class TestGenerate(TaskConformance):
    def task(self) -> Task:
        return Generate(image=tiny_image(), noise=0.5, source=(tiny_image((20, 20), seed=1),))

    def wrong(self) -> Wrong:
        return [{"noise": -1}, {"noise": np.nan}, {"size": "0x9"}, {"image": np.zeros((9, 9), np.uint8)}]


class TestRetarget(TaskConformance):
    def task(self) -> Task:
        return Retarget(image=tiny_image(), size="60%x100%")

    def wrong(self) -> Wrong:
        return [{"size": None}, {"size": "no"}, {"rounds": 0}, {"size": "5x5"}]


class TestAnalogy(TaskConformance):
    def task(self) -> Task:
        return Analogy(source=tiny_image(), structure=tiny_image((20, 26), channels=1, seed=1))

    def wrong(self) -> Wrong:
        return [{"source": tiny_image((5, 5))}, {"size": "-5%"}]


class TestInpaint(TaskConformance):
    def task(self) -> Task:
        return Inpaint(image=tiny_image(), mask=tiny_mask(), fill="blue")

    def wrong(self) -> Wrong:
        empty = np.zeros((24, 32), bool)
        return [{"mask": empty}, {"mask": ~empty}, {"mask": empty[:9]}, {"fill": "no colour"}]


class TestCollage(TaskConformance):
    def task(self) -> Task:
        return Collage(images=(tiny_image(), tiny_image((20, 20), channels=1, seed=1), tiny_image((30, 16), seed=2)))

    def wrong(self) -> Wrong:
        return [{"images": ()}, {"images": (tiny_image(),)}, {"size": "4x4"}]


class TestEdit(TaskConformance):
    def task(self) -> Task:
        source = tiny_image()
        edited = source.copy()
        edited[4:12, 6:14] = source[12:20, 20:28]
        return Edit(source=source, edited=edited)

    def wrong(self) -> Wrong:
        return [{"edited": tiny_image()}, {"edited": tiny_image((20, 20))}, {"noise": -1}]
