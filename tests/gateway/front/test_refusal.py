"""The error answers that the front gives by itself."""

import json

import h11

from gateway.errors import ApiError, bad_request
from gateway.front.refusal import response


def _read(data, method="GET"):
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("host", "front")]))
    client.send(h11.EndOfMessage())
    client.receive_data(data)
    head, body = client.next_event(), b""
    while isinstance(event := client.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert client.their_state is h11.MUST_CLOSE
    return head.status_code, dict(head.headers), body


def test_a_refusal_is_a_complete_response_that_closes():
    """Any client reads it to its end."""
    status, headers, body = _read(response(bad_request("No")))
    assert status == 400
    assert headers[b"content-type"] == b"application/json"
    assert json.loads(body) == {
        "error": {"message": "No", "type": "invalid_request_error", "code": 400}
    }


def test_when_to_come_back_is_said():
    """Retry-After goes with 503."""
    _, headers, _ = _read(response(ApiError(503, "Full", retry_after=1.0)))
    assert headers[b"retry-after"] == b"1"


def test_an_answer_to_head_has_no_body():
    """Its length is still told."""
    _, headers, body = _read(response(bad_request("No"), with_body=False), "HEAD")
    assert (int(headers[b"content-length"]) > 0, body) == (True, b"")
