"""Settings of caption: how captions are written, and which texts match their picture (CapFilt)."""

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from lamella.schemas.bounds import Share
from lamella.schemas.config.models import ModelConfig
from lamella.schemas.config.timed import Timed


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
