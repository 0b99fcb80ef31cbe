"""The page answers its own client: `pytest examples/space` with gradio installed, a nightly job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytest.importorskip("gradio")

import app
from gradio_client import Client, handle_file

from patchnn.registry import Registry
from patchnn.task import Option, options

IMAGES = Path(__file__).parents[1] / "images"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    page = app.build()
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True)
    yield Client(url, verbose=False, download_files=tmp_path_factory.mktemp("results"))
    page.close()


def small(name: str, folder: Path) -> Path:
    image = Image.open(IMAGES / name)
    place = folder / f"{name}.png"
    image.resize((image.width // 6, image.height // 6)).save(place)
    return place


def untouched(o: Option) -> Any:
    """Return what a control sends that nobody has touched."""
    return None if o.is_image else "" if o.default is None and o.type in ("text", "size") else o.default


GIVEN = {
    "generate": {"image": "balloons.png"},
    "retarget": {"image": "balloons.png", "size": "60%x100%"},
    "inpaint": {"image": "balloons.png", "mask": "balloons-mask.png"},
    "analogy": {"source": "balloons.png", "structure": "sketch.png"},
    "edit": {"source": "balloons.png", "edited": "balloons-edited.png"},
    "outpaint": {"image": "balloons.png", "size": "150%x100%"},
    "texture": {"image": "gravel.jpg"},
    "tile": {"image": "gravel.jpg"},
    "collage": {"images": ["balloons.png", "boats.png"]},
}


def test_every_task_has_a_tab() -> None:
    assert set(Registry()) <= set(GIVEN)


@pytest.mark.parametrize("name", list(Registry()))
def test_a_task_answers(name: str, client: Any, tmp_path: Path) -> None:
    values: list[Any] = []
    for o in options(Registry().load(name)):
        given = GIVEN[name].get(o.name)
        if isinstance(given, list):
            values.append([{"image": handle_file(small(one, tmp_path)), "caption": None} for one in given])
        elif given is not None and o.is_image:
            values.append(handle_file(small(given, tmp_path)))
        else:
            values.append(
                given if given is not None else o.default if o.type in ("number", "integer", "flag", "choice") else None
            )
            if o.type in ("text", "size") and given is None:
                values[-1] = "" if o.default is None else str(o.default)
    made = client.predict(*values, 1, api_name=f"/{name}")
    assert Image.open(made).size[0] > 10


def test_an_error_is_the_tasks_sentence(client: Any, tmp_path: Path) -> None:
    values = [handle_file(small("balloons.png", tmp_path)), *map(untouched, options(Registry().load("retarget"))[1:])]
    with pytest.raises(Exception, match="size is missing"):
        client.predict(*values, 1, api_name="/retarget")
