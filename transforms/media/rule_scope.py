"""The scope of all rules on pictures and clips: they belong to fetch, in whatever folder they are written."""

from lamella.schemas.config import FetchConfig
from lamella.schemas.rejection import Stage, Unit
from lamella.transforms.base.rule import RuleScope

MEDIA_SCOPE = RuleScope(Stage.FETCH, Unit.MEDIA, "fetch", FetchConfig)
