"""What cancelled calls cost where."""

import attrs

from gateway.billing import rule_of
from gateway.config import ProviderConfig
from providers.billing import CANCEL_BILLING

PROVIDER = ProviderConfig("g", "gemini", "https://g.test", "g", ())


def test_what_is_known_of_the_kind_counts() -> None:
    """Dated data, built in."""
    assert rule_of(PROVIDER) == CANCEL_BILLING["gemini"].rule


def test_the_operator_knows_better() -> None:
    """He sees the bills."""
    assert rule_of(attrs.evolve(PROVIDER, cancel_billing="bills_input")) == "bills_input"


def test_nobody_knows_of_a_kind_that_nobody_wrote_about() -> None:
    """Then the interval is as wide as it can be."""
    assert rule_of(attrs.evolve(PROVIDER, kind="simulator")) == "unknown"
