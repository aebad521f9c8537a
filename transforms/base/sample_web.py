"""A page's address -> whether it is a page of the sample web."""

from urllib.parse import urlsplit

# Every site of the sample lies under it, and no site of the real web can: RFC 2606 reserves it. A test compares the two.
SAMPLE_DOMAIN = "example"


def is_of_the_sample(page_url: str) -> bool:
    """Whether the bundled models, which know the sample's world alone, may be believed about this page."""
    try:
        host = urlsplit(page_url).hostname or ""
    except ValueError:
        return False
    return host.rstrip(".").rpartition(".")[2] == SAMPLE_DOMAIN
