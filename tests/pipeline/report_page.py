"""A report's page -> its elements; a terminal -> what it shows."""

import io
from html.parser import HTMLParser

from rich.console import Console

from lamella.reporting.report_text import print_report


def printed(report: dict, **how) -> str:
    out = io.StringIO()
    print_report(report, Console(file=out, width=100, **how))
    return out.getvalue()


class Tags(HTMLParser):
    """What a browser would act upon."""

    HTML = (
        "html head meta title style body div nav b a main header h1 h2 h3 p code span small details summary img ul li article"
    )
    TABLES_AND_PLOTS = "table thead tbody tr th td i figure figcaption wbr svg g rect line text"
    KNOWN = frozenset(f"{HTML} {TABLES_AND_PLOTS}".split())

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.active, self.images, self.unknown, self.policy, self.style, self.text = [], [], set(), "", "", ""
        self._open = ""

    @classmethod
    def of(cls, page: str) -> "Tags":
        tags = cls()
        tags.feed(page)
        tags.close()
        return tags

    def handle_starttag(self, tag, attrs):
        self._open = tag
        if tag not in self.KNOWN:
            self.unknown.add(tag)
        if tag in ("script", "iframe", "object", "embed", "link", "form", "base", "foreignobject", "use", "animate", "input"):
            self.active.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (
                name in ("href", "src", "action", "xlink:href") and not value.startswith(("#", "data:image/jpeg"))
            ):
                self.active.append(f"{tag} {name}={value}")
            if name == "srcdoc" or (name == "http-equiv" and value != "Content-Security-Policy"):
                self.active.append(f"{tag} {name}={value}")
        values = dict(attrs)
        if tag == "img":
            self.images.append(values["src"])
        if values.get("http-equiv"):
            self.policy = values["content"]

    def handle_data(self, data):
        if self._open == "style":
            self.style += data
        self.text += data

    def handle_endtag(self, tag):
        self._open = ""
