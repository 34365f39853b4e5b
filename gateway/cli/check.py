"""`hedgerow check`: says everything that is wrong with a configuration, or what it amounts to."""

from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from gateway.cli.serve import ConfigFile, load
from gateway.config import Config
from providers.way import STRAIGHT


def check(
    *,
    config: ConfigFile = None,
    json: Annotated[bool, Parameter(help="Print JSON.", negative=())] = False,
) -> None:
    """Check the configuration; exit code 2 with every error at once if it is not valid."""
    loaded = load(config)
    summary = _summary(loaded)
    if json:
        print(msgspec.json.encode(summary).decode())
        return
    print(f"Valid configuration ({loaded.source})")
    for name in ("bind", "state", "keys", "models", "policies", "projects"):
        value = summary[name]
        print(f"  {name:<9} {', '.join(value) or 'none' if isinstance(value, list) else value}")
    for name, way in summary["ways"].items():
        print(f"  {'way':<9} {name} {way}")
    for warning in loaded.warnings:
        print(f"  warning   {warning}")


def _summary(config: Config) -> dict[str, Any]:
    return {
        "valid": True,
        "source": config.source,
        "bind": f"{config.server.host}:{config.server.port}",
        "state": str(config.state.folder),
        "simulated": config.simulated,
        "keys": [key.name for provider in config.providers for key in provider.keys],
        "ways": {
            provider.name: str(provider.way)
            for provider in config.providers
            if provider.way != STRAIGHT
        },
        "models": [model.name for model in config.models],
        "policies": sorted(config.policies),
        "projects": [project.name for project in config.projects],
        "warnings": list(config.warnings),
    }
