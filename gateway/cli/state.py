"""`hedgerow state …`: looks after the journal, without a running gateway and beside one."""

import msgspec

from gateway.cli.project import Json, State
from gateway.cli.serve import ConfigFile, load
from state import look
from state.follow import Follower


def verify(*, json: Json = False, config: ConfigFile = None, state: State = None) -> None:
    """Read every line of every log; exit code 1 with file, line and byte if one is damaged.

    A start goes over closed segments by their summaries: this is how they are looked at again.
    """
    folder = load(config, state=state).state.folder
    follower = look(folder, summaries=False)
    records = follower.positions()
    if json:
        found = {"state": str(folder), "logs": records, "reports": list(reports(follower))}
        print(msgspec.json.encode(found).decode())
        return
    for name, seq in records.items():
        print(f"{name}: {seq:,} records, all as they were written")
    for report in reports(follower):
        print(f"note: {report}")
    if not records:
        print(f"There is no journal in {folder} yet.")


def reports(follower: Follower) -> list[str]:
    """What a person should know of the logs."""
    unknown = f"{follower.unknown} records of kinds that this version does not know"
    return [*follower.reports, *([unknown] if follower.unknown else [])]
