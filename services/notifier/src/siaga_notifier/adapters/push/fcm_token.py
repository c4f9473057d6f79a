"""Access tokens for FCM, made of the service account's key; fetched off the loop, kept while they are good."""

import asyncio
from pathlib import Path
from typing import Final

from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2 import service_account

SCOPES: Final = ("https://www.googleapis.com/auth/firebase.messaging",)


class NoToken(Exception):  # noqa: N818  (it is a condition that passes)
    """Google gives no token now; the reason, for people."""


class ServiceAccount:
    """A centre's account at Firebase."""

    def __init__(self, file: Path) -> None:
        """OSError or ValueError: the file holds no service account."""
        try:
            self._credentials = service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call]
                str(file), scopes=SCOPES
            )
        except (ValueError, KeyError, TypeError, AttributeError, GoogleAuthError) as error:
            raise ValueError(f"{file} holds no service account; download its JSON in Firebase's settings") from error
        if not self._credentials.project_id:
            raise ValueError(f"{file} names no project_id; download it anew in Firebase's settings")
        self.project: str = self._credentials.project_id
        # Many messages at once must not fetch many tokens.
        self._fetching = asyncio.Lock()

    async def token(self, refused: str = "") -> str:
        """A token that is good; another than `refused`, which the service did not take. Raises NoToken."""
        if not self._good(refused):
            async with self._fetching:
                if not self._good(refused):
                    await asyncio.to_thread(self._fetch)
        return str(self._credentials.token)

    def _good(self, refused: str) -> bool:
        # The library calls a token expired minutes before it is.
        return bool(self._credentials.valid) and self._credentials.token != refused

    def _fetch(self) -> None:
        request = Request()
        try:
            self._credentials.refresh(request)
        except GoogleAuthError as error:
            raise NoToken(f"no access token from Google ({type(error).__name__})") from error
        finally:
            request.session.close()
