"""What cancelled calls cost at each configured provider: as the operator says, else as is known of its kind."""

from gateway.config import ProviderConfig
from policies.cost import CancelBilling
from providers.billing import CANCEL_BILLING


def rule_of(provider: ProviderConfig) -> CancelBilling:
    """The rule for one provider; `unknown` where nobody has said."""
    if provider.cancel_billing is not None:
        return provider.cancel_billing
    known = CANCEL_BILLING.get(provider.kind)
    return "unknown" if known is None else known.rule
