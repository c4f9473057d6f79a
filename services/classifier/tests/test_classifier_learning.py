"""Labelled calls: what is missed, what is learnt, what never is."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from siaga.v1 import assessment_pb2, common_pb2
from siaga.v1.call_pb2 import Disposition as DispositionPb
from siaga_classifier.adapters.example_codec import labelled_of
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.core.advice import Policy
from siaga_classifier.core.assess import assess
from siaga_classifier.core.assessment import TenantView
from siaga_classifier.core.learning import Heard, Labelled
from siaga_classifier.core.outcome import CallerHistory
from siaga_classifier.core.state import CallState, FormState
from siaga_classifier.core.vocabulary import Advice, Channel, Disposition, Outcome, Priority
from siaga_classifier.core.words.masking import Known
from siaga_classifier.core.words.rules import read
from siaga_classifier.learning import Consent, Learning
from siaga_contracts import catalogue
from siaga_kit.records import Record
from siaga_kit.stage import Item

CALL = Labelled(
    "c1", "36.73", 5_000, Channel.VOICE, Disposition.EMERGENCY, Outcome.REAL, "fire_building", Priority.P1,
    "rumah kebakaran", confidential=False, machine_advice=Advice.REVIEW,
    words=Heard("fire_building", Priority.P1, Advice.DISPATCH),
)  # fmt: skip
RECORDED = Heard("non_emergency", Priority.P4, Advice.RECORD)
KNOWN = Known(load_pack().lexicon.known, {"cipare"}.__contains__)


@pytest.mark.parametrize(
    ("call", "missed"),
    [
        (CALL, False),
        (replace(CALL, words=RECORDED), True),
        (replace(CALL, words=None), False),
        (replace(CALL, words=None, machine_advice=Advice.RECORD), True),
        (replace(CALL, machine_advice=Advice.RECORD), True),
        # The type alone says that it was real; a disposition that says otherwise holds.
        (replace(CALL, disposition=Disposition.UNSPECIFIED, words=RECORDED), True),
        (replace(CALL, disposition=Disposition.UNSPECIFIED, type="prank", words=RECORDED), False),
        (replace(CALL, disposition=Disposition.PRANK, words=RECORDED), False),
        (replace(CALL, confidential=True, words=RECORDED), True),
    ],
)
def test_a_real_call_is_missed_when_the_machine_would_only_have_recorded_it(call: Labelled, missed: bool) -> None:
    assert call.missed_real is missed


@pytest.mark.parametrize("disposition", [each for each in Disposition if each is not Disposition.UNSPECIFIED])
def test_what_is_needed_is_the_persons_word(disposition: Disposition) -> None:
    needed = replace(CALL, disposition=disposition, type="").needed
    assert (needed is Advice.DISPATCH) is (disposition is Disposition.EMERGENCY)
    if disposition in (Disposition.PRANK, Disposition.NON_EMERGENCY, Disposition.FALSE_REPORT):
        assert needed is Advice.RECORD


def test_a_menu_call_that_an_operator_calls_real_was_missed_by_the_machine() -> None:
    pack = load_pack()
    view = TenantView(lambda text: read(text, pack), pack.base_priority, Policy(lambda *_: True), None)
    state = CallState("36.73", began_at_ms=1_000, latest_at_ms=9_000, ivr_entered_at_ms=2_000, ended_at_ms=9_000)
    known = CallerHistory(1, "earlier")
    assert assess("c1", state, known, view).machine_advice is Advice.UNSPECIFIED
    said = replace(state, form=FormState(disposition=(9_500, "e9", int(Disposition.EMERGENCY))))
    judged = assess("c1", said, known, view)
    assert (judged.outcome, judged.machine_advice) == (Outcome.REAL, Advice.RECORD)


class Lists:
    """Stands for the lists in Redis."""

    def __init__(self) -> None:
        self.missed: set[tuple[str, str]] = set()

    async def note(self, missed: Iterable[tuple[str, str]], others: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        new = set(missed) - self.missed
        self.missed = (self.missed | new) - set(others)
        return list(new)


def assessment(
    call_id: str = "c1", *, text: str = "pak budi di kel cipare kebakaran", **more: object
) -> Item[assessment_pb2.CallAssessment]:
    message = assessment_pb2.CallAssessment(
        call_id=call_id, tenant="36.73", text=text, event_at_ms=7_000, revision=3,
        caller_key="k1", callback_number="+6281234567890", disposition=DispositionPb.DISPOSITION_EMERGENCY,
        outcome=assessment_pb2.OUTCOME_REAL, machine_advice=assessment_pb2.ADVICE_REVIEW, type="fire_building",
        reasons=[assessment_pb2.Reason(rule="operator.type", detail="fire_building")],
        words=assessment_pb2.WordsReading(type="fire_building", advice=assessment_pb2.ADVICE_DISPATCH),
    )  # fmt: skip
    for name, value in more.items():
        setattr(message, name, value)
    return Item(Record("t", 0, 1, 0, None, b"", ()), message)


def learning(lists: Lists, *, learns: bool = True) -> Learning:
    return Learning(lists, {"36.73": Consent(learns, KNOWN)})


async def test_an_example_has_the_labels_and_nothing_of_who_and_where() -> None:
    result = await learning(Lists()).process([assessment()])
    (made,) = result.outgoing
    assert (made.topic, made.key) == (catalogue.LABELLED_EXAMPLES, "c1")
    assert made.message.text == "pak [nama] di kel [tempat] kebakaran"
    assert (made.message.type, made.message.words.type) == ("fire_building", "fire_building")
    assert b"k1" not in made.message.SerializeToString()
    assert b"81234567890" not in made.message.SerializeToString()


async def test_the_same_again_has_the_same_id_and_a_corrected_label_another() -> None:
    stage = learning(Lists())
    first = (await stage.process([assessment()])).outgoing[0]
    again = (await stage.process([assessment(), assessment(revision=9)])).outgoing
    assert [made.event_id for made in again] == [first.event_id]
    corrected = (await stage.process([assessment(disposition=DispositionPb.DISPOSITION_PRANK)])).outgoing[0]
    assert corrected.event_id != first.event_id
    assert corrected.key == first.key


async def test_of_a_confidential_case_only_that_there_was_one() -> None:
    (made,) = (await learning(Lists()).process([assessment(confidential=True)])).outgoing
    assert (made.message.type, made.message.text, made.message.HasField("words")) == ("confidential", "", False)
    assert made.message.priority == common_pb2.PRIORITY_UNSPECIFIED


@pytest.mark.parametrize(
    "more",
    [
        {"disposition": DispositionPb.DISPOSITION_UNSPECIFIED, "reasons": "none"},
        {"test": True},
        {"text": ""},
        {"tenant": "99.99"},
    ],
)
async def test_drills_unlabelled_wordless_and_unknown_teach_nothing(more: dict[str, object]) -> None:
    if more.pop("reasons", None):
        item = assessment(**more)
        del item.message.reasons[:]
    else:
        item = assessment(**more)
    assert not (await learning(Lists()).process([item])).outgoing


async def test_without_consent_nothing_is_learnt_and_a_miss_is_told_all_the_same() -> None:
    lists = Lists()
    missed = assessment(machine_advice=assessment_pb2.ADVICE_RECORD)
    for _ in range(2):
        result = await learning(lists, learns=False).process([missed])
        assert not result.outgoing
        assert result.save is not None
        await result.save()
    assert lists.missed == {("36.73", "c1")}
    # The label is corrected: it was no real call.
    result = await learning(lists, learns=False).process([assessment(disposition=DispositionPb.DISPOSITION_PRANK)])
    assert result.save is not None
    await result.save()
    assert not lists.missed


def test_a_priority_of_an_operator_is_read_from_its_reason() -> None:
    item = assessment()
    item.message.reasons.add(rule="operator.priority", detail="P2")
    call = labelled_of(item.message)
    assert call is not None
    assert call.priority is Priority.P2
