"""The data plane's one path: an authenticated body in, an answer out, whichever API it is told in.

Authenticate, read, check the rights to the model, admit against the limits, then answer in a task of the
request's own nursery. Whatever goes wrong up to the first byte of the answer leaves here as an `ApiError`.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

import attrs
import trio

from gateway.account import Account
from gateway.admission import admit
from gateway.apis import api as apis
from gateway.apis.routes import Route
from gateway.auth import Principal
from gateway.catalog import Offer, allowed
from gateway.context import Context
from gateway.errors import OUR_FAULT, ApiError, bad_request, from_provider
from gateway.features import Asked, features_of
from gateway.knobs import Knobs, read_knobs
from gateway.log import log
from gateway.reply import Reply
from gateway.ticket import Ticket
from gateway.trail import Trail
from gateway.trials import Who
from gateway.wire import read_json
from policies.features import Features
from policies.settings import Policy
from providers.errors import ProviderError
from providers.types import Call, ChatCall
from state.errors import StoreUnavailable

NO_JOURNAL = "The gateway cannot write its journal now, and does not answer unaccounted"
STORE_RETRY = 5.0
"""Seconds after which a client may ask whether the disk has room again."""

READ_HERE = 1_000_000
"""Bytes of JSON that take a few milliseconds to read, and of a form some tens at the most."""

Given = TypeVar("Given")
Read = TypeVar("Read")


@attrs.frozen
class Inbound:
    """A request's parts, framework taken off. Header names are in lower case."""

    route: Route
    headers: Mapping[str, str]
    body: bytes
    principal: Principal
    trail: Trail


def permitted(context: Context, principal: Principal, model: str) -> Offer:
    """The offer for a model, if the project may use it.

    Raises:
        ApiError: 403, it may not; 404, nobody may: there is no such model.
    """
    if not allowed(model, context.globs(principal.project)):
        raise ApiError(403, f"This project may not use the model '{model[:80]}'", param="model")
    offer = context.catalog.find(model)
    if offer is None:
        raise ApiError(404, f"There is no model '{model[:80]}'", param="model")
    return offer


async def answer(context: Context, inbound: Inbound, reply: Reply) -> None:
    """Answers one call to the reply.

    Raises:
        ApiError: there is no answer. Only before the reply was begun.
    """
    if not context.store.healthy and not context.books.serve_unmetered:
        raise _no_journal()
    call = await _read(inbound)
    offer = permitted(context, inbound.principal, call.model)
    knobs = read_knobs(inbound.headers)
    policy = _policy(context, inbound.principal, offer, knobs)
    asked = Asked(inbound.trail.id, inbound.principal.project, call, inbound.headers, knobs)
    features, place = features_of(asked, policy, context.secret), None
    if not context.trials.idle and knobs.policy is None:
        place = context.trials.place(call.model, policy, _who(inbound, call, features))
        policy = place.policy
        features = features_of(asked, policy, context.secret)
    inbound.trail.policy = policy.name
    ticket = Ticket(
        principal=inbound.principal,
        call=call,
        policy=policy,
        knobs=knobs,
        trail=inbound.trail,
        created=int(time.time()),
        features=features,
        api=inbound.route.api,
        place=place,
    )
    with admit(context, ticket, offer) as admission:
        account = Account(ticket, context.books, offer, admission)
        await _accounted(context, ticket, offer, account, reply)


def _who(inbound: Inbound, call: Call, features: Features) -> Who:
    """Whatever the side of an experiment may be drawn for."""
    user = call.body.get("user") if isinstance(call, ChatCall) else None
    return Who(
        inbound.trail.id,
        inbound.principal.project,
        user if isinstance(user, str) else None,
        features.affinity,
    )


async def _read(inbound: Inbound) -> Call:
    """The call that the body spells."""
    api, raw = inbound.route.api, inbound.body
    body = await _aside(read_json, raw, raw) if api.json else {}
    asked = apis.Asked(body, inbound.route.said, inbound.headers, raw)
    return api.read(asked) if api.json else await _aside(api.read, asked, raw)


async def _aside(read: Callable[[Given], Read], given: Given, raw: bytes) -> Read:
    """What is read; in a thread where it is so much that reading it would hold everybody else up."""
    if len(raw) <= READ_HERE:
        return read(given)
    return await trio.to_thread.run_sync(read, given)


async def _accounted(
    context: Context, ticket: Ticket, offer: Offer, account: Account, reply: Reply
) -> None:
    answerer = context.answerers[ticket.principal.environment]
    context.metrics.inflight += 1
    try:
        await answerer.answer(ticket, offer, account, reply)
    except Exception as error:  # noqa: BLE001 - raised below, or told where an answer has begun
        failure = _closed(account, _failure(error, ticket), begun=reply.begun)
        if not reply.begun:
            try:
                raise failure from error
            finally:  # the traceback holds this frame: as a cycle they would wait for the collector
                del failure
        await reply.fail(failure)
    finally:
        context.metrics.inflight -= 1
        reply.close()
        with suppress(StoreUnavailable):  # who left cannot be told, and the metrics have counted it
            account.abandon()


def _closed(account: Account, failure: ApiError, *, begun: bool) -> ApiError:
    """Closes the account of a request that failed; gives what the client is told."""
    try:
        if begun:
            account.break_off(failure)
        else:
            account.refuse(failure)
    except StoreUnavailable:
        return _no_journal()
    return failure


def _failure(error: Exception, ticket: Ticket) -> ApiError:
    """What the client is told; a bug is logged with its cause and told without it."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, ProviderError):
        error.__traceback__ = (
            None  # it holds the race's frames, and the race holds its attempts' errors
        )
        return from_provider(error)
    if isinstance(error, StoreUnavailable):
        return _no_journal()
    log.error("request_failed", request=ticket.trail.id, exc_info=error)
    return ApiError(500, OUR_FAULT)


def _no_journal() -> ApiError:
    return ApiError(503, NO_JOURNAL, retry_after=STORE_RETRY)


def _policy(context: Context, principal: Principal, offer: Offer, knobs: Knobs) -> Policy:
    """The request's policy: the client's wish, else the project's, else the model's."""
    policies = context.config.policies
    if knobs.policy is not None:
        if knobs.policy not in policies:
            raise bad_request("There is no such policy", "x-hedgerow-policy")
        return policies[knobs.policy]
    project = context.project(principal.project)
    name = project.policy if project is not None and project.policy else offer.policy
    return policies[name]
