"""What a page says of itself in its head and its links: title, base, robots and licence."""

from urllib.parse import urldefrag

from lamella.transforms.urls import join_url

Attributes = dict[str, str | None]
_ROBOTS = frozenset(
    ("robots", "googlebot", "googlebot-image", "googlebot-news", "bingbot", "slurp", "gptbot", "ccbot", "google-extended")
)
_TDM = frozenset(("tdm-reservation", "tdm-policy"))  # W3C TDMRep
_READ = _ROBOTS | _TDM | {"og:title"}


class Head:
    """Collects; `base` is what references are resolved against, from the moment that `<base>` is met."""

    def __init__(self, url: str):
        self.base, self._based = urldefrag(url).url, False
        self.title, self.og_title, self.licence = "", "", ""
        self.robots: list[str] = []

    def add(self, tag: str, attributes: Attributes) -> None:
        if tag == "meta":
            self._add_meta(attributes)
        elif tag == "base" and not self._based and (href := attributes.get("href")):
            self.base = join_url(self.base, href) or self.base
            self._based = True

    def add_licence(self, attributes: Attributes) -> None:
        """Of the first link that says that it leads to the licence, wherever it stands."""
        self.licence = join_url(self.base, attributes.get("href") or "")

    def _add_meta(self, attributes: Attributes) -> None:
        name = (attributes.get("name") or attributes.get("property") or "").strip().lower()
        if name not in _READ or not (content := " ".join((attributes.get("content") or "").split())):
            return
        if name in _ROBOTS:
            self.robots.append(content)
        elif name in _TDM:
            self.robots.append(f"{name}: {content}")
        elif name == "og:title":
            self.og_title = self.og_title or content
