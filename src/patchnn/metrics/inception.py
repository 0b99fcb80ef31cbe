"""SIFID, how far a picture's deep features are from the source's (Shaham, Dekel, Michaeli, *SinGAN*, ICCV 2019, Sec. 3)."""

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
"""Pixels a side below which the features' covariance would mean nothing."""

Matrix = NDArray[np.float64]


def sifid(image: Any, source: Any, weights: Any = None) -> float:
    """Return the single-image Fréchet Inception distance of a picture from the source; lower is nearer.

    image, source: (H, W, C) in [0, 1], of any sizes; grey is taken as RGB, what is transparent lies on white.
    weights: a file with the state dict of torchvision's `inception_v3`; default: the one in torch.hub's cache, which is
    never downloaded here. The features are the 64 channels of Inception-v3 before its first max pooling, their Gaussian
    is taken over all positions, and the distance between two is |m - n|² + tr(A + B - 2 (A B)^½).
    Raises InputError where torch or the weights are missing or not these, or a picture is smaller than 16×16.
    """
    network = _network(find_weights(weights))
    (mean, covariance), (other_mean, other_covariance) = (
        _gaussian(network, as_colours(picture, name), name) for picture, name in ((image, "the picture"), (source, "the source"))
    )
    apart = mean - other_mean
    # The trace of the root of A B is that of the root of the symmetric ½A B ½A, whose eigenvalues are real and not negative.
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ other_covariance @ root), 0)).sum()
    return float(max(0.0, apart @ apart + np.trace(covariance) + np.trace(other_covariance) - 2 * shared))


def find_weights(weights: Any = None) -> Path:
    """Return the file that holds the weights: the one given, or the one in torch.hub's cache.

    Raises InputError where torch is missing, or the file is.
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
            f"SIFID needs the weights of Inception-v3: {cached} is not there; name a copy with --weights FILE", about="weights"
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
        # A file of another kind makes the loader raise anything from KeyError to UnpicklingError.
        raise InputError(f"{path} does not hold the weights of torchvision's inception_v3", about="weights") from error
    return torch.nn.Sequential(*layers).eval()


def _gaussian(network: Any, colours: Any, name: str) -> tuple[Matrix, Matrix]:
    """Return mean (64,) and covariance (64, 64) of a picture's features over all positions."""
    import torch

    height, width = colours.shape[:2]
    if min(height, width) < SMALLEST:
        raise InputError(f"{name} is {width}×{height}: SIFID needs {SMALLEST} pixels a side or more", about=name)
    # The network was trained on [-1, 1].
    pixels = torch.from_numpy(colours / np.float32(127.5) - 1).permute(2, 0, 1)[None]
    with torch.inference_mode():
        features = network(pixels)[0].flatten(1).numpy()
    return features.mean(axis=1, dtype=np.float64), np.cov(features)
