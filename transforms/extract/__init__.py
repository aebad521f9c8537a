"""Page -> InterleavedDocument: text, images and videos in reading order, without the boilerplate of the site.

One parse (lexbor), one walk, then flat lists; `parse.parse_html` is the whole of it, in rooms:

    dom/      `landmarks` finds at once what is looked for anywhere; `opened` makes a parser enter what it would not. `walker`
              is the walk: a tag that is no phrase is a Block, with its parent and what its names say of it
              (`class_heuristics`); the text between two edges of blocks is an Element (`phrases`, `cells`, `texts`), and so
              is each image and video (`shown`, `addresses`), in its place: Elements in document order ARE the interleaving.
              `blocks` is the BlockTree of both, and sums them up. Nothing is judged, but that HTML's own boilerplate (nav,
              footer ...) is not entered, unless a title or the main content stands in it.
    content/  `captions` moves a caption to the picture that it speaks of. `main_content` finds what the page is about, by its
              kind: a list keeps its `entries` whole, a page of sections its promotions, an article the smallest Block that
              holds most of its prose (`main_block`), without what calls itself boilerplate, labels or comments, and without
              cards that invite to other pages (`invitations`); `trailing` takes what little stands behind the text.
              `boilerplate` takes Elements that say nothing, `headings` those of nothing.
              `duplicates` keeps a picture that comes in several sizes once. `embedded` is asked where a page says nearly
              nothing. `confidence` says how sure all this is.

    `trafilatura_text` puts our media into another engine's text (`extract.engine`).

    worker/   `pool` runs all of this in a process that can be killed, `worker` is that process, `protocol` what they say.

A page that says nothing is walked once more, with what it hides. No rule reads words of a language. `extract` judges it.
"""
