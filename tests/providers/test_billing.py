"""What providers bill for cancelled calls."""

import datetime as dt
from typing import get_args

import pytest

from providers.billing import CANCEL_BILLING, CancelBilling
from providers.kinds import KINDS


def test_every_kind_has_its_rule():
    """A new kind must say what is known of it, even if that is nothing."""
    assert set(CANCEL_BILLING) == set(KINDS)


@pytest.mark.parametrize("name", CANCEL_BILLING)
def test_every_rule_is_dated_and_has_a_source(name):
    """What nobody can check is not data."""
    billing = CANCEL_BILLING[name]
    assert billing.rule in get_args(CancelBilling)
    assert dt.date.fromisoformat(billing.as_of).year >= 2026
    assert billing.source


def test_what_runs_on_own_machines_sends_no_bill():
    """Kinds that need no key are the operator's own servers."""
    own = {name for name, kind in KINDS.items() if not kind.needs_key}
    assert {CANCEL_BILLING[name].rule for name in own} == {"stops"}
