"""Everything that CI checks: `nox` runs all but the GPU's, `nox -s tests` one part."""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "venv"
nox.options.sessions = ["tests", "oldest", "plugin", "lint", "cupy", "studio", "docs"]


@nox.session
def tests(session: nox.Session) -> None:
    """The tests, as a user runs them."""
    session.install(".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def oldest(session: nox.Session) -> None:
    """The tests with the oldest NumPy, SciPy and Pillow that are promised, where this Python has wheels of them."""
    oldest = ("numpy==1.26.*", "scipy==1.11.*", "imageio==2.34.*", "pillow==11.1.*", "tifffile==2024.2.*", "typer==0.29.*")
    session.install(".[test]", *oldest)
    session.run("pytest", *session.posargs)


@nox.session
def plugin(session: nox.Session) -> None:
    """The tests of the plugin in this repository."""
    session.install(".[test]", "./plugins/patchnn-tile")
    session.run("pytest", "plugins/patchnn-tile")


@nox.session
def lint(session: nox.Session) -> None:
    """Style and types."""
    session.install(".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session
def cupy(session: nox.Session) -> None:
    """Whether every call of the engine is one that CuPy has; needs no GPU."""
    session.install(".[test,cuda12]")
    session.run("pytest", "tests/test_cupy_api.py", "tests/test_devices.py")


@nox.session
def studio(session: nox.Session) -> None:
    """The studio's server, and its page in a browser: /usr/bin/chromium, or the one that PATCHNN_CHROMIUM names."""
    session.install(".[test,studio]", "playwright")
    session.run("pytest", "tests/studio")


@nox.session
def docs(session: nox.Session) -> None:
    """The site without a warning, and every figure, small, with a look at whether it is plausible."""
    session.install(".[docs]")
    session.run("mkdocs", "build", "--strict", "--site-dir", session.create_tmp(), env={"NO_MKDOCS_2_WARNING": "1"})
    session.run("python", "examples/gallery.py", "--small")


@nox.session
def gpu(session: nox.Session) -> None:
    """The tests that need a CUDA device."""
    session.install(".[test,cuda12]")
    session.run("pytest", "-m", "gpu", *session.posargs)
