"""The HTTP service: tasks over HTTP, documented by OpenAPI, and the examples of docs/http.md."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from client import HOLE, HOUR, PHOTO, Studio, order, pack, patchnn, started

from patchnn import read_image, read_mask, write_image
from patchnn.images import decode, encode, read_record
from patchnn.registry import Registry
from patchnn.studio.files import Upload, safe_name, uploads
from patchnn.task import options
from samples import random_image

requests = pytest.importorskip("requests", reason="requests is not installed: pip install requests")

ROOT = Path(__file__).parents[2]
MASK = Upload("mask.png", "mask", HOLE, 52, 40).file()


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Studio]:
    with started(path=folder, command="serve") as running:
        yield running


def post(service: Studio, path: str, *files: tuple[str, str, bytes], **form: Any) -> Any:
    sent = [(field, (name, data)) for field, name, data in files]
    headers = {"Authorization": f"Bearer {service.token}"}
    return requests.post(f"{service.root}api/v1/{path}", data=form, files=sent or None, headers=headers, timeout=HOUR)


def test_a_task_gives_the_file_that_its_command_makes(service: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = [("image", "my photo.png", PHOTO), ("mask", "mask.png", MASK)]
    answer = post(service, "tasks/inpaint", *images, seed=3, iterations=2, alpha="inf")
    assert (answer.status_code, answer.headers["content-type"], answer.headers["x-seed"]) == (200, "image/png", "3")
    command = "patchnn inpaint 'my photo.png' mask.png --alpha inf --iterations 2 --seed 3"
    assert answer.headers["x-command"] == command
    monkeypatch.chdir(tmp_path)
    Path("my photo.png").write_bytes(PHOTO)
    Path("mask.png").write_bytes(MASK)
    assert patchnn(*shlex.split(command)[1:], "-o", "again.png", "--quiet")[0] == 0
    assert Path("again.png").read_bytes() == answer.content


def test_a_guide_goes_in_by_fields_of_its_own(service: Studio) -> None:
    images = [(name, f"{name}.png", PHOTO) for name in ("image", "guide_source", "guide_target")]
    answer = post(service, "tasks/generate", *images, seed=1, iterations=1, noise=0.5, guide_weight=2)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-command"].endswith(" --guide guide_source.png guide_target.png:2")


def test_a_guide_of_several_images_has_a_source_for_each(service: Studio) -> None:
    target = encode(random_image((60, 160), seed=4), "wanted.png")
    sources = [("guide_source", f"{name}-labels.png", PHOTO) for name in "ab"]
    images = [("images", "a.png", PHOTO), ("images", "b.png", PHOTO), *sources, ("guide_target", "wanted.png", target)]
    answer = post(service, "tasks/collage", *images, seed=1, iterations=1)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-command"].endswith(" --guide a-labels.png wanted.png --guide b-labels.png wanted.png")
    few = post(service, "tasks/collage", *images[:3], *images[4:], seed=1)
    assert few.status_code == 422
    assert few.json()["detail"] == "the task has 2 sources, the guide 1: give one for each."


def test_without_a_seed_each_result_is_another(service: Studio) -> None:
    made = [post(service, "tasks/generate", ("image", "a.png", PHOTO), noise=0.5, iterations=1) for _ in range(2)]
    assert made[0].headers["x-seed"] != made[1].headers["x-seed"]
    assert made[0].content != made[1].content


def test_names_are_made_safe_and_told_as_ascii(service: Studio) -> None:
    images = [("images", "../é.png", PHOTO), ("images", "é.png", PHOTO)]
    answer = post(service, "tasks/collage", *images, seed=1, iterations=1)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-command"] == "patchnn collage %C3%A9.png %C3%A9-2.png --iterations 1 --seed 1".replace(
        "%C3%A9.png %C3%A9-2.png", "'%C3%A9.png' '%C3%A9-2.png'"
    )
    taken: set[str] = set()
    names = [safe_name(name, taken) for name in ("CON.png", "a/../b.png", "", "x" * 200, "A.png", "a.png", "\u202ea.png", ".a")]
    assert [upload.name for upload in uploads([{"name": n, "form": "file"} for n in names], [b""] * len(names))] == names


@pytest.mark.parametrize(
    ("files", "form", "words"),
    [
        ([], {}, "image is missing: send it as a field of the form."),
        ([("image", "a.png", b"no image")], {}, "a.png cannot be read"),
        ([("image", "a.png", PHOTO)], {"noise": "-1"}, "noise is -1: it must be greater than or equal to 0."),
        ([("image", "a.png", PHOTO)], {"noise": "loud"}, "noise is loud: it must be a valid number"),
        ([("image", "a.png", PHOTO)], {"noise": "nan"}, "noise is nan: it must be"),
        ([("image", "a.png", PHOTO)], {"size": "big"}, "size: 'big' is not a size"),
        ([("image", "a.png", PHOTO)], {"size": "90000x90000"}, "an output has at least one"),
        ([("image", "a.png", PHOTO)], {"size": "30000x30000"}, "This needs more memory than is free"),
        ([("image", "a.png", PHOTO)], {"patch": "1"}, "patch is 1"),
        ([("image", "a.png", PHOTO)], {"search": "guess"}, "search is guess: it must be 'auto'"),
        ([("image", "a.png", PHOTO)], {"seed": "-1"}, "seed is -1"),
        ([("image", "a.png", PHOTO), ("guide_source", "b.png", PHOTO)], {}, "go together: send both."),
    ],
    ids=str,
)
def test_bad_input_gets_one_sentence(service: Studio, files: list[Any], form: dict[str, str], words: str) -> None:
    answer = post(service, "tasks/generate", *files, **form)
    assert answer.status_code == 422, answer.text
    text = answer.json()["detail"]
    assert words in text
    assert text.endswith(".")
    assert "\n" not in text
    assert "--" not in text


def test_a_task_that_fails_is_the_services_fault(service: Studio) -> None:
    answer = post(service, "tasks/stuck", ("image", "a.png", PHOTO), how="fail")
    assert (answer.status_code, answer.json()) == (500, {"detail": "ValueError: it went wrong"})


def test_a_batch_makes_what_can_be_made(service: Studio) -> None:
    images = [("image", "a.png", PHOTO), ("image", "broken.png", b"no image"), ("image", "b.png", PHOTO)]
    answer = post(service, "batches/generate", *images, noise=0.5, iterations=1, seed=5, count=2)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as parcel:
        outcomes = json.loads(parcel.read("outcomes.json"))
        made = {outcome["file"]: parcel.read(outcome["file"]) for outcome in outcomes if outcome["file"]}
        assert set(parcel.namelist()) == {*made, "outcomes.json"}
    assert [(o["image"], o["seed"]) for o in outcomes] == [(i, s) for i in ("a.png", "broken.png", "b.png") for s in (5, 6)]
    assert set(made) == {f"{name}-generate-{seed}.png" for name in "ab" for seed in (5, 6)}
    assert outcomes[0]["command"] == "patchnn generate a.png --noise 0.5 --iterations 1 --seed 5"
    assert outcomes[2]["error"].startswith("broken.png cannot be read")
    one = post(service, "tasks/generate", ("image", "a.png", PHOTO), noise=0.5, iterations=1, seed=6)
    assert (decode(made["a-generate-6.png"], "a").pixels == decode(one.content, "a").pixels).all()
    many = post(service, "batches/generate", *[("image", "a.png", PHOTO)] * 5, count=64)
    assert (many.status_code, many.json()["detail"].startswith("5 images with 64 results each")) == (422, True)


def test_every_task_and_option_is_in_the_openapi_description(service: Studio) -> None:
    described = requests.get(f"{service.root}openapi.json", timeout=HOUR).json()
    assert described["openapi"].startswith("3.1")
    registry = Registry()
    for name in registry:
        request = described["paths"][f"/api/v1/tasks/{name}"]["post"]
        assert request["security"] == [{"HTTPBearer": []}]
        form = request["requestBody"]["content"]["multipart/form-data"]["schema"]["$ref"].rpartition("/")[2]
        fields = described["components"]["schemas"][form]
        told = options(registry.load(name))
        assert {o.name for o in told} | {"alpha", "patch", "search", "seed"} <= set(fields["properties"])
        assert set(fields["required"]) == {o.name for o in told if o.positional}
        assert {"image/png"} == set(request["responses"]["200"]["content"])
    assert "--" not in " ".join(re.findall(r'"description": "(.*?)"', json.dumps(described)))


def test_the_service_has_health_a_page_to_try_and_no_studio(service: Studio) -> None:
    for path in ("health", "docs", "docs/start.js", "docs/swagger-ui.css", "docs/swagger-ui-bundle.js", "openapi.json"):
        assert service.ask("GET", f"/{path}", authorization="")[0] == 200, path
    assert json.loads(service.ask("GET", "/health")[1])["status"] == "ok"
    for path in ("/", "/studio.js", "/images/0"):
        assert service.ask("GET", path)[0] == 404
    assert service.ask("POST", "/run", pack(order(), PHOTO))[0] == 404


def test_too_many_requests_get_503_and_when_to_try_again(folder: Path) -> None:
    import contextlib

    form = b"--x\r\nContent-Disposition: form-data; name=image; filename=a.png\r\n\r\n" + PHOTO + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    with started(path=folder, command="serve") as service, contextlib.ExitStack() as stack:
        import http.client

        for _ in range(8):
            plug = http.client.HTTPConnection("127.0.0.1", service.port, timeout=HOUR)
            stack.callback(plug.close)
            headers = {"Authorization": f"Bearer {service.token}", "Content-Type": kind}
            plug.request("POST", "/api/v1/tasks/stuck", form, headers)
        for _ in range(200):
            answer = post(service, "tasks/stuck", ("image", "a.png", PHOTO), how="nonsense")
            if answer.status_code == 503:
                break
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "try again" in answer.json()["detail"]


def test_the_token_is_the_given_one_and_long_enough(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHNN_TOKEN", "short")
    code, out, err = patchnn("serve", "--port", "0")
    assert (code, out) == (1, "")
    assert err == "error: --token must have at least 16 characters, all ASCII and no spaces\n"


def test_the_examples_of_the_documentation(service: Studio, tmp_path: Path) -> None:
    write_image(tmp_path / "photo.png", random_image((40, 52)))
    write_image(tmp_path / "other.png", random_image((30, 40)))
    (tmp_path / "mask.png").write_bytes(MASK)
    page = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    blocks = re.findall(r"<!-- not run: tests/studio/test_api.py runs it -->\n```(\w+)\n(.*?)```", page, re.S)
    assert [language for language, _ in blocks] == ["sh", "python", "sh"]
    environment = {**os.environ, "PATCHNN_TOKEN": service.token}
    for language, code in blocks:
        words = ["sh", "-ec"] if language == "sh" else [sys.executable, "-c"]
        here = code.replace("http://127.0.0.1:8760/", service.root).replace("http://127.0.0.1:8760", service.root[:-1])
        done = subprocess.run(
            [*words, here], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=HOUR, check=False
        )
        assert done.returncode == 0, done.stderr
        if language == "python":
            assert done.stdout == "patchnn generate photo.png --noise 0.5 --seed 7\n"
    made, hole = read_image(tmp_path / "removed.png"), read_mask(tmp_path / "mask.png")
    assert (made[~hole] == read_image(tmp_path / "photo.png")[~hole]).all()
    assert read_record(tmp_path / "variation.png")["seed"] == 7
    assert "x-seed: 7" in (tmp_path / "headers.txt").read_text().lower()
    assert len(zipfile.ZipFile(tmp_path / "variations.zip").namelist()) == 5


def test_the_dockerfile_runs_the_service(running: Studio) -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    health, command = (json.loads(line.partition("CMD ")[2]) for line in lines if line.startswith(("HEALTHCHECK CMD", "CMD")))
    assert patchnn(*command[1:], "--help")[0] == 0
    assert 'pip install --no-cache-dir ".[studio]"' in "\n".join(lines)
    assert "EXPOSE 8760" in lines
    assert health[:2] == ["python", "-c"]
    check = [sys.executable, "-c", health[2].replace(":8760/", f":{running.port}/")]
    assert subprocess.run(check, check=False, timeout=HOUR).returncode == 0
