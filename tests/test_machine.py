"""Free memory and threads, read from trees that look like a machine's /proc and /sys."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from patchnn.engine import machine
from patchnn.engine.machine import THREADS, count_threads, free_bytes, memory_limit

GIB = 1 << 30
NONE_V1 = 0x7FFFFFFFFFFFF000
"""What version 1 of control groups says where there is no limit."""


_OTHERS = ("Buffers", "Cached", "Shmem", "Active", "Inactive", "Slab", "SReclaimable")


class Machine:
    """A machine with 16 GiB, 8 of them available, and 8 cores."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: object) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")

    def v2(self, group: str, limit: object, used: int, cache: int = 0) -> None:
        self.write(f"sys/{group}/memory.max", limit)
        self.write(f"sys/{group}/memory.current", used)
        self.write(f"sys/{group}/memory.stat", f"anon 1\nfile {cache * 3}\ninactive_file {cache}\nactive_file {cache * 2}")

    def v1(self, group: str, limit: int, used: int, cache: int = 0) -> None:
        self.write(f"sys/memory/{group}/memory.limit_in_bytes", limit)
        self.write(f"sys/memory/{group}/memory.usage_in_bytes", used)
        self.write(f"sys/memory/{group}/memory.stat", f"cache 5\ninactive_file 1\ntotal_inactive_file {cache}")


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    lines = [f"{key}: {gib << 20} kB" for key, gib in (("MemTotal", 16), ("MemFree", 1), ("MemAvailable", 8))]
    made.write("proc/meminfo", "\n".join([*lines, *(f"{key}: 0 kB" for key in _OTHERS)]))
    made.write("proc/self/cgroup", "0::/")
    monkeypatch.setattr(machine, "_PROC", tmp_path / "proc")
    monkeypatch.setattr(machine, "_GROUPS", tmp_path / "sys")
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path / "proc"))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.delenv(THREADS, raising=False)
    return made


linux = pytest.mark.skipif(not psutil.LINUX, reason="/proc/meminfo is what Linux has")


@linux
def test_without_a_limit_available_memory_is_free(fake: Machine) -> None:
    assert (free_bytes(), memory_limit()) == (8 * GIB, None)
    fake.v2(".", "max", 3 * GIB)
    assert (free_bytes(), memory_limit()) == (8 * GIB, None)


def test_free_memory_without_proc(fake: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    (fake.root / "proc/self/cgroup").unlink()
    available = type("Memory", (), {"available": 12 * GIB})()
    monkeypatch.setattr(psutil, "virtual_memory", lambda: available)
    assert free_bytes() == 12 * GIB


@linux
def test_where_nothing_says_what_is_free(fake: Machine) -> None:
    (fake.root / "proc/meminfo").unlink()
    assert free_bytes() == 4 * GIB


@linux
def test_a_limit_leaves_what_is_not_used_and_page_cache_is_not_used(fake: Machine) -> None:
    fake.v2(".", 4 * GIB, 3 * GIB, cache=2 * GIB)
    assert (free_bytes(), memory_limit()) == (3 * GIB, 4 * GIB)
    fake.v2(".", 4 * GIB, 5 * GIB)
    assert free_bytes() == 0
    fake.v2(".", 64 * GIB, 5 * GIB)
    assert free_bytes() == 8 * GIB


@linux
def test_nested_groups_the_tightest_counts(fake: Machine) -> None:
    fake.write("proc/self/cgroup", "0::/pod/container")
    fake.v2("pod/container", 6 * GIB, 1 * GIB)
    fake.v2("pod", 5 * GIB, 4 * GIB, cache=1 * GIB)
    assert (free_bytes(), memory_limit()) == (2 * GIB, 5 * GIB)
    fake.v2("pod", "max", 4 * GIB)
    assert free_bytes() == 5 * GIB


@linux
def test_limits_of_control_groups_of_version_1_count(fake: Machine) -> None:
    fake.write("proc/self/cgroup", "5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n1:name=systemd:/\n0::/")
    fake.v1("docker/x", 4 * GIB, 3 * GIB, cache=2 * GIB)
    fake.v1(".", NONE_V1, 9 * GIB)
    assert (free_bytes(), memory_limit()) == (3 * GIB, 4 * GIB)
    fake.v1("docker/x", NONE_V1, 3 * GIB)
    assert (free_bytes(), memory_limit()) == (8 * GIB, None)
    # Where the container's own group is the root, the host's path leads nowhere.
    fake.write("proc/self/cgroup", "4:memory:/docker/elsewhere")
    fake.v1(".", 2 * GIB, 1 * GIB)
    assert free_bytes() == 1 * GIB


@linux
def test_odd_files_are_passed_over(fake: Machine) -> None:
    fake.v2(".", "lots", 1)
    assert free_bytes() == 8 * GIB
    fake.v2(".", 4 * GIB, 3 * GIB)
    fake.write("sys/memory.stat", "inactive_file many odd")
    assert free_bytes() == 1 * GIB
    fake.write("proc/self/cgroup", "nonsense\n\n0::/../..")
    free_bytes()


@pytest.mark.parametrize(
    ("quota", "threads"), [("max 100000", 8), ("200000 100000", 2), ("150000 100000", 2), ("1000 100000", 1)]
)
def test_a_cpu_quota_bounds_the_threads(fake: Machine, quota: str, threads: int) -> None:
    fake.write("sys/cpu.max", quota)
    assert count_threads() == threads


def test_a_cpu_quota_of_version_1_and_of_a_group_above(fake: Machine) -> None:
    fake.write("proc/self/cgroup", "5:cpu,cpuacct:/docker/x")
    fake.write("sys/cpu,cpuacct/docker/x/cpu.cfs_quota_us", -1)
    fake.write("sys/cpu,cpuacct/docker/x/cpu.cfs_period_us", 100000)
    assert count_threads() == 8
    fake.write("sys/cpu,cpuacct/docker/cpu.cfs_quota_us", 300000)
    fake.write("sys/cpu,cpuacct/docker/cpu.cfs_period_us", 100000)
    assert count_threads() == 3


def test_the_environment_says_how_many_threads_whatever_the_quota(fake: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.write("sys/cpu.max", "100000 100000")
    monkeypatch.setenv(THREADS, "5")
    assert count_threads() == 5
