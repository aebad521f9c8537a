"""What a site's words say of training -> the words that forbid it, or "": Content-Usage, Content-Signal, RSL.

IETF aipref's vocabulary (draft-ietf-aipref-vocab): `train-ai`, the narrower `train-genai`, and `bots`, which is all automated
use and counts for training if nothing more specific is said; `search` is not what we do. Cloudflare's signals: `ai-train`.
RSL's uses: `train-ai`, `ai-train`, and `all` or `ai-all`.
"""

import re
from collections.abc import Iterable

_PREFERENCE = re.compile(
    r"(?<![\w-])(train-ai|train-genai|genai|ai|bots|ai-train)[ \t]*+=[ \t]*+[\"']?(\w{1,8})", re.IGNORECASE
)
_OURS = ("train-ai", "train-genai", "ai-train", "genai", "ai")
_NO = frozenset(("n", "no", "0", "false"))
_RSL_USES = frozenset(("train-ai", "ai-train", "ai-training", "train-genai", "ai-all", "all"))


def usage_opt_out(words: Iterable[str]) -> str:
    """Of Content-Usage or Content-Signal, as often as they were said: the preference that forbids training. A no wins."""
    said = [match for text in words for match in _PREFERENCE.finditer(text)]
    ours = [match for match in said if match[1].lower() in _OURS]
    heard = ours or [match for match in said if match[1].lower() == "bots"]
    return next((f"{match[1].lower()}=n" for match in heard if match[2].lower() in _NO), "")


def rsl_opt_out(prohibited: Iterable[str]) -> str:
    """Of the uses that RSL prohibits, the one that is ours."""
    return next((f"prohibits {use}" for use in prohibited if use.lower() in _RSL_USES), "")
