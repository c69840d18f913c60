"""JSON that clients send: what could be understood in two ways is refused by name."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from service.api.errors import FieldError, Malformed
from service.kit.errors import NotJson, RepeatedName
from service.kit.strict_json import read_json


def parsed(text: str, root: str | None = None) -> Any:
    """What a JSON text states. root: the part it came as, if it is not the whole body. Raises Malformed."""
    try:
        return read_json(text)
    except RepeatedName as error:
        field = ".".join([root, *error.path] if root else error.path)
        raise Malformed([FieldError(field, "repeated", str(error))]) from None
    except NotJson as error:
        raise Malformed([FieldError(root or "body", "json_invalid", f"Invalid JSON: {error}")]) from None


class StrictJsonRoute(APIRoute):
    """A route whose body is JSON, read as strictly as the parts of an enrolment."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(_StrictJsonRequest(request.scope, request.receive))

        return strictly


class _StrictJsonRequest(Request):
    async def json(self) -> Any:
        """Raises Malformed."""
        try:
            text = (await self.body()).decode()
        except UnicodeDecodeError:
            raise Malformed([FieldError("body", "not_utf8", "the body is not UTF-8 text")]) from None
        return parsed(text)
