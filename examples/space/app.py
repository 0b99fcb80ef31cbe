"""patchnn to try in a browser, as a Hugging Face Space: a page with a tab for every installed task. `python app.py` serves it.

Everything comes from the registry: the tasks, their options as controls, and their functions.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import gradio as gr

import patchnn
from patchnn.functions import function
from patchnn.registry import Registry
from patchnn.task import Option, Task, options

LARGEST = 700_000
"""Pixels of an input; larger ones are reduced, so that a run on two cores takes seconds."""


def control(o: Option) -> Any:
    """Return the control of an option."""
    about = {"label": o.name.replace("_", " "), "info": o.help}
    if o.many:
        return gr.Gallery(label=about["label"], type="pil", file_types=["image"])
    if o.is_image:
        return gr.Image(label=about["label"], type="pil", image_mode=None)
    if o.type == "choice":
        return gr.Dropdown(list(o.choices), value=o.default, **about)
    if o.type == "flag":
        return gr.Checkbox(value=o.default, **about)
    if o.type == "number" and o.min is not None and o.max is not None and o.max <= 10 and o.default is not None:
        return gr.Slider(o.min, o.max, value=o.default, **about)
    if o.type in ("number", "integer"):
        return gr.Number(value=o.default, precision=0 if o.type == "integer" else None, **about)
    return gr.Textbox(value="" if o.default is None else str(o.default), **about)


def foremost(o: Option) -> bool:
    """Tell whether an option stands above the button: what a task needs, and how large the result is."""
    return o.positional or o.type == "size"


def smaller(image: Any) -> Any:
    """Return a Pillow image of at most LARGEST pixels."""
    scale = (LARGEST / (image.width * image.height)) ** 0.5
    return image if scale >= 1 else image.resize((round(image.width * scale), round(image.height * scale)))


def answer(name: str, task: type[Task]) -> Callable[..., Any]:
    """Return what a tab's button calls: the values of its controls in, an image out."""
    make = function(name.replace("-", "_"), task)

    def call(*values: Any) -> Any:
        *given, seed = values
        chosen: dict[str, Any] = {}
        for o, value in zip(options(task), given, strict=True):
            if value is None or value == "" or value == []:
                if o.positional:
                    raise gr.Error(f"{o.name} is missing: {o.help}")
            elif o.many:
                chosen[o.name] = [smaller(image) for image, _ in value]
            else:
                chosen[o.name] = smaller(value) if o.is_image else value
        try:
            return make(**chosen, seed=int(seed), progress=False)
        except patchnn.PatchnnError as error:
            raise gr.Error(str(error)) from None

    return call


def build() -> Any:
    """Return the page."""
    registry = Registry()
    with gr.Blocks(title="patchnn") as page:
        gr.Markdown("# patchnn\nNew images from the patches of one: no training, no model, on the CPU.")
        for name in registry:
            task = registry.load(name)
            with gr.Tab(name):
                gr.Markdown(inspect.getdoc(task) or "")
                with gr.Row():
                    with gr.Column():
                        first = {o.name: control(o) for o in options(task) if foremost(o)}
                        seed = gr.Number(1, label="seed", info="Another seed, another result.", precision=0)
                        go = gr.Button("Make", variant="primary")
                        with gr.Accordion("Options", open=False):
                            rest = {o.name: control(o) for o in options(task) if not foremost(o)}
                    result = gr.Image(label="result", type="pil", format="png")
                controls = [{**first, **rest}[o.name] for o in options(task)]
                go.click(answer(name, task), [*controls, seed], result, api_name=name.replace("-", "_"))
    return page.queue(default_concurrency_limit=1)


if __name__ == "__main__":
    build().launch()
