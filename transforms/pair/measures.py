"""What rules read of a candidate: its text, its picture, and what the corpus says of both."""

from lamella.schemas.config import PairConfig
from lamella.schemas.pair import CandidatePair, Pair
from lamella.transforms.base.opt_out_list import read_opt_outs
from lamella.transforms.formats.words import words as words_of
from lamella.transforms.pair.boilerplate import boilerplate_of
from lamella.transforms.pair.captions import is_file_name
from lamella.transforms.pair.corpus import Candidate


def words(candidate: Candidate) -> int:
    return len(words_of(candidate.pair.text))


def characters(candidate: Candidate) -> int:
    return len(candidate.pair.text)


def file_name(candidate: Candidate, limits: PairConfig) -> str:
    """The text, where it is a file's name and no description."""
    return candidate.pair.text if is_file_name(candidate.pair.text) else ""


def boilerplate(candidate: Candidate, limits: PairConfig) -> str:
    """What shows that nobody wrote the text about this picture."""
    return boilerplate_of(candidate.pair.text)


def foreign_language(candidate: Candidate[CandidatePair], limits: PairConfig) -> str:
    """The page's language, if it is not one of the wanted languages."""
    language = candidate.pair.language
    return "" if limits.languages is None or language in limits.languages else language or "no language"


def language_score(candidate: Candidate[CandidatePair]) -> float:
    return candidate.pair.language_score


def listed_page(candidate: Candidate, limits: PairConfig) -> str:
    """The line of `opt_out_list` that names the page or its host, or ""."""
    return read_opt_outs(limits.opt_out_list).address(candidate.pair.page_url)


def unsafe_page(candidate: Candidate, limits: PairConfig) -> str:
    return candidate.unsafe


def shorter_side_px(candidate: Candidate[Pair]) -> int:
    return min(candidate.pair.media.width, candidate.pair.media.height)


def aspect(candidate: Candidate[Pair]) -> float:
    """Longer side over shorter."""
    width, height = candidate.pair.media.width, candidate.pair.media.height
    return max(width, height) / max(1, min(width, height))


def duration_s(candidate: Candidate[Pair]) -> float:
    return candidate.pair.media.duration_s


def images_of_alt(candidate: Candidate) -> int:
    return candidate.alt_images


def alts_of_image(candidate: Candidate) -> int:
    return candidate.image_alts


def rare_token(candidate: Candidate, limits: PairConfig) -> str:
    """A token outside the most frequent of the raw set; the vocabulary itself is cut in `corpus.floors_of`."""
    return candidate.rare_token


def better_copy(candidate: Candidate, limits: PairConfig) -> str:
    """The key of the copy that stays, where it is another."""
    return "" if candidate.survivor in ("", candidate.pair.key) else candidate.survivor
