"""Images, sound and files as providers want them: a media type, and base64 or an address; never fetched."""

import mimetypes
import re
from urllib.parse import urlsplit

import attrs

from providers.conversation import AudioPart, FilePart, ImagePart

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[\w=.+-]+)*;base64,", re.ASCII)
_AUDIO = {"mp3": "audio/mpeg"}
_PDF = "application/pdf"


@attrs.frozen
class Media:
    """Its type, and where it is: in `data`, in base64, or at `url`."""

    type: str
    data: str = attrs.field(default="", repr=False)
    url: str = attrs.field(default="", repr=False)


def media_of(part: ImagePart | AudioPart | FilePart) -> Media | None:
    """The part's content; None for a file that only its own upstream can find."""
    if isinstance(part, ImagePart):
        return _inline(part.url) or Media(_guessed(part.url, "image/jpeg"), url=part.url)
    if isinstance(part, AudioPart):
        return Media(_AUDIO.get(part.format, f"audio/{part.format}"), part.data)
    if part.data is not None:
        return _inline(part.data) or Media(_guessed(part.filename or "", _PDF), part.data)
    if part.file_id is not None and part.file_id.startswith(("https://", "gs://")):
        return Media(_guessed(part.file_id, _PDF), url=part.file_id)
    return None


def _inline(url: str) -> Media | None:
    found = _DATA_URL.match(url)
    return Media(found[1], url[found.end() :]) if found else None


def _guessed(name: str, otherwise: str) -> str:
    try:
        path = urlsplit(name).path
    except ValueError:
        return otherwise
    return mimetypes.guess_type(path)[0] or otherwise
