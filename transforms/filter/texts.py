"""A document -> the same with its language and quality and without its bad texts, or its Rejection."""

from collections.abc import Iterator
from dataclasses import replace

from lamella.schemas.config import FilterConfig
from lamella.schemas.document import ImageNode, InterleavedDocument, Node, TextNode
from lamella.schemas.rejection import Reason, Rejection, Stage
from lamella.transforms.base.reject import reject_document, reject_node
from lamella.transforms.base.rule import Violation, apply_rules
from lamella.transforms.filter.listed import LISTED_RULES
from lamella.transforms.filter.measures import TextMeasures, is_code, paragraphs_of
from lamella.transforms.filter.rules import CAPTION_RULES, DOCUMENT_RULES, LANGUAGE_RULES, NODE_RULES
from lamella.transforms.formats.language import Language, detect_language


def filter_document(document: InterleavedDocument, config: FilterConfig) -> Iterator[InterleavedDocument | Rejection]:
    """Judges whether the page may be used at all, then the language, then each text, then the remaining texts as a whole.

    Images and videos stay, but for an image whose caption says what no text may say: a caption is read with its image.

    What is measured is prose: code is judged by what no text may say, and counts in no number of the document, unless code is
    all that it has.

    Rejects texts and images (unit NODE) and documents. A document without any text has the language of its alt texts and
    captions, and is judged as a text of no words.
    """
    if violation := apply_rules(LISTED_RULES, document, config):
        yield reject_document(Stage.FILTER, document, violation)
        return
    language = detect_language(_prose_of(document, config) or document.text or _text_of_media(document))
    if violation := apply_rules(LANGUAGE_RULES, language, config):
        yield reject_document(Stage.FILTER, document, violation)
        return
    kept, parts, code = [], [], []
    for node in document.nodes:
        part, violation = _judge(node, language, config)
        if violation:
            yield reject_node(Stage.FILTER, document, node, violation)
            continue
        kept.append(node)
        if part:
            (code if is_code(node, config.min_preformatted_prose) else parts).append(part)
    left = document.with_nodes(kept)
    texts = sum(isinstance(node, TextNode) for node in document.nodes)
    if texts and not parts and not code:
        yield reject_document(Stage.FILTER, left, Violation(Reason.NO_TEXT_LEFT, detail=f"{texts} of {texts} texts left"))
        return
    prose = [node for node in kept if not is_code(node, config.min_preformatted_prose)] if parts else kept
    measures = TextMeasures(paragraphs_of(prose), language.code, parts or code)
    if violation := apply_rules(DOCUMENT_RULES, measures, config.document):
        yield reject_document(Stage.FILTER, left, violation)
        return
    yield replace(left, language=language.code, language_score=language.score, quality=measures.quality())


def _judge(node: Node, language: Language, config: FilterConfig) -> tuple[TextMeasures | None, Violation | None]:
    """A text's measures, and the rule that the node breaks."""
    if isinstance(node, TextNode):
        part = TextMeasures([node.text], language.code)
        rules = CAPTION_RULES if is_code(node, config.min_preformatted_prose) else NODE_RULES
        return part, apply_rules(rules, part, config.node)
    if isinstance(node, ImageNode) and node.caption:
        return None, apply_rules(CAPTION_RULES, TextMeasures([node.caption], language.code), config.node)
    return None, None


def _prose_of(document: InterleavedDocument, config: FilterConfig) -> str:
    texts = (node for node in document.nodes if isinstance(node, TextNode))
    return "\n".join(node.text for node in texts if not is_code(node, config.min_preformatted_prose))


def _text_of_media(document: InterleavedDocument) -> str:
    images = " ".join(text for image in document.images for text in (image.alt, image.caption, image.title) if text)
    return images + " ".join(video.caption for video in document.videos)
