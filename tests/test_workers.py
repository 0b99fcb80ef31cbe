"""Where jobs are carried out: processes, and a Dask cluster."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from patchnn import BackendError, InputError, read_image
from patchnn.batch import run_jobs
from patchnn.engine.machine import THREADS, count_threads
from patchnn.workers import Processes, open_workers
from small_jobs import jobs, write_images

posix = pytest.mark.skipif(os.name != "posix", reason="signals as Unix has them")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with a few small images in it."""
    monkeypatch.chdir(tmp_path)
    write_images()
    return tmp_path


# Processes.


def test_processes_share_the_cores_and_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS, "6")
    assert count_threads() == 6
    list(run_jobs(jobs(4)))
    alone = {path.name: path.read_bytes() for path in Path().glob("out-*.png")}
    with open_workers(2) as (executor, workers):
        assert workers == 2
        assert executor is not None
        assert executor.submit(count_threads).result() == 3
        outcomes = list(run_jobs([replace(job, force=True) for job in jobs(4)], executor, workers=workers))
    assert {outcome.error for outcome in outcomes} == {None}
    assert {path.name: path.read_bytes() for path in Path().glob("out-*.png")} == alone
    assert not multiprocessing.active_children()


@posix
def test_ctrl_c_does_not_reach_processes() -> None:
    with Processes(1) as pool:
        # From their first moment on: what is blocked was blocked when they began.
        assert signal.SIGINT in pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, []).result()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@posix
def test_processes_outlive_the_death_of_one() -> None:
    with Processes(2) as pool:
        killed = 0
        for number, outcome in enumerate(run_jobs(jobs(12), pool, workers=2)):
            assert outcome.error is None
            if number == 3:
                os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)
                killed += 1
    assert killed == 1
    assert len(list(Path().glob("out-*.png"))) == 12


@posix
def test_processes_end_at_once_when_left_by_an_exception() -> None:
    started = time.monotonic()

    def leave() -> None:
        with Processes(2) as pool:
            for _ in range(4):
                pool.submit(time.sleep, 60)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave()
    assert time.monotonic() - started < 30
    assert not multiprocessing.active_children()


@posix
def test_processes_end_with_the_one_that_began_them() -> None:
    code = """
import os, time
from patchnn.workers import Processes
if __name__ == "__main__":
    with Processes(1) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        pool.submit(time.sleep, 60).result()
"""
    Path("parent.py").write_text(code)
    with subprocess.Popen([sys.executable, "parent.py"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    for _ in range(200):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{child}/stat").exists() and Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the child still runs")


# A cluster.


CLUSTER = """
import os, signal
from distributed import LocalCluster
from patchnn.batch import Job, run_jobs
from patchnn.workers import open_workers

if __name__ == "__main__":
    jobs = [
        Job("generate", {"image": [os.path.abspath("a.png")]}, os.path.abspath(f"out-{n}.png"), seed=n, options={"noise": 0.5})
        for n in range(40)
    ]
    settings = dict(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50)
    with LocalCluster(**settings) as cluster, open_workers(1, cluster.scheduler_address) as (executor, workers):
        assert workers == 2
        done = []
        for outcome in run_jobs(jobs, executor, workers=workers):
            assert outcome.error is None, outcome.error
            done.append(outcome.job)
            if len(done) == 5:
                os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
    assert sorted(job.seed for job in done) == list(range(40))
    list(run_jobs([Job("generate", {"image": ["a.png"]}, "alone.png", seed=7, options={"noise": 0.5})]))
"""


@posix
def test_a_cluster_one_of_whose_workers_is_killed(folder: Path) -> None:
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    # In a process of its own, for Dask leaves threads behind.
    Path("cluster.py").write_text(CLUSTER)
    environment = {**os.environ, THREADS: "1"}
    done = subprocess.run([sys.executable, "cluster.py"], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert len(list(folder.glob("out-*.png"))) == 40
    np.testing.assert_array_equal(read_image("alone.png"), read_image("out-7.png"))


def test_a_cluster_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="write tcp://HOST:PORT"), open_workers(1, "nonsense"):
        pass
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BackendError, match=r"pip install 'patchnn\[cluster\]'"), open_workers(1, "tcp://127.0.0.1:1"):
        pass


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "9" * 5000])
def test_a_wrong_number_of_threads(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(THREADS, text)
    with pytest.raises(BackendError, match=THREADS):
        count_threads()
