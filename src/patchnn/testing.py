"""For authors of tasks: a class of tests that every task must pass, and tiny images to test with.

    class TestMirror(TaskConformance):
        def task(self):
            return Mirror(image=tiny_image(), noise=0.5)

        def wrong(self):
            return [{"noise": -1}]

Nothing here needs pytest; its runner finds the tests by their names.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from patchnn.engine.arrays import Image, Mask
from patchnn.engine.plan import Plan
from patchnn.engine.synthesize import Progress, synthesize
from patchnn.errors import InputError
from patchnn.registry import unusable_options
from patchnn.runner import run
from patchnn.task import Task, items, options

__all__ = ["TaskConformance", "tiny_image", "tiny_mask"]


def tiny_image(shape: tuple[int, int] = (24, 32), channels: int = 3, seed: int = 0) -> Image:
    """Draw a small image of soft stripes and two discs, with no two places alike.

    Parameters
    ----------
    shape
        Rows and columns.
    channels
        Number of channels.
    seed
        Random seed of the drawing.

    Returns
    -------
    ndarray
        (*shape, channels) float32.

    Examples
    --------
    >>> tiny_image(channels=1).shape
    (24, 32, 1)
    """
    rng = np.random.RandomState(seed)  # its stream never changes
    y, x = np.mgrid[: shape[0], : shape[1]]
    image = np.empty((*shape, channels), np.float32)
    for channel in range(channels):
        down, across, phase = rng.uniform(0.1, 0.6, 3)
        image[:, :, channel] = 0.5 + 0.35 * np.sin(down * y + across * x + 9 * phase)
    for _ in range(2):
        centre, radius = rng.uniform(0.2, 0.8, 2) * shape, rng.uniform(0.12, 0.2) * min(shape)
        image[np.hypot(y - centre[0], x - centre[1]) < radius] = rng.uniform(0, 1, channels)
    return image


def tiny_mask(shape: tuple[int, int] = (24, 32)) -> Mask:
    """Return a mask with one rectangular hole in the middle.

    Parameters
    ----------
    shape
        Rows and columns.

    Returns
    -------
    ndarray
        (*shape) bool.

    Examples
    --------
    >>> int(tiny_mask().sum())
    48
    """
    mask = np.zeros(shape, np.bool_)
    mask[shape[0] // 3 : shape[0] * 2 // 3, shape[1] // 3 : shape[1] // 2] = True
    return mask


class TaskConformance:
    """The contract of a task. Subclass it as Test…, write task() and wrong(), and inherit the tests."""

    def task(self) -> Task:
        """Return a valid task on tiny images."""
        raise NotImplementedError("task() must return a valid task on tiny images")

    def wrong(self) -> Iterable[Mapping[str, Any]]:
        """Return options that must be refused, each laid over those of task()."""
        raise NotImplementedError("wrong() must return options that the task refuses")

    def test_help_tells_what_it_does(self) -> None:
        task = type(self.task())
        summary = (task.__doc__ or "").strip().partition("\n")[0]
        assert summary.endswith("."), "the docstring's first line is the command's help"
        assert not summary.startswith(f"{task.__name__}("), "a dataclass without docstring has no help"
        assert unusable_options(task) is None, unusable_options(task)
        silent = [o.name for o in options(task) if not o.help]
        assert not silent, f"options without help: {silent}"

    def test_plan_is_valid_and_always_the_same(self) -> None:
        first, second = (self.task().plan() for _ in range(2))
        assert isinstance(first, Plan)
        for field in dataclasses.fields(Plan):
            values = [getattr(plan, field.name) for plan in (first, second)]
            if field.name != "sources":
                assert np.array_equal(*values), f"{field.name} differs from one call of plan() to the next"

    def test_same_seed_same_bytes(self) -> None:
        first, second = (run(self.task(), seed=5, backend="numpy", iterations=2).image for _ in range(2))
        assert first.tobytes() == second.tobytes()

    def test_output_has_the_planned_shape_and_range(self) -> None:
        plan = self.task().plan()
        result = synthesize(dataclasses.replace(plan, iterations=2), seed=5, backend="numpy")
        assert result.image.shape[:2] == tuple(plan.rounds or ())[-1]
        images = (
            [plan.guess, *(source.image for source in plan.sources)] if plan.keep is not None else [s.image for s in plan.sources]
        )
        low, high = min(p.min() for p in images), max(p.max() for p in images)
        assert low - 1e-5 <= result.image.min()
        assert result.image.max() <= high + 1e-5

    def test_inputs_are_untouched(self) -> None:
        task = self.task()
        images = [pixels for o in options(type(task)) if o.is_image for pixels in items(getattr(task, o.name))]
        before = [pixels.tobytes() for pixels in images]
        for pixels in images:
            pixels.flags.writeable = False
        run(task, seed=5, backend="numpy", iterations=1)
        assert [pixels.tobytes() for pixels in images] == before

    def test_options_survive_json(self) -> None:
        task = self.task()
        images = {o.name: getattr(task, o.name) for o in options(type(task)) if o.is_image}
        text = json.dumps(task.to_json(), allow_nan=False)
        again = type(task).from_json(json.loads(text), **images)
        assert again.to_json() == task.to_json()

    def test_wrong_input_is_one_line(self) -> None:
        task = self.task()
        for wrong in self.wrong():
            message = _refusal(task, wrong)
            assert message, f"{wrong} must be refused with an InputError"
            assert "\n" not in message, f"{wrong}: the message must be one line"

    def test_progress_begins_with_the_start_and_reaches_its_end(self) -> None:
        seen: list[Progress] = []
        run(self.task(), seed=5, backend="numpy", iterations=2, observe=seen.append)
        assert seen[0].iteration == 0
        fractions = [event.fraction for event in seen]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1.0


def _refusal(task: Task, wrong: Mapping[str, Any]) -> str:
    """Return what the task says of these options, nothing if it takes them."""
    values = {o.name: getattr(task, o.name) for o in options(type(task))}
    try:
        type(task)(**{**values, **wrong}).plan()
    except InputError as error:
        return str(error)
    return ""
