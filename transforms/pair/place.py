"""A candidate and what became of its media -> the pair with its picture or clip in place, or its Rejection."""

from collections.abc import Iterable
from dataclasses import dataclass

from lamella.schemas.config import PairConfig
from lamella.schemas.media import Cue, Media, MediaKind
from lamella.schemas.pair import CandidatePair, CaptionSource, ImageTextPair, Pair, VideoTextPair
from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Reason, Rejection, Stage
from lamella.transforms.base.reject import reject_pair
from lamella.transforms.base.rule import Violation
from lamella.transforms.formats.words import words
from lamella.transforms.pair.captions import clean
from lamella.transforms.pair.tracks import said_during

NOT_LOOKED_FOR = "no media record"  # the detail where fetch said neither yes nor no


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A candidate beside all that is known of its media and its track."""

    candidate: CandidatePair
    found: tuple[Media | Rejection, ...]

    @property
    def key(self) -> str:
        return self.candidate.key

    @property
    def url(self) -> str:
        return self.candidate.url


def urls_of(candidate: CandidatePair) -> Iterable[str]:
    """The URLs that a candidate needs media for."""
    yield candidate.url
    if candidate.track:
        yield candidate.track


def place_pair(joined: Joined, config: PairConfig) -> Iterable[Pair | Rejection]:
    """The pair, or a Rejection whose detail is the media's own reason."""
    candidate = joined.candidate
    answers = {url: [it for it in joined.found if it.url == url] for url in urls_of(candidate)}
    media = min((it for it in answers[candidate.url] if isinstance(it, Media)), key=_order, default=None)
    if media is None or media.kind is not candidate.kind:
        reasons = sorted(it.reason.value for it in answers[candidate.url] if isinstance(it, Rejection))
        why = next(iter(reasons), NOT_LOOKED_FOR) if media is None else f"{media.kind}, and no {candidate.kind}"
        yield reject_pair(Stage.PAIR, candidate, Violation(Reason.UNUSABLE_MEDIA, detail=why))
    elif media.kind is MediaKind.VIDEO:
        track = min((it for it in answers.get(candidate.track, ()) if isinstance(it, Media)), key=_order, default=None)
        yield _clip(candidate, media, track.cues if track else (), config)
    else:
        yield ImageTextPair(
            key=candidate.key,
            dataset=candidate.dataset,
            document=candidate.document,
            page_url=candidate.page_url,
            media=media,
            text=candidate.text,
            source=candidate.source,
        )


def _clip(candidate: CandidatePair, media: Media, cues: tuple[Cue, ...], config: PairConfig) -> VideoTextPair:
    """The first `max_clip_s` of a video. What is said in it is its text, where its page gives it no caption of its own."""
    start_s, end_s = 0.0, min(media.duration_s, config.max_clip_s)
    source, text = candidate.source, candidate.text
    said = clean(said_during(cues, start_s, end_s, config))
    captioned = source is CaptionSource.CAPTION and len(words(text)) >= config.min_alt_words
    if said and not captioned and len(words(said)) >= min(config.min_alt_words, len(words(text)) + 1):
        source, text = CaptionSource.TRACK, said
    return VideoTextPair(
        key=candidate.key,
        document=candidate.document,
        page_url=candidate.page_url,
        media=media,
        text=text,
        source=source,
        start_s=start_s,
        end_s=end_s,
    )


def _order(media: Media) -> tuple:
    """Among several for one URL always the same first."""
    return media.kind.value, media.sha256, media.blob.path, media.blob.offset
