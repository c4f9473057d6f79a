#!/usr/bin/env python3
"""AGI: asks Siaga112 how a caller is to be routed, and sets SIAGA_ADVICE to `normal`, `screen` or `screen_low`.

For an Asterisk without func_curl. Put it into /var/lib/asterisk/agi-bin, executable; beside it siaga_advice.json:

    {"url": "http://127.0.0.1:8113/v1/advice", "tenant": "36.73", "token": "…", "timeout_ms": 150}

In the dialplan: AGI(siaga_advice.py), or AGI(siaga_advice.py,${NUMBER}) to ask for another number than the caller's.
Needs Python 3.8 and nothing else. Whatever is wrong, the advice is `normal` and the call goes on; why is told to Asterisk's
console (`agi set debug on`), never with the number.
"""

import json
import socket
import sys
import threading
import urllib.parse
from pathlib import Path
from typing import TextIO

WORDS = ("screen", "screen_low")
NORMAL = "normal"
# Longer than Siaga112 takes whatever is broken behind it, shorter than a caller notices.
TIMEOUT_MS = 150
MAX_ANSWER_BYTES = 8_192


def environment(lines: TextIO) -> dict[str, str]:
    """What Asterisk says at the beginning, `agi_callerid: …`, up to an empty line."""
    told: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.rstrip("\r\n").partition(":")
        if not colon:
            break
        told[name] = value.strip()
    return told


def advice(settings: dict[str, object], number: str) -> tuple[str, str]:
    """The advice and why; waits for no longer than the timeout in all, also for an answer that comes drop by drop."""
    found: list[tuple[str, str]] = []

    def ask() -> None:
        try:
            found.append(_asked(settings, number))
        except Exception as error:  # noqa: BLE001  (whatever is wrong, the call goes on)
            found.append((NORMAL, type(error).__name__))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_timeout_s(settings))
    return found[0] if found else (NORMAL, "no answer in time")


def _asked(settings: dict[str, object], number: str) -> tuple[str, str]:
    where = urllib.parse.urlsplit(str(settings["url"]))
    body = urllib.parse.urlencode({"tenant": settings.get("tenant", ""), "number": number}).encode()
    head = (
        f"POST {where.path} HTTP/1.0\r\nHost: {where.netloc}\r\nAuthorization: Bearer {settings['token']}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    answer = b""
    timeout_s = _timeout_s(settings)
    with socket.create_connection((where.hostname or "", where.port or 80), timeout_s) as connection:
        connection.sendall(head.encode() + body)
        while len(answer) < MAX_ANSWER_BYTES and (part := connection.recv(1_024)):
            answer += part
    told, _, word = answer.decode("utf-8", "replace").partition("\r\n\r\n")
    basis = told.lower().partition("\r\nx-siaga-basis: ")[2].partition("\r\n")[0]
    return (word.strip() if word.strip() in WORDS else NORMAL), basis or "unreadable"


def _timeout_s(settings: dict[str, object]) -> float:
    return float(str(settings.get("timeout_ms", TIMEOUT_MS))) / 1_000


def command(line: str, asterisk: TextIO, answers: TextIO) -> None:
    """Give Asterisk a command and read its answer: it reads no other before."""
    asterisk.write(f"{line}\n")
    asterisk.flush()
    answers.readline()


def main() -> None:
    told = environment(sys.stdin)
    number = told.get("agi_arg_1") or told.get("agi_callerid", "")
    try:
        settings = json.loads(Path(__file__).with_name("siaga_advice.json").read_text("utf-8"))
        word, why = advice(settings, "" if number == "unknown" else number)
    except (OSError, ValueError, AttributeError) as error:
        word, why = NORMAL, f"siaga_advice.json: {type(error).__name__}"
    command(f'VERBOSE "siaga advice {word}: {why}" 3', sys.stdout, sys.stdin)
    command(f"SET VARIABLE SIAGA_ADVICE {word}", sys.stdout, sys.stdin)


if __name__ == "__main__":
    main()
