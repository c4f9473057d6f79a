"""Long texts: cut into SMS, put together again, and what their parts' receipts say of the whole."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_kit.embedded.smsc_text import decode, split_header
from siaga_kit.errors import Transient
from siaga_notifier.adapters.smpp.awaiting import Awaiting
from siaga_notifier.adapters.smpp.joining import UNFINISHED, Joining
from siaga_notifier.adapters.smpp.patience import Patience
from siaga_notifier.adapters.smpp.pdu import Deliver, Segment
from siaga_notifier.core import gsm7
from siaga_notifier.core.outcomes import Accepted
from siaga_notifier.core.receipts import Receipt, respelled
from siaga_notifier.core.sms_parts import parts, segments
from siaga_notifier.core.states import State
from siaga_notifier.core.tries import Stage, Try, settled

GSM = "abcdefghij KLMNOP 0123456789 @£é {}[]€"


@given(st.one_of(st.text(GSM, max_size=900), st.text(GSM + "火✓🔥", max_size=400)), st.integers(0, 0xFFFF))
def test_parts_fit_and_are_the_text(text: str, reference: int) -> None:
    made = parts(text, reference)
    assert len(made) == segments(text)
    found = []
    for number, part in enumerate(made, start=1):
        assert part.ucs2 is not gsm7.holds(text)
        assert len(part.octets) <= (140 if part.ucs2 else 159 if part.header else 160)
        header, octets = split_header(0x40 if part.header else 0, part.octets)
        if part.header:
            assert header is not None
            assert (header.reference, header.total, header.number) == (reference & 0xFF, len(made), number)
        # Each part is whole by itself: no escape and no surrogate pair is torn apart.
        found.append(decode(octets, 8 if part.ucs2 else 0))
    assert "".join(found) == text


@pytest.mark.parametrize(
    ("text", "count"),
    [("a" * 160, 1), ("a" * 161, 2), ("€" * 80, 1), ("€" * 81, 2), ("a" * 306, 2), ("a" * 307, 3), ("火" * 70, 1),
     ("火" * 71, 2), ("火" * 134, 2), ("火" * 135, 3), ("🔥" * 35, 1), ("🔥" * 36, 2), ("", 1), ("a" * 152 + "€a" * 5, 2)],
)  # fmt: skip
def test_segments(text: str, count: int) -> None:
    assert segments(text) == count


def test_a_try_remembers_how_many_sms_it_was() -> None:
    sent = Try(1, Stage.SUBMITTING, 0, 0)
    assert settled(sent, Accepted("a1", 3), 5, 0.5).segments == 3


PHONE = "+6281100000001"
QUICK = Patience(part_s=0.01, rest_of_message_s=0.05)


class Inbox:
    def __init__(self, failures: int = 0) -> None:
        self.got: list[str] = []
        self.failures = failures

    async def said(self, source: str, text: str) -> None:
        if self.failures:
            self.failures -= 1
            raise Transient("the broker is away")
        self.got.append(text)


def part(number: int, text: str, total: int = 2, reference: int = 7) -> tuple[Deliver, Segment]:
    segment = Segment(reference, total, number)
    return Deliver(PHONE, "112", text, receipt=False, segment=segment, receipted_id=None, message_state=None), segment


async def offered(joining: Joining, *pieces: tuple[Deliver, Segment]) -> list[BaseException | None]:
    return await asyncio.gather(*(joining.take(*piece) for piece in pieces), return_exceptions=True)


async def test_parts_are_dealt_with_when_the_message_is() -> None:
    inbox = Inbox()
    joining = Joining(inbox.said, Patience())
    first = asyncio.create_task(joining.take(*part(1, "1 ")))
    await asyncio.sleep(0)
    assert not first.done()
    await joining.take(*part(2, "#114"))
    await first
    assert inbox.got == ["1 #114"]
    # Offered again: our answer was lost.
    assert await offered(joining, part(2, "#114"), part(1, "1 ")) == [None, None]
    assert inbox.got == ["1 #114"]
    # Another message under the same number: some phones never count on.
    assert await offered(joining, part(2, "#115"), part(1, "3 ")) == [None, None]
    assert inbox.got == ["1 #114", "3 #115"]
    joining.close()


async def test_a_message_that_cannot_be_handed_on_comes_again() -> None:
    inbox = Inbox(failures=1)
    joining = Joining(inbox.said, Patience())
    assert [type(answer) for answer in await offered(joining, part(1, "1 "), part(2, "#114"))] == [Transient, Transient]
    assert await offered(joining, part(1, "1 "), part(2, "#114")) == [None, None]
    assert inbox.got == ["1 #114"]
    joining.close()


async def test_a_centre_that_offers_one_part_after_the_other_is_not_kept_waiting() -> None:
    inbox = Inbox()
    joining = Joining(inbox.said, Patience(part_s=0.01))
    for number, text in ((3, "#114"), (1, "ti"), (2, "ba ")):
        await joining.take(*part(number, text, total=3))
    assert inbox.got == ["tiba #114"]
    joining.close()


async def test_what_is_there_is_handed_on_when_the_rest_never_comes() -> None:
    inbox = Inbox(failures=1)
    joining = Joining(inbox.said, QUICK)
    await joining.take(*part(2, "tolong"))
    async with asyncio.timeout(10):
        while not inbox.got:
            await asyncio.sleep(0.005)
    assert inbox.got == ["tolong"]
    joining.close()


async def test_the_oldest_makes_room() -> None:
    inbox = Inbox()
    joining = Joining(inbox.said, Patience(part_s=0))
    for number in range(UNFINISHED + 1):
        await joining.take(*part(1, f"#{number}", reference=number))
    assert inbox.got == ["#0"]
    joining.close()


def delivered(message_id: str) -> Receipt:
    return Receipt(message_id, State.DELIVERED, "")


async def told(awaiting: Awaiting, receipts: Sequence[Receipt]) -> list[Receipt | None]:
    return [await awaiting.told(receipt, "628111") for receipt in receipts]


async def test_a_message_is_delivered_when_all_its_parts_are() -> None:
    awaiting = Awaiting(1)
    sending = awaiting.begin("628111", 2)
    awaiting.taken(sending, 2, "0000000B")
    awaiting.taken(sending, 1, "0000000a")
    awaiting.end("628111", sending, broken=False)
    assert await told(awaiting, [delivered("11"), delivered("11"), delivered("10")]) == [
        None,
        None,
        delivered("0000000B"),
    ]
    assert await told(awaiting, [Receipt("10", State.EXPIRED, "expired")]) == [
        Receipt("0000000B", State.EXPIRED, "part 1 of 2: expired")
    ]


async def test_a_receipt_waits_for_the_answers_of_its_message() -> None:
    awaiting = Awaiting(10)
    sending = awaiting.begin("628111", 2)
    awaiting.taken(sending, 1, "a")
    early = asyncio.create_task(told(awaiting, [delivered("a"), delivered("b")]))
    single = asyncio.create_task(awaiting.told(delivered("c"), "628222"))
    await asyncio.wait({single})
    assert single.result() == delivered("c")
    assert not early.done()
    awaiting.taken(sending, 2, "b")
    awaiting.end("628111", sending, broken=False)
    assert await early == [None, delivered("b")]


async def test_parts_of_a_message_that_did_not_go_out_whole_are_no_news() -> None:
    awaiting = Awaiting(1)
    sending = awaiting.begin("628111", 2)
    awaiting.taken(sending, 1, "a")
    awaiting.end("628111", sending, broken=True)
    assert await told(awaiting, [delivered("a"), delivered("z")]) == [None, delivered("z")]


@pytest.mark.parametrize(
    ("message_id", "receipts_in", "expected"),
    [("653262591", "decimal", "26effeff"), ("26EFFEFF", "hex", "653262591"), ("26effeff", "decimal", "26effeff"),
     ("653262591", "", "653262591")],
)  # fmt: skip
def test_an_id_of_a_centre_known_to_mix(message_id: str, receipts_in: str, expected: str) -> None:
    assert respelled(delivered(message_id), receipts_in) == delivered(expected)
