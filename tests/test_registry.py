"""Plugins that are good, broken and clashing, found through real entry points."""

from __future__ import annotations

import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from patchnn import PluginError
from patchnn.cli import main
from patchnn.registry import GROUP, Registry, task_name
from patchnn_tasks import Generate

PLUGIN = '''
"""Tasks as third parties write them."""
from dataclasses import dataclass
from patchnn import Image, Plan, Source, Task, option

@dataclass(frozen=True, eq=False)
class Copy(Task):
    """Give the image back."""
    image: Image
    def plan(self):
        return Plan([Source(self.image)], self.image)

@dataclass(frozen=True, eq=False)
class Again(Copy):
    """Give the image back once more."""

@dataclass(frozen=True, eq=False)
class Seeded(Copy):
    """Has an option that is everybody's."""
    seed: int = 0

@dataclass(frozen=True, eq=False)
class Tabled(Copy):
    """Has an option of no known type."""
    table: dict = option(None)

@dataclass(frozen=True, eq=False)
class Planless(Task):
    """Has no plan."""
    image: Image

class Plain(Task):
    """Is no dataclass."""
    def plan(self):
        return None

@dataclass(frozen=True, eq=False, init=False)
class Loose(Copy):
    """Takes anything."""
    def __init__(self, **anything):
        pass

def function(image):
    return image
'''

# Name of the entry point, what it names, and what is said about it (None: it is good).
CASES = [
    ("copy", "acme:Copy", None),
    ("absent", "acme:Nowhere", "Nowhere"),
    ("missing", "no_such_module:Task", "ModuleNotFoundError: No module named 'no_such_module'"),
    ("exiting", "acme_exits:Task", "SystemExit: 3"),
    ("seeded", "acme:Seeded", "every task has an option seed already"),
    ("tabled", "acme:Tabled", "table"),
    ("planless", "acme:Planless", "Planless has no plan()"),
    ("plain", "acme:Plain", "Plain is not a dataclass"),
    ("loose", "acme:Loose", "the arguments of Loose are not its fields"),
    ("function", "acme:function", "it is not a subclass of patchnn.Task"),
    ("show", "acme:Copy", "patchnn has a command of the same name"),
    ("Loud", "acme:Copy", "its name must be of lower-case letters"),
    ("twice", "acme:Again", None),
    ("generate", "acme:Plain", "patchnn 9.9 has a task of the same name"),
]


def install(folder: Path, name: str, version: str, entries: list[tuple[str, str]]) -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n" + "".join(f"{key} = {value}\n" for key, value in entries))


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A distribution acme with a plugin of every kind, and a zulu that clashes with one of them."""
    (tmp_path / "acme.py").write_text(PLUGIN)
    (tmp_path / "acme_exits.py").write_text("raise SystemExit(3)")
    install(tmp_path, "zulu", "0.5", [("twice", "acme:Again"), ("generate", "acme:Plain")])
    install(tmp_path, "acme", "1.2", [case[:2] for case in CASES])
    install(tmp_path, "patchnn", "9.9", [("generate", "patchnn_tasks.generate:Generate")])
    monkeypatch.syspath_prepend(str(tmp_path))
    for module in ("acme", "acme_exits"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    return Registry()


@pytest.mark.parametrize(("name", "value", "reason"), CASES, ids=[case[0] for case in CASES])
def test_a_plugin_is_good_or_named_with_its_reason(plugins: Registry, name: str, value: str, reason: str | None) -> None:
    found = {plugin.name: plugin for plugin in plugins.plugins() if plugin.distribution == "acme"}[name]
    if reason is None:
        assert found.problem is None
        assert found.load().__name__ == value.partition(":")[2]
        return
    assert found.problem is not None
    assert reason in found.problem
    with pytest.raises(PluginError, match=r"of acme 1\.2 cannot be used") as caught:
        found.load()
    assert reason in str(caught.value)


def test_of_two_with_one_name_our_own_or_the_first_is_kept(plugins: Registry) -> None:
    assert plugins.load("generate") is Generate
    assert plugins.load("twice").__module__ == "acme"
    lost = {plugin.name: plugin.problem for plugin in plugins.plugins() if plugin.distribution == "zulu"}
    assert lost == {
        "generate": "patchnn 9.9 has a task of the same name",
        "twice": "acme 1.2 has a task of the same name",
    }


def test_names_need_no_import(plugins: Registry) -> None:
    assert {"generate", "copy", "missing"} <= set(plugins)
    assert "show" not in plugins
    assert "acme" not in sys.modules


def test_a_name_that_is_not_there_lists_those_that_are(plugins: Registry) -> None:
    with pytest.raises(PluginError, match=r"no task 'collage': .*generate"):
        plugins.load("collage")


def test_a_task_is_named_by_its_entry_point_or_its_class(plugins: Registry) -> None:
    assert task_name(Generate) == "generate"
    assert task_name(plugins.load("copy")) == "copy"
    assert task_name(type("MyTask", (Generate,), {})) == "mytask"


def test_the_command_line_lists_all_and_runs_the_good(plugins: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks"], plugins) == 0
    # Whatever else is installed is listed too.
    lines = [line for line in capsys.readouterr().out.splitlines() if re.search(r" (acme 1.2|zulu 0.5|patchnn 9.9) ", line)]
    assert len(lines) == len(CASES) + 3
    missing = next(line for line in lines if line.startswith("missing"))
    assert "acme 1.2" in missing
    assert "broken: ModuleNotFoundError" in missing
    assert main(["--help"], plugins) == 0
    assert "Give the image back." in capsys.readouterr().out


def test_calling_a_broken_one_is_one_line(plugins: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["missing", "photo.jpg", "--colour", "3"], plugins) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: the task missing of acme 1.2 cannot be used: ModuleNotFoundError")
    assert error.count("\n") == 1
    assert main(["missing", "--debug"], plugins) == 1
    assert "Traceback" in capsys.readouterr().err


def test_entry_points_without_a_distribution() -> None:
    registry = Registry([EntryPoint("generate", "patchnn_tasks.generate:Generate", GROUP)])
    assert registry.load("generate") is Generate
    assert registry.plugins()[0].distribution == "unknown"
