"""How much of a hostile page is looked at: constants that bound cost and judge nothing. No honest page meets them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InputLimits:
    max_names: int = 400  # characters of a class, an id, a role; what is read is remembered, beyond the page
    max_attributes: int = 40  # of an image, that may hold its address
    max_title_letters: int = 1000  # of the page's title, that headings are looked for in
    max_unfolded: int = 20  # ids that one HTML element unfolds
    max_twins: int = 10  # HTML elements on either side of a hidden one that are looked at
    max_compared: int = 20  # hidden HTML elements that are compared with their shown twins: they may stand in each other
    max_compared_letters: int = 2000  # of each of them
    max_licences: int = 20  # in one page
    max_descriptions: int = 10  # ids in an aria-describedby
    max_sources: int = 20  # of a picture: each of its images is offered all of them
    max_srcset: int = 10_000  # characters of a srcset
    max_choices: int = 200  # lists of choices that are looked into: they may stand in each other
    max_buttons: int = 300  # that are looked into
    max_entered: int = 50  # pieces of HTML's own boilerplate that are looked into; one more is entered, and judged by its name
    max_named: int = 200  # blocks that only call themselves boilerplate and are entered after a look; beyond, all are
    max_nodes_before: int = 30  # before the first block of an unknown tag, before the heading of a section
    max_wraps: int = 4  # HTML elements around the first letter of a mark
    max_slug_letters: int = 300  # of an id and of its heading
    max_sizes: int = 8  # pictures of one address but for sizes, with which another one is compared
    max_sized_url: int = 2000  # characters of an address in which sizes are looked for
    max_quotations: int = 200  # texts in quotations that are looked for as a part of what stands before them
    max_state: int = 4_000_000  # characters of embedded state
    max_state_values: int = 200_000  # strings in it
    max_state_holders: int = 5000  # HTML elements whose attributes may hold it
    max_state_nested: int = 3  # JSON in strings of JSON


INPUT_LIMITS = InputLimits()
