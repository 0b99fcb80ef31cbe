"""Measure patchnn on a CUDA GPU: tests, times at all sizes, time by kernel. Writes a JSON file.

    python benchmarks/gpu.py gpu.json
    python benchmarks/gpu.py gpu.json --sizes 180x250 --runs 9 --no-tests

It needs CuPy and a CUDA device, and ends with one line that says what is missing. Every time includes the copies to the device
and back.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from speed import PHOTOGRAPH, SIZES, photograph

import patchnn
from patchnn.engine.backend import Backend, find_backend
from patchnn.errors import PatchnnError
from patchnn_tasks import Generate

ROOT = Path(__file__).parents[1]
ALPHAS = (math.inf, 0.005)
LARGEST = "3000x4000"
KERNELS = ("project", "measure", "improve", "fold", "changed")
"""The methods of a backend that are timed; what calls another holds its time."""


def synchronize(backend: Backend) -> None:
    """Wait until the device has done all that it was asked for."""
    if hasattr(backend.xp, "cuda"):
        backend.xp.cuda.Device().synchronize()


def product(backend: Backend, side: int) -> float:
    """Return the seconds of a float32 matrix product on the device; median of 5."""
    square = backend.to_device(np.random.default_rng(0).standard_normal((side, side), dtype=np.float32))
    seconds = []
    for _ in range(6):
        synchronize(backend)
        start = time.perf_counter()
        backend.xp.matmul(square, square)
        synchronize(backend)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[1:]))


def measure(image: patchnn.Image, alpha: float, backend: Backend, runs: int) -> dict[str, Any]:
    """Return the seconds of each run but the first, which compiles, and how long that one took."""
    seconds = []
    for seed in range(runs + 1):
        start = time.perf_counter()
        patchnn.run(Generate(image=image), seed=seed, alpha=alpha, backend=backend)
        seconds.append(time.perf_counter() - start)
    return {"first": seconds[0], "seconds": seconds[1:], "median": float(np.median(seconds[1:]))}


def profile(image: patchnn.Image, alpha: float, backend: Backend) -> dict[str, float]:
    """Return the seconds that each kernel takes, and all of the run. Waiting for each makes a run slower than it is."""
    spent: dict[str, float] = defaultdict(float)
    with _timed(backend, spent):
        start = time.perf_counter()
        patchnn.run(Generate(image=image), seed=1, alpha=alpha, backend=backend)
        spent["all"] = time.perf_counter() - start
    return dict(spent)


@contextlib.contextmanager
def _timed(backend: Backend, spent: dict[str, float]) -> Iterator[None]:
    def wrap(name: str) -> Any:
        work = getattr(backend, name)

        def timed(*arguments: Any) -> Any:
            synchronize(backend)
            start = time.perf_counter()
            result = work(*arguments)
            synchronize(backend)
            spent[name] += time.perf_counter() - start
            return result

        return timed

    for name in KERNELS:
        setattr(backend, name, wrap(name))
    try:
        yield
    finally:
        for name in KERNELS:
            delattr(backend, name)


def run_tests() -> str:
    """Run the tests that need a device; return pytest's last line. A failure does not keep the times from being measured."""
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "-q", "--no-header"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    sys.stderr.write(done.stdout)
    return (done.stdout or done.stderr).strip().splitlines()[-1]


def main() -> int:
    """Measure, print a line for every figure, and write them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, metavar="FILE.json")
    parser.add_argument("--image", type=Path, default=PHOTOGRAPH)
    parser.add_argument("--sizes", nargs="+", default=(*SIZES, LARGEST), metavar="HEIGHTxWIDTH")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--product", type=int, default=3072, metavar="SIDE", help="of the matrices whose product is timed")
    parser.add_argument("--no-tests", action="store_true")
    parser.add_argument("--backend", default="cupy", help="numpy: to try this program where there is no device")
    options = parser.parse_args()
    try:
        backend = find_backend(options.backend)
    except PatchnnError as error:
        print(f"gpu.py measures a GPU: {error}", file=sys.stderr)
        return 1
    found: dict[str, Any] = {"patchnn": patchnn.__version__, "device": backend.description}
    if not options.no_tests:
        found["tests"] = run_tests()
        print(f"tests: {found['tests']}", flush=True)
    side = options.product
    found["product"] = product(backend, side)
    print(f"{found['device']}: a {side}×{side} product takes {found['product']:.4f} s", flush=True)
    found["times"], found["profile"] = [], []
    for size in options.sizes:
        image = photograph(options.image, size)
        for alpha in ALPHAS:
            setting = {"size": size, "alpha": str(alpha)}
            times, kernels = measure(image, alpha, backend, options.runs), profile(image, alpha, backend)
            found["times"].append(setting | times)
            found["profile"].append(setting | kernels)
            parts = ", ".join(f"{name} {seconds:.3f}" for name, seconds in kernels.items())
            print(f"{size}, alpha {alpha:g}: {times['median']:.3f} s (first {times['first']:.2f} s); {parts}", flush=True)
            # After every setting: an interrupted measurement keeps what it has.
            options.output.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
