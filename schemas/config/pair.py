"""Settings of pair: which texts of which pictures and clips are pairs of ALIGN, LTIP and VTP."""

from typing import ClassVar, Literal

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from lamella.schemas.bounds import Aspect, Share
from lamella.schemas.config.timed import Timed


class PairConfig(Timed):
    languages: tuple[str, ...] | None = ("en",)  # of the page, or of its alts where it has no text; ALIGN's English, as CLIP's
    min_language_score: Share = 0.5  # LAION-2B-en; texts of galleries are short
    opt_out_list: str | None = None  # path of a list of URLs and hosts of pages that came later; `lamella replay` sets it
    min_alt_words: PositiveInt = 3  # ALIGN
    max_alt_words: PositiveInt = 20  # ALIGN
    max_images_per_alt: PositiveInt = 10  # ALIGN: an alt shared by more images is out
    max_alts_per_image: PositiveInt = 1000  # ALIGN
    min_side_px: PositiveInt = 200  # ALIGN: shorter side
    max_aspect: Aspect = 3.0  # ALIGN
    max_vocabulary: PositiveInt | None = 100_000_000  # ALIGN: unigrams and bigrams of the raw set
    min_token_count: PositiveInt = 1  # a token seen less often in the raw set is rare too; 1 leaves ALIGN's rule alone
    ltip_min_words: PositiveInt = 10  # recipes, LTIP ours
    ltip_sites: tuple[str, ...] | None = None  # LTIP: fewer than 10 sites chosen for rich descriptions
    max_caption_characters: PositiveInt = 2000  # recipes, Limits
    min_place_people: Literal[500, 1000, 5000, 15000] = 15000  # of a town whose name leaves LTIP's captions; lists of GeoNames
    min_clip_s: PositiveFloat = 2.0  # recipes, VTP ours
    max_clip_s: PositiveFloat = 22.0  # VTP: clips of about 22 s
    max_vtp_video_s: PositiveFloat = 60.0  # recipes, VTP ours
    max_sound_words: NonNegativeInt = 6  # of a track's line in brackets that names a sound; a longer one is speech; ours
    max_roll_gap_s: NonNegativeFloat = 1.0  # between a line and itself one row higher, in captions that roll up; ours
    max_glimpse_s: NonNegativeFloat = 0.1  # of a cue that only moves a line on; YouTube writes 0.01

    # A word has a character at least; a clip lies within its video.
    ORDERED: ClassVar = (("ltip_min_words", "max_caption_characters"), ("min_clip_s", "max_vtp_video_s"))
