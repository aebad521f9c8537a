"""A pair and two probabilities in; the pair with its better caption, or the Rejection of one that has none, out."""

from collections.abc import Iterable
from dataclasses import replace

from lamella.schemas.config import CaptionConfig
from lamella.schemas.pair import CapFilt, CaptionSource, Pair
from lamella.schemas.rejection import Reason, Rejection, Stage, Unit
from lamella.transforms.base.reject import reject_pair
from lamella.transforms.base.rule import Rulebook, Under, Violation, apply_rules
from lamella.transforms.caption.capfilt import Captioned


def _note(said: Captioned) -> str:
    return "" if said.may_stand else "the captioner's text is that of a bundled model, for the sample web only"


RULES = Rulebook(
    name="texts of a pair",
    stage=Stage.CAPTION,
    unit=Unit.PAIR,
    config="caption",
    limits=CaptionConfig,
    rules=(Under(Reason.NO_CAPTION_MATCHES, Captioned.best_match, "min_match", detail=_note),),
)


def choose_caption(said: Captioned, config: CaptionConfig) -> Iterable[Pair | Rejection]:
    """The pair with CapFilt's result: the web's text where it matches, else the captioner's where that does.

    BLIP trains on both texts where both match. A pair has one text, and of two that match the web's says more that a model
    does not know yet: taking the higher probability instead replaced a third of the sample web's right alt texts. The other
    text stays on the record. A text that may not stand for the web's is never chosen, however well it matches.
    """
    pair = said.pair
    unseen = Violation(said.unseen, detail=said.detail) if said.unseen else None
    if violation := unseen or apply_rules(RULES, said, config):
        yield reject_pair(Stage.CAPTION, pair, violation)
    else:
        result = CapFilt(
            synthetic_text=said.synthetic_text,
            web_match=said.web_match,
            synthetic_match=said.synthetic_match,
            chosen=pair.source if said.web_match >= config.min_match else CaptionSource.SYNTHETIC,
            captioner=said.captioner,
            matcher=said.matcher,
        )
        yield replace(pair, capfilt=result)
