"""Names -> lines of a ledger of the sample."""

PAGE = "https://site.example/page.html"
PAIR = {"kind": "pair", "shapes": ["circle", "star"], "colours": ["red", "blue"], "count": 2, "relation": "left of"}


def image(name: str, facts: dict = PAIR, *, alt: str = "", wrong: bool = False, outcome: str | None = None, **more) -> dict:
    alts = [{"page": PAGE, "alt": alt, "wrong": wrong, "outcome": None}] if alt else []
    line = {
        "kind": "image",
        "url": url(name),
        "caption": "",
        "facts": facts,
        "outcome": outcome,
        "alts": alts,
        "figcaptions": [],
    }
    return line | more


def url(name: str) -> str:
    return f"https://site.example/{name}.jpg"
