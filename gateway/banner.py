"""What a person reads when the gateway has started: where it is, what it found, and a line to paste."""

import shlex
from collections.abc import Sequence
from importlib.metadata import version

import attrs
import msgspec

from gateway.catalog import Catalog
from gateway.config import Config

SHOWN_MODELS = 6
PREFERRED = ("gemini-2.0-flash", "gpt-4o-mini")

SIMULATED = """\
  ********************************************************************************
  *  SIMULATED UPSTREAMS. No provider key was found in the environment, so three  *
  *  fake keys (steady, spiky, rate-limited) answer from inside this process.     *
  *  The answers are made up. Set OPENAI_API_KEY, GEMINI_API_KEY, ... for real.   *
  ********************************************************************************
"""


@attrs.frozen
class FreshKeys:
    """A project's keys, in clear for the only time."""

    project: str
    live: str
    test: str


def banner(config: Config, base_url: str, catalog: Catalog, fresh: FreshKeys | None) -> str:
    """The text to print once the gateway accepts connections."""
    lines = [f"Hedgerow {version('hedgerow')}", ""]
    if config.simulated:
        lines.append(SIMULATED)
    lines += [
        f"  Base URL   {base_url}/v1   (OpenAI-compatible; clients change only this and the key)",
        f"  State      {config.state.folder}",
        f"  Config     {config.source}",
        f"  Keys       {_keys(config)}",
        f"  Models     {_models(catalog)}",
    ]
    lines += [f"  Warning    {warning}" for warning in config.warnings]
    lines += ["", *_project(fresh), "", *_example(base_url, catalog, fresh), ""]
    return "\n".join(lines)


def _keys(config: Config) -> str:
    keys = [f"{k.name} ({k.origin})" for provider in config.providers for k in provider.keys]
    return ", ".join(keys) or "none"


def _models(catalog: Catalog) -> str:
    names = sorted(catalog.offers)
    shown = ", ".join(_plain(name) for name in names[:SHOWN_MODELS])
    more = f", and {len(names) - SHOWN_MODELS} more" if len(names) > SHOWN_MODELS else ""
    unasked = [provider.name for provider in catalog.open_providers]
    note = f" (could not ask: {', '.join(unasked)})" if unasked else ""
    return f"{len(names)}: {shown}{more}{note}" if names else f"none found{note}"


def _plain(name: str) -> str:
    """An upstream chooses its models' names, and must not steer the terminal with them."""
    return name if name.isprintable() else ascii(name)


def _project(fresh: FreshKeys | None) -> Sequence[str]:
    if fresh is None:
        return (
            "  Project keys are in the state, hashed. New ones: hedgerow project create NAME,",
            "  or hedgerow project rotate NAME. What there is: hedgerow project list",
        )
    return (
        f"  Project    {fresh.project}",
        f"  Live key   {fresh.live}   (real calls; shown once, stored hashed)",
        f"  Test key   {fresh.test}   (mock answers; shown once, stored hashed)",
    )


def _example(base_url: str, catalog: Catalog, fresh: FreshKeys | None) -> Sequence[str]:
    known = [name for name in PREFERRED if name in catalog.offers] or sorted(catalog.offers)
    model = known[0] if known else PREFERRED[0]
    key = fresh.live if fresh else "$HEDGEROW_KEY"
    message = {"role": "user", "content": "Merhaba, nasılsın?"}
    body = msgspec.json.encode({"model": model, "messages": [message]}).decode()
    line = (
        f'  curl {base_url}/v1/chat/completions -H "Authorization: Bearer {key}"'
        f' -H "Content-Type: application/json" -d {shlex.quote(body)}'
    )
    return ("  Try it:", line)
