"""Matched texts of one picture -> each as a pair, or the Rejection of a text that is false or ranks behind another."""

import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from lamella.schemas.config import CaptionConfig
from lamella.schemas.pair import Pair, is_synthetic
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.reject import reject_pair, synthetic_mark
from lamella.transforms.base.rule import Found, RuleScope, Under, Violation, apply_rules
from lamella.transforms.caption.matches import Matched
from lamella.transforms.caption.phrases import as_sentence


def match(matched: Matched) -> float | None:
    return matched.pair.match


def unfinished(matched: Matched, limits: CaptionConfig) -> str:
    return "" if matched.pair.text else _told(matched, f"{limits.max_tokens} tokens end it before a first whole phrase")


def same_text(matched: Matched, limits: CaptionConfig) -> str:
    return _told(matched, f"{matched.copied} says it too, and stays") if matched.copied else ""


def other_text(matched: Matched, limits: CaptionConfig) -> str:
    return _told(matched, f"{matched.other} stays") if matched.other else ""


def _told(matched: Matched, says: str = "") -> str:
    return "; ".join(filter(None, (synthetic_mark(matched.pair), says)))


RULES = RuleScope(Stage.CAPTION, Unit.PAIR, "caption", CaptionConfig).book(
    "text of a picture",
    Found(Reason.CAPTION_TOO_SHORT, unfinished, source="ours"),
    Under(Reason.NO_CAPTION_MATCHES, match, "min_match", detail=_told),
    Found(Reason.DUPLICATE_PAIR, same_text, source="ours"),
    Found(Reason.OTHER_TEXT_KEPT, other_text, "keep"),
)


def judge_text(matched: Matched, config: CaptionConfig) -> Iterable[Pair | Rejection]:
    """The pair with its match, a synthetic text as a sentence, or why it leaves."""
    if violation := _violation(matched, config):
        yield reject_pair(Stage.CAPTION, matched.pair, violation)
    elif is_synthetic(matched.pair):
        yield replace(matched.pair, text=as_sentence(matched.pair.text))
    else:
        yield matched.pair


def beside_others(texts: Iterable[Matched], config: CaptionConfig) -> list[Matched]:
    """All texts of one picture, each with the text that stays in its place.

    By default every text that matches stays (BLIP's author: combine both, drop those below one half), but for a synthetic text
    that says what the web's says. `web_first` keeps synthetic texts only where no web text matches, `best` the one text that
    matches best, of equals the web's.
    """
    texts = sorted(texts, key=lambda it: it.key)
    fit_web = [it for it in texts if not is_synthetic(it.pair) and not _violation(it, config)]
    said = {_normalised(it.pair.text): it.key for it in reversed(fit_web)}
    texts = [replace(it, copied=said.get(_normalised(it.pair.text), "")) if is_synthetic(it.pair) else it for it in texts]
    fit = [it for it in texts if not _violation(it, config)]
    stays, behind = "", frozenset()
    if config.keep == "best" and fit:
        stays = max(fit, key=lambda it: (match(it) or 0.0, not is_synthetic(it.pair))).key  # the first of equals
        behind = {it.key for it in fit} - {stays}
    elif config.keep == "web_first" and fit_web:
        stays = max(fit_web, key=lambda it: match(it) or 0.0).key
        behind = {it.key for it in fit if is_synthetic(it.pair)}
    return [replace(it, other=stays) if it.key in behind else it for it in texts]


def _violation(matched: Matched, config: CaptionConfig) -> Violation | None:
    unseen = Violation(matched.unseen, detail=matched.detail) if matched.unseen else None
    return unseen or apply_rules(RULES, matched, config)


def _normalised(text: str) -> str:
    """The form under which two texts say the same: case, spaces and a full stop at the end do not tell them apart."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip(".")
