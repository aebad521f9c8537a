"""Every threshold and size of the curation: one frozen model for each stage, each number with its source. None is off."""

from typing import ClassVar

from lamella.schemas.bounds import Frozen
from lamella.schemas.config.assemble import AssembleConfig
from lamella.schemas.config.caption import CaptionConfig
from lamella.schemas.config.dedup import DedupConfig
from lamella.schemas.config.extract import ExtractConfig
from lamella.schemas.config.fetch import BITS_OF_A_HASH, FetchConfig, OptOutConfig
from lamella.schemas.config.filter import FilterConfig, LimitsForText
from lamella.schemas.config.models import BUNDLED, BUNDLED_NAME, ModelConfig
from lamella.schemas.config.pair import PairConfig
from lamella.schemas.config.read import ReadConfig
from lamella.schemas.config.run import RunConfig
from lamella.schemas.config.score import ScoreConfig
from lamella.schemas.config.shard import ShardConfig
from lamella.schemas.config.timed import MIB, Timed

__all__ = [
    "BITS_OF_A_HASH",
    "BUNDLED",
    "BUNDLED_NAME",
    "MIB",
    "AssembleConfig",
    "CaptionConfig",
    "Config",
    "DedupConfig",
    "ExtractConfig",
    "FetchConfig",
    "FilterConfig",
    "LimitsForText",
    "ModelConfig",
    "OptOutConfig",
    "PairConfig",
    "ReadConfig",
    "RunConfig",
    "ScoreConfig",
    "ShardConfig",
    "Timed",
]


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
