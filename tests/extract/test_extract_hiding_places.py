"""Every way in which the web hides an image: one small page each, and all that must come out of it, in order."""

import pytest

from lamella.schemas.config import ExtractConfig
from lamella.schemas.document import ImageNode, TextNode, VideoNode
from lamella.transforms.extract.parse import parse_html

SITE = "http://a.example/"
BEFORE = "Flamingos gather on the lagoon at dawn, long before the first boats leave the harbour."
AFTER = "By noon they have moved to the far shore, where the water is warmer and full of shrimps."
LAZY = ["data-src", "data-src-fg", "data-scroll-image", "data-lateloadsrc", "data-img-src", "data-original", "data-gt-lazy-src"]
LAZY += [
    "data-lazy",
    "data-lazy-src",
    "src2",
    "data-srcset",
    "data-lazy-srcset",
    "data-hi-res-src",
    "data-full-src",
    "data-echo",
]

PLACES = {
    "plain": '<img src="/r.jpg">',
    "in a paragraph": '<p><img src="/r.jpg"></p>',
    "in a link to a page": '<p><a href="/page"><img src="/r.jpg"></a></p>',
    "in a list": '<ul><li><img src="/r.jpg"></li></ul>',
    "in a table": '<table><tr><td><img src="/r.jpg"></td></tr></table>',
    "in a blockquote": '<blockquote><img src="/r.jpg"></blockquote>',
    "in a button": '<div role="button" tabindex="0"><img src="/r.jpg"></div>',
    "a slide that is hidden from readers aloud": '<div aria-hidden="true"><img src="/r.jpg"></div>',
    "srcset alone, by width": '<img srcset="/s.jpg 320w, /r.jpg 1280w">',
    "srcset alone, by density": '<img srcset="/s.jpg, /r.jpg 2x">',
    "srcset over src": '<img src="/s.jpg" srcset="/r.jpg 1200w, /s.jpg 300w" sizes="50vw">',
    "srcset of a service with commas": '<img srcset="/w_9,h_9/s.jpg 90w, /r.jpg 900w">',
    "picture, its img": '<picture><source srcset="/r.webp" type="image/webp"><img src="/r.jpg"></picture>',
    "picture, its sources alone": '<picture><source srcset="/s.jpg 300w, /r.jpg 900w"><img alt="x"></picture>',
    "picture, a lazy source": '<picture><source data-srcset="/r.jpg"><img src="data:image/gif;base64,R0lGODlh"></picture>',
    "figure": '<figure><img src="/r.jpg"></figure>',
    "figure within figure": '<figure><figure><img src="/r.jpg"></figure></figure>',
    "noscript alone": '<noscript><img src="/r.jpg"></noscript>',
    "noscript behind a data URI": '<img src="data:image/gif;base64,R0lGODlh"><noscript><img src="/r.jpg"></noscript>',
    "noscript behind a blurred copy": '<img src="/tiny.jpg" alt="x"><noscript><img src="/r.jpg" alt="x"></noscript>',
    "noscript behind its like": '<img data-src="/r.jpg"><noscript><img src="/r.jpg"></noscript>',
    "CSS background": '<div style="background-image: url(&quot;/r.jpg&quot;); height: 300px"></div>',
    "CSS background, short form": "<section style=\"background:#fff url('/r.jpg') no-repeat\"></section>",
    "CSS background of a link": '<a href="/page" style="background-image:url(/r.jpg)"></a>',
    "CSS background, lazy": '<div data-bg="/r.jpg" class="hero"></div>',
    "link around a thumbnail": '<a href="/r.jpg"><img src="/r-150x150.jpg" width="150"></a>',
    "link to an image around a lazy one": '<a href="/r.jpg"><img src="data:image/gif;base64,R0lGODlh"></a>',
    "amp-img": '<amp-img src="/r.jpg" width="640" height="480" layout="responsive"></amp-img>',
    "amp-img with a fallback": '<amp-img src="/r.jpg"><noscript><img src="/r.jpg"></noscript></amp-img>',
    "object": '<object data="/r.jpg" type="image/jpeg"></object>',
    "object with a fallback": '<object data="/x.swf" type="application/x-shockwave-flash"><img src="/r.jpg"></object>',
    "embed": '<embed src="/r.jpg" type="image/jpeg">',
    "a relative address": '<img src="../../r.jpg">',
    "an address without a scheme": '<img src="//a.example/r.jpg">',
    "spaces around the address": '<img src="\n /r.jpg\t">',
    "a query": '<img src="/r.jpg?">',
    "carousel": '<div class="carousel-inner"><div class="item active"><img src="/r.jpg"></div></div>',
    "a placeholder of text": '<img src="about:blank" data-src="/r.jpg">',
} | {f"lazy by {name}": f'<img src="data:image/gif;base64,R0lGODlh" {name}="/r.jpg">' for name in LAZY}

NOTHING = {
    "a data URI": '<img src="data:image/png;base64,iVBORw0KGgo=">',
    "a tracking pixel by its size": '<img src="/t.gif" width="1" height="1">',
    "a tracking pixel by its style": '<img src="/t.gif" style="width:1px; height:1px">',
    "a tracking pixel by its name": '<img src="http://stats.example/pixel.gif?u=1">',
    "a tracking pixel without scripts": '<noscript><img height="1" width="1" src="/tr?id=1&ev=PageView"></noscript>',
    "a spacer": '<img src="/images/spacer.gif">',
    "a template's leftover": '<img src="{{ url }}" data-src="<%= url %>">',
    "not shown": '<div hidden><img src="/r.jpg"></div>',
    "not shown by style": '<img src="/r.jpg" style="display:none">',
    "an icon of the site": '<nav><img src="/logo.png"></nav>',
    "a mail address": '<img src="mailto:a@b.example">',
    "a drawing in the page": '<svg><image href="/r.png"/></svg>',
}


def media_of(html: str, head: str = "") -> list:
    page = f"<html><head>{head}</head><body><article><p>{BEFORE}</p>{html}<p>{AFTER}</p></article></body></html>"
    return list(parse_html(page, f"{SITE}b/c/page.html", ExtractConfig()).nodes)


@pytest.mark.parametrize("html", PLACES.values(), ids=PLACES)
def test_an_image_is_found_once_between_its_paragraphs(html):
    before, image, after = media_of(html)
    assert (before.text, after.text) == (BEFORE, AFTER)
    assert isinstance(image, ImageNode)
    assert image.url == f"{SITE}r.jpg"


@pytest.mark.parametrize("html", NOTHING.values(), ids=NOTHING)
def test_what_is_no_image(html):
    assert [node.text for node in media_of(html)] == [BEFORE, AFTER]


def test_base_counts_for_all_addresses():
    _, image, video, _ = media_of('<img src="r.jpg"><video src="v.mp4" poster="p.jpg"></video>', '<base href="/media/">')
    assert (image.url, video.url, video.poster) == tuple(f"{SITE}media/{name}" for name in ("r.jpg", "v.mp4", "p.jpg"))


CAPTIONS = [
    "<figure><img src=/r.jpg><figcaption>{}</figcaption></figure>",
    "<figure><figcaption>{}</figcaption><img src=/r.jpg></figure>",
    "<figure><a href=/page><img src=/r.jpg></a><figcaption><p>{}</p></figcaption></figure>",
    "<div class=wp-caption><img src=/r.jpg><p class=wp-caption-text>{}</p></div>",
    "<div><img src=/r.jpg></div><div class='image-caption'>{}</div>",
    "<div><p class=caption>{}</p><img src=/r.jpg></div>",
    "<div class=photo><img src=/r.jpg><span class='photo-credit'>{}</span></div>",
    "<img src=/r.jpg><p><em>{}</em></p>",
    "<div><img src=/r.jpg><small>{}</small></div>",
    "<div class=frame><img src=/r.jpg><div>{}</div></div>",
]


@pytest.mark.parametrize("html", CAPTIONS)
def test_a_caption_is_its_image_s_and_no_more_among_the_texts(html):
    before, image, after = media_of(html.format("Two birds on one leg each"))
    assert (before.text, image.url, after.text) == (BEFORE, f"{SITE}r.jpg", AFTER)
    assert image.caption == "Two birds on one leg each"


def test_a_caption_of_no_picture_stays_text():
    html = "<figure><pre>print('pink')</pre><figcaption>A program in one line</figcaption></figure>"
    assert [(node.tag, node.text) for node in media_of(html)[1:-1]] == [
        ("pre", "print('pink')"),
        ("figcaption", "A program in one line"),
    ]


def test_what_the_attributes_say():
    html = '<p id=d>Three pink birds</p><img src=/r.jpg alt=" Birds " title=Lagoon width=640px height=480 aria-describedby=d>'
    image = media_of(html)[2]
    assert (image.alt, image.title, image.description, image.width, image.height) == (
        "Birds",
        "Lagoon",
        "Three pink birds",
        640,
        480,
    )


def test_videos_with_sources_tracks_and_posters():
    html = """<figure><video poster=/p.jpg width=640 height=360><source src=/v.webm type=video/webm><source src=/v.mp4>
      <track kind=chapters src=/c.vtt><track src=/t.vtt></video><figcaption>They feed</figcaption></figure>"""
    _, video, _ = media_of(html)
    assert isinstance(video, VideoNode)
    assert (video.url, video.track, video.poster) == (f"{SITE}v.webm", f"{SITE}t.vtt", f"{SITE}p.jpg")
    assert (video.caption, video.width, video.height) == ("They feed", 640, 360)


def test_order_is_the_reader_s():
    html = f"""<figure><img src=/1.jpg></figure><h2>The shore</h2><p>{AFTER}<img src=/2.jpg></p>
      <ul><li>{BEFORE}</li></ul><img src=/3.jpg>"""
    found = [node.url[-5] if isinstance(node, ImageNode) else node.tag for node in media_of(html)]
    assert found == ["p", "1", "h2", "p", "2", "li", "3", "p"]
    positions = [node.position for node in media_of(html)]
    assert positions == sorted(set(positions))


def test_lists_of_links_to_articles_go_with_their_pictures():
    card = "<div class=c><a href=/{0}><img src=/{0}.jpg></a><h3><a href=/{0}>Another tale of pink birds {0}</a></h3></div>"
    nodes = media_of("<img src=/r.jpg>" + f"<p>{AFTER}</p><div>{''.join(card.format(n) for n in range(4))}</div>")
    assert [node.url for node in nodes if isinstance(node, ImageNode)] == [f"{SITE}r.jpg"]
    assert all(isinstance(node, TextNode | ImageNode) for node in nodes)
