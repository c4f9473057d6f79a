"""Changing a YAML file as a careful person would: comments and layout stay, and only what is valid replaces the file."""

import fcntl
import io
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from siaga_tenants.document import TenantError

# Never folds a line that a person has written.
_WIDTH: Final = 10_000


@contextmanager
def rewriting(file: Path, check: Callable[[str], object]) -> Iterator[Any]:
    """The document in the file, to be changed; at the end it replaces the file, if `check` raises nothing for its new text.

    Raises TenantError, and leaves the file as it was, when it cannot be read, and whatever `check` raises.
    """
    with _alone(file.parent):
        try:
            text = file.read_text("utf-8")
            yaml = _yaml(text)
            document = yaml.load(text)
        except (OSError, UnicodeDecodeError, YAMLError) as error:
            raise unchangeable(file, error) from error
        yield document
        written = io.StringIO()
        yaml.dump(document, written)
        if written.getvalue() != text:
            check(written.getvalue())
            _replace(file, written.getvalue())


def unchangeable(file: Path, error: Exception) -> TenantError:
    """That the file is not what can be changed."""
    return TenantError((f"{file}: cannot be changed: {error}; `./siaga tenants check` tells more",))


def _yaml(text: str) -> YAML:
    """Writes lists indented as this text has them."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    dash = re.search(r"^( *)- ", text, re.MULTILINE)
    offset = len(dash[1]) if dash else 2
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    return yaml


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two people at once change one after the other: neither loses what he did."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(file: Path, text: str) -> None:
    """All of the new file or all of the old one, whatever happens, with the rights and the owner that it had."""
    # A link stays one: what it leads to is replaced.
    file = file.resolve()
    had = file.stat()
    number, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as writing:
            writing.write(text)
            writing.flush()
            os.fchmod(number, had.st_mode & 0o7777)
            # Only root may give a file away; where that is not needed, it is ours already.
            with suppress(PermissionError):
                os.fchown(number, had.st_uid, had.st_gid)
            os.fsync(number)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
