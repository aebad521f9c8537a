"""A document -> its Violation if its page is on the list of later opt-outs (`filter.opt_out_list`)."""

from lamella.schemas.config import FilterConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.opt_out_list import read_opt_outs
from lamella.transforms.base.rule import Found, RuleScope


def listed_page(document: InterleavedDocument, config: FilterConfig) -> str:
    return read_opt_outs(config.opt_out_list).address(document.url)


PAGE_SCOPE = RuleScope(Stage.FILTER, Unit.DOCUMENT, "filter", FilterConfig)
LISTED_RULES = PAGE_SCOPE.book("list of pages", Found(Reason.OPTED_OUT, listed_page, "opt_out_list"))
