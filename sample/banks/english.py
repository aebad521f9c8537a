"""English word lists, and the sentences that suit any page."""

# ruff: noqa: E501
LISTS = {
    "first": ["Anna", "Ben", "Clara", "David", "Edith", "Frank", "Greta", "Hugo", "Irene", "Jonas", "Katrin", "Leo", "Marta", "Nils", "Olive", "Peter", "Rosa", "Simon", "Tilda", "Viktor", "Wanda", "Yusuf", "Amara", "Bruno", "Celia", "Dario", "Emil", "Farah", "Gwen", "Hana", "Ivo", "Judith", "Karim", "Lena", "Mira", "Noel"],
    "last": ["Abbot", "Baker", "Castel", "Dorn", "Ekberg", "Falk", "Grange", "Holm", "Ivers", "Jansen", "Keller", "Lowe", "Marsh", "Norris", "Okafor", "Petrov", "Quist", "Rowan", "Sand", "Thorne", "Ullman", "Vance", "Weller", "Yates", "Zeller", "Alder", "Brook", "Carver", "Dale", "Fenwick"],
    "town": ["Aldermouth", "Brackwater", "Coldharbour", "Dunmere", "Eastwick", "Fallowfield", "Greyhaven", "Holmsund", "Ironbridge", "Kirkwall", "Lindholm", "Marrowdale", "Northgate", "Oakhaven", "Penrose", "Quayside", "Ravensea", "Saltmarsh", "Thornbury", "Umberleigh", "Westerby", "Windmoor"],
    "street": ["Anchor", "Bell", "Candle", "Dyer", "Elm", "Ferry", "Glover", "Harbour", "Ivy", "Juniper", "Kiln", "Lantern", "Market", "Needle", "Orchard", "Potter", "Rope", "Sailmaker", "Tanner", "Weaver"],
    "month": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    "weekday": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "number": ["three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "fourteen", "fifteen", "eighteen", "twenty", "thirty", "forty", "fifty", "sixty"],
    "season": ["spring", "summer", "autumn", "winter"],
    "weather": [
        "soft rain", "a cold wind", "thick fog", "bright sun", "light snow", "a warm breeze", "low clouds", "a clear sky",
        "steady drizzle", "a sudden storm", "pale sunshine", "the first frost",
    ],
    "material": [
        "linen", "paper", "clay", "oak", "copper", "wool", "glass", "slate", "brass", "cotton", "birch", "iron", "cardboard", "felt",
        "porcelain", "canvas",
    ],
    "animal": ["gull", "heron", "cat", "terrier", "pony", "goose", "donkey", "robin", "hare", "otter", "crow", "hedgehog"],
    "plant": ["rosemary", "lavender", "fern", "ivy", "thistle", "clover", "heather", "willow", "moss", "foxglove", "hawthorn", "nettle"],
    "food": [
        "onion soup", "rye bread", "apple cake", "pea stew", "potato salad", "plum jam", "ginger tea", "barley broth", "cheese pie",
        "roast carrots", "pear tart", "bean soup", "oat biscuits", "pickled beets",
    ],
    "tool": [
        "knife", "ruler", "brush", "hammer", "needle", "pair of pliers", "wooden spoon", "file", "chisel", "sponge", "roller",
        "compass",
    ],
    "room": [
        "kitchen", "workshop", "attic", "reading room", "hallway", "cellar", "studio", "school hall", "bakery", "boat shed",
        "library", "greenhouse",
    ],
    "quality": [
        "quiet", "patient", "careful", "honest", "cheerful", "plain", "stubborn", "generous", "modest", "curious", "gentle", "steady",
        "bold", "simple",
    ],
    "trade": [
        "carpenter", "printer", "baker", "teacher", "gardener", "sailor", "potter", "tailor", "librarian", "bookbinder", "glazier",
        "ferryman", "nurse", "beekeeper",
    ],
    "thing": [
        "table", "bench", "lamp", "kettle", "basket", "notebook", "ladder", "mirror", "blanket", "bell", "bicycle", "clock",
        "suitcase", "stove", "cupboard", "wheelbarrow",
    ],
}  # fmt: skip

ANYWHERE = """
It was {first} {last} who [first noticed|later pointed out|kept insisting] that the [old|little|narrow] {room} [needed|deserved] more light.
On a {weekday} in {month}, with {weather} over {town}, nobody [wanted|expected|hurried] to [leave|go home|close the door] before dark.
The {trade} next door [lent|brought|gave] us a {tool}, and that [made all the difference|saved the whole day|was exactly what we had missed].
There is a {quality} kind of [pleasure|joy|comfort] in [mending|cleaning|finishing] a {thing} that has been [waiting|standing about|forgotten] for {number} years.
People in {town} still [talk|argue|laugh] about the {season} when the {animal} [got into|slept in|would not leave] the {room}.
My [aunt|uncle|neighbour|cousin] {first} used to say that {material} [remembers|forgives|shows] every [hand|mistake|touch] it has known.
For {number} minutes the only sound was the {animal} [outside|on the roof|behind the shed] and the [slow|soft|even] ticking of a clock.
If you have never [worked with|touched|cut] {material} before, [begin with|start from|practise on] a small piece and [expect|accept] to spoil it.
We [paid|spent|saved] less than {number} coins on the whole thing, not counting the {food} that {first} [brought|cooked|shared] at noon.
Later that {season} the [council|school|family|club] [bought|borrowed|built] a second {thing}, and it [stands|waits|lives] in the {room} today.
The smell of {plant} and [wet|warm|old] {material} [fills|follows you through|never quite leaves] the {room} until late in the {season}.
Nobody [asked|knew|remembered] why the {thing} had been [painted|moved|left] there, but everyone [liked|missed|used] it.
According to {first} {last}, who [has lived|was born|once taught] on {street} Street, the {season} of that year was [the longest|unusually mild|hard on everyone].
You can [walk|cycle|row] from the station at {town} to {street} Lane in about {number} minutes, [longer|a little more] with {weather}.
There were {number} of us that morning, and [only one|hardly anybody|no one but {first}] had thought of bringing a {tool}.
A {quality} {trade} [told|taught|showed] me the trick: [measure|look|wait] twice, then [cut|decide|speak] once.
What [looks|seems|feels] easy in a {season} evening turns out to be [hard|slow|tiring] work when {weather} [arrives|sets in|comes up the valley].
I [wrote|noted|scribbled] it down in the margin of a book about {material}, next to a [drawing|pressed leaf|stain] of {plant}.
In {month} the [windows|doors] of the {room} stay [open|shut] all day, and you can hear the {animal} from the road.
The [answer|secret|reason], it turned out, was a {quality} habit of {first}'s: never throw away a {tool} that still fits the hand.
Half of the [visitors|guests|children] came for the {food}, the other half because [of the {weather}|somebody had told them to|they were simply curious].
By the end of the [week|month|day] we had {number} [good|decent|usable] ones and a box of [scraps|failures|leftovers] that {first} [kept|refused to throw out].
It takes a {quality} eye to see how much [room|air|rest] a [picture|page|wall] needs before it [starts|begins] to [speak|breathe].
"Leave it alone for {number} days," said the {trade}, "and then look at it again with [fresh eyes|clean glasses|a cup of tea]."
The road to {town} was [closed|flooded|empty], so {first} and {first} [stayed|waited] in the {room} and played cards until {weather} passed.
Some say that the [best|oldest|strongest] {material} comes from {town}, but the {trade} on {street} Street [would never agree|only smiles at that].
Of all the things on the [shelf|wall|floor], the {thing} was the one that {first} could not [sell|give up|explain].
We have [tried|tested|compared] {number} ways of doing this, and the [oldest|plainest|slowest] one is still the best.
Whoever [comes|travels] to {town} in {season} should bring [a coat|good shoes|some patience] and ask for {first} {last} at the [harbour|library|market].
After the [meal|meeting|lesson] there was {food} for everybody, and somebody [sang|told stories|fell asleep] beside the {thing}.
The [letter|note|postcard] from {town} took {number} weeks, and by then the {plant} on the sill had [already bloomed|dried out|doubled in size].
Every {weekday} evening, {first} [opens|sweeps|airs] the {room}, [lights|fills|polishes] the {thing} and waits for whoever may [come|call|knock].
It is not [clear|certain|known] how the {animal} found its way into the {room}, but it has [been|become] part of the place ever since.
One {trade} in {number} still [learns|knows|uses] the old way, with a {tool}, some {material} and a great deal of [time|care|silence].
After {number} hours of {weather}, the whole of {street} Street [smelled|looked|sounded] as if somebody had [washed|polished] it.
"""
