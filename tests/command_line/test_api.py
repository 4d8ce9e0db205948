"""The client of the HTTP API, against a server that answers as it is told."""

import pytest

from everlabel_cli.api import RETRIES, Api, Refused, Unreachable, name_in_path
from local import credentials
from tests.command_line.answering_server import answering

PROBLEM = {
    "type": "about:blank",
    "title": "Bad Request",
    "status": 400,
    "detail": "The request has 2 faults.",
    "faults": [{"field": "clipId", "message": "is empty"}, {"field": "labelingJobs[0].fps", "message": "is missing"}],
}


def api(url: str) -> Api:
    """As users have it, but without the time between tries."""
    return Api(url, credentials.session("us-east-1"), retries=RETRIES.new(backoff_factor=0, backoff_jitter=0))


def test_a_request_should_be_signed_and_say_what_it_sends() -> None:
    with answering((202, {"taskId": "t"})) as (url, asked):
        answer = api(url).post("/annotation-tasks", {"clipId": "ü"})
    assert (answer.status, answer.body) == (202, {"taskId": "t"})
    ((call, headers, body),) = asked.requests
    assert call == "POST /annotation-tasks"
    assert body == b'{"clipId": "\\u00fc"}'
    assert headers["Content-Type"] == "application/json"
    assert "/us-east-1/execute-api/aws4_request" in headers["Authorization"]


@pytest.mark.parametrize("status", [0, 429, 500, 502, 503, 504])
def test_what_may_pass_should_be_tried_again(status: int) -> None:
    with answering((status, {}), (status, {}), (200, {"done": True})) as (url, asked):
        assert api(url).post("/x").body == {"done": True}
    assert len(asked.requests) == 3


@pytest.mark.parametrize("status", [400, 403, 404, 409, 415, 422])
def test_what_is_refused_should_not_be_tried_again(status: int) -> None:
    with answering((status, {"message": "No"})) as (url, asked):
        with pytest.raises(Refused) as refused:
            api(url).get("/x")
        assert refused.value.status == status
    assert len(asked.requests) == 1


def test_a_problem_should_be_told_with_all_its_faults() -> None:
    with answering((400, PROBLEM)) as (url, _), pytest.raises(Refused) as refused:
        api(url).post("/annotation-tasks", {})
    assert refused.value.faults == PROBLEM["faults"]
    assert str(refused.value).splitlines() == [
        "POST /annotation-tasks: 400 The request has 2 faults.",
        "  clipId: is empty",
        "  labelingJobs[0].fps: is missing",
    ]


def test_a_gateways_refusal_should_say_what_is_missing() -> None:
    with answering((403, {"message": "Forbidden"})) as (url, _), pytest.raises(Refused, match="execute-api"):
        api(url).get("/x")


def test_a_failure_that_lasts_should_be_a_refusal_with_its_status() -> None:
    with answering((500, {"detail": "Something failed here"})) as (url, asked):
        with pytest.raises(Refused, match="500 Something failed here"):
            api(url).get("/x")
        assert len(asked.requests) == 1 + (RETRIES.total or 0)


def test_what_does_not_answer_should_be_named() -> None:
    with answering((200, {})) as (url, _):
        pass
    with pytest.raises(Unreachable, match=f"{url} does not answer: .*refused"):
        api(url).get("/x")


def test_pages_should_be_read_to_the_end() -> None:
    one, two, three = ({"number": number} for number in (1, 2, 3))
    first, last = {"rows": [one, two], "nextToken": "a b&c"}, {"rows": [three], "nextToken": None}
    with answering((200, first), (200, last)) as (url, asked):
        assert list(api(url).pages("/x", "rows", {"status": "Failed", "none": None})) == [one, two, three]
    calls = [call for call, _, _ in asked.requests]
    assert calls == ["GET /x?status=Failed", "GET /x?status=Failed&nextToken=a%20b%26c"]


def test_a_name_should_stay_one_part_of_a_path() -> None:
    assert name_in_path("a/../b?c#d e") == "a%2F..%2Fb%3Fc%23d%20e"
