"""A Media -> the Media, or its Rejection if its file is on the list of later opt-outs (`fetch.opt_out_list`)."""

from collections.abc import Iterable

from lamella.schemas.config import FetchConfig
from lamella.schemas.media import Media
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.opt_out_list import read_opt_outs
from lamella.transforms.base.reject import reject_media
from lamella.transforms.base.rule import Found, apply_rules
from lamella.transforms.media.rule_scope import MEDIA_SCOPE


def listed_file(media: Media, config: FetchConfig) -> str:
    return read_opt_outs(config.opt_out_list).file(media.sha256)


LISTED_RULES = MEDIA_SCOPE.book("list of files", Found(Reason.OPTED_OUT, listed_file, "opt_out_list"))


def judge_listed(media: Media, config: FetchConfig) -> Iterable[Media | Rejection]:
    violation = apply_rules(LISTED_RULES, media, config)
    yield reject_media(media, violation) if violation else media
