"""Forms of several parts, read and written again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.multipart import MOST_PARTS, BadForm, Part, read_form, write_form

KIND = "multipart/form-data; boundary=xyz"
NAMES = st.text("abcdefgh_[]", min_size=1, max_size=8)
PARTS = st.builds(
    Part,
    NAMES,
    st.binary(max_size=50),
    st.none() | st.text("abc.é ", min_size=1, max_size=8).map(str.strip).filter(bool),
    st.sampled_from([None, "audio/wav", "text/plain"]),
)


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(st.lists(PARTS, max_size=5))
def test_what_is_written_is_what_is_read(parts: list[Part]) -> None:
    """Names, files, types and bytes."""
    boundary = "hedgerow0123456789"
    body = write_form(parts, boundary)
    assert read_form(f"multipart/form-data; boundary={boundary}", body) == tuple(parts)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b""),
        (KIND, b""),
        (KIND, b"nothing of the kind"),
        (KIND, b'--xyz\r\ncontent-disposition: form-data; name="a"\r\n\r\nbreaks off'),
        (KIND, b"--xyz\r\nno headers"),
    ],
)
def test_what_is_no_form_is_told_as_that(kind: str, body: bytes) -> None:
    """Whatever the framework's reader makes of it."""
    with pytest.raises(BadForm):
        read_form(kind, body)


def test_parts_are_bounded() -> None:
    """A form of thousands is nobody's."""
    many = write_form([Part("a", b"")] * (MOST_PARTS + 1), "xyz")
    with pytest.raises(BadForm):
        read_form(KIND, many)
