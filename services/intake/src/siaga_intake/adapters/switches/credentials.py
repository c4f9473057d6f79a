"""The secret that a switch asks of us, read anew at each connection so that a changed one needs no restart."""

from pathlib import Path

from siaga_tenants import Connect

from siaga_intake.adapters.switches.connector import LinkError


def secret_of(connect: Connect) -> str:
    """What the secret file holds, without the white space around it."""
    path = Path(connect.secret_file or "")
    try:
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise LinkError(f"the secret file {path} cannot be read") from None
    if not secret:
        raise LinkError(f"the secret file {path} is empty")
    return secret
