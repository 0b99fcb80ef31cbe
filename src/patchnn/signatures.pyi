"""The functions of the tasks, as type checkers see them. `python docs/reference/signatures.py` writes this file."""

from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image as PillowImage

from patchnn.guides import Guide
from patchnn.task import SizeLike

class HasArray(Protocol):
    def __array__(self) -> np.ndarray[Any, Any]: ...

Named: TypeAlias = str | PathLike[str] | HasArray
ImageLike: TypeAlias = Named | NDArray[Any] | PillowImage
MaskLike: TypeAlias = ImageLike
Form = TypeVar("Form", bound=NDArray[Any] | PillowImage)

@overload
def analogy(
    source: Form,
    structure: ImageLike,
    size: SizeLike | None = None,
    *,
    follow: Literal["auto", "tones", "colours", "paper"] = "auto",
    strength: Literal["texture", "balanced", "structure"] = "balanced",
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> Form:
    """Lay out the patches of one image as another is laid out: a photograph, a drawing, a letter.

    coarsest decides how much of the layout is kept: the larger, the more.

    Parameters
    ----------
    source
        The image whose patches are used.
    structure
        The image whose layout is followed.
    size
        Size of the result, as 300x200 or 150%; by default the structure's.
    follow
        What of the structure is followed: tones (light and dark, whatever its colours), colours (as they are:
        paint sky in the colour of the sky), auto (colours if the source has them or few tones, else tones), or
        paper (its own setting).
    strength
        Which wins where they disagree: the source's texture, the structure, or neither.
    seed
        The same seed gives the same image. Default: random.
    seeds
        Several seeds, as range(8): the result is then a list with an image for each.
    alpha
        Completeness: smaller values show more of the source. inf turns it off.
    patch
        Patch side in pixels. Most tasks use 7.
    iterations
        Iterations per level, except the coarsest. Most tasks use 10.
    ratio
        Ratio between the sides of neighbouring levels. Most tasks use 4/3.
    coarsest
        Shorter side at the coarsest level, in pixels. Larger values rearrange smaller pieces.
    guides
        Each (source, target) or (source, target, weight): two images that are alike where patches should go.
    search
        How to search for the nearest patches.
    backend
        What to compute with: "numpy", "cupy", or "auto", the GPU if one works.
    max_memory
        Memory limit in bytes, or as "2GB". Default: half of the free memory.
    progress
        Whether to show a bar. Default: in a notebook.

    Returns
    -------
    image
        The result, in the form of `source`; with `seeds` a list.

    Raises
    ------
    PatchnnError
        If an argument does not fit; the message says why.
    """

@overload
def analogy(
    source: Form,
    structure: ImageLike,
    size: SizeLike | None = None,
    *,
    follow: Literal["auto", "tones", "colours", "paper"] = "auto",
    strength: Literal["texture", "balanced", "structure"] = "balanced",
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[Form]: ...

@overload
def analogy(
    source: Named,
    structure: ImageLike,
    size: SizeLike | None = None,
    *,
    follow: Literal["auto", "tones", "colours", "paper"] = "auto",
    strength: Literal["texture", "balanced", "structure"] = "balanced",
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> NDArray[Any]: ...

@overload
def analogy(
    source: Named,
    structure: ImageLike,
    size: SizeLike | None = None,
    *,
    follow: Literal["auto", "tones", "colours", "paper"] = "auto",
    strength: Literal["texture", "balanced", "structure"] = "balanced",
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[NDArray[Any]]: ...

@overload
def collage(
    images: Sequence[Form],
    size: SizeLike | None = None,
    *,
    layout: Literal["row", "column", "grid"] = "row",
    overlap: float = 0.0,
    harmonise: bool = True,
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> Form:
    """Merge images into one, side by side.

    Each stays as it is; patches of both mend what is next to a seam.

    Parameters
    ----------
    images
        The images to merge, from left to right.
    size
        Size of the result, as 300x200 or 150%; by default of all together; in a smaller one each image moves
        closer together by itself.
    layout
        How the images lie: in a row, in a column, or in a grid.
    overlap
        Share of the smaller image by which neighbours overlap. [from 0 to 0.9]
    harmonise
        Let the colours of neighbours meet at the edge between them.
    seed
        The same seed gives the same image. Default: random.
    seeds
        Several seeds, as range(8): the result is then a list with an image for each.
    alpha
        Completeness: smaller values show more of the source. inf turns it off.
    patch
        Patch side in pixels. Most tasks use 7.
    iterations
        Iterations per level, except the coarsest. Most tasks use 10.
    ratio
        Ratio between the sides of neighbouring levels. Most tasks use 4/3.
    coarsest
        Shorter side at the coarsest level, in pixels. Larger values rearrange smaller pieces.
    guides
        Each (source, target) or (source, target, weight): two images that are alike where patches should go.
    search
        How to search for the nearest patches.
    backend
        What to compute with: "numpy", "cupy", or "auto", the GPU if one works.
    max_memory
        Memory limit in bytes, or as "2GB". Default: half of the free memory.
    progress
        Whether to show a bar. Default: in a notebook.

    Returns
    -------
    image
        The result, in the form of `images`; with `seeds` a list.

    Raises
    ------
    PatchnnError
        If an argument does not fit; the message says why.
    """

@overload
def collage(
    images: Sequence[Form],
    size: SizeLike | None = None,
    *,
    layout: Literal["row", "column", "grid"] = "row",
    overlap: float = 0.0,
    harmonise: bool = True,
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[Form]: ...

@overload
def collage(
    images: Sequence[Named],
    size: SizeLike | None = None,
    *,
    layout: Literal["row", "column", "grid"] = "row",
    overlap: float = 0.0,
    harmonise: bool = True,
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> NDArray[Any]: ...

@overload
def collage(
    images: Sequence[Named],
    size: SizeLike | None = None,
    *,
    layout: Literal["row", "column", "grid"] = "row",
    overlap: float = 0.0,
    harmonise: bool = True,
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[NDArray[Any]]: ...

@overload
def edit(
    source: Form,
    edited: ImageLike,
    *,
    keep: MaskLike | None = None,
    free: MaskLike | None = None,
    noise: float = 0.0,
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> Form:
    """Make a rough edit seamless: pieces of an image that were moved, copied or painted over by hand.

    Copied pieces are kept, and the seams around them are made anew. Painted strokes become what their colours suggest.

    Parameters
    ----------
    source
        The image as it was.
    edited
        The same image with the edit, of the same size.
    keep
        Pixels that stay as the edit has them: white or opaque in an image of the same size.
    free
        Pixels that are made anew, whatever the edit has there.
    noise
        How far to leave painted strokes and seams; another seed then gives an alternative. [0 or more]
    seed
        The same seed gives the same image. Default: random.
    seeds
        Several seeds, as range(8): the result is then a list with an image for each.
    alpha
        Completeness: smaller values show more of the source. inf turns it off.
    patch
        Patch side in pixels. Most tasks use 7.
    iterations
        Iterations per level, except the coarsest. Most tasks use 10.
    ratio
        Ratio between the sides of neighbouring levels. Most tasks use 4/3.
    coarsest
        Shorter side at the coarsest level, in pixels. Larger values rearrange smaller pieces.
    guides
        Each (source, target) or (source, target, weight): two images that are alike where patches should go.
    search
        How to search for the nearest patches.
    backend
        What to compute with: "numpy", "cupy", or "auto", the GPU if one works.
    max_memory
        Memory limit in bytes, or as "2GB". Default: half of the free memory.
    progress
        Whether to show a bar. Default: in a notebook.

    Returns
    -------
    image
        The result, in the form of `source`; with `seeds` a list.

    Raises
    ------
    PatchnnError
        If an argument does not fit; the message says why.
    """

@overload
def edit(
    source: Form,
    edited: ImageLike,
    *,
    keep: MaskLike | None = None,
    free: MaskLike | None = None,
    noise: float = 0.0,
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[Form]: ...

@overload
def edit(
    source: Named,
    edited: ImageLike,
    *,
    keep: MaskLike | None = None,
    free: MaskLike | None = None,
    noise: float = 0.0,
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> NDArray[Any]: ...

@overload
def edit(
    source: Named,
    edited: ImageLike,
    *,
    keep: MaskLike | None = None,
    free: MaskLike | None = None,
    noise: float = 0.0,
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[NDArray[Any]]: ...

@overload
def generate(
    image: Form,
    size: SizeLike | None = None,
    *,
    variety: float = 0.5,
    noise: float | None = None,
    source: Sequence[ImageLike] = (),
    mirror: bool = False,
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> Form:
    """Vary an image: the same things in a new arrangement.

    variety says how much of the image moves. At 0, and at the same size, the image itself comes back.

    Parameters
    ----------
    image
        Image to vary.
    size
        Size of the result, as 300x200 or 150%; by default the image's.
    variety
        Share of the image that moves to another place. [from 0 to 1]
    noise
        Noise added at the coarsest level, as in the paper, which takes 0.75. Replaces variety. [from 0 to 1000]
    source
        Another image whose patches may be used. Repeatable.
    mirror
        Also use patches of the mirror image.
    seed
        The same seed gives the same image. Default: random.
    seeds
        Several seeds, as range(8): the result is then a list with an image for each.
    alpha
        Completeness: smaller values show more of the source. inf turns it off.
    patch
        Patch side in pixels. Most tasks use 7.
    iterations
        Iterations per level, except the coarsest. Most tasks use 10.
    ratio
        Ratio between the sides of neighbouring levels. Most tasks use 4/3.
    coarsest
        Shorter side at the coarsest level, in pixels. Larger values rearrange smaller pieces.
    guides
        Each (source, target) or (source, target, weight): two images that are alike where patches should go.
    search
        How to search for the nearest patches.
    backend
        What to compute with: "numpy", "cupy", or "auto", the GPU if one works.
    max_memory
        Memory limit in bytes, or as "2GB". Default: half of the free memory.
    progress
        Whether to show a bar. Default: in a notebook.

    Returns
    -------
    image
        The result, in the form of `image`; with `seeds` a list.

    Raises
    ------
    PatchnnError
        If an argument does not fit; the message says why.
    """

@overload
def generate(
    image: Form,
    size: SizeLike | None = None,
    *,
    variety: float = 0.5,
    noise: float | None = None,
    source: Sequence[ImageLike] = (),
    mirror: bool = False,
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[Form]: ...

@overload
def generate(
    image: Named,
    size: SizeLike | None = None,
    *,
    variety: float = 0.5,
    noise: float | None = None,
    source: Sequence[ImageLike] = (),
    mirror: bool = False,
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> NDArray[Any]: ...

@overload
def generate(
    image: Named,
    size: SizeLike | None = None,
    *,
    variety: float = 0.5,
    noise: float | None = None,
    source: Sequence[ImageLike] = (),
    mirror: bool = False,
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[NDArray[Any]]: ...

@overload
def inpaint(
    image: Form,
    mask: MaskLike,
    *,
    fill: str = "none",
    invert_mask: bool = False,
    grow: float = 0.0,
    feather: float = 8.0,
    noise: float = 0.0,
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> Form:
    """Remove things, or fill holes: with patches from outside them.

    The surroundings decide what comes in. With fill, a colour or what is painted in the hole does.

    Parameters
    ----------
    image
        The image with holes.
    mask
        Where the holes are: white or opaque pixels of an image of the same size.
    fill
        What steers the filling: none (the surroundings: to remove a thing), own (what is painted in the hole), or
        a colour.
    invert_mask
        The holes are black or transparent in the mask.
    grow
        Pixels by which the holes grow beyond the mask, where it is too tight. [from 0 to 1000]
    feather
        Pixels over which steps in colour fade, at a hole's rim and inside it; 0 turns it off. [from 0 to 1000]
    noise
        How much farther seeds differ; with fill, how far to leave what the hole is painted with. [0 or more]
    seed
        The same seed gives the same image. Default: random.
    seeds
        Several seeds, as range(8): the result is then a list with an image for each.
    alpha
        Completeness: smaller values show more of the source. inf turns it off.
    patch
        Patch side in pixels. Most tasks use 7.
    iterations
        Iterations per level, except the coarsest. Most tasks use 10.
    ratio
        Ratio between the sides of neighbouring levels. Most tasks use 4/3.
    coarsest
        Shorter side at the coarsest level, in pixels. Larger values rearrange smaller pieces.
    guides
        Each (source, target) or (source, target, weight): two images that are alike where patches should go.
    search
        How to search for the nearest patches.
    backend
        What to compute with: "numpy", "cupy", or "auto", the GPU if one works.
    max_memory
        Memory limit in bytes, or as "2GB". Default: half of the free memory.
    progress
        Whether to show a bar. Default: in a notebook.

    Returns
    -------
    image
        The result, in the form of `image`; with `seeds` a list.

    Raises
    ------
    PatchnnError
        If an argument does not fit; the message says why.
    """

@overload
def inpaint(
    image: Form,
    mask: MaskLike,
    *,
    fill: str = "none",
    invert_mask: bool = False,
    grow: float = 0.0,
    feather: float = 8.0,
    noise: float = 0.0,
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[Form]: ...

@overload
def inpaint(
    image: Named,
    mask: MaskLike,
    *,
    fill: str = "none",
    invert_mask: bool = False,
    grow: float = 0.0,
    feather: float = 8.0,
    noise: float = 0.0,
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> NDArray[Any]: ...

@overload
def inpaint(
    image: Named,
    mask: MaskLike,
    *,
    fill: str = "none",
    invert_mask: bool = False,
    grow: float = 0.0,
    feather: float = 8.0,
    noise: float = 0.0,
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[NDArray[Any]]: ...

@overload
def outpaint(
    image: Form,
    size: SizeLike | None = None,
    *,
    aspect: str = "none",
    anchor: Literal["centre", "left", "right", "top", "bottom"] = "centre",
    top: str = "0",
    right: str = "0",
    bottom: str = "0",
    left: str = "0",
    feather: float = 3.0,
    noise: float = 0.0,
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> Form:
    """Continue an image beyond its borders, by side, or to a size or an aspect.

    The image itself stays as it is to the last pixel. What is added grows from its border outwards.

    Parameters
    ----------
    image
        The image to continue.
    size
        Size of the result, as 300x200 or 150%x100%.
    aspect
        Width to height of the result, as 16:9: what is missing is added.
    anchor
        With size or aspect: where in the result the image stands.
    top
        What to add above: pixels, or percent of the image's width or height, as 100 or 30%.
    right
        What to add on the right: pixels, or percent of the image's width or height, as 100 or 30%.
    bottom
        What to add below: pixels, or percent of the image's width or height, as 100 or 30%.
    left
        What to add on the left: pixels, or percent of the image's width or height, as 100 or 30%.
    feather
        Pixels over which a colour step at the border fades outwards; 0 turns it off. [from 0 to 1000]
    noise
        How much farther seeds differ. [0 or more]
    seed
        The same seed gives the same image. Default: random.
    seeds
        Several seeds, as range(8): the result is then a list with an image for each.
    alpha
        Completeness: smaller values show more of the source. inf turns it off.
    patch
        Patch side in pixels. Most tasks use 7.
    iterations
        Iterations per level, except the coarsest. Most tasks use 10.
    ratio
        Ratio between the sides of neighbouring levels. Most tasks use 4/3.
    coarsest
        Shorter side at the coarsest level, in pixels. Larger values rearrange smaller pieces.
    guides
        Each (source, target) or (source, target, weight): two images that are alike where patches should go.
    search
        How to search for the nearest patches.
    backend
        What to compute with: "numpy", "cupy", or "auto", the GPU if one works.
    max_memory
        Memory limit in bytes, or as "2GB". Default: half of the free memory.
    progress
        Whether to show a bar. Default: in a notebook.

    Returns
    -------
    image
        The result, in the form of `image`; with `seeds` a list.

    Raises
    ------
    PatchnnError
        If an argument does not fit; the message says why.
    """

@overload
def outpaint(
    image: Form,
    size: SizeLike | None = None,
    *,
    aspect: str = "none",
    anchor: Literal["centre", "left", "right", "top", "bottom"] = "centre",
    top: str = "0",
    right: str = "0",
    bottom: str = "0",
    left: str = "0",
    feather: float = 3.0,
    noise: float = 0.0,
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[Form]: ...

@overload
def outpaint(
    image: Named,
    size: SizeLike | None = None,
    *,
    aspect: str = "none",
    anchor: Literal["centre", "left", "right", "top", "bottom"] = "centre",
    top: str = "0",
    right: str = "0",
    bottom: str = "0",
    left: str = "0",
    feather: float = 3.0,
    noise: float = 0.0,
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> NDArray[Any]: ...

@overload
def outpaint(
    image: Named,
    size: SizeLike | None = None,
    *,
    aspect: str = "none",
    anchor: Literal["centre", "left", "right", "top", "bottom"] = "centre",
    top: str = "0",
    right: str = "0",
    bottom: str = "0",
    left: str = "0",
    feather: float = 3.0,
    noise: float = 0.0,
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[NDArray[Any]]: ...

@overload
def retarget(
    image: Form,
    size: SizeLike | None = None,
    *,
    by: Literal["auto", "warp", "carve", "patches"] = "auto",
    keep: MaskLike | None = None,
    drop: MaskLike | None = None,
    rounds: int | None = None,
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> Form:
    """Bring an image to another size or aspect, with its objects in it and as far as possible in shape.

    Parameters
    ----------
    image
        The image to retarget.
    size
        Size of the result, width x height, as 150%x100% or 400x200; required without drop.
    by
        What makes room: warp (plain parts are squeezed or stretched), carve (lines of pixels go or are repeated),
        patches (all parts may merge or repeat: for textures and crowds), or auto (patches for a texture; for
        anything else warp, or, where much plain ground goes, carve, mended more freely).
    keep
        Where the image must keep its shape: white or opaque pixels, as over a face.
    drop
        What must go: white or opaque pixels, as over a passer-by.
    rounds
        With by patches: how many steps lead to the size; by default enough for each to be small. [from 1 to 50]
    seed
        The same seed gives the same image. Default: random.
    seeds
        Several seeds, as range(8): the result is then a list with an image for each.
    alpha
        Completeness: smaller values show more of the source. inf turns it off.
    patch
        Patch side in pixels. Most tasks use 7.
    iterations
        Iterations per level, except the coarsest. Most tasks use 10.
    ratio
        Ratio between the sides of neighbouring levels. Most tasks use 4/3.
    coarsest
        Shorter side at the coarsest level, in pixels. Larger values rearrange smaller pieces.
    guides
        Each (source, target) or (source, target, weight): two images that are alike where patches should go.
    search
        How to search for the nearest patches.
    backend
        What to compute with: "numpy", "cupy", or "auto", the GPU if one works.
    max_memory
        Memory limit in bytes, or as "2GB". Default: half of the free memory.
    progress
        Whether to show a bar. Default: in a notebook.

    Returns
    -------
    image
        The result, in the form of `image`; with `seeds` a list.

    Raises
    ------
    PatchnnError
        If an argument does not fit; the message says why.
    """

@overload
def retarget(
    image: Form,
    size: SizeLike | None = None,
    *,
    by: Literal["auto", "warp", "carve", "patches"] = "auto",
    keep: MaskLike | None = None,
    drop: MaskLike | None = None,
    rounds: int | None = None,
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[Form]: ...

@overload
def retarget(
    image: Named,
    size: SizeLike | None = None,
    *,
    by: Literal["auto", "warp", "carve", "patches"] = "auto",
    keep: MaskLike | None = None,
    drop: MaskLike | None = None,
    rounds: int | None = None,
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> NDArray[Any]: ...

@overload
def retarget(
    image: Named,
    size: SizeLike | None = None,
    *,
    by: Literal["auto", "warp", "carve", "patches"] = "auto",
    keep: MaskLike | None = None,
    drop: MaskLike | None = None,
    rounds: int | None = None,
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[NDArray[Any]]: ...

@overload
def texture(
    image: Form,
    size: SizeLike | None = None,
    *,
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> Form:
    """Make a texture of any size from an example: grass, stones, fabric, a crowd.

    It starts from randomly chosen pieces of the example, so that every seed gives another texture, and large ones do not
    repeat it. coarsest decides how large the pieces are that stay together: the smaller, the larger.

    Parameters
    ----------
    image
        The example.
    size
        Size of the result, as 300x200 or 150%; by default twice the example's width and height.
    seed
        The same seed gives the same image. Default: random.
    seeds
        Several seeds, as range(8): the result is then a list with an image for each.
    alpha
        Completeness: smaller values show more of the source. inf turns it off.
    patch
        Patch side in pixels. Most tasks use 7.
    iterations
        Iterations per level, except the coarsest. Most tasks use 10.
    ratio
        Ratio between the sides of neighbouring levels. Most tasks use 4/3.
    coarsest
        Shorter side at the coarsest level, in pixels. Larger values rearrange smaller pieces.
    guides
        Each (source, target) or (source, target, weight): two images that are alike where patches should go.
    search
        How to search for the nearest patches.
    backend
        What to compute with: "numpy", "cupy", or "auto", the GPU if one works.
    max_memory
        Memory limit in bytes, or as "2GB". Default: half of the free memory.
    progress
        Whether to show a bar. Default: in a notebook.

    Returns
    -------
    image
        The result, in the form of `image`; with `seeds` a list.

    Raises
    ------
    PatchnnError
        If an argument does not fit; the message says why.
    """

@overload
def texture(
    image: Form,
    size: SizeLike | None = None,
    *,
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[Form]: ...

@overload
def texture(
    image: Named,
    size: SizeLike | None = None,
    *,
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> NDArray[Any]: ...

@overload
def texture(
    image: Named,
    size: SizeLike | None = None,
    *,
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[NDArray[Any]]: ...

@overload
def tile(
    image: Form,
    size: SizeLike | None = None,
    *,
    axes: Literal["both", "x", "y"] = "both",
    flatten: bool = False,
    source: Sequence[ImageLike] = (),
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> Form:
    """Make a seamless texture: one that can be laid side by side with itself.

    Parameters
    ----------
    image
        The texture to make seamless.
    size
        Size of the tile, as 300x200 or 150%; by default the image's.
    axes
        Which ends meet: left and right (x), top and bottom (y), or both.
    flatten
        Take off light that varies across the image: it would show as a repeat.
    source
        Another image whose patches may be used. Repeatable.
    seed
        The same seed gives the same image. Default: random.
    seeds
        Several seeds, as range(8): the result is then a list with an image for each.
    alpha
        Completeness: smaller values show more of the source. inf turns it off.
    patch
        Patch side in pixels. Most tasks use 7.
    iterations
        Iterations per level, except the coarsest. Most tasks use 10.
    ratio
        Ratio between the sides of neighbouring levels. Most tasks use 4/3.
    coarsest
        Shorter side at the coarsest level, in pixels. Larger values rearrange smaller pieces.
    guides
        Each (source, target) or (source, target, weight): two images that are alike where patches should go.
    search
        How to search for the nearest patches.
    backend
        What to compute with: "numpy", "cupy", or "auto", the GPU if one works.
    max_memory
        Memory limit in bytes, or as "2GB". Default: half of the free memory.
    progress
        Whether to show a bar. Default: in a notebook.

    Returns
    -------
    image
        The result, in the form of `image`; with `seeds` a list.

    Raises
    ------
    PatchnnError
        If an argument does not fit; the message says why.
    """

@overload
def tile(
    image: Form,
    size: SizeLike | None = None,
    *,
    axes: Literal["both", "x", "y"] = "both",
    flatten: bool = False,
    source: Sequence[ImageLike] = (),
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[Form]: ...

@overload
def tile(
    image: Named,
    size: SizeLike | None = None,
    *,
    axes: Literal["both", "x", "y"] = "both",
    flatten: bool = False,
    source: Sequence[ImageLike] = (),
    seed: int | None = None,
    seeds: None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> NDArray[Any]: ...

@overload
def tile(
    image: Named,
    size: SizeLike | None = None,
    *,
    axes: Literal["both", "x", "y"] = "both",
    flatten: bool = False,
    source: Sequence[ImageLike] = (),
    seed: int | None = None,
    seeds: Iterable[int],
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    search: str = "auto",
    backend: str = "auto",
    max_memory: int | str | None = None,
    progress: bool | None = None,
) -> list[NDArray[Any]]: ...
