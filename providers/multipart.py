"""Forms of several parts, as files are sent in them: read, and written again. Pure.

How they are framed is the framework's business, which has a reader and a writer without I/O.
"""

from collections.abc import Sequence

import attrs
from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Field,
    File,
    MultipartDecoder,
    MultipartEncoder,
    Preamble,
)

MOST_PARTS = 1000


class BadForm(ValueError):
    """The body is no form, or says not where its parts end."""


@attrs.frozen
class Part:
    """One part. `filename` is None for a plain field."""

    name: str
    data: bytes = attrs.field(repr=False)
    filename: str | None = None
    content_type: str | None = None

    @property
    def text(self) -> str:
        """A plain field's value."""
        return self.data.decode(errors="replace")


def read_form(content_type: str, body: bytes) -> tuple[Part, ...]:
    """The parts of a form.

    Raises:
        BadForm: it is none.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not boundary:
        raise BadForm("The body must be multipart/form-data with a boundary")
    decoder = MultipartDecoder(boundary.encode("latin1"), max_parts=MOST_PARTS)
    try:
        decoder.receive_data(body)
        decoder.receive_data(None)
        return tuple(_parts(decoder))
    except (ValueError, UnicodeError) as error:
        raise BadForm("The body is no valid multipart form") from error
    except Exception as error:  # too many parts, in an exception of the framework's own
        raise BadForm("The body is no valid multipart form, or has too many parts") from error


def _parts(decoder: MultipartDecoder) -> list[Part]:
    parts: list[Part] = []
    begun: Field | File | None = None
    data = bytearray()
    while not isinstance(event := decoder.next_event(), Epilogue):
        if isinstance(event, Field | File):
            begun, data = event, bytearray()
        elif isinstance(event, Data) and begun is not None:
            data += event.data
            if not event.more_data:
                parts.append(_part(begun, bytes(data)))
        elif not isinstance(event, Preamble):
            raise BadForm("The form breaks off")
    return parts


def _part(begun: Field | File, data: bytes) -> Part:
    filename = begun.filename if isinstance(begun, File) else None
    return Part(begun.name, data, filename, begun.headers.get("content-type"))


def write_form(parts: Sequence[Part], boundary: str) -> bytes:
    """The parts as a form's body. The boundary must occur in none of them."""
    encoder = MultipartEncoder(boundary.encode("latin1"))
    pieces = [encoder.send_event(Preamble(data=b""))]
    for part in parts:
        headers = Headers({} if part.content_type is None else {"content-type": part.content_type})
        if part.filename is None:
            pieces.append(encoder.send_event(Field(name=part.name, headers=headers)))
        else:
            named = File(name=part.name, filename=part.filename, headers=headers)
            pieces.append(encoder.send_event(named))
        pieces.append(encoder.send_event(Data(data=part.data, more_data=False)))
    pieces.append(encoder.send_event(Epilogue(data=b"")))
    return b"".join(pieces)
