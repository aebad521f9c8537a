"""The limits by which extraction judges pages, and which no user sets. It reads nothing, and gives constants.

Which number stands where:

    schemas/config/extract.py   what a user may move for the pages at hand: `extract.KEY`
    here                        what we think of how pages are written; each with its unit and its source
    input_limits.py             how much of a hostile page is looked at: it bounds cost, and judges nothing
    beside its function         what is a part of one pattern or one score: bounds in a regular expression, weights of a fit

"ours" is a source: a number that was tried on pages of many sites and on the cases of `tests/extract`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heuristics:
    # Texts, as the walk meets them.
    min_sentence_words: int = 12  # of a heading that ends in a full stop: it is a paragraph; ours
    min_command_words: int = 2  # of code that is all of its block: a name has one; ours
    max_value_words: int = 7  # of the one filled cell of a row that keeps its place; more is a line of text; ours
    max_cell_letters: int = 300  # of a table's cell; one with more is a column of the page's layout; ours
    min_name_letters: int = 4  # of a word that is no unit of measure: what is raised behind it is a mark; ours
    max_mark_letters: int = 6  # of a footnote's mark; ours
    min_question_words: int = 4  # of a button that unfolds its answer; ours
    max_button_letters: int = 300  # of a button that holds blocks; one with more was never closed; ours
    max_variant_words: float = 0.7  # of what is hidden, in its shown twin: with more it is a variant of it, and no tab; ours
    max_card_paragraphs: int = 2  # in one link; where it goes on, it was never closed; ours
    min_whole_link: float = 0.9  # link letters a letter of a text that is a link; ours
    min_slug_words: int = 3  # of an id that is made of its heading's words: "related-posts" is a name; ours
    min_menu_links: int = 5  # of what is passed by as a menu; ours
    max_menu_letters: int = 40  # of such a menu's text, a link; ours
    max_menu_images: int = 4  # of such a menu; with more it may be a list of entries; ours, on WCXB
    max_menu_paragraph: int = 200  # letters of a paragraph in such a menu; ours
    # Pictures.
    min_inline_characters: int = 4000  # of a data: URI, some 3 kB: blurred previews of what comes later have fewer; ours
    max_thumbnail_px: int = 200  # the larger side of a picture that may stand for the one that it links to; ours
    max_density: float = 3.0  # pixels a pixel; beyond it, srcset offers what no screen shows; ours
    max_placeholder_letters: int = 60  # of a placeholder's name; ours
    min_seen_px: int = 50  # a side that the page declares: no tracker is as large; ours
    min_size_px: int = 16  # in an address; a smaller "size" is a number of something else; ours
    max_caption_figures: int = 4  # figures, one within the other, that one caption speaks for; ours
    max_player_distance: int = 3  # blocks between a player and the section whose text it stands in; ours
    max_parts: int = 8  # pictures and lines of a figure with parts, (a) to (h); ours
    min_cover_px: int = 150  # the smaller side, where it is declared, of a picture before the article; less is a banner; ours
    # The main content.
    max_letters_a_word: int = 80  # of a text that is no address; with more it is for scripts; ours, on WCXB
    max_price_characters: int = 60  # of a line that is a price; ours
    min_links_to_prose: int = 3  # letters in lists of links a letter of prose: with more, the links are what is told; ours
    max_linked_in_a_row: int = 3  # paragraphs that are links; more are a list of what to read elsewhere; ours
    min_told_beside_comments: float = 0.05  # of their prose, beside comments; with less, the page is a thread; ours
    max_commented: float = 0.9  # of the page's prose, in comments; with more, the page is a thread; ours, on WCXB
    min_chronicle: int = 3  # headings in a row with a number in each: what happened when; ours
    min_item_words: int = 5  # of an item of a list of links within a text, on average: it says something; ours
    min_going_on_words: int = 5  # of a paragraph before such a list, and of one behind it: the text goes on; ours
    min_fact_rows: int = 3  # of a name and its value each, or of the cells below; ours
    min_line_row: int = 3  # lines of one name in a row, as of a verse; ours
    min_told_lines: float = 0.25  # of such a row, that stay by themselves; ours
    max_facts_distance: int = 3  # blocks between the main content and what holds it and a table of its facts; ours
    min_facts: int = 2  # rows of a table behind the main content, each a name and its value; ours, on WCXB
    min_data_cells: int = 3  # of a row; a table of such rows tells what it links to; ours, on WCXB
    min_sections: int = 3  # blocks beside each other, each with a heading and prose; ours
    min_header_prose: int = 100  # letters of prose in what is called a header, and tells something; ours, on WCXB
    max_header_links: float = 0.1  # link letters a letter of it; ours, on WCXB
    min_told_promotions: int = 2  # each with a heading and prose; ours, on WCXB
    min_promotions_prose: float = 0.25  # of the page's prose, in all of them; ours, on WCXB
    min_promotion_prose: float = 0.4  # of a promotion's letters; ours, on WCXB
    max_promotion_links: float = 0.2  # of the same; ours, on WCXB
    min_placed_prose: int = 100  # letters of prose in what is called by its place alone, and is content; ours, on WCXB
    min_main_beside: float = 0.2  # of the prose of a text without a title, in what the page calls its main part; ours
    min_beside_section: float = 0.05  # of a section's prose, in its siblings of its name: they are parts of one text; ours
    min_trailing_prose: int = 1200  # letters of prose behind the core, of what is a part of the text; ours, on WCXB
    max_trailing_links: float = 0.03  # link letters a letter of it; ours, on WCXB
    min_reviews: int = 2  # of one name, without headings: what customers say; ours, on WCXB
    min_section_lines: int = 2  # short lines under a heading of their own; ours
    max_little_letters: int = 1200  # of what was taken of a page; with more, it is believed; ours, on WCXB
    min_taken: float = 0.5  # letters so taken a letter outside boilerplate; with less, all of that is taken; ours, on WCXB
    min_short_article: float = 0.8  # letters told, not listed, a letter so taken: with more, it is an article; ours, on WCXB
    min_repeated_row: int = 3  # texts in a row that stood before; ours, on WCXB
    min_repeated_row_words: int = 40  # of such a row, in all; ours, on WCXB
    max_repeats_compared: int = 8  # places of a text at which a row that stood before is looked for; it bounds cost; ours
    # Embedded state, asked where a page says nearly nothing.
    min_state_characters: int = 500  # of an attribute that holds it; ours
    min_state_words: int = 12  # of a string in it that is prose; ours


HEURISTICS = Heuristics()
