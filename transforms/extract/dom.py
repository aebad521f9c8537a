"""A tree parsed by lexbor -> calls of a visitor, element by element in document order: one walk, no recursion."""

from typing import Protocol

from selectolax.lexbor import LexborHTMLParser

Attributes = dict[str, str | None]


class Visitor(Protocol):
    def enter(self, tag: str, attributes: Attributes) -> bool:
        """Called at an element's start; False where its inside is not wanted: then `leave` is not called for it either."""

    def text(self, text: str) -> None: ...

    def leave(self, tag: str) -> None: ...


def walk(tree: LexborHTMLParser, visitor: Visitor) -> None:
    """Shows a visitor every element and every piece of text below the root. Depth costs memory, never the stack."""
    node = tree.root
    if node is None:
        return
    open_nodes = []
    while True:
        tag = node.tag or "-"  # a doctype has none
        if tag == "-text":
            visitor.text(node.text_content or "")
        elif tag[0] != "-" and tag[0] != "!" and visitor.enter(tag, node.attributes):
            child = node.child
            if child is not None:
                open_nodes.append(node)
                node = child
                continue
            visitor.leave(tag)
        while (following := node.next) is None:
            if not open_nodes:
                return
            node = open_nodes.pop()
            visitor.leave(node.tag)
        node = following
