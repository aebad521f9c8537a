"""A box's tag, role, class and id -> what it says it is: content, furniture of the site, or nothing ("")."""

import re
from functools import lru_cache

CONTENT = "content"  # the page's own matter
FURNITURE = "furniture"  # by tag or role: the page says so in HTML's own words
LIKELY_FURNITURE = "likely furniture"  # by class or id: a habit of site builders
COMMENTS = "comments"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CONTENT_TAGS = _words("article main")
_FURNITURE_TAGS = _words("nav footer aside menu dialog")
_FURNITURE_ROLES = _words("navigation contentinfo banner search dialog alertdialog menu menubar complementary toolbar tablist")
_SPLIT = re.compile(r"[^a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FURNITURE_WORDS = _words("""
    nav navbar navigation navi subnav topnav menu menus submenu sidebar sidemenu sidenav footer foot breadcrumb breadcrumbs
    crumb crumbs cookie cookies consent gdpr banner popup popover modal overlay lightbox newsletter subscribe subscription
    signup share shares sharing sharebar sharedaddy addthis addtoany social socials followus related relatedposts recommended
    recommendations recommendation suggestions teaser teasers promo promos promotion sponsor sponsored sponsors advert
    advertisement advertising adverts ads ad adsense outbrain taboola widget widgets toolbar pagination pager paging tagcloud
    taglist tags login logout register searchbox searchform search skiplink skip printonly noprint rating ratings vote toc
    masthead topbar siteheader logo hidden invisible infobar byline authorbox bio postmeta meta metadata dateline timestamp
    gutter lineno linenos linenumbers permalink shortcuts jumplink backlink footnav prevnext donate paywall anchorlink
    headerlink editsection
""")
_COMMENT_WORDS = _words("comment comments commentlist disqus respond livefyre kommentare kommentar replies")
_CONTENT_WORDS = _words("article articlebody content maincontent entry post story storybody body text page main")
# Page builders and grids call each piece of content a widget, a header or a box.
_BUILDERS = _words("elementor wpb vc fusion kadence brxe oxy table")
_BUILT = _words("widget widgets header footer head foot text box meta social ad toc")
_NOTES = _words("note notes tip tips warning caution important callout admonition footnote footnotes pullquote quote box")
_PAIRS = re.compile(
    r"screen-?reader|visually-?hidden|sr-only|read-?more|more-?(?:from|stories|news|articles)|see-?also|prev-?next|next-?prev|side-?bar"
    r"|social|share-|cookie|newsletter|related|breadcrumb|site-?(?:header|nav)|page-?nav|skip-?(?:link|to)|author-?(?:box|bio|info)"
    r"|tag-?(?:list|cloud)|advert|sponsor|also-?read|most-?read|mod-?(?:related|share)|table-of-contents"
)
_COMMENT_PAIRS = re.compile(r"comment-?(?:s|list|area|section|form|thread)|leave-?(?:a-)?(?:comment|reply)")


def hint_of(tag: str, role: str, class_: str, id_: str) -> str:
    """What a box says of itself."""
    if tag in _CONTENT_TAGS or role in ("main", "article"):
        return CONTENT
    named = _named(f"{class_} {id_}") if class_ or id_ else ""
    if tag in _FURNITURE_TAGS or role in _FURNITURE_ROLES:
        return "" if tag == "aside" and named == "note" else FURNITURE
    if tag == "body" or tag == "html":
        return ""
    return "" if named == "note" else named


@lru_cache(maxsize=16384)
def _named(names: str) -> str:
    names = names[:400]
    lower = _CAMEL.sub("-", names).lower()
    words = set(_SPLIT.split(lower))
    if words & _BUILDERS:
        words -= _BUILT
        lower = ""
    if words & _COMMENT_WORDS or _COMMENT_PAIRS.search(lower):
        return COMMENTS
    if words & _FURNITURE_WORDS or _PAIRS.search(lower):
        return LIKELY_FURNITURE
    if words & _NOTES:
        return "note"
    if "header" in words and not words & _CONTENT_WORDS:
        return LIKELY_FURNITURE
    return ""
