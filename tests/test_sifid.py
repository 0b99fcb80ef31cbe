"""SIFID: without torch it says so; with it, and weights at random, it is what its definition gives."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchnn import InputError, metrics
from patchnn.metrics.inception import find_weights
from samples import random_image


def test_without_torch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InputError, match=r"SIFID needs torch and torchvision: pip install 'patchnn\[sifid\]'"):
        metrics.sifid(random_image((40, 40)), random_image((40, 40)))


@pytest.fixture(scope="module")
def inception() -> Any:
    """Inception-v3 with weights at random, as torchvision makes it."""
    models = pytest.importorskip("torchvision.models", reason="SIFID needs torch and torchvision, the extra sifid")
    torch = pytest.importorskip("torch", reason="SIFID needs torch and torchvision, the extra sifid")
    torch.manual_seed(0)
    return models.inception_v3(weights=None, init_weights=False).eval()


@pytest.fixture
def weights(inception: Any, tmp_path: Path) -> Path:
    import torch

    torch.save(inception.state_dict(), tmp_path / "weights.pth")
    return tmp_path / "weights.pth"


def definition(inception: Any, image: np.ndarray, source: np.ndarray) -> float:
    """The distance by the whole network's own layers and a matrix square root."""
    import torch
    from scipy.linalg import sqrtm

    gaussians = []
    for pixels in (image, source):
        seen: list[Any] = []
        hook = inception.maxpool1.register_forward_pre_hook(lambda _, inputs, seen=seen: seen.append(inputs[0]))
        inception.transform_input = False
        pixels = np.floor(pixels * 255 + 0.5) / 127.5 - 1
        with torch.no_grad():
            inception(torch.tensor(pixels, dtype=torch.float32).permute(2, 0, 1)[None])
        hook.remove()
        features = seen[0][0].flatten(1).double().numpy()
        gaussians.append((features.mean(1), np.cov(features)))
    (m, a), (n, b) = gaussians
    return float(((m - n) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * np.trace(sqrtm(a @ b).real))


def test_it_is_the_frechet_distance_of_the_first_features(inception: Any, weights: Path) -> None:
    image, source = random_image((90, 110), seed=1), random_image((80, 100), seed=2) ** 2
    got = metrics.sifid(image, source, weights)
    assert got == pytest.approx(definition(inception, image, source), rel=1e-3)
    assert got > 0.001
    assert metrics.sifid(source, image, weights) == pytest.approx(got, rel=1e-4)
    assert metrics.sifid(source, source, weights) == pytest.approx(0, abs=got * 1e-3)
    assert metrics.score(image, source, sifid=True, weights=weights).sifid == got


def test_the_weights_are_those_in_the_cache(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from torchvision.models import Inception_V3_Weights

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    with pytest.raises(InputError, match=r"home.*is not there; name a copy with --weights FILE"):
        find_weights()
    folder = tmp_path / "home" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    place = folder / Inception_V3_Weights.DEFAULT.url.rpartition("/")[2]
    weights.rename(place)
    assert find_weights() == place
    assert metrics.sifid(random_image((40, 40)), random_image((40, 40), seed=1)) > 0


@pytest.mark.usefixtures("inception")
def test_other_files_are_refused(tmp_path: Path) -> None:
    import torch

    image = random_image((40, 40))
    with pytest.raises(InputError, match=r"gone\.pth does not exist"):
        metrics.sifid(image, image, tmp_path / "gone.pth")
    (tmp_path / "text.pth").write_text("no weights")
    torch.save({"fc.weight": torch.zeros(3)}, tmp_path / "other.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    for name in ("text.pth", "other.pth", "list.pth"):
        with pytest.raises(InputError, match=rf"{name} does not hold the weights of torchvision's inception_v3"):
            metrics.sifid(image, image, tmp_path / name)


def test_tiny_images_are_refused(weights: Path) -> None:
    with pytest.raises(InputError, match="the image is 20×15: SIFID needs 16 pixels a side or more"):
        metrics.sifid(random_image((15, 20)), random_image((40, 40)), weights)
