"""A recipe's name -> its full frozen Config. A recipe states what differs from the defaults, and why."""

from collections.abc import Callable

from lamella.schemas.config import (
    AssembleConfig,
    CaptionConfig,
    Config,
    ExtractConfig,
    FetchConfig,
    FilterConfig,
    LimitsForText,
    ModelConfig,
    PairConfig,
    RunConfig,
    ScoreConfig,
    ShardConfig,
)

# Gopher (Rae et al. 2021, A1.1) with the defaults of datatrove's GopherQualityFilter and GopherRepetitionFilter.
GOPHER = {
    "min_words": 50,
    "max_words": 100_000,
    "min_mean_word_length": 3.0,
    "max_mean_word_length": 10.0,
    "max_symbols_per_word": 0.1,
    "max_bullet_lines": 0.9,
    "max_ellipsis_lines": 0.3,
    "min_alphabetic_words": 0.8,
    "min_stop_word_kinds": 2,
    "max_duplicate_lines": 0.3,
    "max_duplicate_line_characters": 0.2,
    "max_duplicate_paragraphs": 0.3,
    "max_duplicate_paragraph_characters": 0.2,
    "max_top_ngram": 1.0,
    "max_duplicate_ngram": 1.0,
}

SMALL = ModelConfig(batch=16)  # of a small web few pictures are left for a last batch, which costs as much as a full one
REAL = {"precision": "auto", "threads": None}
OPEN_CLIP_B32 = ModelConfig(name="ViT-B-32", weights="laion2b_s34b_b79k", **REAL)
OPEN_CLIP_L14 = ModelConfig(name="ViT-L-14", weights="openai", **REAL)
COCA_CAPTIONER = ModelConfig(name="coca_ViT-B-32", weights="mscoco_finetuned_laion2b_s13b_b90k", **REAL)
COCA_MATCHER = ModelConfig(name="coca_ViT-B-32", weights="laion2b_s13b_b90k", **REAL)

BLIP_CAPTIONER = ModelConfig(name="blip", weights="Salesforce/blip-image-captioning-base", **REAL)
BLIP_MATCHER = ModelConfig(name="blip", weights="Salesforce/blip-itm-base-coco", **REAL)


def demo() -> Config:
    """The sample web on a laptop, offline: every rule is on, so that every reason can be seen at work."""
    return Config(
        recipe="demo",
        extract=ExtractConfig(timeout_s=3.0),  # the sample's bomb page should not cost the demo its minute
        filter=FilterConfig(
            node=LimitsForText(
                max_words=1000,
                max_character_repetition=0.2,
                max_special_characters=0.3,
                max_flagged_words=0.01,
                no_boilerplate=True,
            ),
            document=LimitsForText(
                **GOPHER,
                min_stop_words=0.2,
                max_character_repetition=0.1,
                max_word_repetition=0.2,
                max_special_characters=0.275,
                min_punctuation=0.005,
                max_flagged_words=0.01,
                min_ended_lines=0.12,
                max_short_lines=0.67,
                no_lorem_ipsum=True,
                no_curly_bracket=True,
            ),
        ),
        pair=PairConfig(min_token_count=2, max_alts_per_image=3),  # small sets have few of either
        # Where the bundled scorer parts right captions from wrong ones on the sample web of seed 1, which nothing was trained
        # on. `min_match` was chosen on fresh scenes, where it loses 0.7 % of true texts. Captions of this world are short and
        # repeat colours.
        # CLIP before the matcher: so each of the two shows what it finds alone.
        score=ScoreConfig(model=SMALL, min_score=0.38),
        caption=CaptionConfig(captioner=SMALL, matcher=SMALL, min_match=0.9, min_tokens=5, repetition_penalty=1.0),
        shard=ShardConfig(samples_per_shard=100, validation_share=0.1),
        run=RunConfig(table_parts=2, batch_buckets=8),
    )


def m3w() -> Config:
    """MultiModal MassiveWeb as Flamingo describes it (Alayrac et al. 2022, A.3.1): Gopher's rules, English, images >= 64 px.

    Flamingo filters pairs by no model. Here CapFilt gives each picture a second text, and CLIP judges after it what both kinds
    of text are worth: the matcher that stands in for BLIP's is contrastive, of the captioner's family, and believes it easily.
    """
    return Config(
        recipe="m3w",
        filter=FilterConfig(
            node=LimitsForText(max_flagged_words=0.01, no_boilerplate=True),
            document=LimitsForText(**GOPHER, max_flagged_words=0.01, no_lorem_ipsum=True),
        ),
        score=ScoreConfig(model=OPEN_CLIP_B32, when="after"),
        caption=CaptionConfig(captioner=COCA_CAPTIONER, matcher=COCA_MATCHER),
    )


def obelics() -> Config:
    """OBELICS (Laurencon et al. 2023, A.1) without what needs its word lists and its KenLM model."""
    paragraph = LimitsForText(
        min_words=4,
        max_words=1000,
        max_character_repetition=0.1,
        max_word_repetition=0.1,
        max_special_characters=0.3,
        min_stop_words=0.3,
        max_flagged_words=0.01,
        min_punctuation=0.001,
    )
    document = LimitsForText(
        min_words=10,
        max_words=2000,
        max_character_repetition=0.1,
        max_word_repetition=0.2,
        max_special_characters=0.275,
        min_stop_words=0.35,
        max_flagged_words=0.01,
        min_punctuation=0.03,
    )
    return Config(
        recipe="obelics",
        filter=FilterConfig(min_language_score=0.8, node=paragraph, document=document),
        fetch=FetchConfig(min_image_side_px=150, max_aspect=2.0, one_of_each=False),
        assemble=AssembleConfig(max_images=30, min_words=10),
        score=ScoreConfig(model=OPEN_CLIP_L14, min_score=None),
        caption=CaptionConfig(on=False, captioner=COCA_CAPTIONER, matcher=COCA_MATCHER),
    )


def laion() -> Config:
    """Alt-text pairs as LAION-2B-en and DataComp's basic filter take them: no rule on the page's text, CLIP decides."""
    return Config(
        recipe="laion",
        filter=FilterConfig(min_language_score=0.5),
        fetch=FetchConfig(one_of_each=False, max_documents=None),
        assemble=AssembleConfig(min_words=0, max_images=255),
        pair=PairConfig(min_alt_words=1, max_alt_words=256, max_images_per_alt=1000, min_side_px=64, max_vocabulary=None),
        score=ScoreConfig(model=OPEN_CLIP_B32, min_score=0.28, documents=False),
        caption=CaptionConfig(on=False, captioner=COCA_CAPTIONER, matcher=COCA_MATCHER),
    )


def blip() -> Config:
    """Alt-text pairs as BLIP makes them (Li et al. 2022, 3.3): `laion`'s pages, and CapFilt alone in CLIP's place."""
    pages = laion()
    return pages.model_copy(
        update={
            "recipe": "blip",
            "score": pages.score.model_copy(update={"when": "never"}),
            "caption": CaptionConfig(captioner=BLIP_CAPTIONER, matcher=BLIP_MATCHER),
        }
    )


RECIPES: dict[str, Callable[[], Config]] = {"demo": demo, "m3w": m3w, "obelics": obelics, "laion": laion, "blip": blip}
