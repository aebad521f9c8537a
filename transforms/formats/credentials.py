"""A URL's path and query -> the same without what gives access: tokens, keys, signatures, sessions, passwords.

A name alone proves little (`key=sunset`, `sig=12`), and a parameter often names the picture, so the value's shape decides
wherever the name is an ordinary word. What is taken out leaves `redacted` behind, so that two addresses stay two, and whoever
asks for one knows that it is not whole. The result does not change when it is treated again.

Sources of the names: AWS Signature V4 and V2, Google Cloud signed URLs, Azure SAS, RFC 6749 and 6750 (OAuth), the Servlet
specification (jsessionid), PHP's manual, CloudFront's signed URLs.
"""

import re
from urllib.parse import quote, unquote

REDACTED = "redacted"

# Compared in lower case without punctuation: `X-Amz-Signature` is `xamzsignature`.
_SURE = (
    "xamzsignature xamzcredential xamzsecuritytoken xgoogsignature xgoogcredential awsaccesskeyid googleaccessid accesskeyid "
    "accesskey accesstoken refreshtoken idtoken authtoken oauthtoken oauthsignature oauthverifier securitytoken sastoken "
    "csrftoken xsrftoken cftoken sessiontoken authorization bearer jwt hmac passwd pwd passphrase sessid phpsessid jsessionid "
    "hdnea hdnts hdntl credential credentials privatekey"
)
_SURE_NAMES = frozenset(_SURE.split())
_SURE_ENDINGS = ("accesstoken", "apikey", "password", "secret", "secretkey", "sessionid", "sessiontoken", "tokensecret")
_TOKENS = ("token", "signature", "auth")  # endings: a value that is no word and no small number
# Ordinary words: their value must be random.
_WORDS = frozenset(("key", "sig", "code", "state", "sid", "session", "ticket", "otp"))
_WITH_SIGNATURE = frozenset(("expires", "policy", "keypairid"))
_SAS = frozenset("sv se sr sp st ss srt spr sip skoid sktid skt ske sks skv sig".split())  # noqa: SIM905

_KNOWN_SHAPES = re.compile(
    r"eyJ[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]{4,}){0,4}"  # JSON in base64: JWT
    r"|AIza[A-Za-z0-9_\-]{30,}|A(?:KI|SI)A[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}"
    r"|xox[abprs]-[A-Za-z0-9\-]{10,}|sk_live_[A-Za-z0-9]{16,}|rk_live_[A-Za-z0-9]{16,}|pk_live_[A-Za-z0-9]{16,}"
    r"|glpat-[A-Za-z0-9_\-]{16,}|hf_[A-Za-z0-9]{30,}"  # each begins with a letter: most of a path is passed over at once
)
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sessionid|sid)=[^;/?]*", re.I)
_INNER_USER = re.compile(r"(https?:/{1,2})(?:[^/?#@&]*+@)++", re.I)  # to the last @: what is taken out once leaves none
_PLAIN = re.compile(r"[A-Z]?[a-z]{1,20}(?:[\-_+. ][A-Za-z]?[a-z]{0,20}){0,9}|\d{1,9}")  # words, a small number
_BETWEEN = re.compile(r"([&;])")
_OF_BASE64 = re.compile(r"[+/=]")
_RUN = re.compile(r"[A-Za-z0-9]{16,}")
_FILE = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}$")
_NOT_NAME = re.compile(r"[^a-z0-9]+")
# What one of the rules below could be about; most queries are about width and height, and cost this one look.
_SUSPECT = re.compile(
    r"tok|sig|auth|key|pass|pwd|sec|ses|sid|hmac|jwt|cred|bear|verif|googleaccessid|code=|state=|ticket|otp=|hdn|eyJ|AIza|ASIA|AKIA"
    r"|gh[pousr]_|github_|xox|_live_|glpat|hf_|:/|%3A|\?|%3F|%[46]|%5[0-9A]|%7[0-9A]",
    re.I,
)
_MAX_NESTING = 3  # URLs within the parameters of URLs: proxies and resizers of pictures
_SHORT = 6  # characters; no token of fewer guards anything


def without_credentials(path: str, query: str | None, nesting: int = 0) -> tuple[str, str | None]:
    """Path and query without credentials; the same objects if there are none."""
    if ";" in path:
        path = _PATH_SESSION.sub("", path)
    if "@" in path:
        path = _INNER_USER.sub(r"\1", path)
    path = _KNOWN_SHAPES.sub(REDACTED, path)
    if not query or not _SUSPECT.search(query):
        return path, query
    parts = _BETWEEN.split(query)
    names = [_name(part) for part in parts[::2]]
    together = set(names)
    for at, name in enumerate(names):
        written, equals, value = parts[2 * at].partition("=")
        if equals and value and value != REDACTED:
            parts[2 * at] = f"{written}={_value(name, value, together, nesting)}"
    return path, "".join(parts)


def without_redacted(url: str) -> str:
    """The address to ask for: without the parameters whose values were taken out."""
    path, mark, query = url.partition("?")
    kept = [pair for pair in query.split("&") if pair.partition("=")[2] != REDACTED]
    return f"{path}?{'&'.join(kept)}" if any(kept) else (path if mark else url)


def _name(part: str) -> str:
    return _NOT_NAME.sub("", unquote(part.partition("=")[0]).lower().removeprefix("amp;"))


def _value(name: str, value: str, together: set[str], nesting: int) -> str:
    plain = unquote(value)
    if _gives_access(name, plain, together):
        return REDACTED
    if nesting < _MAX_NESTING and ("?" in plain or ":/" in plain):
        path, mark, query = plain.partition("?")
        kept = without_credentials(path, query.partition("#")[0] if mark else None, nesting + 1)
        inner = kept[0] + (f"?{kept[1]}" if mark else "")
        if inner != plain.partition("#")[0]:
            return quote(inner, safe="") if "%" in value else inner
    return _KNOWN_SHAPES.sub(REDACTED, value)


def _gives_access(name: str, value: str, together: set[str]) -> bool:
    if name in _SURE_NAMES or name.endswith(_SURE_ENDINGS):
        return True
    if name in _SAS and {"sig", "sv"} <= together:
        return True
    if name in _WITH_SIGNATURE and together & {"signature", "googleaccessid", "awsaccesskeyid"}:
        return True
    if name in ("code", "state") and {"code", "state"} <= together:  # of OAuth; places have short codes and states
        return len(value) >= _SHORT and not _PLAIN.fullmatch(value)
    if name.endswith(_TOKENS):
        return len(value) >= _SHORT and not _PLAIN.fullmatch(value)
    return name in _WORDS and _is_random(value)


def _is_random(value: str) -> bool:
    """Whether it looks drawn: a run of 16 letters of both cases and digits that is no file's name and no hex digest."""
    if _FILE.search(value):
        return False
    runs = _RUN.findall(_OF_BASE64.sub("", value))
    return any(not run.islower() and not run.isupper() and not run.isalpha() and not run.isdigit() for run in runs)
