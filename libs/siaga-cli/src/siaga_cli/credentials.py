"""New credentials for a source: what goes into `sources.yaml`, and what its sender is given."""

import hashlib
import os
import secrets
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import typer
from siaga_kit.embedded.errors import StackError

# As many random bytes as the digests that are kept of them.
TOKEN_BYTES: Final = 32
# As they are called in sources.yaml.
TOKEN: Final = "token_sha256"  # noqa: S105  (the name of a field)
KEY: Final = "hmac_secret_file"
CERTIFICATE: Final = "client_cert_sha256"


@dataclass(frozen=True, slots=True)
class Made:
    """A new credential."""

    key: str
    value: str
    # For the sender, once; what is kept is its digest.
    token: str = ""
    file: Path | None = None


def made_for(folder: Path, name: str, *, hmac: bool, client_cert: Path | None) -> Made:
    """A token, or a key in a file of the tenant's folder, or the digest of a certificate that there is."""
    if hmac and client_cert is not None:
        raise typer.BadParameter("one credential at a time", param_hint="--hmac, --client-cert")
    if client_cert is not None:
        return Made(CERTIFICATE, _fingerprint(client_cert))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    if not hmac:
        return Made(TOKEN, hashlib.sha256(token.encode()).hexdigest(), token)
    file = _key_file(folder, name, token)
    return Made(KEY, file.name, file=file)


def _key_file(folder: Path, name: str, key: str) -> Path:
    # A name of its own each time: the key of before must stay where it is.
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    file = folder / f"{name.replace('/', '-')}.{now}.key"
    number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "w") as writing:
        # Made by root for an intake that is not: whoever owns the tenant's data must be able to read it.
        with suppress(PermissionError):
            os.fchown(number, folder.stat().st_uid, folder.stat().st_gid)
        writing.write(key + "\n")
    return file


def _fingerprint(certificate: Path) -> str:
    try:
        written = certificate.read_text("ascii").strip()
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(written)).hexdigest()
    except (OSError, ValueError) as error:
        raise StackError(f"{certificate} holds no certificate in PEM: {error}") from error
