"""What Meta says, read: error codes, statuses in any order, buttons, texts and places."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notifier_graph import NUMBER_ID, change, message, post, status
from siaga_notifier.core.model import OrderKind, Task
from siaga_notifier.core.outcomes import Permanent, Temporary, Unknown
from siaga_notifier.core.replies import Report, understand
from siaga_notifier.core.states import State, merge
from siaga_notifier.core.whatsapp.errors import ACCOUNT, PERMANENT, TEMPORARY, reason_of, refusal
from siaga_notifier.core.whatsapp.news import Said, read_news
from siaga_notifier.core.whatsapp.template import SPOKEN, spoken

CREW = "+6281100000114"


def said(*pieces: dict[str, Any]) -> tuple[Said, ...]:
    return read_news(post(change(*pieces)), NUMBER_ID).said


@pytest.mark.parametrize(
    ("status", "code", "retry_after_s", "outcome"),
    [
        (400, 131026, None, Permanent),
        (400, 131047, None, Permanent),
        (400, 131051, None, Permanent),
        (404, 132001, None, Permanent),
        (400, 132015, None, Permanent),
        (400, 133010, None, Permanent),
        (400, 999999, None, Permanent),
        (400, None, None, Permanent),
        (429, 130429, 17.0, 17.0),
        (400, 131048, None, 60.0),
        (400, 131056, None, 6.0),
        (400, 80007, None, 60.0),
        (429, None, None, 5.0),
        (500, 131000, None, 10.0),
        (503, 2, 30.0, 30.0),
    ],
)
def test_what_a_refusal_means(
    status: int, code: int | None, retry_after_s: float | None, outcome: type[Permanent] | float
) -> None:
    found = refusal(status, code, retry_after_s).outcome
    if isinstance(outcome, float):
        assert isinstance(found, Temporary)
        assert (found.retry_after_s, found.down) == (outcome, False)
    else:
        assert isinstance(found, outcome)


@pytest.mark.parametrize(("status", "code"), [(401, 190), (500, 3), (403, 10), (403, 200), (403, 131005), (401, None)])
def test_a_bad_token_stops_the_provider_and_says_what_to_do(status: int, code: int | None) -> None:
    found = refusal(status, code)
    assert isinstance(found.outcome, Temporary)
    assert found.outcome.down
    assert found.trouble is not None
    assert "system user" in found.trouble


@pytest.mark.parametrize(("status", "code"), [(500, None), (503, None), (599, None), (502, 5)])
def test_a_service_that_fails_is_down(status: int, code: int | None) -> None:
    found = refusal(status, code).outcome
    assert isinstance(found, Temporary)
    assert found.down


@pytest.mark.parametrize("status", [502, 504])
def test_what_a_gateway_did_not_hear_may_have_gone_out(status: int) -> None:
    assert isinstance(refusal(status, None).outcome, Unknown)


@pytest.mark.parametrize("code", [*ACCOUNT, 132001, 132015, 132016])
def test_what_stops_every_message_is_a_trouble(code: int) -> None:
    assert refusal(400, code).trouble == reason_of(code)


def test_a_code_has_one_meaning() -> None:
    assert len({*PERMANENT, *ACCOUNT, *TEMPORARY}) == len(PERMANENT) + len(ACCOUNT) + len(TEMPORARY)


WORDS = st.lists(st.sampled_from(["sent", "delivered", "read", "failed", "played"]), min_size=1, max_size=12)
HELD = {"delivered": State.DELIVERED, "read": State.READ, "failed": State.FAILED_PERMANENT}


@given(words=WORDS, sizes=st.lists(st.integers(1, 4), max_size=12))
def test_statuses_in_any_order_and_bundles_end_the_same(words: list[str], sizes: list[int]) -> None:
    left, bundles = [status("wamid.1", word) for word in words], []
    for size in sizes:
        bundles.append(left[:size])
        left = left[size:]
    bundles.append(left)
    found = read_news(post(*(change(*bundle) for bundle in bundles)), NUMBER_ID)
    state = State.SUBMITTED
    for one in found.statuses:
        state = merge(state, one.state or State.SUBMITTED)
    # Whatever came when: read beats delivered, and either beats a failure, for the phone showed it.
    best = next((word for word in ("read", "delivered", "failed") if word in words), "")
    assert state is HELD.get(best, State.SUBMITTED)
    assert found.unread == words.count("played")


def test_a_failure_says_why() -> None:
    (one,) = read_news(post(change(status("wamid.1", "failed", 131026))), NUMBER_ID).statuses
    assert one.reason.endswith("(131026)")


@pytest.mark.parametrize("word", SPOKEN)
def test_a_pressed_button_is_understood_as_an_sms_is(word: Any) -> None:
    text = spoken(f"ACK:114:{word}")
    task = Task("o", "36.73", "i", "u", OrderKind.DISPATCH, "114", 1, 1)
    assert text is not None
    assert understand(text, [task]) == Report(task, word)


@pytest.mark.parametrize("payload", ["", "ACK:114", "ACK::en_route", "ACK:114:mayday", "ACK:114:asleep", "NAK:1:clear"])
def test_only_our_buttons_are_ours(payload: str) -> None:
    assert spoken(payload) is None


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        (message("button", {"payload": "ACK:114:en_route", "text": "Meluncur"}), Said(CREW, "1 #114")),
        # A template made by hand has its title for payload: a word of the grammar, with luck.
        (message("button", {"payload": "Meluncur", "text": "Meluncur"}), Said(CREW, "Meluncur")),
        (message("interactive", {"type": "button_reply", "button_reply": {"id": "ACK:9:clear"}}), Said(CREW, "3 #9")),
        (message("interactive", {"list_reply": {"id": "x", "title": "Tiba"}}), Said(CREW, "Tiba")),
        (message("text", {"body": "OK #114"}), Said(CREW, "OK #114")),
        (message("location", {"latitude": -6.1, "longitude": 106}), Said(CREW, "", -6.1, 106.0)),
    ],
)
def test_what_a_crew_says(piece: dict[str, Any], expected: Said) -> None:
    assert said(piece) == (expected,)


@pytest.mark.parametrize(
    "piece",
    [
        message("text", {"body": " "}),
        message("text", {}),
        message("image", {"id": "1"}),
        message("reaction", {"emoji": "x"}),
        message("text", {"body": "OK"}, sender="not-a-number"),
        # Picked from a list: where something is, not where the crew is.
        message("location", {"latitude": -6.1, "longitude": 106.1, "name": "RSUD"}),
        message("location", {"latitude": -96.1, "longitude": 106.1}),
        message("location", {"latitude": True, "longitude": 106.1}),
        {"from": "6281100000114"},
        {"status": "delivered"},
        {"status": 7, "id": "wamid.1"},
    ],
)
def test_what_says_nothing_keeps_nothing_valid_back(piece: dict[str, Any]) -> None:
    found = read_news(post(change(piece, message("text", {"body": "OK"}), status("wamid.1", "read"))), NUMBER_ID)
    assert (len(found.said), len(found.statuses), found.unread) == (1, 1, 1)


def test_what_is_of_another_number_is_not_ours() -> None:
    found = read_news(post(change(message("text", {"body": "OK"}), number_id="1")), NUMBER_ID)
    assert (found.said, found.elsewhere) == ((), 1)


@pytest.mark.parametrize("body", [None, [], {}, {"entry": {}}, "entry"])
def test_what_is_no_post_is_refused(body: object) -> None:
    with pytest.raises(ValueError, match="entry"):
        read_news(body, NUMBER_ID)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["entry", "changes", "value", "metadata", "phone_number_id", "statuses", "messages", "id", "status", "from", "type",
         "text", "body", "button", "location", "latitude", "errors", "field"]), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(entries=st.lists(JSON, max_size=3))
def test_nothing_that_is_posted_breaks_the_reader(entries: list[Any]) -> None:
    ours = {"metadata": {"phone_number_id": NUMBER_ID}, "messages": entries, "statuses": entries}
    read_news({"entry": [*entries, {"changes": [*entries, {"value": ours}]}]}, NUMBER_ID)
