"""What a page says of itself in its head and its links: title, base, robots and licence."""

from collections.abc import Sequence
from urllib.parse import urldefrag

from selectolax.lexbor import LexborNode

from lamella.transforms.extract.dom.landmarks import Landmarks
from lamella.transforms.extract.input_limits import INPUT_LIMITS
from lamella.transforms.formats.rsl import prohibits_words, rsl_prohibits
from lamella.transforms.formats.urls import join_url

Attributes = dict[str, str | None]
_ROBOTS = frozenset(
    (
        "robots",
        "x-robots-tag",
        "googlebot",
        "googlebot-image",
        "googlebot-news",
        "bingbot",
        "slurp",
        "gptbot",
        "ccbot",
        "google-extended",
    )
)
_TDM = frozenset(("tdm-reservation", "tdm-policy"))  # W3C TDMRep
_READ = _ROBOTS | _TDM | {"og:title"}


class Head:
    """Collects; `base` is what references are resolved against, from the moment that `<base>` is met; "" where that is longer
    than a URL may be."""

    def __init__(self, url: str, max_url: int):
        self.base, self._based, self._max_url = urldefrag(url).url, False, max_url
        self.title, self.og_title, self.licence = "", "", ""
        self.robots: list[str] = []

    def add(self, tag: str, attributes: Attributes) -> None:
        if tag == "meta":
            self._add_meta(attributes)
        elif tag == "base" and not self._based and (href := attributes.get("href")):
            self._based = True
            if len(href) > self._max_url:
                self.base = ""  # no reference is resolved against it
            else:
                self.base = join_url(self.base, href) or self.base

    def add_licences(self, found: Landmarks) -> None:
        """Wherever they stand: of links the first, of licences in the page itself all."""
        for node in found.licences[:1]:
            self._add_licence(node.attributes)
        for node in found.rsl_links[:1]:
            self._add_rsl(node.attributes)
        self._add_rsl_texts(found.rsl_texts)

    def _add_licence(self, attributes: Attributes) -> None:
        href = attributes.get("href") or ""
        self.licence = join_url(self.base, href) if len(href) <= self._max_url else ""

    def _add_rsl(self, attributes: Attributes) -> None:
        """A licence that machines read (RSL 1.0): it stands with what else the page says of its use."""
        href = attributes.get("href") or ""
        if len(href) <= self._max_url and (url := join_url(self.base, href)):
            self.robots.append(f"rsl-license: {url}")

    def _add_rsl_texts(self, scripts: Sequence[LexborNode]) -> None:
        """Such licences that stand in the page itself."""
        texts = (
            (script.first_child.text_content if script.first_child else "") or ""
            for script in scripts[: INPUT_LIMITS.max_licences]
        )
        self.robots += prohibits_words([said for text in texts for said in rsl_prohibits(text.strip())])

    def _add_meta(self, attributes: Attributes) -> None:
        get = attributes.get
        name = (get("name") or get("property") or get("http-equiv") or "").strip().lower()  # the last as a header would say it
        if name not in _READ or not (content := " ".join((attributes.get("content") or "").split())):
            return
        if name in _ROBOTS:
            self.robots.append(content)
        elif name in _TDM:
            self.robots.append(f"{name}: {content}")
        elif name == "og:title":
            self.og_title = self.og_title or content
