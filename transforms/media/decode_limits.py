"""The configuration -> what one picture or clip may cost its decoder: a small value for every decode."""

from dataclasses import dataclass

from lamella.schemas.config import FetchConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeLimits:
    """Bounds on one decode. Sources stand beside the fields of `FetchConfig`."""

    max_pixels: int  # of an image, or of a frame
    max_scans: int  # of a JPEG
    max_decode_bytes: int  # what the decoder may hold beside the file itself
    max_decode_s: float  # CPU seconds
    max_video_packets: int
    max_video_streams: int
    max_decoded_frames: int  # for one call
    max_decoded_pixels: int  # frames times their pixels, for one call
    max_blank_frames: int  # of an animation, that are passed over
    min_colour_spread: float  # of a frame that shows something

    @classmethod
    def of(cls, config: FetchConfig) -> "DecodeLimits":
        return cls(**{name: getattr(config, name) for name in cls.__dataclass_fields__})


DEFAULT_LIMITS = DecodeLimits.of(FetchConfig())  # for bytes of our own making: shards, tests; never for a run's media
