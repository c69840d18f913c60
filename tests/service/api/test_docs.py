"""The page that describes the API works where there is no other host."""

import re
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

REQUESTED = re.compile(r"""(?:src|href)\s*=\s*["']([^"']+)|\burl:\s*["']([^"']+)""")


@pytest.fixture
def http(warm_http: TestClient) -> TestClient:
    return warm_http


def test_all_that_the_page_requests_is_served_here(http: TestClient) -> None:
    page = http.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    requested = [one or other for one, other in REQUESTED.findall(page.text)]
    assert len(requested) == 4  # script, style, icon and the OpenAPI document
    for url in requested:
        assert urlsplit(url)[:2] == ("", ""), f"{url} is on another host"
        answer = http.get(url)
        assert answer.status_code == 200, url
        assert answer.content
    assert not re.findall(r"https?://", page.text)


def test_the_style_requests_nothing(http: TestClient) -> None:
    (style,) = re.findall(r'href="([^"]+\.css)"', http.get("/docs").text)
    urls = re.findall(r"url\(([^)]*)\)|@import\s+(\S+)", http.get(style).text)
    assert {(one or other).strip("\"'")[:5] for one, other in urls} <= {"data:"}


@pytest.mark.parametrize("path", ["/redoc", "/docs/oauth2-redirect", "/docs/files/absent.js", "/docs/files/../app.py"])
def test_there_is_no_other_page(http: TestClient, path: str) -> None:
    answer = http.get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-page")
