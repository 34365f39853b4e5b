"""Texts of an upstream made fit to show: short, on one line, and without anybody's secrets."""

import re
from typing import Any

SECRETS = re.compile(
    r"""
      \b(?:sk|xai|pplx|csk|nvapi)-[\w*-]*            # keys, by their prefixes
    | \b(?:gsk|hf|pk_live|pk_test|r8)_[\w*-]+
    | \bAIza[\w*-]+
    | \bya29\.[\w.*-]+
    | \b(?:AKIA|ASIA)[A-Z0-9]{12,}                   # AWS: keys, API keys, whose account
    | \b(?:ABSK|bedrock-api-key-)[\w+/=*-]+
    | \barn:aws[\w-]*:[^\s"']*:\d{12}:[^\s"',;]*
    | \b[\w.-]+@[\w.-]+\.gserviceaccount\.com
    | (?<=\bBearer\ )[^\s"',;]+
    | (?<=\bkey\ provided:\ )[^\s"',;]+              # keys that look like nothing
    | \b[A-Za-z0-9]{32,}\b                           # keys without a prefix
    | (?<![\w.-])[\w.-]*\*{3,}[\w.*-]*               # keys that the upstream masked, in part
    | \b(?:org|proj|user)[-_]\w{6,}                  # whose key it is
    | \bprojects/[\w-]+
    | \bproject[= ](?:number[: ])?\d{5,}
    """,
    re.VERBOSE,
)
MARK = "***"


def safe(value: Any, limit: int) -> str | None:
    """The value as a text of at most `limit` characters, None if it is nothing to show.

    Numbers are shown in digits. HTML is nothing to show: it comes from some proxy on the way.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or value.lstrip().startswith("<"):
        return None
    # Cut twice: keys are blotted out before the cut that a reader sees, or half a one might stay.
    text = SECRETS.sub(MARK, " ".join(value[: 4 * limit].split()))
    return (text if len(text) <= limit else text[: limit - 1] + "…") or None
