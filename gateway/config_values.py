"""How each single value in a configuration is read: the types that the tables are written in.

Each type is its Python type with its reader (see `gateway.config_reader.Reads`). Readers raise
`Mistake` or `ValueError` with what was expected; those that may meet a credential never show it.
"""

import re
from collections.abc import Callable, Collection
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlsplit

from gateway.config_errors import Mistake
from gateway.config_reader import Reads
from gateway.quantities import (
    is_amount,
    kind_of,
    parse_bind,
    parse_duration,
    parse_share,
    parse_size,
)
from gateway.suggest import did_you_mean
from policies.settings import AtQuantile, Moment

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_HOST = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_PERCENTILE = re.compile(r"p(\d{1,3}(?:\.(\d{1,6}))?)", re.ASCII)
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_CREDENTIALS = ("authorization", "proxy-authorization", "x-api-key", "x-goog-api-key", "api-key")
_FRAMING = ("host", "content-length", "content-type", "transfer-encoding", "accept-encoding")
_HOP_BY_HOP = ("connection", "keep-alive", "te", "trailer", "upgrade")
_OURS_TO_SET = frozenset(_CREDENTIALS + _FRAMING + _HOP_BY_HOP)
MOST_WORKERS = 256


def choice(words: Collection[str], what: str) -> Callable[[Any], str]:
    """A reader of one of `words`; `what` is what they are: `a kind`, `a policy`."""

    def read(value: Any) -> str:
        if isinstance(value, str) and value in words:
            return value
        listed = f"one of: {', '.join(sorted(words))}" if words else None
        if not isinstance(value, str):
            raise Mistake(f"expected {what}, found {kind_of(value)}", listed)
        raise Mistake(f'"{value}" is not {what}', did_you_mean(value, words) or listed)

    return read


def read_name(value: Any) -> str:
    """A name that can stand in a header, a metric and a target: no spaces, no slashes."""
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    raise Mistake("a name is up to 64 letters, digits, dots, dashes and underscores")


def read_label(value: Any) -> str:
    """A text of one line that people see: a model, a glob, a project, a domain."""
    if not isinstance(value, str):
        raise Mistake(f"expected a text, found {kind_of(value)}")
    if not value.strip() or value != value.strip() or not value.isprintable():
        raise Mistake("expected a text of one line without white space around it")
    return value


def read_host(value: Any) -> str:
    """A word that becomes a part of a host's name, such as a region."""
    if isinstance(value, str) and _HOST.fullmatch(value):
        return value
    raise Mistake('expected a word like "us-east-1"')


def read_base_url(value: Any) -> str:
    """An http(s) address without a slash at its end.

    It is not shown in mistakes: it may hold a password.
    """
    if not isinstance(value, str):
        raise Mistake(f"expected an address, found {kind_of(value)}")
    url = value.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not url.isprintable() or " " in url:
        raise Mistake('expected an address like "https://api.example.com/v1"')
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Mistake("an address has no user, password, query or fragment here")
    return url


def read_proxy(value: Any) -> str:
    """A proxy's http(s) address. It is not shown in mistakes: it may hold a password."""
    if not isinstance(value, str):
        raise Mistake(f"expected an address, found {kind_of(value)}")
    url = value.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not url.isprintable() or " " in url or parts.path:
        raise Mistake('expected a proxy like "http://proxy.example.com:3128"')
    return url


def read_header_name(value: str) -> str:
    """An HTTP header's name in lower case, not of those that the gateway sets itself."""
    name = value.lower()
    if not _TOKEN.fullmatch(name):
        raise Mistake("this is no name of a header")
    if name in _OURS_TO_SET:
        raise Mistake("this header is set by the gateway")
    return name


def read_header_value(value: Any) -> str:
    """An HTTP header's value. It is not shown in mistakes: it may be a credential."""
    if isinstance(value, str) and _HEADER_VALUE.fullmatch(value):
        return value
    raise Mistake("expected a text of one line in ASCII")


def _positive(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read_positive(value: Any) -> Any:
        quantity = read(value)
        if quantity == 0:
            raise Mistake("must be more than zero")
        return quantity

    return read_positive


def read_quantile(value: Any) -> float:
    """A fraction between 0 and 1, neither of them included."""
    quantile = parse_share(value)
    if not 0 < quantile < 1:
        raise Mistake('must be between 0 and 1, like 0.95 or "95%"')
    return quantile


def read_moment(value: Any) -> Moment:
    """A moment of a schedule: a quantile like "p90" or "p99.9", or a duration."""
    if isinstance(value, str) and (match := _PERCENTILE.fullmatch(value.strip())):
        p = float(match[1].replace(".", "", 1)) / float(f"1e{2 + len(match[2] or '')}")
        if not 0 < p < 1:
            raise Mistake('a quantile is between "p0" and "p100", neither of them included')
        return AtQuantile(p)
    try:
        return parse_duration(value)
    except ValueError:
        shown = f'"{value[:40]}"' if isinstance(value, str) else _shown(value)
        raise Mistake(f'expected a quantile like "p90" or a duration, found {shown}') from None


def read_amount(value: Any) -> float:
    """A number of things, dollars included."""
    if not is_amount(value):
        raise Mistake(f"expected a number, not negative, found {_shown(value)}")
    return float(value)


def read_workers(value: Any) -> int:
    """A number of processes, of which more than a machine has processors are seldom of use."""
    if isinstance(value, int) and is_amount(value) and 1 <= value <= MOST_WORKERS:
        return int(value)
    raise Mistake(f"expected a whole number from 1 to {MOST_WORKERS}, found {_shown(value)}")


def _whole(lowest: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, int) and is_amount(value) and value >= lowest:
            return int(value)
        raise Mistake(f"expected a whole number of at least {lowest}, found {_shown(value)}")

    return read


def _shown(value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:g}" if is_number and is_amount(abs(value)) else kind_of(value)


Name: TypeAlias = Annotated[str, Reads(read_name)]
Label: TypeAlias = Annotated[str, Reads(read_label)]
Address: TypeAlias = Annotated[tuple[str, int], Reads(parse_bind)]
Host: TypeAlias = Annotated[str, Reads(read_host)]
BaseURL: TypeAlias = Annotated[str, Reads(read_base_url)]
ProxyURL: TypeAlias = Annotated[str, Reads(read_proxy)]
HeaderName: TypeAlias = Annotated[str, Reads(read_header_name)]
HeaderValue: TypeAlias = Annotated[str, Reads(read_header_value)]
Duration: TypeAlias = Annotated[float, Reads(_positive(parse_duration))]
Wait: TypeAlias = Annotated[float, Reads(parse_duration)]
Size: TypeAlias = Annotated[int, Reads(_positive(parse_size))]
Share: TypeAlias = Annotated[float, Reads(parse_share)]
Probability: TypeAlias = Annotated[float, Reads(_positive(parse_share))]
MomentValue: TypeAlias = Annotated[Moment, Reads(read_moment)]
Quantile: TypeAlias = Annotated[float, Reads(read_quantile)]
Amount: TypeAlias = Annotated[float, Reads(read_amount)]
Weight: TypeAlias = Annotated[float, Reads(_positive(read_amount))]
Count: TypeAlias = Annotated[int, Reads(_whole(1))]
Workers: TypeAlias = Annotated[int, Reads(read_workers)]
Natural: TypeAlias = Annotated[int, Reads(_whole(0))]
