"""Options: how they are described, checked and carried through JSON."""

from __future__ import annotations

import json
from dataclasses import MISSING, dataclass
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchnn import Image, InputError, Mask, Plan, Size, Source, Task, option
from patchnn.task import options
from patchnn_tasks import Generate


def shared_strength(default: float) -> Any:
    return option(default, "How much.", min=0, max=1)


@dataclass(frozen=True, eq=False)
class Everything(Task):
    """A task with an option of every kind."""

    image: Image = option(help="The image.")
    mask: Mask | None = None
    others: tuple[Image, ...] = ()
    strength: float = shared_strength(0.5)
    reach: float = option(1.0, "How far.", min=0, inf=True)
    steps: int = option(3, min=1)
    loud: bool = False
    label: str = "x"
    axes: Literal["both", "x", "y"] = "both"
    size: Size | None = None

    def plan(self) -> Plan:
        return Plan([Source(self.image)], self.image)


@dataclass(frozen=True, eq=False)
class Pile(Task):
    """A task that takes any number of images."""

    images: tuple[Image, ...]
    strength: float = shared_strength(0.25)

    def plan(self) -> Plan:
        return Plan([Source(image) for image in self.images], self.images[0])


def flat_image(channels: int = 3, height: int = 8, width: int = 9, value: float = 0.5) -> Image:
    return np.full((height, width, channels), value, np.float32)


def test_options_are_plain_data() -> None:
    described = {o.name: o for o in options(Everything)}
    kinds = {name: o.type for name, o in described.items()}
    assert kinds == {
        "image": "image",
        "mask": "mask",
        "others": "image",
        "strength": "number",
        "reach": "number",
        "steps": "integer",
        "loud": "flag",
        "label": "text",
        "axes": "choice",
        "size": "size",
    }
    assert [name for name, o in described.items() if o.positional] == ["image"]
    assert [name for name, o in described.items() if o.optional] == ["mask", "size"]
    assert [name for name, o in described.items() if o.many] == ["others"]
    assert [name for name, o in described.items() if o.is_image] == ["image", "mask", "others"]
    assert described["axes"].choices == ("both", "x", "y")
    assert described["image"].help == "The image."
    assert described["image"].default is MISSING
    assert described["strength"].bounds == "from 0 to 1"
    assert described["steps"].bounds == "1 or more"
    assert options(Pile)[0].many
    assert options(Pile)[0].positional
    assert [options(task)[i].default for task, i in ((Everything, 3), (Pile, 1))] == [0.5, 0.25]


BAD_VALUES: list[tuple[str, Any]] = [
    *(("strength", value) for value in (-0.1, 1.1, float("nan"), float("inf"), "much", None, True, 1j, [1])),
    *(("reach", value) for value in (-1, float("nan"), -float("inf"))),
    *(("steps", value) for value in (0, 2.5, "3", float("nan"), True, None)),
    *(("loud", value) for value in (1, "yes", None)),
    *(("label", value) for value in (3, None)),
    *(("axes", value) for value in ("z", "", None, 1, [1])),
    *(("size", value) for value in ("300", "0x10", "abc", (0, 5), (1, 2, 3), 300, "1000000x1000000", (-1, 4))),
    *(("image", value) for value in (None, "photo.jpg", np.zeros((4, 4), np.uint8), np.zeros(5), np.full((4, 4), np.nan))),
    *(("mask", value) for value in (np.zeros((8, 9)), np.zeros((8, 8), bool), np.zeros((9, 8), bool), 1)),
    *(("others", value) for value in (flat_image(), [None], 3)),
]


@pytest.mark.parametrize(("name", "value"), BAD_VALUES, ids=lambda value: str(value).partition("\n")[0][:20])
def test_a_bad_value_is_one_line_that_names_the_option(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"^{name}\b") as caught:
        Everything(**{"image": flat_image(), name: value})
    assert "\n" not in str(caught.value)
    assert caught.value.about == name


class Mixin:
    """Has a __post_init__ that knows nothing of tasks."""

    def __post_init__(self) -> None:
        pass


@dataclass(frozen=True, eq=False)
class Mixed(Mixin, Everything):
    """Inherits a __post_init__ from a mixin."""


@dataclass(frozen=True, eq=False)
class Careless(Everything):
    """Has a __post_init__ that does not call super()."""

    def __post_init__(self) -> None:
        # What it sees has been checked and converted.
        assert isinstance(self.reach, float)


@dataclass(frozen=True, eq=False)
class Heir(Careless):
    """Inherits it."""


@pytest.mark.parametrize("task", [Mixed, Careless, Heir])
def test_a_post_init_of_its_own_does_not_turn_off_the_checks(task: type[Everything]) -> None:
    with pytest.raises(InputError, match="strength is -3: it must be a number, from 0 to 1"):
        task(flat_image(), strength=-3)
    assert task(np.zeros((8, 9)), reach="inf").image.shape == (8, 9, 1)  # type: ignore[arg-type]  # what users type


def test_infinity_is_a_number_only_where_it_is_allowed() -> None:
    with pytest.raises(InputError, match="noise is inf"):
        Generate(flat_image(), noise=float("inf"))


def test_values_are_brought_to_one_form() -> None:
    task = Everything(np.zeros((8, 9)), others=[flat_image(1)], strength=1, reach="inf", size=(20, 30))  # type: ignore[arg-type]  # what users type
    assert task.image.shape == (8, 9, 1)
    assert task.image.dtype == np.float32
    assert isinstance(task.others, tuple)
    assert isinstance(task.strength, float)
    assert task.reach == float("inf")
    assert task.size == Size("30x20")


def test_a_pile_needs_an_image() -> None:
    with pytest.raises(InputError, match="images needs at least one"):
        Pile(())


def test_fields_of_other_types_are_refused() -> None:
    @dataclass(frozen=True, eq=False)
    class Odd(Generate):
        """A task with an option that no command line could take."""

        table: dict[str, int] | None = None

    with pytest.raises(TypeError, match="table"):
        options(Odd)


@pytest.mark.parametrize(
    ("channels", "result"),
    [((1, 1), 1), ((1, 2), 2), ((1, 3), 3), ((2, 3), 4), ((1, 4), 4), ((3, 4), 4), ((2, 2), 2), ((5, 5), 5), ((1, 2, 3), 4)],
)
def test_images_get_one_number_of_channels(channels: tuple[int, ...], result: int) -> None:
    images = tuple(flat_image(count, value=0.25) for count in channels)
    for count, image in zip(channels, Pile(images).images, strict=True):
        assert image.shape == (8, 9, result)
        added_alpha = result in (2, 4) and count in (1, 3)
        assert (image[:, :, : result - added_alpha] == 0.25).all()
        assert not added_alpha or (image[:, :, -1] == 1).all()


def test_images_that_cannot_be_matched() -> None:
    with pytest.raises(InputError, match="5 channels"):
        Pile((flat_image(5), flat_image(3)))


SIZES = [
    ("300x200", (200, 300)),
    ("300×200", (200, 300)),
    ("150%", (150, 300)),
    ("60%x100%", (100, 120)),
    ("400x50%", (50, 400)),
    ("12.5%", (12, 25)),
]


@pytest.mark.parametrize(("text", "shape"), SIZES)
def test_a_size_is_read_as_it_is_written(text: str, shape: tuple[int, int]) -> None:
    assert Size(text).of((100, 200)) == shape
    assert Size(str(Size(text))) == Size(text)


@pytest.mark.parametrize(
    "text", ["", "300", "x", "300x", "x200", "-5%", "1e3x5", "300 x 200", "150%x", "150%%", "3x4x5", "nan%", "0x5", "99999x99999"]
)
def test_a_text_that_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        Size(text)


def test_a_size_that_no_image_can_have_is_refused() -> None:
    for text in ("1%", "0%", "99999999%"):
        with pytest.raises(InputError, match=text):
            Size(text).of((20, 20))


@given(
    strength=st.floats(0, 1),
    reach=st.floats(0),
    steps=st.integers(1, 10**6),
    loud=st.booleans(),
    label=st.text(),
    axes=st.sampled_from(["both", "x", "y"]),
    size=st.none() | st.sampled_from([text for text, _ in SIZES]),
)
def test_options_survive_json(**values: Any) -> None:
    task = Everything(flat_image(), **values)
    carried = json.loads(json.dumps(task.to_json(), allow_nan=False))
    again = Everything.from_json(carried, image=flat_image())
    assert again.to_json() == task.to_json()
    assert {o.name: getattr(again, o.name) for o in options(Everything) if not o.is_image} == {
        o.name: getattr(task, o.name) for o in options(Everything) if not o.is_image
    }


def test_unknown_options_are_refused() -> None:
    with pytest.raises(InputError, match="colour") as caught:
        Generate.from_json({"colour": 1}, image=flat_image())
    assert caught.value.about == "colour"


def test_generate_plans_with_its_size_sources_and_variety() -> None:
    plan = Generate(flat_image(3, 20, 30), size="50%x200%", source=(flat_image(1),)).plan()  # type: ignore[arg-type]  # what users type
    assert plan.rounds == ((40, 15),)
    assert len(plan.sources) == 2
    assert plan.starts is not None
    assert plan.starts.variety == 0.5
    assert Generate(flat_image(3, 20, 30)).plan().rounds == ((20, 30),)
