"""Where an image, a sound or a file is, and of what type."""

import pytest

from providers.conversation import AudioPart, FilePart, ImagePart
from providers.media import Media, media_of


@pytest.mark.parametrize(
    ("part", "media"),
    [
        (ImagePart("data:image/png;base64,AA=="), Media("image/png", "AA==")),
        (ImagePart("data:image/svg+xml;charset=utf-8;base64,AA=="), Media("image/svg+xml", "AA==")),
        (ImagePart("https://x/y.png?z"), Media("image/png", url="https://x/y.png?z")),
        (ImagePart("https://x/y"), Media("image/jpeg", url="https://x/y")),
        (ImagePart("http://["), Media("image/jpeg", url="http://[")),
        (AudioPart("AA", "mp3"), Media("audio/mpeg", "AA")),
        (AudioPart("AA", "wav"), Media("audio/wav", "AA")),
        (FilePart("data:application/pdf;base64,AA"), Media("application/pdf", "AA")),
        (FilePart("AA", "notes.txt"), Media("text/plain", "AA")),
        (FilePart("AA"), Media("application/pdf", "AA")),
        (FilePart(file_id="https://h/x"), Media("application/pdf", url="https://h/x")),
        (FilePart(file_id="file-123"), None),
    ],
)
def test_content_is_inline_or_at_an_address(
    part: ImagePart | AudioPart | FilePart, media: Media | None
) -> None:
    """A file by a provider's own name is for that provider alone."""
    assert media_of(part) == media
