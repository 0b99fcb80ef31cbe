"""The HTTP API, made from the tasks: images and options in a form, the result as a PNG. FastAPI checks and documents it."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from inspect import Parameter, Signature, getdoc
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Request, Security, UploadFile
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from patchnn.registry import Registry
from patchnn.studio.bench import Bench, until_hang_up
from patchnn.studio.files import safe_name
from patchnn.studio.messages import pack, unpack
from patchnn.studio.order import MAX_COUNT
from patchnn.studio.words import as_fields
from patchnn.task import Option, Task, options
from patchnn.tuning import SEARCH, TUNING
from patchnn.version import __version__

__all__ = ["api"]


class Problem(BaseModel):
    """Why a request failed."""

    detail: str


class Health(BaseModel):
    """What answers, and which version of it."""

    status: Literal["ok"]
    version: str


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "The token is missing or wrong."},
    413: {"model": Problem, "description": "The request is too large."},
    422: {"model": Problem, "description": "An image or an option cannot be used; one sentence says why."},
    500: {"model": Problem, "description": "The task failed."},
    503: {"model": Problem, "description": "Too many requests are waiting; Retry-After says how many seconds to wait."},
}
_TEXT = {"schema": {"type": "string"}}
_PNG = {
    "description": "The result, as a PNG with a record of how it was made.",
    "content": {"image/png": {}},
    "headers": {
        "X-Seed": {"description": "The seed.", **_TEXT},
        "X-Command": {
            "description": "The command that makes the same bytes. Characters beyond ASCII are percent-encoded.",
            **_TEXT,
        },
    },
}
_ZIP = {
    "description": "The results as PNGs, and outcomes.json: the file, image, seed, command and error of each.",
    "content": {"application/zip": {}},
}


def api(registry: Registry, described: Mapping[str, Any], bench: Bench) -> APIRouter:
    """Return the routes of the API. described: the tasks, as the page gets them too."""
    router = APIRouter()

    @router.get("/health", tags=["server"])
    async def health() -> Health:
        """Whether the server answers. Needs no token."""
        return Health(status="ok", version=__version__)

    secured: dict[str, Any] = {"dependencies": [Security(HTTPBearer(auto_error=False))], "responses": {401: _PROBLEMS[401]}}

    @router.get("/api/v1/tasks", tags=["tasks"], **secured)
    async def tasks() -> JSONResponse:
        """The tasks and their options, as the studio's page gets them."""
        return JSONResponse(described)

    names = [task["name"] for task in described["tasks"]]
    for name in names:
        task = registry.load(name)
        _add(router, f"/api/v1/tasks/{name}", _one(name, task, bench), 200, _PNG, "tasks")
        if _series(task):
            _add(router, f"/api/v1/batches/{name}", _many(name, task, bench), 200, _ZIP, "batches")
    return router


def _add(router: APIRouter, path: str, endpoint: Any, status: int, success: dict[str, Any], tag: str) -> None:
    router.add_api_route(
        path,
        endpoint,
        methods=["POST"],
        name=endpoint.__name__,
        description=endpoint.__doc__,
        response_class=Response,
        responses={status: success, **_PROBLEMS},
        dependencies=[Security(HTTPBearer(auto_error=False))],
        tags=[tag],
    )


def _series(task: type[Task]) -> str | None:
    """Return the image option that a batch takes many files for: the first one, if the task needs it and takes one file."""
    first = next((o for o in options(task) if o.is_image), None)
    return first.name if first and first.positional and not first.many else None


def _one(name: str, task: type[Task], bench: Bench) -> Any:
    async def endpoint(request: Request, **form: Any) -> Response:
        head, (file, *_) = await _ask(bench, request, "make", await _message(name, task, form, count=1))
        command = quote(head["command"], safe=string.printable)
        return Response(file, media_type="image/png", headers={"X-Seed": str(head["seed"]), "X-Command": command})

    seed = _field("seed", int | None, None, "Random seed. Default: a new one.", ge=0, lt=2**32)
    fields = _fields(task)
    own = {field.name for field in fields}
    guide = [field for field in _guide() if field.name not in own]
    return _described(endpoint, name, getdoc(task) or "", [*fields, *guide, *_tuning(), seed])


def _many(name: str, task: type[Task], bench: Bench) -> Any:
    series = _series(task)

    async def endpoint(request: Request, **form: Any) -> Response:
        _, (parcel,) = await _ask(bench, request, "batch", await _message(name, task, form, series=series))
        return Response(parcel, media_type="application/zip")

    count = _field("count", int, 1, "Results for each image, with the seeds that follow the first.", ge=1, le=MAX_COUNT)
    seed = _field("seed", int, 0, "First random seed.", ge=0, lt=2**32 - MAX_COUNT)
    about = f"Do the task for each file of `{series}`. A file that fails stops none of the others.\n\n{getdoc(task) or ''}"
    return _described(endpoint, f"{name}_batch", about, [*_fields(task, series), *_tuning(), count, seed])


def _described(endpoint: Any, name: str, about: str, fields: list[Parameter]) -> Any:
    """Give a function the signature that FastAPI reads the form from."""
    request = Parameter("request", Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
    endpoint.__signature__ = Signature([request, *fields])
    endpoint.__name__, endpoint.__doc__ = name, as_fields(about)
    return endpoint


def _fields(task: type[Task], series: str | None = None) -> list[Parameter]:
    return [_option(o, many=o.many or o.name == series) for o in options(task)]


def _tuning() -> list[Parameter]:
    return [_option(o) for o in (*TUNING.values(), SEARCH)]


def _guide() -> list[Parameter]:
    """Return the fields of a guide: labels, or any images that are alike where patches should go."""
    several, one = (
        "A guide: an image of the source's shape, for each of them.",
        "The same for the result, alike where patches go.",
    )
    source = _parameter("guide_source", Annotated[list[UploadFile], File(description=several)], [])
    target = _parameter("guide_target", Annotated[UploadFile | None, File(description=one)], None)
    return [source, target, _field("guide_weight", float, 1.0, "How much the guide counts beside the image.", ge=0, le=1e6)]


def _option(o: Option, many: bool = False) -> Parameter:
    """Return an option as a parameter of an endpoint."""
    if o.is_image:
        kind: Any = list[UploadFile] if many else UploadFile
        default: Any = ... if o.positional else [] if many else None
        wanted = kind if o.positional or many else kind | None
        return _parameter(o.name, Annotated[wanted, File(description=as_fields(o.help))], default)
    kinds: dict[str, Any] = {"number": float, "integer": int, "flag": bool}
    kind = Literal[o.choices] if o.choices else kinds.get(o.type, str)
    bounds = {"ge": o.min, "le": None if o.inf else o.max} if o.type in ("number", "integer") else {}
    default = ... if o.positional else None if o.default is None else str(o.default) if o.type == "size" else o.default
    return _field(o.name, kind | None if o.optional else kind, default, o.help, **bounds)


def _field(name: str, kind: Any, default: Any, help_text: str, **bounds: Any) -> Parameter:
    return _parameter(name, Annotated[kind, Form(description=as_fields(help_text), **bounds)], default)


def _parameter(name: str, annotation: Any, default: Any) -> Parameter:
    default = Parameter.empty if default is ... else default
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


async def _message(name: str, task: type[Task], form: dict[str, Any], series: str | None = None, **more: Any) -> bytes:
    """Return a form as an order for the workers."""
    files: list[dict[str, str]] = []
    blobs: list[bytes] = []
    taken: set[str] = set()

    async def carried(value: Any) -> list[int]:
        numbers = []
        for upload in _uploads(value):
            numbers.append(len(files))
            files.append({"name": safe_name(upload.filename or "image", taken), "form": "file"})
            blobs.append(await upload.read())
        return numbers

    images = {o.name: await carried(form.pop(o.name)) for o in options(task) if o.is_image}
    source, target = await carried(form.pop("guide_source", None)), await carried(form.pop("guide_target", None))
    if bool(source) != bool(target):
        raise HTTPException(422, "guide_source and guide_target go together: send both.")
    weight = form.pop("guide_weight", 1.0)
    more["guides"] = [{"sources": source, "target": number, "weight": weight} for number in target]
    tuning = {key: form.pop(key) for key in TUNING}
    facts = {"search": form.pop("search"), "seed": form.pop("seed"), "count": form.pop("count", 1), **more}
    plain = {key: "inf" if value == float("inf") else value for key, value in form.items()}
    tuned = {key: "inf" if value == float("inf") else value for key, value in tuning.items()}
    order = {"task": name, "images": images, "options": plain, "tuning": tuned, "preview": 0, "series": series, **facts}
    return pack({**order, "files": files}, *blobs)


def _uploads(value: Any) -> Iterator[UploadFile]:
    yield from value if isinstance(value, list) else [value] if value is not None else []


async def _ask(
    bench: Bench, request: Request, verb: Literal["make", "batch"], message: bytes
) -> tuple[dict[str, Any], list[bytes]]:
    """Return the last message that answers an order; raises HTTPException if that is an error."""
    with bench.workshop.place():
        head, blobs = unpack(await until_hang_up(request.receive, bench.workshop.answer(verb, message)))
    if head["event"] == "error":
        raise HTTPException(head["status"], head["plain"])
    return head, blobs
