"""Make every image of the documentation again: `python examples/gallery.py` writes them to docs/images/.

Inputs are examples/images/ (see the README there); seeds are fixed. Names choose figures, --small makes small ones only to check
that they are plausible, -o writes to another folder. Needs the extra `docs`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from figures import FIGURES, Gallery

from patchnn.animate import Animation
from patchnn_tasks import Generate

HERE = Path(__file__).parent


def animation(gallery: Gallery) -> None:
    """Write run.gif: a run as --animate writes it."""
    task = Generate(image=gallery.read("balloons.png", 160), noise=1)
    film = Animation(gallery.folder / "run.gif", task.plan().rounds or (), overwrite=True)
    gallery.run(task, 4, observe=film)
    film.write()


def main() -> None:
    """Make the figures that the command line names, by default all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="FIGURE", help=f"{', '.join(FIGURES)} or run; default: all")
    parser.add_argument("--small", action="store_true", help="make small figures, and check that they are plausible")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", help="output folder; default: docs/images, or none with --small"
    )
    asked = parser.parse_args()
    unknown = set(asked.names) - {*FIGURES, "run"}
    if unknown:
        parser.error(f"there is no figure {', '.join(sorted(unknown))}")
    folder = asked.output or HERE.parent / "docs" / "images"
    gallery = Gallery(folder, asked.small)
    for name, make in FIGURES.items():
        if not asked.names or name in asked.names:
            drawn = make(gallery)
            print(f"{name}: {drawn.width}×{drawn.height}", flush=True)
            if asked.output or not asked.small:
                path = folder / f"{name}.{'png' if name == 'distances' else 'jpg'}"
                drawn.save(path, **({} if path.suffix == ".png" else {"quality": 86}), optimize=True)
    if (asked.output or not asked.small) and (not asked.names or "run" in asked.names):
        animation(gallery)


if __name__ == "__main__":
    main()
