"""The page to try the HTTP API on (/docs): Swagger UI, served from here, since the server works without a network."""

from __future__ import annotations

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

__all__ = ["PATHS", "ROUTES"]

_HTML = """<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>patchnn: the HTTP API</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>
</html>
"""
_START = 'SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", deepLinking: true });\n'

# Swagger UI writes styles into its elements.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_LIBRARY = ("swagger-ui.css", "swagger-ui-bundle.js")
_TYPES = {"css": "text/css", "js": "text/javascript"}

PATHS = ("/docs", "/docs/start.js", *(f"/docs/{name}" for name in _LIBRARY))


async def _file(request: Request) -> Response:
    name = request.url.path.removeprefix("/docs").removeprefix("/")
    if not name:
        return Response(_HTML, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY})
    if name == "start.js":
        return Response(_START, media_type="text/javascript")
    # The names come from PATHS.
    found = files("fastapi_offline").joinpath("static", name).read_bytes()
    return Response(found, media_type=_TYPES[name.rpartition(".")[2]])


ROUTES = [Route(path, _file, methods=["GET"]) for path in PATHS]
