"""Settings of extract: limits on a page, and what separates its main content from boilerplate."""

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from lamella.schemas.bounds import Share
from lamella.schemas.config.timed import MIB, Timed


class ExtractConfig(Timed):
    engine: Literal["lamella", "trafilatura"] = "lamella"  # whose text; trafilatura's gets our images put in by position
    timeout_s: PositiveFloat = 5.0  # of the worker's CPU, a page; reliability H1
    max_memory_bytes: PositiveInt = 2048 * MIB  # of the child process; reliability H1
    pages_per_child: PositiveInt = 5000  # then a fresh child: leaks end; reliability H3
    min_prose_words: PositiveInt = 8  # a text from here on is prose, not a label; ours
    min_element_words: NonNegativeInt = 3  # a text of fewer, outside headings and lists, is boilerplate; ours
    max_link_density: Share = 0.5  # letters inside links over all letters; Boilerpipe 0.33, ours
    min_main_prose: Share = 0.7  # of the page's prose: what the main content holds; ours
    min_titled_prose: Share = 0.4  # of the same, in an article with the title: the rest is others; ours
    min_core_prose: Share = 0.8  # of the main content's, in its core: what follows is no part; ours
    max_last_blocks: Share = 0.1  # of the core's letters, in blocks behind its last paragraph; ours
    max_boilerplate_prose: Share = 0.5  # a block with more is no boilerplate, whatever its class says; ours
    max_comments_prose: Share = 0.7  # of the page's prose; "comments" of more is a word for the page; ours
    max_consent_prose: Share = 0.9  # of the page's prose; "cookies" of more is a word for the page; ours
    max_given_back: PositiveInt = 10  # blocks for which names are not believed, one after the other; ours
    max_label_prose: Share = 0.05  # of the page's prose, in a block of author, date or category; ours
    min_cards: PositiveInt = 3  # blocks of one name that each invite to another page; ours
    max_card_prose: PositiveInt = 300  # letters of prose in such a block; ours
    max_cards_prose: Share = 0.1  # of the page's prose: with more, the page is made of cards; ours, on WCXB
    min_article_prose: PositiveInt = 200  # letters beside the cards; with fewer, the cards are what the page is about; ours
    min_card_title_words: PositiveInt = 4  # of its linked title; ours
    max_card_titles: PositiveInt = 2  # links of that length in one card; ours
    min_teaser_links: Share = 0.2  # of a teaser's letters; with less it is the article's own lead; ours
    min_lead_words: PositiveInt = 6  # of a text between the title and the main content that belongs to it; ours
    min_repeated_words: PositiveInt = 12  # of a paragraph that stands twice on a page, for two kinds of screen; ours
    max_repeated_text: Share = 0.5  # in such paragraphs; with more, they are told again; ours
    min_repeating_letters: PositiveInt = 1000  # of a page that is asked for such paragraphs; ours
    min_told_prose: PositiveInt = 800  # letters under the page's title; with them, names of boilerplate are believed; ours
    min_prose_left: Share = 0.36  # of the page's prose; with less, class names are not believed; ours, on WCXB
    max_solid_link_density: Share = 0.25  # of a line that may open or end a document; ours
    max_preamble: Share = 0.1  # of the text, before the page's title: a section, a date, a notice; ours
    max_edge_elements: PositiveInt = 3  # from either end of a document, in which a preformatted notice stands; ours
    min_notice_words: PositiveInt = 40  # of such a notice: a licence, a disclaimer; ours
    min_notice_letters: Share = 0.9  # letters and spaces in it: code and tables have fewer; ours
    max_caption: PositiveInt = 2000  # characters; what is longer and called a caption is none; ours
    max_small_print_words: PositiveInt = 25  # of a line behind a picture that is taken for its caption; ours
    max_srcset_px: PositiveInt = 2048  # the widest candidate of a srcset that is asked for; ours
    min_hero_px: PositiveInt = 300  # a picture's larger side, in a block of its own beside the text; ours
    max_hero_letters: PositiveInt = 200  # beside such a picture, in its block; ours
    min_linked_words: PositiveInt = 12  # of a sentence that is one link and stands among paragraphs; ours
    min_run: PositiveInt = 4  # short lines in a row that are a verse or facts, not labels; ours
    max_spread_prose: Share = 0.25  # in one block's paragraphs, of a page of sections; ours, on WCXB
    min_spread_headings: PositiveFloat = 0.4  # a text of prose, on a page of sections; ours, on WCXB
    min_entries: PositiveInt = 5  # blocks of one name that are a page's list of entries; ours, on WCXB
    min_entry_letters: PositiveInt = 15  # of an entry: a title and a line; ours
    max_entry_letters: PositiveInt = 1500  # of an entry; with more, it is an article; ours
    min_entry_links: Share = 0.1  # of the letters of entries: with fewer, they are sections; ours
    max_entry_links: Share = 0.8  # of the same, where neither picture nor heading is: with more, a menu; ours
    min_entries_share: PositiveFloat = 1.5  # of the prose beside them, in entries that are the page; ours, on WCXB
    max_prose_before_entries: float = Field(
        default=0.3, gt=0.0, le=10.0
    )  # of their letters, before the first of them; ours, on WCXB
    max_nodes: PositiveInt = 5000  # of a document; ours
    max_url_characters: PositiveInt = 4096  # of an image, a video, a base; recipes, Limits
    max_field_characters: PositiveInt = 10_000  # of an alt, title, caption, description, robots rule: the rest is cut; ours
    max_growth: PositiveFloat = 16.0  # bytes of a parse over bytes of its page, beyond `growth_floor_bytes`; ours
    growth_floor_bytes: PositiveInt = MIB
