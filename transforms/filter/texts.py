"""A document in; the same with its language, its quality and without its bad texts out, or the Rejection that it earned."""

from collections.abc import Iterator
from dataclasses import replace

from lamella.schemas.config import FilterConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, Node, TextNode, with_phi
from lamella.schemas.rejection import Reason, Rejection, Stage
from lamella.transforms.filter.language import Language, detect_language
from lamella.transforms.filter.measures import TextMeasures, paragraphs_of
from lamella.transforms.filter.rules import CAPTION_RULES, DOCUMENT_RULES, NODE_RULES
from lamella.transforms.leaving import document_leaves, node_leaves
from lamella.transforms.rules import Broken, first_broken


def filter_document(document: InterleavedDocument, config: FilterConfig) -> Iterator[InterleavedDocument | Rejection]:
    """Language first, then each text by itself, then the texts that are left as a whole.

    Images and videos stay, but for an image whose caption says what no text may say: a caption is read with its image.

    Rejects texts and images (unit NODE) and documents. A document without any text has the language of its alt texts and
    captions, and is judged as a text of no words.
    """
    language = detect_language(document.text or _text_of_media(document))
    if broken := _wrong_language(language, config):
        yield document_leaves(Stage.FILTER, document, broken)
        return
    kept, parts = [], []
    for node in document.nodes:
        part, broken = _judge(node, language, config)
        if broken:
            yield node_leaves(Stage.FILTER, document, node, broken)
            continue
        kept.append(node)
        if part:
            parts.append(part)
    left = replace(document, nodes=with_phi(tuple(kept)))
    texts = sum(isinstance(node, TextNode) for node in document.nodes)
    if texts and not parts:
        yield document_leaves(Stage.FILTER, left, Broken(Reason.NO_TEXT_LEFT, f"{texts} of {texts} texts left"))
        return
    measures = TextMeasures(paragraphs_of(kept), language.code, parts)
    if broken := first_broken(measures, DOCUMENT_RULES, config.document):
        yield document_leaves(Stage.FILTER, left, broken)
        return
    yield replace(left, language=language.code, language_score=language.score, quality=measures.quality())


def _judge(node: Node, language: Language, config: FilterConfig) -> tuple[TextMeasures | None, Broken | None]:
    """A text's measures, and the rule that the node breaks."""
    if isinstance(node, TextNode):
        part = TextMeasures([node.text], language.code)
        return part, first_broken(part, NODE_RULES, config.node)
    if isinstance(node, ImageNode) and node.caption:
        return None, first_broken(TextMeasures([node.caption], language.code), CAPTION_RULES, config.node)
    return None, None


def _wrong_language(language: Language, config: FilterConfig) -> Broken | None:
    if config.languages is None:
        return None
    if language.code not in config.languages:
        return Broken(Reason.WRONG_LANGUAGE, f"{language.code or 'none'} ({language.score:.2f})")
    if language.score < config.min_language_score:
        return Broken(Reason.WRONG_LANGUAGE, f"{language.code} {language.score:.2f} < {config.min_language_score:g}")
    return None


def _text_of_media(document: InterleavedDocument) -> str:
    images = " ".join(text for image in document.images for text in (image.alt, image.caption, image.title) if text)
    return images + " ".join(video.caption for video in document.videos)
