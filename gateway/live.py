"""Real answers: a race over the pooled keys. Everything `pk_live_` comes through here."""

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import cast

import attrs
import trio

from gateway.account import Account
from gateway.answer import Answer
from gateway.attempt import Attempt, Open
from gateway.catalog import Offer
from gateway.compat import Fitted, fits
from gateway.errors import bad_request
from gateway.fallback import StreamedOrWhole, Unstreamed
from gateway.hedgeable import unhedgeable
from gateway.keepsakes import Keepsakes
from gateway.pins import Maker, Noted, Pins
from gateway.policy_log import PolicyLog
from gateway.race import Race
from gateway.relay import Relay
from gateway.reply import Reply
from gateway.session import Line, converse
from gateway.ticket import Ticket
from gateway.upstreams import Upstreams
from policies.contest import Contest
from policies.pool import Pool
from policies.rest import Transition
from policies.target import Route, Target
from providers.base import Dialect, refusal, speaks
from providers.batches import Batches, exchange_for
from providers.client import Exchange, HttpClient
from providers.errors import RateLimited
from providers.socket import SocketExchange
from providers.streamed import upstream_call
from providers.types import Call, EmbedCall, SessionCall
from state.records import KeyStateChanged
from state.store import Store

MOST_ROUTES = 1024
"""Routes that are remembered; a client may name models that nobody lists."""


@attrs.frozen(eq=False)
class Facts:
    """What a route's targets have in common: the dialects that they speak, and whether all have a price."""

    route: Route
    dialects: tuple[Dialect, ...]
    priced: bool


@attrs.define(eq=False)
class Live:
    """Answers by racing upstream calls. `stopping` says whether the process is about to end."""

    http: HttpClient
    upstreams: Upstreams
    pool: Pool
    rng: random.Random
    store: Store
    stopping: Callable[[], bool] = lambda: False
    drop_unsupported: bool = False
    _unstreamed: Unstreamed = attrs.field(factory=Unstreamed)
    _keepsakes: Keepsakes = attrs.field(factory=Keepsakes)
    _pins: Pins = attrs.field(factory=Pins)
    _facts: dict[int, Facts] = attrs.field(factory=dict)
    _policies: PolicyLog = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._policies = PolicyLog(self.store.tell)

    async def answer(self, ticket: Ticket, offer: Offer, account: Account, reply: Reply) -> None:
        """Races the call and relays the winner's answer to the reply.

        Raises:
            ApiError, ProviderError: nobody answered; nothing was sent.
        """
        project = ticket.principal.project
        call = self._keepsakes.recall(project, ticket.call)
        if call is not ticket.call:
            ticket = attrs.evolve(ticket, call=call)
        route, fitted = self._able(offer.route, ticket)
        if call.native is not None:
            route = self._pins.narrowed(route, call, project)
            ticket = self._freed(ticket, route)
        judge = self._contest(ticket, offer, route, account)
        race = Race(judge, self._opener(ticket, fitted), self._ended, self._changed)
        account.race = race
        account.policy_id = self._policies.id_of(ticket.policy, offer)

        async def relay_winner(answer: Answer) -> None:
            _tell_trail(ticket, race)
            if isinstance(ticket.call, SessionCall):
                await converse(answer, cast("Line", reply), account)
                return
            keep = partial(self._keepsakes.keep, project)
            relay = Relay(ticket.api, ticket.call, ticket.heading, reply, account.settle, keep)
            account.so_far = relay.so_far
            if fitted and race.winner is not None:
                dialect = self.upstreams.find(race.winner.target).dialect
                ticket.trail.dropped = fitted[id(dialect)].dropped
            await relay(answer if call.native is None else self._noted(answer, project, call))

        try:
            await race.run(relay_winner)
        except RateLimited as error:
            soonest = self.pool.soonest(race.contest.route, trio.current_time())
            error.retry_after = soonest or error.retry_after
            raise
        finally:
            if race.winner is None:
                _tell_trail(ticket, race)

    def _freed(self, ticket: Ticket, route: Route) -> Ticket:
        """A call that is only translated asks of nobody what its own form asks by default."""
        call, features = ticket.call, ticket.features
        if any(speaks(dialect, call) for dialect in self._facts_of(route).dialects):
            return ticket
        why_not = unhedgeable(call, translated=True)
        return attrs.evolve(ticket, features=attrs.evolve(features, unhedgeable=why_not))

    def _noted(self, answer: Answer, project: str, call: Call) -> Noted:
        """The answer, the id of which is remembered on its way."""
        maker = Maker(project, answer.attempt.lease.target.key)
        return Noted(answer, partial(self._pins.note, maker, call))

    def _contest(self, ticket: Ticket, offer: Offer, route: Route, account: Account) -> Contest:
        return Contest(
            name=offer.label + ticket.purse,
            route=route,
            priced=self._facts_of(route).priced,
            policy=ticket.policy,
            features=ticket.features,
            pool=self.pool,
            rng=self.rng,
            deadline=ticket.deadline,
            afford=account.admission.extra,
            stopping=self.stopping,
        )

    def _opener(self, ticket: Ticket, fitted: Mapping[int, Fitted]) -> Open:
        policy, call = ticket.policy, ticket.call
        hedging = policy.hedge.policy != "off" or isinstance(ticket.knobs.hedge, float)
        may = hedging and ticket.features.unhedgeable is None and ticket.knobs.hedge != "off"
        sent = upstream_call(call, policy.upstream_stream, hedging=may)

        def exchange(target: Target, sent: Call) -> Exchange | Batches | SocketExchange:
            upstream, connect = self.upstreams.find(target), policy.timeouts.connect
            asked = call if speaks(upstream.dialect, call) else sent
            if isinstance(asked, SessionCall):
                return SocketExchange(upstream, asked, target.model, self.http.tls, connect)
            if isinstance(asked, EmbedCall):
                return exchange_for(self.http, upstream, asked, target.model, connect=connect)
            return Exchange(self.http, upstream, asked, target.model, connect=connect)

        def bent(target: Target) -> StreamedOrWhole:
            whole = fitted[id(self.upstreams.find(target).dialect)].call
            streamed = upstream_call(whole, policy.upstream_stream, hedging=may)
            return StreamedOrWhole(target, streamed, whole, exchange, self._unstreamed)

        if fitted:
            return bent
        if sent is call:
            return lambda target: exchange(target, call)
        return lambda target: StreamedOrWhole(target, sent, call, exchange, self._unstreamed)

    def _able(self, route: Route, ticket: Ticket) -> tuple[Route, Mapping[int, Fitted]]:
        """The route without targets whose provider cannot honour the call; and where none can, the call
        for each dialect without what it refuses, if that is allowed."""
        call, dialects = ticket.call, self._facts_of(route).dialects
        refused = {id(dialect): refusal(dialect, call) for dialect in dialects}
        if not any(refused.values()):
            return route, {}
        able = self._only(
            route, [which for which, parameter in refused.items() if parameter is None]
        )
        if able:
            return able, {}
        fitted = fits(dialects, call) if self.drop_unsupported else {}
        able = self._only(route, fitted)
        if not able:
            first = self.upstreams.find(route[0][0]).dialect
            parameter = refused[id(first)]
            name = ticket.api.names.get(parameter or "", parameter)
            raise bad_request(f"No provider of this model supports '{name}'", name)
        return able, fitted

    def _only(self, route: Route, dialects: Collection[int]) -> Route:
        """The targets that are called in one of these dialects, in their tiers."""
        tiers = [
            tuple(each for each in tier if id(self.upstreams.find(each).dialect) in dialects)
            for tier in route
        ]
        return tuple(tier for tier in tiers if tier)

    def _facts_of(self, route: Route) -> Facts:
        """Looked up once for a route, for there may be hundreds of keys."""
        known = self._facts.get(id(route))
        if known is None or known.route is not route:
            if len(self._facts) >= MOST_ROUTES:
                self._facts.clear()
            targets = [target for tier in route for target in tier]
            dialects = [self.upstreams.find(target).dialect for target in targets]
            distinct = tuple({id(dialect): dialect for dialect in dialects}.values())
            priced = all(target.price is not None for target in targets)
            known = self._facts[id(route)] = Facts(route, distinct, priced)
        return known

    def _ended(self, attempt: Attempt) -> None:
        """One attempt is over: the pool learns from it, and what changed is told."""
        transitions = self.pool.finish(
            attempt.lease,
            attempt.outcome or "client_gone",
            trio.current_time(),
            self.rng,
            attempt.error,
        )
        self._changed(transitions)

    def _changed(self, transitions: Sequence[Transition]) -> None:
        for change in transitions:
            self.store.tell(
                KeyStateChanged(
                    change.key,
                    change.to,
                    change.why,
                    self._wall_ms(change.until),
                    domain=change.domain,
                    provider=change.provider,
                    model=change.model,
                )
            )

    def _wall_ms(self, at: float | None) -> int | None:
        """A moment of our clock on the wall's."""
        if at is None:
            return None
        return self.store.options.clock() + round(1000 * (at - trio.current_time()))


def _tell_trail(ticket: Ticket, race: Race) -> None:
    """What the response's headers will say of the race."""
    trail, now = ticket.trail, trio.current_time()
    trail.attempts = len(race.attempts)
    trail.hedged = race.hedged
    trail.why_not_hedged = ticket.features.unhedgeable or race.hedge_skip
    if race.attempts:
        trail.upstream = now - race.attempts[0].started
    if race.winner is not None:
        trail.winner = race.winner.target.key
        trail.ttft = now - trail.arrived
