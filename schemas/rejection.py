"""Why something left: a closed list of reasons, grouped by the stage that uses each first, and the Rejection that has one."""

from dataclasses import dataclass
from enum import StrEnum

from lamella.schemas.quick_pickle import quick_pickle


class Stage(StrEnum):
    """The eleven verbs, in the order in which a page meets them."""

    READ = "read"
    EXTRACT = "extract"
    FILTER = "filter"
    DEDUP = "dedup"
    PROPOSE = "propose"
    FETCH = "fetch"
    ASSEMBLE = "assemble"
    PAIR = "pair"
    SCORE = "score"
    CAPTION = "caption"
    SHARD = "shard"


class Unit(StrEnum):
    """What is counted. In every stage and unit: in + made = kept + rejected."""

    RECORD = "record"  # of a web archive
    PAGE = "page"
    DOCUMENT = "document"
    NODE = "node"  # text, image or video within a document
    MEDIA = "media"  # a media file, by URL
    PAIR = "pair"


class Reason(StrEnum):
    """A new reason enters with the page in the sample web that earns it."""

    # any stage
    CRASHED = "crashed"
    TIMED_OUT = "timed_out"  # of a record, by its stage's `record_timeout_s`; of a URL, by `fetch.timeout_s`

    # read: records
    NOT_AN_ARCHIVE = "not_an_archive"
    NOT_HTML = "not_html"
    UNDECODABLE = "undecodable"
    TRUNCATED_RECORD = "truncated_record"
    DAMAGED_RECORD = "damaged_record"
    RECORD_TOO_LARGE = "record_too_large"
    BAD_STATUS = "bad_status"
    EMPTY_BODY = "empty_body"
    REVISIT = "revisit"

    # extract: pages
    NO_CONTENT = "no_content"
    NO_MEDIA = "no_media"
    PAGE_TOO_COSTLY = "page_too_costly"  # stopped by the limit of time or memory, or it killed its process

    # extract: media
    SIZE_OF_ANOTHER = "size_of_another"  # one picture in two sizes: the larger stays, and the detail names it
    INLINE_IMAGE = "inline_image"  # a picture within the page, as a data: URI, of more than a placeholder's size

    # filter: nodes and documents
    WRONG_LANGUAGE = "wrong_language"
    TOO_FEW_WORDS = "too_few_words"
    TOO_MANY_WORDS = "too_many_words"
    ODD_WORD_LENGTH = "odd_word_length"
    TOO_MANY_SYMBOLS = "too_many_symbols"
    TOO_MANY_BULLETS = "too_many_bullets"
    TOO_MANY_ELLIPSES = "too_many_ellipses"
    TOO_FEW_ALPHABETIC_WORDS = "too_few_alphabetic_words"
    TOO_FEW_STOP_WORDS = "too_few_stop_words"
    REPEATED_LINES = "repeated_lines"
    REPEATED_PARAGRAPHS = "repeated_paragraphs"
    REPEATED_NGRAMS = "repeated_ngrams"
    REPEATED_CHARACTERS = "repeated_characters"
    REPEATED_WORDS = "repeated_words"
    TOO_MANY_SPECIAL_CHARACTERS = "too_many_special_characters"
    TOO_LITTLE_PUNCTUATION = "too_little_punctuation"
    UNSAFE_TEXT = "unsafe_text"
    BOILERPLATE_TEXT = "boilerplate_text"  # C4: javascript, cookie and policy lines
    LOREM_IPSUM = "lorem_ipsum"
    CURLY_BRACKET = "curly_bracket"
    TOO_FEW_ENDED_LINES = "too_few_ended_lines"
    TOO_MANY_SHORT_LINES = "too_many_short_lines"
    NO_TEXT_LEFT = "no_text_left"

    # dedup: documents
    SAME_URL = "same_url"
    NEAR_DUPLICATE = "near_duplicate"

    # fetch: media
    BAD_URL = "bad_url"
    BLOCKED_URL = "blocked_url"  # logo, button, icon ...
    UNSAFE_IMAGE = "unsafe_image"
    NOT_CAPTURED = "not_captured"  # not in the archives, and HTTP is off
    OPTED_OUT = "opted_out"
    FORBIDDEN_ADDRESS = "forbidden_address"
    CONNECTION_FAILED = "connection_failed"
    HTTP_ERROR = "http_error"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    TOO_LARGE = "too_large"
    TRUNCATED_MEDIA = "truncated_media"
    NOT_AN_IMAGE = "not_an_image"
    FORMAT_NOT_SUPPORTED = "format_not_supported"  # a picture, but of a format that no decoder here reads: SVG, HEIC ...
    BROKEN_IMAGE = "broken_image"
    TOO_MANY_PIXELS = "too_many_pixels"
    MEDIA_TOO_COSTLY = "media_too_costly"  # beyond a limit of scans, memory, packets or time, or it killed its decoder
    IMAGE_TOO_SMALL = "image_too_small"
    IMAGE_TOO_LARGE = "image_too_large"
    ODD_ASPECT = "odd_aspect"
    SINGLE_COLOUR = "single_colour"
    NOT_A_VIDEO = "not_a_video"
    BROKEN_VIDEO = "broken_video"
    ODD_DURATION = "odd_duration"
    NOT_A_TRACK = "not_a_track"
    REPEATED_IMAGE = "repeated_image"  # it, or a copy of it, is seen in too many documents
    DUPLICATE_IMAGE = "duplicate_image"  # a copy of another image, which survives

    # assemble: nodes and documents
    UNUSABLE_MEDIA = "unusable_media"  # the node's media was rejected; the detail names the reason
    REPEATED_IN_DOCUMENT = "repeated_in_document"
    NO_IMAGE_LEFT = "no_image_left"
    TOO_MANY_IMAGES = "too_many_images"
    TOO_MANY_CHARACTERS = "too_many_characters"

    # pair: pairs
    ALT_TOO_SHORT = "alt_too_short"
    ALT_TOO_LONG = "alt_too_long"
    ALT_TOO_COMMON = "alt_too_common"
    ALT_IS_FILE_NAME = "alt_is_file_name"
    RARE_TOKEN = "rare_token"
    TOO_MANY_ALTS = "too_many_alts"
    CAPTION_TOO_SHORT = "caption_too_short"  # of a captioner's: a limit of tokens left no whole phrase
    CAPTION_TOO_LONG = "caption_too_long"
    DUPLICATE_PAIR = "duplicate_pair"

    # score: pairs and nodes
    LOW_CLIP_SCORE = "low_clip_score"

    # caption: pairs
    NO_CAPTION_MATCHES = "no_caption_matches"  # of a text, the web's or a captioner's: it does not match its picture
    OTHER_TEXT_KEPT = "other_text_kept"  # it matches, and another text of its picture is preferred


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """One thing that left, where, and why. `key` and `url` let a reader find it again."""

    stage: Stage
    unit: Unit
    key: str
    reason: Reason
    url: str = ""
    measure: str = ""  # what a rule measured, by name; "" where nothing was measured
    value: float | None = None  # of the measure
    limit: float | None = None  # that the value is beyond
    detail: str = ""  # what the numbers do not say: a word that was found, the copy that stays, a crash's last line
    sample: str = ""  # the first characters of the text that left, for the report
    nodes: int = 0  # nodes that leave with a document
    archive: str = ""  # where the record lies, for rejected records and pages
    offset: int = -1
    said: str = ""  # of an opt-out: ISO time of the page, or the response, that says so; "" where that is not known

    @property
    def says(self) -> str:
        """Measure, value, limit and detail in one line: "short_lines 0.8 > 0.67"."""
        return verdict(self.measure, self.value, self.limit, self.detail)


def verdict(measure: str, value: float | None, limit: float | None, detail: str = "") -> str:
    """A measurement beside its limit, in words."""
    if value is None or limit is None:
        return detail
    numbers = f"{measure} {value:.6g} {'>' if value > limit else '<'} {limit:.6g}"
    return f"{numbers} ({detail})" if detail else numbers
