"""Measure speed, memory and quality of synthesis, and print the tables of docs/performance.md.

    python benchmarks/speed.py                        sizes × alpha, median of 5 runs each
    python benchmarks/speed.py --exact                exact search too, up to 180x250
    python benchmarks/speed.py --profile 1080x1500    time by stage
    python benchmarks/speed.py --backends numpy kernels
    python benchmarks/speed.py --image photo.jpg --sizes 180x250 --runs 9

Each row is measured in a process of its own. `products` is the time divided by that of a 3072×3072 float32 matrix product on the
same machine, which compares better across machines than seconds. `of all cores` is processor time, which other programs do not
change much. Coherence and completeness errors are exact.
"""

from __future__ import annotations

import argparse
import cProfile
import itertools
import json
import math
import os
import platform
import pstats
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import patchnn
from patchnn.engine.machine import THREADS
from patchnn.metrics import coherence, completeness
from patchnn_tasks import Generate

PHOTOGRAPH = Path(__file__).parents[1] / "examples" / "images" / "rocket.jpg"
SIZES = ("180x250", "360x500", "720x1000", "1080x1500")
EXACT_UP_TO = 180 * 250
"""Pixels up to which exact search is timed: four times as many take sixteen times as long."""

KERNELS = {
    "features": "project",
    "distances": "measure",
    "search": "improve",
    "vote": "fold",
    "what changed": "changed",
}
"""Stages that a backend computes, by its methods."""
STAGES = {
    **{stage: (f"kernels.py:{name}", f"backend.py:{name}") for stage, name in KERNELS.items()},
    "layouts": ("strips.py:lay_out",),
    "exact levels": ("exact.py:__call__", "exact.py:__init__"),
    "principal components": ("patchmatch.py:principal_components",),
    "starting fields": ("matching.py:place",),
    "resampling": ("resample.py:resample",),
}


def photograph(path: Path, size: str) -> patchnn.Image:
    """Read an image at a size, as HEIGHTxWIDTH."""
    height, width = (int(side) for side in size.split("x"))
    return np.clip(patchnn.resize(patchnn.read_image(path)[:, :, :3], (height, width)), 0, 1)


def product(side: int = 3072) -> float:
    """Return the seconds of a matrix product, the unit of all other times; median of 5."""
    square = np.random.default_rng(0).standard_normal((side, side), dtype=np.float32)
    return float(np.median([_seconds(lambda: square @ square) for _ in range(6)][1:]))


def measure(image: patchnn.Image, alpha: float, search: str, runs: int, backend: str) -> dict[str, float]:
    """Time one setting in this process: median seconds, by the clock and of all cores, peak memory, errors of the last result."""
    seconds, busy = [], []
    for seed in range(runs + (runs > 1)):
        start, used = time.perf_counter(), time.process_time()
        made = patchnn.run(Generate(image=image), seed=seed, alpha=alpha, backend=backend, search=search).image
        seconds.append(time.perf_counter() - start)
        busy.append(time.process_time() - used)
    peak = _peak()
    # Larger images take too long to compare exactly.
    small = image.shape[0] * image.shape[1] <= 4 * EXACT_UP_TO
    errors = [error(made, image, method="exact") if small else math.nan for error in (coherence, completeness)]
    return {
        "seconds": float(np.median(seconds[1:] or seconds)),
        "busy": float(np.median(busy[1:] or busy)),
        "peak": peak,
        "coherence": errors[0],
        "completeness": errors[1],
    }


def rows(options: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of the table, measuring each in a process of its own."""
    unit = product()
    cpu = platform.processor() or platform.machine()
    yield f"{cpu}, {os.cpu_count()} cores, NumPy {np.__version__}; a product takes {unit:.3f} s"
    yield ""
    heads = ["size", "alpha", "search", "backend", "seconds", "of all cores", "products", "µs/pixel", "peak MiB"]
    yield _row(*heads, "bytes/pixel over 150 MiB", "coherence", "completeness")
    yield _row(*["---"] * 12)
    for size in options.sizes:
        pixels = math.prod(int(side) for side in size.split("x"))
        for alpha in (math.inf, 0.005):
            searches = ("auto", "exact") if options.exact and pixels <= EXACT_UP_TO else ("auto",)
            for search, backend in itertools.product(searches, options.backends):
                got = _in_a_process(options.image, size, alpha, search, 1 if search == "exact" else options.runs, backend)
                seconds, peak = got["seconds"], got["peak"]
                costs = [f"{seconds:.2f}", f"{got['busy']:.2f}", f"{seconds / unit:.1f}", f"{seconds / pixels * 1e6:.1f}"]
                space = [f"{peak / 2**20:.0f}", f"{max(0.0, peak - 150 * 2**20) / pixels:.0f}"]
                errors = [f"{got['coherence']:.1f}", f"{got['completeness']:.1f}"]
                yield _row(size, f"{alpha:g}", search, backend, *costs, *space, *errors)


def profile(image: patchnn.Image, backends: Sequence[str]) -> Iterator[str]:
    """Yield a core's seconds for each stage, alpha inf and 0.005: one thread, and not counting what others take of the core."""
    os.environ[THREADS] = "1"
    for alpha, backend in itertools.product((math.inf, 0.005), backends):
        profiler = cProfile.Profile(time.thread_time)
        start = time.thread_time()
        profiler.enable()
        patchnn.run(Generate(image=image), seed=1, alpha=alpha, backend=backend)
        profiler.disable()
        stats: Any = pstats.Stats(profiler)
        spent: dict[str, float] = defaultdict(float)
        for (file, _, name), row in stats.stats.items():
            spent[f"{Path(file).name}:{name}"] += row[3]
        stages = {stage: sum(spent[name] for name in names) for stage, names in STAGES.items()} | {
            "all": time.thread_time() - start
        }
        yield f"alpha {alpha:g}, {backend}: " + ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in stages.items())


def _in_a_process(image: Path, size: str, alpha: float, search: str, runs: int, backend: str) -> dict[str, float]:
    job = ["--one", json.dumps([str(image), size, str(alpha), search, runs, backend])]
    done = subprocess.run([sys.executable, __file__, *job], check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _peak() -> float:
    # Linux counts in kilobytes, macOS in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    """Print the table, or the profile."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", type=Path, default=PHOTOGRAPH)
    parser.add_argument("--sizes", nargs="+", default=SIZES, metavar="HEIGHTxWIDTH")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--backends", nargs="+", default=("numpy",))
    parser.add_argument("--exact", action="store_true")
    parser.add_argument("--profile", metavar="HEIGHTxWIDTH")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        path, size, alpha, *rest = json.loads(options.one)
        print(json.dumps(measure(photograph(Path(path), size), float(alpha), *rest)))
        return
    for line in profile(photograph(options.image, options.profile), options.backends) if options.profile else rows(options):
        print(line, flush=True)


if __name__ == "__main__":
    main()
