"""Texts and images in reading order -> phi: which image each text may attend to (Flamingo, section 2.4)."""

from collections.abc import Sequence


def phi_of(texts: Sequence[str | None]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Both phi, in which images are counted from 1, and 0 is none.

    Args:
        texts: in reading order; None stands for an image.

    Returns:
        For each place the last image before it, and the first after it; 0 at images themselves.
    """
    total = sum(text is None for text in texts)
    seen, previous, following = 0, [], []
    for text in texts:
        seen += text is None
        previous.append(0 if text is None else seen)
        following.append(seen + 1 if text is not None and seen < total else 0)
    return tuple(previous), tuple(following)
