"""From a request to what decisions may know of it: sizes, chance, arm, prefix. No text of it goes further."""

from collections.abc import Mapping

import attrs

from gateway.hedgeable import unhedgeable
from gateway.knobs import Knobs
from gateway.prefix import affinity
from gateway.tokens import most_tokens, prompt_tokens
from policies import arms
from policies.features import Features
from policies.settings import Explore, Policy
from providers.types import Call

_NOTHING = Explore()


@attrs.frozen
class Asked:
    """A request, as far as its features depend on it."""

    id: str
    project: str
    call: Call
    headers: Mapping[str, str] = attrs.field(repr=False)
    knobs: Knobs


def features_of(asked: Asked, policy: Policy, secret: bytes) -> Features:
    """The request's features under a policy; `secret` is this installation's.

    Nothing is explored with a request that is not hedged anyhow, or whose client decided that itself.
    """
    prompt = prompt_tokens(asked.call)
    why_not, hedge = unhedgeable(asked.call), policy.hedge
    ours = why_not is None and hedge.policy != "off" and asked.knobs.hedge in (None, "auto")
    chance, coin = arms.throw(secret, asked.id, hedge.explore if ours else _NOTHING)
    sticky = policy.affinity and policy.balance == "p2c"
    return Features(
        prompt_tokens=prompt,
        output_tokens=most_tokens(asked.call),
        coin=coin,
        arm=chance.arm,
        audit=chance.audit,
        affinity=affinity(asked.call, asked.headers, asked.project, secret) if sticky else None,
        unhedgeable=why_not,
        hedge=asked.knobs.hedge,
    )
