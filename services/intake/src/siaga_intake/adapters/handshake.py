"""The hand-shake of a webhook: before it sends anything, the platform asks whether this is the right place."""

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from siaga_intake.adapters.problems import problem
from siaga_intake.adapters.sources import Sources
from siaga_intake.core.doors import WHATSAPP

# Theirs has some ten digits; what is longer is no challenge.
_MAX_CHALLENGE_CHARACTERS: Final = 256


def handshake(sources: Sources) -> Route:
    """The route that answers WhatsApp: who shows a verify token of ours gets the challenge back."""

    async def greet(request: Request) -> Response:
        asked = request.query_params
        if asked.get("hub.mode") != "subscribe" or not sources.greeted(asked.get("hub.verify_token", "")):
            return problem(403, "is no verify token of ours", "hub.verify_token")
        challenge = asked.get("hub.challenge", "")
        if not challenge.isalnum() or len(challenge) > _MAX_CHALLENGE_CHARACTERS:
            return problem(400, "must be some letters and digits", "hub.challenge")
        return PlainTextResponse(challenge)

    return Route(WHATSAPP.path, greet, methods=["GET"])
