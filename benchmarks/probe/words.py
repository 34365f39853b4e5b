"""What probing found, as a person reads it; and the text for hedgerow.toml."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from benchmarks.probe.ranks import rounds_needed
from benchmarks.probe.spending import PROMPT_TOKENS, Stated
from benchmarks.probe.verdicts import Pair, Rounds
from policies.target import Target


def worst_case(stated: Stated, keys: int) -> Iterator[str]:
    """What is about to be spent at most."""
    cost = f"at most ${stated.nano_usd / 1e9:.6f} by the configured prices"
    if stated.unpriced:
        cost += f", and what {', '.join(stated.unpriced)} may cost: no price is configured for it"
    yield f"{stated.calls} calls ({stated.rounds} rounds, {keys} keys), {cost}"
    yield f"  each with up to {PROMPT_TOKENS} tokens of prompt and 1 of answer"


def keys_table(rounds: Rounds) -> Iterator[str]:
    """Each key's own times and troubles."""
    names = list(rounds[0]) if rounds else []
    width = max((len(name) for name in (*names, "key")), default=3)
    yield f"{'key':{width}}  {'median ms':>9}  {'slowest':>8}  {'429':>4}  {'other errors':>12}"
    for name in names:
        seen = [row[name] for row in rounds]
        times = [1000.0 * each.ttft for each in seen[1:] if each.ttft is not None]
        middle = f"{median(times):9.0f}" if times else f"{'-':>9}"
        slowest = f"{max(times):8.0f}" if times else f"{'-':>8}"
        limited = sum(each.limited for each in seen)
        errors = sum(each.error is not None and not each.limited for each in seen)
        yield f"{name:{width}}  {middle}  {slowest}  {limited:>4}  {errors:>12}"


def findings(pairs: Sequence[Pair], keys: int, rounds: int) -> Iterator[str]:
    """The pairs that have something in common, with the reasons; and what cannot be told."""
    found = [pair for pair in pairs if "together" in (pair.slow, pair.quota)]
    for pair in found:
        yield f"{pair.left} and {pair.right}: {'; '.join(_reasons(pair))}"
    if not found:
        yield "No two keys are seen to have anything in common."
    if any(pair.slow == "unknown" for pair in pairs):
        yield (
            f"{rounds} rounds are too few to tell of all pairs that they slow down apart: "
            f"it takes {rounds_needed(keys) + 1} in which all answer."
        )
    if any(pair.quota == "unknown" for pair in pairs):
        yield (
            "Of some pairs nothing says whether they share a quota: no 429 came, and no headers "
            "count requests, or they were refilled faster than this used them."
        )


def _reasons(pair: Pair) -> Iterator[str]:
    if pair.quota == "together" and pair.moved:
        yield (
            f"they share a quota: {pair.fell} of {pair.moved} times their counters fell by more "
            "than their own calls"
        )
    elif pair.quota == "together":
        yield (
            f"they were limited (429) in the same {pair.both_limited} rounds, p {pair.p_limited:.4f}: "
            "a shared quota, or equal ones"
        )
    if pair.slow == "together":
        yield (
            f"they slow down together: rank correlation {pair.rho:.2f} over {pair.compared} "
            f"rounds, p {pair.p:.4f}"
        )


def proposal(groups: Sequence[tuple[str, ...]], targets: Sequence[Target]) -> Iterator[str]:
    """The domains that follow, as lines for hedgerow.toml; nothing where they are as they should be."""
    by_key = {target.key: target for target in targets}
    if _same(groups, by_key):
        yield "# The configured domains fit what was seen."
        return
    names = _names(groups, by_key)
    providers = list(dict.fromkeys(target.provider for target in targets))
    for provider in providers:
        own = [
            (name, [key for key in group if by_key[key].provider == provider])
            for name, group in zip(names, groups, strict=True)
        ]
        tables = [(name, keys) for name, keys in own if keys]
        for place, (name, keys) in enumerate(tables):
            table = provider if place == 0 else f"{provider}-{name}"
            yield f'[providers."{table}"]'
            yield f'domain = "{name}"    # {", ".join(keys)}'
        if len(tables) > 1:
            yield f"# ({provider}'s keys belong into {len(tables)} tables: a domain is a table's)"


def _same(groups: Sequence[tuple[str, ...]], by_key: Mapping[str, Target]) -> bool:
    of = {key: place for place, group in enumerate(groups) for key in group}
    pairs = {(of[key], target.domain) for key, target in by_key.items()}
    return len(pairs) == len(groups) == len({domain for _, domain in pairs})


def _names(groups: Sequence[tuple[str, ...]], by_key: Mapping[str, Target]) -> list[str]:
    """A name for each group: the domain of its first key, told apart where it is taken."""
    names: list[str] = []
    for group in groups:
        name, number = by_key[group[0]].domain, 2
        while name in names:
            name = f"{by_key[group[0]].domain}-{number}"
            number += 1
        names.append(name)
    return names
