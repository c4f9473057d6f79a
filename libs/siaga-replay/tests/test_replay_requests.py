import gzip
from pathlib import Path

import pytest
from siaga_replay.lanes import lane_of
from siaga_replay.requests import LONGEST_LINE_BYTES, BadLine, Request, count_lines, read_requests

GOOD = '{"at":"2019-02-11T00:00:04+07:00","path":"/v1/switch/asterisk","headers":{},"body":[{"Event":"Hangup"},{}]}'


def read(path: Path) -> list[Request | BadLine]:
    return list(read_requests(path))


def test_reads_plain_and_packed_files_alike(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.jsonl", tmp_path / "a.jsonl.gz"
    plain.write_text(GOOD + "\n\n" + GOOD)
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    expected = [
        Request(line, 1_549_818_004_000, "/v1/switch/asterisk", {}, b'[{"Event":"Hangup"},{}]', 2) for line in (1, 3)
    ]
    assert read(plain) == read(packed) == expected
    assert count_lines(plain) == count_lines(packed) == 2


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "truncated"),
        ("[]", "Expected `object`"),
        (GOOD.replace("+07:00", ""), "timezone"),
        (GOOD.replace("2019", "twenty"), "RFC3339"),
        (GOOD.replace("/v1", "v1"), "$.path"),
        (GOOD.replace('"path"', '"pfad"'), "`path`"),
        (GOOD.replace('"headers":{}', '"headers":{"a":1}'), "$.headers"),
        ('{"at":"2019-02-11T00:00:04+07:00","path":"/x"}', "`body`"),
    ],
)
def test_a_bad_line_is_told_by_its_number_and_the_rest_is_read(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f"{GOOD}\n{line}\n{GOOD}\n")
    first, bad, last = read(path)
    assert isinstance(first, Request)
    assert isinstance(last, Request)
    assert isinstance(bad, BadLine)
    assert bad.line == 2
    assert why in bad.reason


def test_a_packed_file_that_breaks_off_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    # Lines that do not pack well, so that half the file holds some of them.
    lines = "\n".join(GOOD.replace("Hangup", f"{number * 7919:x}") for number in range(2_000))
    whole = gzip.compress(lines.encode())
    path.write_bytes(whole[: len(whole) // 2])
    *good, bad = read(path)
    assert good
    assert isinstance(bad, BadLine)
    assert "breaks off" in bad.reason
    assert count_lines(path) >= 0


def test_a_line_without_end_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x" * (LONGEST_LINE_BYTES + 10))
    (bad,) = read(path)
    assert isinstance(bad, BadLine)
    assert "longer than" in bad.reason


def request(path: str, body: str, tenant: str = "36.73") -> Request:
    return Request(1, 0, path, {"X-Siaga-Tenant": tenant}, body.encode(), 1)


def test_lists_of_one_path_share_a_lane_and_tenants_do_not() -> None:
    lists = [request("/v1/switch/asterisk", f'[{{"Linkedid":"{number}"}}]') for number in range(20)]
    assert len({lane_of(each) for each in lists}) == 1
    assert lane_of(lists[0]) != lane_of(request("/v1/switch/asterisk", "[]", "32.14"))


@pytest.mark.parametrize(
    "body",
    ['{"variables":{"uuid":"x","call_uuid":"%s"}}', '{"source":"asterisk/pbx1","call_ref":"%s"}', '{"callid":"%s"}'],
)
def test_requests_of_one_call_share_a_lane_and_calls_spread(body: str) -> None:
    def lane(call: int) -> tuple[str, str, int]:
        return lane_of(request("/p", body % call))

    assert all(lane(call) == lane(call) for call in range(30))
    assert len({lane(call) for call in range(30)}) > 1


@pytest.mark.parametrize("body", ["null", '"text"', "{}", '{"call_ref":1}', ""])
def test_a_body_that_names_no_call_has_a_lane_too(body: str) -> None:
    assert lane_of(request("/p", body)) == ("/p", "36.73", 0)
