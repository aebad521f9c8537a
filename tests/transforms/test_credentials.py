"""S10: what a URL says to let somebody in is taken out, once and for all; what names a picture stays."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella.transforms.formats.credentials import without_redacted
from lamella.transforms.formats.urls import canonical_url, join_url, page_url, safe_text, safe_url, whole_url

MARK = "Zx9kQ2mV7bTr4Lw8Hs"  # of both cases, with digits
NAMED = ["access_token", "api_key", "apikey", "key", "sig", "signature", "token"]
NAMED += ["auth", "password", "sessionid", "PHPSESSID", "hmac", "jwt", "code", "state"]
SECRETS = [
    f"https://u:{MARK}@a.example/x.jpg",
    f"https://{MARK}@a.example/x.jpg",
    f"https://a.example/x.jpg#{MARK}",
    *(
        f"https://a.example/x.jpg?w=3&{name}={MARK}"
        for name in ["access_token", "api_key", "apikey", "key", "sig", "signature", "token"]
    ),
    *(
        f"https://a.example/x.jpg?{name}={MARK}&w=3"
        for name in ["auth", "password", "sessionid", "PHPSESSID", "hmac", "jwt", "code", "state"]
    ),
    *(f"https://a.example/x.jpg?X-Amz-{name}={MARK}" for name in ("Signature", "Credential", "Security-Token")),
    f"https://a.example/x.jpg?AWSAccessKeyId={MARK}&Expires={MARK}&Signature=aB%2F{MARK}%3D",
    f"https://a.example/x.jpg?GoogleAccessId={MARK}&Expires={MARK}",
    f"https://a.example/x.jpg?sv=2024&se={MARK}&sp={MARK}&sr={MARK}&sig={MARK}",
    f"https://a.example/cb?code={MARK.lower()}1&state={MARK.lower()}2",
    f"https://a.example/x;jsessionid={MARK}/y.jpg?w=3",
    f"https://a.example/x.jpg;JSESSIONID={MARK}",
    f"https://a.example/x.jpg?w=3;token={MARK}",
    f"https://a.example/x.jpg?w=3&amp;token={MARK}",
    f"https://a.example/x.jpg?%74oken={MARK}",
    f"https://a.example/x.jpg?user[password]={MARK}",
    f"https://a.example/x.jpg?fbAccessToken={MARK}",
    f"https://a.example/x.jpg?key=AIzaSy{MARK}{MARK}",
    f"https://a.example/x.jpg?q=eyJhbGciOiJIUzI1NiJ9.{MARK}.{MARK}",
    f"https://a.example/eyJhbGciOiJIUzI1NiJ9.{MARK}.{MARK}/x.jpg",
    "https://a.example/i?url=" + quote(f"https://b.example/x.jpg?token={MARK}&w=3", safe=""),
    "https://a.example/i?url=" + quote(f"https://u:{MARK}@b.example/x.jpg", safe=""),
    "https://a.example/i?u=" + quote("https://b.example/i?u=" + quote(f"https://c.example/x?sig={MARK}", safe=""), safe=""),
    f"https://a.example/i/https://u:{MARK}@b.example/x.jpg",
]
ORDINARY = [
    "https://a.example/x.jpg?key=sunset&sig=12",
    "https://a.example/x.jpg?key=2020/07/photo-large-1234567890123456Ab.jpg&w=3",
    "https://a.example/x.jpg?key=0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "https://a.example/x.jpg?state=Texas&code=US-TX",
    "https://a.example/x.jpg?token=summer&auth=basic",
    "https://a.example/x.jpg?id=aB3dE5fG7hI9jK1lM3&v=1700000000",
    "https://a.example/x.jpg?keyword=red+bus&monkey=1&design=7&author=smith",
    "https://a.example/x.jpg?expires=1700000000",
    "https://a.example/@user/photo.jpg?sr=1&sp=2",
    "https://a.example/i?url=https%3A%2F%2Fb.example%2Fx.jpg%3Fw%3D3",
    "https://a.example/a;b/c.jpg?x=1;y=2",
]


@pytest.mark.parametrize("url", SECRETS)
def test_secrets_go_and_do_not_come_back(url):
    for kept in (canonical_url(url), page_url(url), safe_url(url), join_url("https://a.example/", url)):
        assert MARK.lower() not in kept.lower() and kept.startswith("https://a.example/")
        assert canonical_url(kept) == safe_url(kept) == kept
    assert MARK not in safe_text(f"InvalidURL: {url} cannot be asked")


def test_the_base_of_a_reference_hides_its_own():
    assert join_url(f"https://u:{MARK}@a.example/p?token={MARK}", "") == "https://a.example/p?token=redacted"
    assert whole_url("https://a.example/", f"/x?token={MARK}") == f"https://a.example/x?token={MARK}"


@pytest.mark.parametrize("url", ORDINARY)
def test_what_names_a_picture_stays(url):
    assert canonical_url(url) == safe_url(url) == url


def test_a_url_without_secrets_is_left_as_it_is_written():
    for url in ("HTTP://A.example:80/%7e?b=%c3", "dns:a.example", "http://a.example", "no url at all", ""):
        assert safe_url(url) == url
    assert safe_url(f"ftp://u:{MARK}@a.example/x") == "ftp://a.example"


def test_two_pictures_stay_two():
    assert (
        len({canonical_url(f"https://a.example/i?url=https%3A%2F%2Fb.example%2F{n}.jpg%3Ftoken%3D{MARK}") for n in "ab"}) == 2
    )


def test_what_was_taken_out_is_not_asked_for():
    assert without_redacted("https://a.example/x?w=3&token=redacted") == "https://a.example/x?w=3"
    assert without_redacted("https://a.example/x?token=redacted") == "https://a.example/x"
    assert without_redacted("https://a.example/x?w=redacted-tape") == "https://a.example/x?w=redacted-tape"


NAMES = st.sampled_from(["key", "token", "sig", "code", "state", "url", "w", "X-Amz-Signature", "se", "sv", "Expires", "a[b]"])
VALUES = st.text(st.sampled_from("abZ019%:/?=&;@#+-_. eyJ"), max_size=40)


@settings(deadline=None)
@given(st.lists(st.tuples(NAMES, VALUES, st.booleans()), max_size=5), st.text(st.sampled_from("a/;@:.eyJ=%"), max_size=20))
def test_taking_out_twice_is_taking_out_once(pairs, path):
    query = "&".join(f"{name}={quote(value, safe='') if quoted else value}" for name, value, quoted in pairs)
    url = f"https://a.example/{path}?{query}"
    canonical, safe = canonical_url(url), safe_url(url)
    assert canonical_url(canonical) == safe_url(canonical) == canonical
    assert safe_url(safe) == safe and canonical_url(safe) == canonical
