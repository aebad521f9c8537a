"""Page -> InterleavedDocument: text, images and videos in reading order, without the furniture of the site.

One parse (lexbor), one walk, then flat lists; `parse.parse_html` is the whole of it:

    gather    the walk. An element that is no phrase is a Box: its tag, its parent, what its names say of it (`hints`). The text
              between two edges of boxes is an Item (`gather_phrases`, `gather_cells`, `texts`), and so is each image and
              video (`gather_media`, `media`), in its place: items in document order ARE the interleaving. What HTML itself
              calls furniture (nav, footer ...) is not entered, unless a title or the page's main part stands in it.
    layout    sums: each box learns its letters, link letters, prose and media, from the items within.
    captions  a caption leaves the text for the picture that it speaks of.
    regions   boxes that call themselves furniture, labels or comments, and cards that invite to other pages, go, unless too
              little prose would be left. The smallest box that holds most of the prose left is the main region; the title
              before it brings its lead along, and what little stands in boxes behind the text goes (`tail`).
    chaff     items of the region that say nothing go: mostly links, labels, headings of nothing, loose ends, licences. A list
              or a table is judged as a whole.
    copies    a picture that comes in several sizes stays where it stands first, in the largest.

A page that says nothing is walked once more, with what it hides. No rule reads words of a language. `sandbox`, `child` and
`wire` run this where a page can be stopped; `extract` judges it.
"""
