"""`notify keys`: the key by which a centre's Web Push is known to browsers, made once."""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import typer
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import project_root
from siaga_notifier.adapters.push import vapid
from siaga_tenants import TenantError, tenant_codes

from siaga_cli.console import err

FILE: Final = "vapid.key"


def keys(
    *,
    tenant: Annotated[str | None, typer.Option("--tenant", help="The regency, as 36.73.")] = None,
    directory: Annotated[
        Path | None,
        typer.Option("--tenants-dir", envvar="SIAGA_TENANTS_DIR", help="Default: tenants in the project."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Make the key for Web Push beside the tenant's notify.yaml, and tell its public half; one that is there stays."""
    folder = _folder(directory or project_root() / "tenants", tenant)
    file = folder / FILE
    made = _make(file)
    try:
        public = vapid.public_key(file)
    except (OSError, ValueError) as error:
        raise StackError(str(error)) from error
    if as_json:
        sys.stdout.write(json.dumps({"file": str(file), "made": made, "public_key": public}) + "\n")
        return
    err.print(f"{file} {'is made' if made else 'was there, and stays: devices are signed in by it'}. In notify.yaml:")
    err.print(
        f"  - {{id: browsers, kind: webpush, vapid_key_file: {FILE}, subject: 'mailto:you@example.go.id'}}",
        markup=False,
    )
    err.print("Browsers subscribe by its public half; the crews' page asks for it by itself:")
    sys.stdout.write(f"{public}\n")


def _folder(directory: Path, tenant: str | None) -> Path:
    try:
        codes = tenant_codes(directory)
    except TenantError as error:
        raise StackError(str(error)) from error
    if tenant is None and len(codes) > 1:
        raise StackError(f"which regency? say --tenant, one of {', '.join(codes)}")
    code = tenant or codes[0]
    if code not in codes:
        raise StackError(f"there is no tenant {code} in {directory}: say one of {', '.join(codes)}")
    return next(path for path in sorted(directory.glob(f"{code}-*")) if path.is_dir())


def _make(file: Path) -> bool:
    """Whether the file was made; one that is there is not touched, for with another key every device falls silent."""
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise StackError(f"{file} cannot be written: {error.strerror}") from error
    with os.fdopen(number, "wb") as writing:
        # Made by root for a notifier that is not: whoever owns the tenant's data must be able to read it.
        with suppress(PermissionError):
            os.fchown(number, file.parent.stat().st_uid, file.parent.stat().st_gid)
        writing.write(vapid.made())
    return True
