"""Settings of read: limits on archives, records and bodies."""

from pydantic import Field, PositiveInt

from lamella.schemas.config.timed import MIB, Timed


class ReadConfig(Timed):
    max_record_bytes: PositiveInt = 64 * MIB  # a member, inflated; reliability W4
    max_html_bytes: PositiveInt = 10 * MIB  # decoded; reliability W4
    max_media_bytes: PositiveInt = 64 * MIB  # in place, still packed
    max_expansion: float = Field(default=200.0, ge=1.0)  # refused beyond `expansion_floor_bytes`; reliability W4
    expansion_floor_bytes: PositiveInt = 8 * MIB
    max_url_characters: PositiveInt = 4096  # recipes, Limits
    max_robots_characters: PositiveInt = 16_384  # of what headers, or a page, say of robots; servers send at most 8 to 16 KiB
