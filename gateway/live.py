"""Real answers: a race over the pooled keys. Everything `pk_live_` comes through here."""

import random

import attrs
import trio

from gateway.account import Account
from gateway.attempt import Attempt
from gateway.catalog import Offer
from gateway.errors import ApiError, bad_request, from_provider
from gateway.race import Answer, Entry, Race
from gateway.relay import Relay
from gateway.reply import Reply
from gateway.ticket import Ticket
from gateway.upstreams import Upstreams
from policies import hedge
from policies.pool import Pool
from policies.target import Route, Target
from providers.client import Exchange, HttpClient
from providers.errors import ProviderError, RateLimited
from providers.types import Call
from state.records import KeyStateChanged
from state.store import Store


@attrs.define(eq=False)
class Live:
    """Answers by racing upstream calls."""

    http: HttpClient
    upstreams: Upstreams
    pool: Pool
    rng: random.Random
    store: Store

    async def answer(self, ticket: Ticket, offer: Offer, account: Account, reply: Reply) -> None:
        """Races the call and relays the winner's answer to the reply.

        Raises:
            ApiError: nobody answered; nothing was sent.
        """
        race = Race(self._entry(ticket, offer))
        account.attempts = race.attempts
        account.hedge_delay = race.entry.plan.delay
        relay = Relay(ticket.call, ticket.heading, reply, account.settle)

        async def relay_winner(answer: Answer) -> None:
            account.hedge_skip = race.hedge_skip
            account.so_far = relay.so_far
            _tell_trail(ticket, race)
            await relay(answer)

        try:
            await race.run(relay_winner)
        except ProviderError as error:
            account.hedge_skip = race.hedge_skip
            _tell_trail(ticket, race)
            raise self._no_answer(error, race.entry) from error

    def _entry(self, ticket: Ticket, offer: Offer) -> Entry:
        policy = ticket.policy
        model = offer.route[0][0].model
        return Entry(
            name=offer.label,
            route=self._able(offer.route, ticket.call),
            policy=policy,
            plan=hedge.plan(policy.hedge, self.pool.window(model), ticket.knobs.hedge),
            pool=self.pool,
            open=lambda target: Exchange(
                self.http,
                self.upstreams.find(target),
                ticket.call,
                target.model,
                connect=policy.timeouts.connect,
            ),
            rng=self.rng,
            deadline=ticket.deadline,
            notify=self._ended,
        )

    def _able(self, route: Route, call: Call) -> Route:
        """The route without targets whose provider cannot honour the call."""
        refused: str | None = None
        tiers: list[tuple[Target, ...]] = []
        for tier in route:
            able: list[Target] = []
            for target in tier:
                parameter = self.upstreams.find(target).dialect.refuses(call)
                if parameter is None:
                    able.append(target)
                refused = refused or parameter
            if able:
                tiers.append(tuple(able))
        if not tiers:
            raise bad_request(f"No provider of this model supports '{refused}'", refused)
        return tuple(tiers)

    def _no_answer(self, error: ProviderError, entry: Entry) -> ApiError:
        if isinstance(error, RateLimited):
            soonest = self.pool.soonest(entry.route, trio.current_time())
            error.retry_after = soonest or error.retry_after
        return from_provider(error)

    def _ended(self, attempt: Attempt) -> None:
        """One attempt is over: the pool learns from it, and what changed is told."""
        transitions = self.pool.finish(
            attempt.lease,
            attempt.outcome or "client_gone",
            trio.current_time(),
            self.rng,
            attempt.error,
        )
        for change in transitions:
            self.store.tell(KeyStateChanged(change.key, change.to, change.why))


def _tell_trail(ticket: Ticket, race: Race) -> None:
    """What the response's headers will say of the race."""
    trail, now = ticket.trail, trio.current_time()
    trail.attempts = len(race.attempts)
    trail.hedged = race.hedged
    if race.attempts:
        trail.upstream = now - race.attempts[0].started
    if race.winner is not None:
        trail.winner = race.winner.target.key
        trail.ttft = now - trail.arrived
