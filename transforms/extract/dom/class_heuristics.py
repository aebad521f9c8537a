"""A box's tag, role, class and id -> what it says it is: content, furniture of the site, or nothing ("").

Names are read token by token: a token is seen on many sites, a whole class attribute on few.
"""

import re
from functools import lru_cache

CONTENT = "content"  # the page's own matter
FURNITURE = "furniture"  # by tag or role: the page says so in HTML's own words
LIKELY_FURNITURE = "likely furniture"  # by class or id: a habit of site builders
CONSENT = "consent"  # to cookies: no site calls its content so
COMMENTS = "comments"
TEASER = "teaser"  # the article's own lead, or an invitation to another one: its links tell
PROMOTION = "promotion"  # of another page, or of what a landing page is about
HEADER = "header"  # of the site, or of a section
LABEL = "label"  # who, when, under which heading: furniture where it is short

MAX_NAMES = 400  # characters of an attribute that are read; what is read is remembered, beyond the page
BY_NAME = frozenset(
    (LIKELY_FURNITURE, PROMOTION, CONSENT, COMMENTS, TEASER, HEADER, LABEL)
)  # what a class or an id alone may say

_CONTENT_ROLES = frozenset(("main", "article"))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CAPTION_TAGS = frozenset(("figcaption", "caption"))
_CONTENT_TAGS = _words("article main")
_HEADINGS = _words("h1 h2 h3 h4 h5 h6")  # their ids are made of their words
_TABLE_PARTS = _words("table thead tbody tr th td")  # a header of these is no site's
_FURNITURE_TAGS = _words("nav footer aside menu dialog")
_FURNITURE_ROLES = _words("navigation contentinfo banner search dialog alertdialog menu menubar complementary toolbar")


# What one token can say: bits, so that the tokens of a class attribute add up.
_FURNITURE, _BUILT, _COMMENTS, _NOTE, _TEASER, _LABEL, _HEADER, _CONTENT = (1 << bit for bit in range(8))
_BUILDER, _CAPTION, _SILENT, _CONSENT, _PAIRED, _SOFT = (1 << bit for bit in range(8, 14))

_WORDS = {
    _FURNITURE: _words("""
        nav navbar navigation navi subnav topnav menu menus submenu sidebar sidemenu sidenav breadcrumb breadcrumbs
        crumb crumbs popup popover modal newsletter subscribe subscription
        signup share shares sharing sharebar sharedaddy addthis addtoany socials followus related relatedposts recommended
        recommendations recommendation suggestions teasers sponsor sponsors advert advertisement
        advertising adverts ads adsense outbrain taboola toolbar pagination pager paging tagcloud taglist tags login logout
        register searchbox searchform search skiplink skip printonly noprint vote masthead topbar siteheader
        logo invisible infobar byline authorbox bio postmeta metadata dateline timestamp lineno linenos
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
    # Page builders and grids call each piece of content a widget, a header or a box.
    _BUILDER: _words("elementor wpb vc fusion kadence brxe oxy table"),
}
_SAID = {word: sum(says for says, words in _WORDS.items() if word in words) for words in _WORDS.values() for word in words}
_FOUND = frozenset(("result", "results", "page", "hits", "hit"))
_STATES = frozenset(("no", "has", "with", "without"))  # "no-sidebar" tells of what is around, not of itself
_WHOLE = frozenset(
    ("hidden", "hide", "d-none", "is-hidden", "gutter")
)  # as part of a token it hides a label, or on small screens
_PAIRS = re.compile(
    r"screen-?reader|visually-?hidden|sr-only|read-?more|more-?(?:from|stories|news|articles)|see-?also|prev-?next|next-?prev|side-?bar"
    r"|social|share-|cookie|newsletter|related|breadcrumb|site-?(?:header|nav)|page-?nav|skip-?(?:link|to)"
    r"|author-?(?:box|bio|info|desc|profile|card|about)|about-?(?:the-)?author"
    r"|message-?(?:user|cell-+user|avatar|signature)|user-?(?:info|details|extras|stats|profile|title|banner)|post-?profile"
    r"|member-?(?:info|stats)|download-?link|tag-?(?:list|cloud)|advert|sponsor|also-?read|most-?read|mod-?(?:related|share)|table-of-contents"
)
_COMMENT_PAIRS = re.compile(
    r"(?:customer|user|product)-?reviews?|review-?(?:list|item)|comment-?(?:s|list|area|section|form|thread)|leave-?(?:a-)?(?:comment|reply)"
)
_CAPTIONS = re.compile(
    r"caption|bildunterschrift|legende?\b|\bimg-?desc|(?:image|photo|picture|img|foto|bild|media)-*(?:copyright|credits?|source|text|legend|info|author|annotation|description)|copyright|credits?\b"
)
_SILENCES = re.compile(
    r"(?:^|[_-])(?:sr-only|visually-?hidden|screen-?reader(?:-text|-only)?|headerlink|header-anchor|anchor-?(?:js-?)?link|permalink"
    r"|footnotemark|mathjax(?:_?(?:preview|display|svg|svg_display))?|mw-editsection|edit-?section|lineno|linenos|line-numbers?-rows|page-?num(?:ber)?s?)(?:$|[_-])"
)
_ANY_PAIR = re.compile(
    "|".join(pairs.pattern for pairs in (_PAIRS, _COMMENT_PAIRS, _CAPTIONS, _SILENCES))
    .replace("(?:^|[_-])", "")
    .replace("(?:$|[_-])", "")
)
_DIGITS = re.compile(r"\d+")
_SPLIT = re.compile(r"[^a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@lru_cache(maxsize=65536)
def traits_of(tag: str, role: str, class_: str, id_: str) -> tuple[str, bool]:
    """(what a box says of itself, whether it says that it is a caption)"""
    said = _said(class_) if class_ else 0
    return _hint_by(
        tag, role, said | _said(id_) if id_ and tag not in _HEADINGS else said
    ), tag in _CAPTION_TAGS or said & _CAPTION != 0


def hint_of(tag: str, role: str, class_: str, id_: str) -> str:
    """What a box says of itself."""
    return traits_of(tag, role, class_, id_)[0]


@lru_cache(maxsize=16384)
def _hint_by(tag: str, role: str, said: int) -> str:
    if tag in _CONTENT_TAGS or role in _CONTENT_ROLES:
        return CONTENT
    if tag in _FURNITURE_TAGS or role in _FURNITURE_ROLES:
        return "" if tag == "aside" and _hint(said, True) == "" else FURNITURE
    if tag == "form":
        return _hint(said, False) or LABEL
    hint = _hint(said, False) if said and tag not in ("body", "html") else ""
    return "" if hint == HEADER and tag in _TABLE_PARTS else hint


def is_caption(class_: str) -> bool:
    """Whether a phrase's class says that it is the caption of a picture."""
    return bool(_said(class_) & _CAPTION)


def is_silent(class_: str) -> bool:
    """Whether a phrase's class says that readers do not see it, or that it is a handle and not text."""
    return bool(_said(class_) & _SILENT)


def _hint(said: int, aside: bool) -> str:
    if said & _BUILDER:
        said &= ~(_BUILT | _HEADER | _NOTE)
    if said & _CONSENT:
        return CONSENT
    if said & _COMMENTS:
        return COMMENTS
    if said & (_FURNITURE | _BUILT):
        return LIKELY_FURNITURE
    if said & _SOFT:
        return PROMOTION
    if said & _NOTE:
        return ""
    if aside:
        return FURNITURE
    if said & _TEASER:
        return TEASER
    if said & _HEADER and not said & _CONTENT:
        return HEADER
    return LABEL if said & _LABEL else ""


def _said(names: str) -> int:
    return _names_say(names if len(names) <= MAX_NAMES else names[:MAX_NAMES])  # cut before they are remembered


@lru_cache(maxsize=65536)
def _names_say(names: str) -> int:
    said, tokens = 0, _DIGITS.sub("", names).split()
    for token in tokens:
        said |= _words_say(token)
    if said & _PAIRED:
        for token in tokens:
            said |= _pairs_say(token)
    return said


@lru_cache(maxsize=65536)
def _words_say(token: str) -> int:
    lower = token.lower()
    words = _SPLIT.split(lower if lower == token else _CAMEL.sub("-", token).lower())
    said = (_PAIRED if _ANY_PAIR.search(lower) else 0) | (_FURNITURE if lower in _WHOLE else 0)
    if not _STATES.isdisjoint(words):
        return said
    found = not _FOUND.isdisjoint(words)  # "search-results" are what a page of them is about
    for word in words:
        if word in _SAID and not (found and word == "search"):
            said |= _SAID[word]
    if not _SAID.get(words[-1], 0) & _LABEL:
        said &= ~_LABEL  # "post-date" is one, "category-birds" is a post's
    return said


@lru_cache(maxsize=16384)
def _pairs_say(token: str) -> int:
    lower, said = _CAMEL.sub("-", token).lower(), 0
    if not _words_say(token) & _BUILDER and _STATES.isdisjoint(lower.split("-")):
        said = _FURNITURE * bool(_PAIRS.search(lower)) | _COMMENTS * bool(_COMMENT_PAIRS.search(lower))
    return said | _CAPTION * bool(_CAPTIONS.search(lower)) | _SILENT * bool(_SILENCES.search(lower))
