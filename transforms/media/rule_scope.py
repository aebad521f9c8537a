"""What all rules on pictures and clips have in common: they are fetch's, by whatever room they stand in."""

from lamella.schemas.config import FetchConfig
from lamella.schemas.rejection import Stage, Unit
from lamella.transforms.base.rule import RuleScope

MEDIA_SCOPE = RuleScope(Stage.FETCH, Unit.MEDIA, "fetch", FetchConfig)
