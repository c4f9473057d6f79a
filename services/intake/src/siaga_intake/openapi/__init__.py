"""What the HTTP side takes and answers, as OpenAPI 3.1: `python -m siaga_intake.openapi > docs/openapi.json`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from siaga_intake.openapi.document import PATH, document, written

__all__ = ["document", "route", "written"]


def route() -> Route:
    """The route that shows the document."""
    told = written().encode()

    async def show(_: Request) -> Response:
        return Response(told, media_type="application/json")

    return Route(PATH, show, methods=["GET"])
