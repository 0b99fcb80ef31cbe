"""What a plan is estimated to take is what it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peak memory is read from Linux")

MEASURE = """
import json, re, sys
from pathlib import Path
import numpy as np
from patchnn import Plan, Source, synthesize
from patchnn.engine.memory import estimate
from patchnn.engine.search import find_policy

def peak_bytes():
    # Linux counts a child's peak from before it is another program, so it begins anew here.
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
    Path("/proc/self/clear_refs").write_text("5")
    return peak

image = np.random.default_rng(0).random((900, 1100, 3), np.float32)
options = json.loads(sys.argv[1])
if "guide" in options:
    options["guide"] = image[:, :, : options["guide"]].copy()
plan = Plan([Source(image, guide=options.get("guide"))], image, iterations=2, **{"alpha": float("inf"), **options})
synthesize(Plan([Source(image[:40, :40])], image[:40, :40]), seed=0)
peak_bytes()
before = peak_bytes()
synthesize(plan, seed=0)
peak = peak_bytes() - before
fixed, output, source = estimate(plan, find_policy("auto"))
print(json.dumps([peak, fixed + (output + source) * image.shape[0] * image.shape[1]]))
"""


@pytest.mark.parametrize("options", [{}, {"alpha": 0.005}, {"claims": 2}, {"guide": 2}], ids=str)
def test_the_estimate_is_near_the_measured_peak(options: dict[str, float]) -> None:
    command = [sys.executable, "-c", MEASURE, json.dumps(options)]
    peak, estimated = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert 0.6 * estimated < peak < 1.05 * estimated
