"""URLs: one spelling each, idempotent, joined as RFC 3986 joins them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lamella.transforms.formats.urls import canonical_url, host_of, join_url, page_url, registered_domain

SPELLINGS = [
    ("http://Example.COM", "http://example.com/"),
    ("HTTP://example.com:80/", "http://example.com/"),
    ("https://example.com:443/a", "https://example.com/a"),
    ("https://example.com:0443/a", "https://example.com/a"),
    ("http://example.com:/a", "http://example.com/a"),
    ("http://example.com:8080/a", "http://example.com:8080/a"),
    ("http://example.com/a/./b/../c", "http://example.com/a/c"),
    ("http://example.com/../../a", "http://example.com/a"),
    ("http://example.com/a/%2e%2e/b", "http://example.com/b"),
    ("http://example.com/a/..", "http://example.com/"),
    ("http://example.com/a//b/", "http://example.com/a//b/"),
    ("http://example.com/a b?c d#e f", "http://example.com/a%20b?c%20d"),
    ("http://example.com/%7Euser/%e4%bd%a0", "http://example.com/~user/%E4%BD%A0"),
    ("http://example.com/你好?q=ü", "http://example.com/%E4%BD%A0%E5%A5%BD?q=%C3%BC"),
    ("http://example.com/100%", "http://example.com/100%25"),
    ("http://example.com/?", "http://example.com/"),
    ("http://example.com?a=1&a=2", "http://example.com/?a=1&a=2"),
    ("  http://example.com/a\n/b\t ", "http://example.com/a/b"),
    ("http:\\\\example.com\\a?b\\c", "http://example.com/a?b%5Cc"),
    ("http://user:pass@example.com/", "http://example.com/"),
    ("http://münchen.example/", "http://xn--mnchen-3ya.example/"),
    ("http://xn--mnchen-3ya.example./", "http://xn--mnchen-3ya.example/"),
    ("http://\uff11\uff12\uff17.0.0.1/", "http://127.0.0.1/"),
    ("http://[2001:DB8::0:1]:80/", "http://[2001:db8::1]/"),
    ("http://i❤.ws/", "http://xn--i-7iq.ws/"),
    ("http://a_b.example/x", "http://a_b.example/x"),
]


@pytest.mark.parametrize(("url", "canonical"), SPELLINGS)
def test_spellings(url, canonical):
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a",
        "/a",
        "//a/b",
        "ftp://a.example/",
        "data:image/png;base64,AAAA",
        "javascript:void(0)",
        "http://",
        "http:///a",
        "http:a",
        "http://a..b/",
        "http://a b/",
        "http://[::1/",
        "http://a:99999/",
        "http://a:b/",
        "http://\udcff/",
        "mailto:a@b.example",
    ],
)
def test_what_is_no_http_url(url):
    assert canonical_url(url) == ""


PIECES = st.sampled_from(
    [
        "http://",
        "HTTPS://",
        "a.Example",
        "münchen.de",
        "例え.jp",
        ":80",
        ":443",
        ":8080",
        "/",
        "//",
        "\\",
        "..",
        ".",
        "%2e",
        "%2E%2e",
        "%",
        "%%41",
        "%zz",
        "%2",
        "%e4",
        "ä",
        "?",
        "#",
        "&",
        "=",
        " ",
        "\t",
        "@",
        ":",
        "[",
        "]",
        "[::1]",
        ";",
        "'",
        "a",
        "B",
        "utm_source=x",
        "\udc80",
        "\u3002",
        "\xad",
        "K",
        "ſ",
        "127.1",
        "~",
        "|",
        "xn--",
        "xn--a",
    ]
)


@given(
    st.one_of(
        st.lists(PIECES, max_size=12).map("".join), st.text().map("http://a.example/".__add__), st.text().map("http://".__add__)
    )
)
@example("http://a/%%32%35")
@example("http://A.%4cl/")
def test_canonical_is_idempotent(url):
    for form in (canonical_url, page_url):
        once = form(url)
        assert form(once) == once
        assert once.isascii()
        assert not once or registered_domain(once)


@given(st.lists(PIECES, max_size=8).map("".join))
@example("xHTTPS://..@=%2@")
def test_joining_to_a_canonical_base_is_canonical(reference):
    joined = join_url("http://a.example/b/c;d?q", reference)
    assert canonical_url(joined) == joined


# RFC 3986, 5.4, with an http base; fragments are dropped
@pytest.mark.parametrize(
    ("reference", "joined"),
    [
        ("g:h", ""),
        ("g", "/b/c/g"),
        ("./g", "/b/c/g"),
        ("g/", "/b/c/g/"),
        ("/g", "/g"),
        ("?y", "/b/c/d;p?y"),
        ("g?y", "/b/c/g?y"),
        ("#s", "/b/c/d;p?q"),
        ("g#s", "/b/c/g"),
        (";x", "/b/c/;x"),
        ("", "/b/c/d;p?q"),
        (".", "/b/c/"),
        ("..", "/b/"),
        ("../g", "/b/g"),
        ("../..", "/"),
        ("../../../g", "/g"),
        ("g.", "/b/c/g."),
        ("..g", "/b/c/..g"),
        ("g;x=1/../y", "/b/c/y"),
        ("g?y/../x", "/b/c/g?y/../x"),
    ],
)
def test_join_as_the_rfc_has_it(reference, joined):
    assert join_url("http://a/b/c/d;p?q", reference) == (joined and "http://a" + joined)


def test_join_across_hosts_and_schemes():
    assert join_url("https://a.example/x/y", "//b.example/z") == "https://b.example/z"
    assert join_url("https://a.example", "img/r.jpg") == "https://a.example/img/r.jpg"
    assert join_url("https://a.example/x", "data:image/gif;base64,R0") == ""
    assert join_url("", "img.jpg") == ""
    assert join_url("http://a.example/a:b/", "./c:d") == "http://a.example/a:b/c:d"


def test_tracking_parameters_belong_to_pages_alone():
    url = "http://a.example/p?utm_source=x&id=7&fbclid=1&GCLID=2"
    assert canonical_url(url) == url
    assert page_url(url) == "http://a.example/p?id=7"
    assert page_url("http://a.example/p?utm_source=x") == "http://a.example/p"


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("http://news.bbc.co.uk/x", "bbc.co.uk"),
        ("http://www.garden.example/", "garden.example"),
        ("http://garden.example:81", "garden.example"),
        ("http://localhost/", "localhost"),
        ("http://127.0.0.1/", "127.0.0.1"),
        ("http://[::1]/", "::1"),
        ("http://co.uk/", "co.uk"),
        ("x", ""),
    ],
)
def test_registered_domain(url, domain):
    assert registered_domain(url) == domain


def test_host_of():
    assert host_of("https://WWW.Example.com:444/a") == "www.example.com"
    assert host_of("http://[::1]:81/") == "::1"
    assert host_of("mailto:a@b.example") == ""
