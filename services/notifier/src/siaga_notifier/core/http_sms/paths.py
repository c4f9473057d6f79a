"""Values in what providers answer and tell, found by the paths of their definition."""

import json
from collections.abc import Mapping
from typing import Any


def parsed(body: bytes) -> Any:
    """The JSON value of a body; None when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def found(value: Any, path: str) -> Any:
    """What stands at a path like `messages.0.status`; None when nothing does."""
    for step in path.split(".") if path else ():
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step[:6]) < len(value):
            value = value[int(step[:6])]
        else:
            return None
    return value


def word(value: Any, path: str) -> str:
    """What stands at a path as a text; empty when nothing, or no single thing, does."""
    if not path:
        return ""
    at = found(value, path)
    if isinstance(at, bool):
        return str(at).lower()
    if isinstance(at, str | int | float):
        return str(at).strip()
    return ""
