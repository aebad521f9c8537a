"""A block's tag, role, class and id -> what it says it is: content, boilerplate of the site, or nothing ("").

Names are read token by token: a token is seen on many sites, a whole class attribute on few.
"""

import re
from functools import lru_cache

CONTENT = "content"  # the page's own matter
BOILERPLATE = "boilerplate"  # by tag or role: the page says so in HTML's own words
LIKELY_BOILERPLATE = "likely boilerplate"  # by class or id: a habit of site builders
CONSENT = "consent"  # to cookies: no site calls its content so
COMMENTS = "comments"
TEASER = "teaser"  # the article's own lead, or an invitation to another one: its links tell
PROMOTION = "promotion"  # of another page, or of what a landing page is about
HEADER = "header"  # of the site, or of a section
LABEL = "label"  # who, when, under which heading: boilerplate where it is short

MAX_NAMES = 400  # characters of an attribute that are read; what is read is remembered, beyond the page
BY_NAME = frozenset(
    (LIKELY_BOILERPLATE, PROMOTION, CONSENT, COMMENTS, TEASER, HEADER, LABEL)
)  # what a class or an id alone may say

_CONTENT_ROLES = frozenset(("main", "article"))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CAPTION_TAGS = frozenset(("figcaption", "caption"))
_CONTENT_TAGS = _words("article main")
_HEADINGS = _words("h1 h2 h3 h4 h5 h6")  # their ids are made of their words
_TABLE_PARTS = _words("table thead tbody tr th td")  # a header of these is no site's
_BOILERPLATE_TAGS = _words("nav footer aside menu dialog")
_BOILERPLATE_ROLES = _words("navigation contentinfo banner search dialog alertdialog menu menubar complementary toolbar")


# What one token can say: bits, so that the tokens of a class attribute add up.
_BOILERPLATE, _BUILT, _COMMENTS, _NOTE, _TEASER, _LABEL, _HEADER, _CONTENT = (1 << bit for bit in range(8))
_BUILDER, _CAPTION, _SILENT, _CONSENT, _PAIRED, _SOFT = (1 << bit for bit in range(8, 14))

_WORDS = {
    _BOILERPLATE: _words("""
        nav navbar navigation navi subnav topnav menu menus submenu sidebar sidemenu sidenav breadcrumb breadcrumbs
        crumb crumbs popup popover modal newsletter subscribe subscription
        signup share shares sharing sharebar sharedaddy addthis addtoany socials followus related relatedposts recommended
        recommendations recommendation suggestions teasers sponsor sponsors advert advertisement
        advertising adverts ads adsense outbrain taboola toolbar pagination pager paging tagcloud taglist tags login logout
        register searchbox searchform search skiplink skip printonly noprint vote masthead topbar siteheader
        logo infobar byline authorbox bio postmeta metadata dateline timestamp lineno linenos
        linenumbers permalink shortcuts jumplink backlink footnav prevnext donate paywall anchorlink headerlink editsection
        affiliate likes trending recirc userinfo userdetails userextras usertitle postprofile signature sig avatar
        reputation
    """),
    _SOFT: _words("banner overlay promo promos promotion rating ratings cta"),
    _CONSENT: _words("cookie cookies consent gdpr"),
    _BUILT: _words("widget widgets footer foot meta social ad toc"),
    _COMMENTS: _words("comment comments commentlist disqus respond livefyre kommentare kommentar replies"),
    _CONTENT: _words("article articlebody content maincontent entry post story storybody body text page main"),
    _NOTE: _words("note notes tip tips warning caution important callout admonition footnote footnotes pullquote quote box"),
    _TEASER: _words("teaser card cards"),
    _LABEL: _words("""
        author authors date time datetime timing published pubdate updated modified kicker category categories topics copyright
        credit credits print download license licence disclaimer readtime readingtime duration follow
    """),
    _HEADER: frozenset(("header",)),
    # Page builders and grids call each piece of content a "widget", a "header" or a "box".
    _BUILDER: _words("elementor wpb vc fusion kadence brxe oxy ck table"),
}
_SAID = {word: sum(says for says, words in _WORDS.items() if word in words) for words in _WORDS.values() for word in words}
_SAID_WORDS = frozenset(_SAID)
_FOUND = frozenset(("result", "results", "page", "hits", "hit"))
_STATES = frozenset(("no", "has", "with", "without"))  # "no-sidebar" tells of what is around, not of itself
_WHOLE = frozenset(
    ("hidden", "hide", "d-none", "is-hidden", "invisible", "is-invisible", "gutter")
)  # as part of a token it hides a label, or on small screens


def _grouped(alternatives: str) -> str:
    """A pattern of alternatives that looks once at a letter: they are put together by the one that each begins with."""
    rest: dict[str, list[str]] = {}
    for one in alternatives.split():
        rest.setdefault(one[0], []).append(one[1:])
    return "(?:" + "|".join(f"{first}(?:{'|'.join(ends)})" for first, ends in rest.items()) + ")"


_PAIRED_WORDS = r"""
    screen-?reader visually-?hidden sr-only read-?more more-?(?:from|stories|news|articles) see-?also prev-?next next-?prev
    side-?bar social share- cookie newsletter related breadcrumb site-?(?:header|nav) page-?nav skip-?(?:link|to)
    author-?(?:box|bio|info|desc|profile|card|about) about-?(?:the-)?author
    message-?(?:user|cell-+user|avatar|signature) user-?(?:info|details|extras|stats|profile|title|banner) post-?profile
    member-?(?:info|stats) download-?link tag-?(?:list|cloud) advert sponsor also-?read most-?read mod-?(?:related|share)
    table-of-contents
"""
_PAIRED_COMMENTS = r"""
    customer-?reviews? user-?reviews? product-?reviews product-?review-?(?:list|item|form) review-?(?:list|item)
    comment-?(?:s|list|area|section|form|thread)
    leave-?(?:a-)?(?:comment|reply)
"""
_IN_CAPTION = "(?:copyright|credits?|source|text|legend|info|author|annotation|description)"
_PAIRED_CAPTIONS = rf"""
    caption bildunterschrift legende?\b i(?<=\bi)mg-?desc image-*{_IN_CAPTION} photo-*{_IN_CAPTION} picture-*{_IN_CAPTION}
    img-*{_IN_CAPTION} foto-*{_IN_CAPTION} bild-*{_IN_CAPTION} media-*{_IN_CAPTION} copyright credits?\b
"""
_PAIRED_SILENCES = r"""
    sr-only visually-?hidden screen-?reader(?:-text|-only)? headerlink header-anchor anchor-?(?:js-?)?link permalink
    footnotemark mathjax(?:_?(?:preview|display|svg|svg_display))? mw-editsection edit-?section lineno linenos
    line-numbers?-rows page-?num(?:ber)?s?
"""
_PAIRS, _COMMENT_PAIRS = re.compile(_grouped(_PAIRED_WORDS)), re.compile(_grouped(_PAIRED_COMMENTS))
_CAPTIONS = re.compile(_grouped(_PAIRED_CAPTIONS))
_SILENCES = re.compile(f"(?:^|[_-]){_grouped(_PAIRED_SILENCES)}(?:$|[_-])")
_ANY_PAIR = re.compile(_grouped(_PAIRED_WORDS + _PAIRED_COMMENTS + _PAIRED_CAPTIONS + _PAIRED_SILENCES))
_SHORTEST_PAIR = 6  # "social"
_DIGITS = re.compile(r"[0-9]+")
_SPLIT = re.compile(r"[^a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def traits_of(tag: str, role: str, class_: str, id_: str) -> tuple[str, bool]:
    """(what a block says of itself, whether it says that it is a caption)"""
    if not id_ or tag in _HEADINGS:  # an id is seen on one page, a class on many blocks
        return _traits_of_class(tag, role, class_)
    said = _names_say(class_) if class_ else 0
    return _traits_by(tag, role, said | _names_say(id_), said & _CAPTION)


@lru_cache(maxsize=1024)
def traits_of_tag(tag: str) -> tuple[str, bool]:
    """The same of a block without a role, a class and an id."""
    return _traits_by(tag, "", 0, 0)


@lru_cache(maxsize=16384)
def _traits_of_class(tag: str, role: str, class_: str) -> tuple[str, bool]:
    said = _names_say(class_) if class_ else 0
    return _traits_by(tag, role, said, said & _CAPTION)


@lru_cache(maxsize=16384)
def _traits_by(tag: str, role: str, said: int, caption: int) -> tuple[str, bool]:
    return _hint_by(tag, role, said), tag in _CAPTION_TAGS or caption != 0


def _hint_by(tag: str, role: str, said: int) -> str:
    if tag in _CONTENT_TAGS or role in _CONTENT_ROLES:
        return CONTENT
    if tag in _BOILERPLATE_TAGS or role in _BOILERPLATE_ROLES:
        return "" if tag == "aside" and _hint(said, True) == "" else BOILERPLATE
    if tag == "form":
        return _hint(said, False) or LABEL
    hint = _hint(said, False) if said and tag not in ("body", "html") else ""
    return "" if hint == HEADER and tag in _TABLE_PARTS else hint


def is_caption(class_: str) -> bool:
    """Whether a phrase's class says that it is the caption of a picture."""
    return bool(_names_say(class_[:MAX_NAMES]) & _CAPTION)


def is_silent(class_: str) -> bool:
    """Whether a phrase's class says that readers do not see it, or that it is a handle and not text."""
    return bool(_names_say(class_[:MAX_NAMES]) & _SILENT)


def _hint(said: int, aside: bool) -> str:
    if said & _BUILDER:
        said &= ~(_BUILT | _HEADER | _NOTE)
    if said & _CONSENT:
        return CONSENT
    if said & _COMMENTS:
        return COMMENTS
    if said & (_BOILERPLATE | _BUILT):
        return LIKELY_BOILERPLATE
    if said & _SOFT:
        return PROMOTION
    if said & _NOTE:
        return ""
    if aside:
        return BOILERPLATE
    if said & _TEASER:
        return TEASER
    if said & _HEADER and not said & _CONTENT:
        return HEADER
    return LABEL if said & _LABEL else ""


@lru_cache(maxsize=65536)
def _names_say(names: str) -> int:
    """Of a class attribute or an id, cut by the caller: what is read is remembered, beyond the page."""
    said = 0
    for token in (_DIGITS.sub("", names) if _DIGITS.search(names) else names).split():
        says = _words_say(token)
        said |= says if not says & _PAIRED else says | _pairs_say(token)
    return said


@lru_cache(maxsize=65536)
def _words_say(token: str) -> int:
    lower = token.lower()
    words = _words_of(lower if lower == token else _CAMEL.sub("-", token).lower())
    said = (_PAIRED if len(lower) >= _SHORTEST_PAIR and _ANY_PAIR.search(lower) else 0) | (
        _BOILERPLATE if lower in _WHOLE else 0
    )
    if not _STATES.isdisjoint(words):
        return said
    if not _SAID_WORDS.isdisjoint(words):
        found = not _FOUND.isdisjoint(words)  # "search-results" are what a page of them is about
        for word in words:
            if word in _SAID and not (found and word == "search"):
                said |= _SAID[word]
        if not _SAID.get(words[-1], 0) & _LABEL:
            said &= ~_LABEL  # "post-date" is one, "category-birds" is a post's
    return said


def _words_of(token: str) -> list[str]:
    plain = token.replace("_", "-")
    return plain.split("-") if plain.replace("-", "").isalnum() and plain.isascii() else _SPLIT.split(token)


@lru_cache(maxsize=16384)
def _pairs_say(token: str) -> int:
    lower, said = _CAMEL.sub("-", token).lower(), 0
    if not _words_say(token) & _BUILDER and _STATES.isdisjoint(lower.split("-")):
        said = _BOILERPLATE * bool(_PAIRS.search(lower)) | _COMMENTS * bool(_COMMENT_PAIRS.search(lower))
    return said | _CAPTION * bool(_CAPTIONS.search(lower)) | _SILENT * bool(_SILENCES.search(lower))
