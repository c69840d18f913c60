"""The page that describes the API to people. All of it comes from here: a counter may have no other host to ask."""

import base64
import hashlib
import re
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from service.api.proxies import link

FILES = "/docs/files"
INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
SCRIPT, STYLE, ICON = "swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"

router = APIRouter(include_in_schema=False)


def install(api: FastAPI) -> None:
    """Add the page and its files."""
    api.include_router(router)
    api.mount(FILES, StaticFiles(directory=_folder()), name="docs")


@router.get("/docs")
async def docs() -> HTMLResponse:
    """Swagger UI."""
    page = get_swagger_ui_html(
        openapi_url=link("/openapi.json"),
        title="Jisr",
        swagger_js_url=link(f"{FILES}/{SCRIPT}"),
        swagger_css_url=link(f"{FILES}/{STYLE}"),
        swagger_favicon_url=link(f"{FILES}/{ICON}"),
    )
    page.headers["Content-Security-Policy"] = _policy(bytes(page.body).decode())
    return page


def _policy(page: str) -> str:
    """Its own script by its hash, and files from here. Swagger UI sets styles of elements, and draws with data URLs."""
    hashes = [hashlib.sha256(one.encode()).digest() for one in INLINE.findall(page)]
    scripts = " ".join(f"'sha256-{base64.b64encode(one).decode()}'" for one in hashes)
    return (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _folder() -> Path:
    """Of Swagger UI in the package fastapi-offline, of which nothing else is used."""
    spec = find_spec("fastapi_offline")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "static"
