"""Settings of fetch: how media are asked for, what sites may forbid, and which pictures and clips are usable."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from lamella.schemas.bounds import Aspect, Frozen
from lamella.schemas.config.timed import MIB, Timed

BITS_OF_A_HASH = 64  # of a perceptual hash
Moment = Annotated[float, Field(ge=0.0, lt=1.0)]  # of a clip, 0 its beginning


class OptOutConfig(Frozen):
    """Which signals of a site are obeyed, if `fetch.honour_opt_outs` is on. Rules of crawling: `fetch.robots_txt`."""

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
    max_host_failures: PositiveInt = 5  # in a row; then the host is not asked again; reliability S6
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
    max_decoded_frames: PositiveInt = (
        30_000  # on the way to those wanted, of a file without key frames: 20 minutes of 25 a second; ours
    )
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
    # Shares of a clip's duration, whose frames classifiers and the PDQ list judge: an opening shows titles; ours.
    unsafe_moments: Annotated[tuple[Moment, ...], Field(min_length=1)] = (0.25, 0.5, 0.75)
    min_video_s: PositiveFloat = 2.0  # recipes, VTP ours
    max_video_s: PositiveFloat = 7200.0  # recipes, Limits
    max_documents: PositiveInt | None = 10  # OBELICS: an image of more documents is boilerplate
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
