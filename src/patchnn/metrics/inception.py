"""SIFID: the distance of deep features from the source's (Shaham, Dekel, Michaeli, *SinGAN*, ICCV 2019, Sec. 3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchnn.errors import InputError
from patchnn.images.decoded import as_colours

__all__ = ["find_weights", "sifid"]

_FIRST_BLOCK: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("Conv2d_1a_3x3", 3, 32, {"stride": 2}),
    ("Conv2d_2a_3x3", 32, 32, {}),
    ("Conv2d_2b_3x3", 32, 64, {"padding": 1}),
)
SMALLEST = 16
"""Pixels a side that the covariance of the features needs."""

Matrix = NDArray[np.float64]


def sifid(image: Any, source: Any, weights: Any = None) -> float:
    """Return the single-image Fréchet Inception distance of an image from its source. Lower is nearer.

    The features are the 64 channels of Inception-v3 before its first max pooling, with a Gaussian over all positions. The
    distance between two Gaussians is |m - n|² + tr(A + B - 2 (A B)^½).

    Parameters
    ----------
    image, source : array_like
        (H, W, C) in [0, 1], of any sizes. Grey counts as RGB; transparent parts are seen on white.
    weights : path, optional
        A file with the state dict of torchvision's `inception_v3`. Default: the one in torch.hub's cache; nothing is
        downloaded.

    Returns
    -------
    float
        0 or more.

    Raises
    ------
    InputError
        If torch or the weights are missing, the file holds other weights, or an image is smaller than 16×16.
    """
    network = _network(find_weights(weights))
    (mean, covariance), (other_mean, other_covariance) = (
        _gaussian(network, as_colours(pixels, name), name) for pixels, name in ((image, "the image"), (source, "the source"))
    )
    apart = mean - other_mean
    # The trace of the root of A B is that of the root of the symmetric ½A B ½A, whose eigenvalues are real and not negative.
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ other_covariance @ root), 0)).sum()
    return float(max(0.0, apart @ apart + np.trace(covariance) + np.trace(other_covariance) - 2 * shared))


def find_weights(weights: Any = None) -> Path:
    """Return the file of the weights: the given one, or the one in torch.hub's cache.

    Raises InputError if torch or the file is missing.
    """
    try:
        import torch
        from torchvision.models import Inception_V3_Weights
    except ImportError as error:
        raise InputError("SIFID needs torch and torchvision: pip install 'patchnn[sifid]'") from error
    if weights is not None:
        given = Path(weights)
        if not given.is_file():
            raise InputError(
                f"{given} does not exist: give the weights of torchvision's inception_v3, a .pth file", about="weights"
            )
        return given
    name = Inception_V3_Weights.DEFAULT.url.rpartition("/")[2]
    cached = Path(torch.hub.get_dir(), "checkpoints", name)
    if not cached.is_file():
        raise InputError(
            f"SIFID needs the weights of Inception-v3: {cached} does not exist; name a copy with --weights FILE", about="weights"
        )
    return cached


def _network(path: Path) -> Any:
    """Return Inception-v3 up to its first max pooling, with the weights in a file."""
    import torch
    from torchvision.models.inception import BasicConv2d

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        layers = []
        for name, channels, features, options in _FIRST_BLOCK:
            layer = BasicConv2d(channels, features, kernel_size=3, **options)
            layer.load_state_dict({key.removeprefix(f"{name}."): state[key] for key in state if key.startswith(f"{name}.")})
            layers.append(layer)
    except Exception as error:
        # Other files make the loader raise anything from KeyError to UnpicklingError.
        raise InputError(f"{path} does not hold the weights of torchvision's inception_v3", about="weights") from error
    return torch.nn.Sequential(*layers).eval()


def _gaussian(network: Any, colours: Any, name: str) -> tuple[Matrix, Matrix]:
    """Return mean (64,) and covariance (64, 64) of an image's features over all positions."""
    import torch

    height, width = colours.shape[:2]
    if min(height, width) < SMALLEST:
        raise InputError(f"{name} is {width}×{height}: SIFID needs {SMALLEST} pixels a side or more", about=name)
    # The network was trained on values in [-1, 1].
    pixels = torch.from_numpy(colours / np.float32(127.5) - 1).permute(2, 0, 1)[None]
    with torch.inference_mode():
        features = network(pixels)[0].flatten(1).numpy()
    return features.mean(axis=1, dtype=np.float64), np.cov(features)
