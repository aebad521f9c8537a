"""English sentences and titles for each genre of page, and the sentences that lead to a picture."""

# ruff: noqa: E501
TITLES = {
    "article": """
{town} opens [its|a new|the restored] {room} after {number} [years|months] of work
How a {trade} from {town} [saved|rebuilt|found] the old {thing}
The {season} market of {town} [returns|moves|grows] to {street} Street
Why {first} {last} [left|returned to|writes about] {town}
{number} [pictures|prints|drawings] and one {quality} {trade}
A [long|short|quiet] history of {material} in {town}
""",
    "gallery": """
Prints by {first} {last}, shown in the {room} of {town}
Simple forms: {first} {last} in {town}
{season} exhibition on {street} Street: [paper|shapes|colours] and {material}
The {quality} pictures of {first} {last}
{number} sheets from the {town} print room
""",
    "shop": """
Wall print on {material}, made in {town}
{quality} poster for the {room}, by {first} {last}
Printed {material} sheet, {number} colours, {town} workshop
Picture set for the {room}: {material} and paper
Hand printed card from {street} Street, {town}
""",
    "blog": """
A {season} morning in {town}
What the {animal} taught me about {material}
Notes from the {room}, {month}
{number} days with a {tool} and some paper
On {plant}, {food} and drawing in {weather}
Why I still draw with a {tool}
""",
    "recipe": """
{food} as they make it in {town}
{quality} {food} for {season} evenings
{first}'s {food} with {plant}
{food}, slowly, in {number} steps
{season} {food} from the {room} on {street} Street
""",
    "catalogue": """
A [field guide|pocket guide] to the plates of {town}
Plates from the {room} of {town}: a [short|plain|complete] list
[Stock list|Plate list|Index] of the print room on {street} Street
Picture quiz for {season} evenings in {town}
The {first} {last} sheets, plate by plate
[Notes|Labels] for the drawers of {first} {last}, {trade}
""",
}

SENTENCES = {
    "article": """
The town council of {town} [voted|agreed|decided] on {weekday} to [keep|restore|reopen] the {room} on {street} Street, which had been [closed|empty] for {number} years.
{first} {last}, a {trade} and [longtime|lifelong|recent] resident, [led|organised|paid for] the work together with {number} volunteers.
"We did not want a [museum|monument|shop]," {first} {last} said, "we wanted a [place|room|corner] where people [sit|talk|draw] together."
The first [visitors|guests|pupils] arrived on a {weekday} in {month}, in spite of {weather} and a [delayed|cancelled|crowded] train.
Records in the [parish|city|harbour] archive show that the {thing} was [made|bought|repaired] by a {trade} named {last} in the {season} of that year.
Critics of the plan [argued|warned|feared] that the money would be [better|more wisely] spent on the [bridge|school|harbour wall], a view that {first} {last} does not share.
At the heart of the building stands a {thing} of {material}, [cleaned|restored|polished] over {number} weeks with nothing more than a {tool} and soap.
The [report|survey|study] found that {number} of every hundred [households|visitors|children] in {town} had [never|rarely|only once] set foot in a gallery.
Funding came from [a local bank|the fishing club|an anonymous donor], a [raffle|concert|cake sale], and the sale of {number} prints.
Historians [believe|suspect|are certain] that the colours were chosen by a {quality} {trade} who [travelled|came] from {town} to {town} on foot.
Similar [projects|rooms|workshops] exist in {town} and {town}, though neither has [lasted|stayed open] for more than {number} {season}s.
For the [children|pupils|pensioners] of {street} Street the new {room} is already [a second home|part of the day|the best place in town].
Opening hours remain [short|modest|uncertain] until {month}, when a second {trade} will [join|help|replace] {first} {last}.
The architect, {first} {last}, [removed|moved|opened] a single wall and [left|kept] everything else as the {trade}s of the last century had built it.
A [guide|booklet|map] to the collection is [sold|given away|printed] at the door, with notes on each sheet and on the {material} it was made of.
Not everything [went|goes] to plan: in {month} {weather} [damaged|soaked|delayed] the roof, and {number} drawings had to be [dried|moved|copied].
The [mayor|headmaster|harbour master] of {town}, {first} {last}, called the result [a small wonder|a lesson in patience|money well spent].
Attendance has [doubled|tripled|risen] since {month}, according to [figures|numbers|lists] that the {trade} at the door [keeps|writes down] by hand.
The oldest object on view is a {quality} little {thing}, found behind the {room} by a {animal} that [dug|scratched|slept] there.
[Experts|Teachers|Printers] from {town} will [speak|lecture|demonstrate] on {weekday} evenings, and [coffee|soup|bread] is free for all who stay.
One [panel|sheet|corner] is [reserved|kept] for work by visitors, who have [filled|covered] it {number} times since the {season}.
Whether the {room} [survives|stays open] depends on a [vote|count|decision] in {month}, which {first} {last} expects to be [close|friendly|long].
[Neighbours|Traders|Parents] on {street} Street [complain|worry] about [noise|parking|crowds] on {weekday}s, but most [admit|agree] that the street feels safer.
The [method|craft|technique] is older than the town itself: a plate of {material}, a {tool}, [ink|paint|dye], and a {quality} hand.
""",
    "gallery": """
{first} {last} [was born|grew up|studied] in {town} and [trained|worked] as a {trade} before turning to prints at the age of {number}.
Each sheet in this room [began|starts] as a [scrap|sheet] of {material}, cut with a {tool} and [printed|pressed] by hand in {month}.
The artist [limits|restricts] herself to a few forms and a few colours, and [lets|allows] the paper to do the rest.
Look at the [edges|margins|corners] first, where a {quality} hand has [left|corrected|hidden] the smallest of errors.
The series was [shown|made|begun] in {town} during a {season} of {weather}, when the {room} was too cold for [oil|clay|anything else].
[Visitors|Critics|Children] often ask which way up the pictures hang, and the {trade} at the desk [never|gladly|always] tells them.
Nothing in these pictures is an accident, says {first} {last}, except for the [light|dust|titles].
The [frames|mounts] are of plain {material} from a {trade} in {town}, [oiled|waxed] once and never varnished.
In the second room hang {number} sheets that have not been [seen|shown|sold] since the [fire|flood|exhibition] in {town}.
What [holds|ties|keeps] the sheets together is a {quality} sense of distance: every form [knows|keeps|finds] its place.
A [catalogue|folder] with all {number} pictures can be [read|leafed through|borrowed] on the {thing} beside the [door|window|stairs].
The [curator|collector|owner], {first} {last}, hung the pictures low, so that [children|seated guests|everyone] can see them well.
On the long wall the colours grow [darker|brighter|quieter] from sheet to sheet, [like|as in] an evening in {month}.
These prints were [given|lent|left] to the town by the family of a {trade} on {street} Street, who had kept them under the {thing}.
For the [youngest|smallest] visitors there is a table with {material}, [chalk|crayons|scissors] and {number} wooden forms to copy.
The light in the {room} [changes|wanders] all day, so come [twice|early|late] if you can, best of all on a {weekday}.
A {quality} restraint [runs through|marks|governs] the whole hanging, and the eye is [grateful|glad] for every empty wall.
Prints from the edition may be [bought|ordered] at the desk, and the [money|income] goes to the school on {street} Street.
{first} {last} has said that she thinks of [each|every] picture as a [sentence|tune|room] with at most two [words|notes|doors].
It is worth [bending|kneeling] down to the smallest sheet, a [gift|farewell|joke] for a friend in {town}.
The earliest pictures [date|come] from a {season} that the artist spent in {town} as a {trade}'s apprentice.
Between the sheets the curator has [placed|left] a {thing}, a {tool} and some {material} from the artist's {room}.
""",
    "shop": """
This print is made to order in our {room} on {street} Street and [leaves|ships from] {town} within {number} days.
The sheet is [heavy|smooth|textured] paper over {material}, so the colours stay [clear|bright|true] even in a sunny {room}.
We [pack|roll|wrap] every order by hand in {material} and cardboard, without any plastic, and add a [card|note] from {first}.
It [looks|works|hangs] best above a {thing} or in a {room} with plain walls and [soft|northern|morning] light.
The frame is not included, but our {trade}, {first} {last}, can [build|recommend|cut] one in oak or birch.
Customers in {town} may [collect|pick up] their order from the {room} on {weekday}s, and there is usually {food} for those who wait.
Please [wipe|dust] the surface with a dry cloth only, and keep it away from [steam|damp walls|open fires].
Because each piece is [printed|cut|finished] by hand, small [differences|marks] are [part of it|to be expected] and not a fault.
The design comes from a notebook that {first} {last} [kept|filled] during a {season} in {town}.
If it does not suit your {room}, send it back within {number} days and we will [refund|return] the full price.
A larger size can be [ordered|made] on request, and [schools|nurseries|clubs] receive a [discount|better price] on sets of {number}.
We use [water based|plant based|mineral] inks which are [safe|harmless] for children and have [hardly any|almost no] smell.
The back is [lined|covered] with {material}, with two small loops of brass, so that it can hang without a nail through the sheet.
Many [families|teachers|customers] use the set for counting games: name the form, name the colour, say what stands beside it.
Each order pays for [one lesson|a box of paper|an hour] in the drawing class that {first} teaches in {town}.
The paper is [milled|made] in {town} from cotton scraps, and the [offcuts|leftovers] become [notebooks|cards|labels].
Our [smallest|oldest|favourite] press was [built|bought] by a {trade} in the last century and still runs {number} hours a week.
Delivery inside the country takes about {number} days, a little longer in {month} when everyone is [buying|sending] presents.
[Reviews|Letters] from buyers [praise|mention] the [weight|feel|colour] of the sheet most of all, and the {quality} drawing.
You will [receive|get] one sheet, a [tube|flat box] of {material} board, and a short [leaflet|story] about the workshop.
The colours in the photographs are as [close|near] to the real sheet as our camera and {weather} would allow.
We only print {number} of each design, and when they are [gone|sold] the block is [planed|washed] and used again.
""",
    "blog": """
I [woke|got up] before six, made [coffee|tea], and [walked|went] down {street} Street with a {tool} in my pocket and no plan at all.
The {animal} was [there|back] again, sitting on the {thing} as if it [owned|had bought] the place, and I [drew|sketched] it badly {number} times.
Some days the drawing [comes|works] by itself, and on other days I [sharpen|clean] every {tool} in the house instead.
My [rule|plan|promise] for {month} is simple: one picture a day, two forms at most, and no [rubbing out|excuses|complaints].
{first} [called|wrote|visited] from {town} and said the {plant} there is [out|over|late] already, which made me [sad|restless|glad] somehow.
I had [forgotten|missed] how {material} [sounds|feels|behaves] when the air is dry and the {room} is [cold|empty|quiet].
For lunch there was {food}, eaten [standing|outside|far too fast], and then back to the {thing} with the good light.
A reader [asked|wondered] last week why I never draw people, and the [honest|short|boring] answer is that circles [hold|sit] still.
Here is what I [learned|noticed] this week: the less there is in a picture, the [longer|harder] you have to look for the right place.
The [paper|pad] I use now is from a {trade} in {town}, who makes {number} sheets a day and will not be [hurried|rushed].
Yesterday I [threw|gave] away {number} drawings and felt [lighter|wonderful|guilty] all evening.
On the way home {weather} [caught|found] me near the bridge, and I [waited|stood] under a tree with a {trade} and his {animal}.
If I could [keep|choose] only one colour, I would [think|worry] about it for {number} days and then take the wrong one.
There is a [bench|wall|step] behind the {room} where the sun stays longest, and that is where I [write|am writing] this.
I [tried|copied] the same picture with {material} this time, and [liked|hated] it until {first} [laughed|came by|turned it round].
Do you [know|remember] the [feeling|hour] when a {room} is so quiet that you can hear the {plant} [grow|drop a leaf]?
It has been a {quality} sort of week, with {weather} on {weekday} and visitors from {town} who [stayed|talked] too long.
I [keep|pin] the good ones on the wall above the {thing} for {number} days, and whatever still pleases me [stays|may stay].
[Slowly|Finally], the {room} is [tidy|warm|dry] enough to [work|print] in, and I have run out of reasons to [wait|complain].
The [trick|thing] with {material} is to stop a [minute|moment] before you think that you should.
My [mother|grandfather|sister] kept a {tool} like this one in {town}, wrapped in a piece of {material} against the damp.
Next week I will [try|attempt] something with [three|four] forms, unless {first} [talks|laughs] me out of it again.
""",
    "recipe": """
[Peel|Wash|Chop] the [onions|carrots|apples|pears] first and keep them in [cold|salted] water while you [look for|sharpen] the good {tool}.
[Warm|Heat] the [butter|oil] slowly in a [wide|heavy|deep] pan until it [foams|shines], but do not let it [brown|smoke].
[Stir|Fold] in the flour a spoon at a time, and [add|pour] the [milk|stock] when the mixture [looks|smells] like [nuts|warm bread].
In {town} they add a little {plant} at this [point|stage], which {first} {last} calls [the whole secret|pure showing off|a waste].
Let it [simmer|rest|bake] for {number} minutes with the lid [on|half open], and use the time to [set the table|wash up|read].
The {trade} who [gave|taught] me this recipe [cooked|made] it on a stove of {material} and [measured|counted] everything in cups.
[Taste|Try] it now: it should be [salty|sharp|sweet] enough to [wake|please] a {trade} after a day in {weather}.
If the [dough|sauce|batter] seems too [thick|stiff], [add|work in] a spoon of water, and if it is too thin simply [wait|cook on].
We [serve|eat] it with {food} on the side and, in {month}, with whatever the garden on {street} Street has [left|given].
It [keeps|lasts] for {number} days in a cool {room}, and [many|some] people find it [better|richer] on the second evening.
The colours on the plate [matter|count] more than you may think, so keep the [green|red] things for the very end.
[Line|Brush] the tin with [paper|butter] and press the [dough|crumbs] into the corners with the back of a spoon.
When I was [small|young|little], {first} [cut|baked] the [scraps|leftovers] of the dough into simple forms for us, and we [named|counted] them.
[Sprinkle|Scatter] the [sugar|salt|seeds] from high above, as the {trade} does, so that it [falls|lands] evenly like snow.
Do not [open|touch] the oven during the first {number} minutes, however [good|strong] the smell in the {room} may be.
The [crust|top] is done when it [sounds|feels] hollow and has the colour of [old|wet] {material}.
For a [lighter|cheaper] version, [leave out|halve] the [cream|cheese] and [double|add] the {plant}.
This feeds {number} [hungry|polite] people, or one {trade} and a {animal}, as {first} likes to say.
[Strain|Press] everything through a [cloth|sieve] of {material}, and save the [liquid|juice] for {food} tomorrow.
The original recipe, [found|kept] in a {room} in {town}, asks for {number} eggs, but [half|fewer] will do.
[Cool|Leave] it on the [sill|rack] until you can [hold|touch] the tin with bare hands, then [turn|ease] it out in one go.
My [neighbour|aunt] in {town} [swears|insists] on [stone|rye] flour, and I have [stopped|given up] arguing with her.
""",
    "catalogue": """
The plates below come from the {room} of {town}, where {first} {last} [sorted|numbered|unpacked] them over {number} {weekday}s.
This [list|guide|page] was [begun|written|put together] in {month} by a {trade} who [needed|wanted] to find things [faster|again|without asking].
Each plate has [a label|one line] in the hand of {first} {last}, and we have [kept|copied] it as it [stands|was found].
[Cover|Hide] the [labels|lines] with a strip of {material} and [try|guess] for yourself before you [look|read on].
The [order|sequence] is that of the drawers, from the {thing} by the door to the [window|stairs|far wall].
[Teachers|Collectors|Guides] in {town} use the list on {weekday}s, when the {room} is [closed|quiet] and the light is even.
The sheets were photographed on a {thing} under {weather}, with a {tool} to hold the corners down.
A second list, [longer|shorter] than this one and [older|younger] by {number} years, [lies|hangs] in the {room} of {town}.
Nothing was [trimmed|retouched|straightened] for this page, so that a [copy|print] can be [told|known] from its [first|original] sheet.
Where a plate was [lost|lent out|too damp to scan], its number [stays|is left] empty until {month}.
[Corrections|Additions] are welcome at the desk on {street} Street, [best|ideally] in writing and with a {food} for {first}.
The labels were [checked|read aloud] twice, once by a {trade} and once by a class of {number} children from {town}.
If you [own|find] a sheet that is not in the list, the {room} in {town} would [like|be glad] to see it before the {season}.
The [drawers|boxes] are of {material}, made by a {trade} in {town}, and they [smell|still smell] of {plant}.
The numbers follow no [rule|system] but that of {first} {last}, who [counted|filed] by heart and [erred|was wrong] only once.
In the [printed|bound] edition every plate has a page to itself, with {number} [lines|spaces] for the notes of the [owner|reader].
The [names|words] on the labels are [short|plain] because the {trade} had a {tool} to carve them with, and little [patience|time].
The plates may be [borrowed|copied|ordered] for a {season}, one at a time, from the {room} on {street} Street.
What began as a game for {first}'s [children|guests] has become the [index|memory] of the whole {room}.
We have left out what {first} {last} [said|wrote] about the {animal} on the {thing}, since it [belongs|goes] to another drawer.
A {quality} [visitor|reader] from {town} sent us {number} more labels, and they will be [added|sorted] in spite of {weather}.
""",
}

# Each takes {scene}, a phrase such as "a large red circle above a small blue square".
MENTIONS = {
    "article": """
The [best known|largest|first] sheet shows {scene}, and [pupils|visitors|guides] [stop|gather] in front of it every day.
On the wall beside the [door|stairs|window] hangs {scene}, a picture that {first} {last} [made|gave to the town] in {month}.
[Reporters|Guests] were [shown|taken to] a picture of {scene}, [which|and it] has become the sign of the project.
One picture, {scene}, was [found|hidden] behind the {thing} during the [repairs|work].
The poster for the opening [shows|carries] {scene}, [printed|drawn] by a class from {street} Street.
""",
    "gallery": """
Here we see {scene}, [made|printed] in a single {weekday} afternoon.
In this sheet the artist [sets|places] {scene}, and [leaves|gives] the rest of the paper to the light.
The next picture, {scene}, [belongs|goes back] to the [early|middle|late] years in {town}.
{scene}: it [takes|needs] no more than that to fill the wall.
The [smallest|boldest|calmest] work in the room is {scene}, [on loan|a gift] from {town}.
""",
    "shop": """
This design shows {scene}, in [strong|clear|matt] colours that [carry|read] well across a {room}.
You see here {scene}, [photographed|scanned] from the [first|actual] print.
The front [carries|shows] {scene}, and the back is [plain|blank] for your own words.
Our [bestseller|favourite] this {season}: {scene}, on paper from {town}.
The [picture|motif] is {scene}, [drawn|cut] by {first} {last}.
""",
    "blog": """
Today's drawing is {scene}, and I am [almost|rather|nearly] happy with it.
So I [drew|painted] {scene}, and then [sat before|looked at] it for a long time.
What you see in the next picture is {scene}, [nothing more|as promised].
{first} [wanted|asked for] {scene}, so here it is.
By noon I had {scene} on the paper, and a [cold|stiff] hand.
""",
    "recipe": """
The card in the recipe box shows {scene}, [drawn|painted] by {first} as a child.
I [keep|store] the flour in a tin with {scene} on the lid.
Beside the stove hangs {scene}, a picture that has [survived|seen] {number} years of steam.
On our [plates|napkins] you find {scene}, because {first} [likes|loves] plain things.
The [label|cloth] has {scene} on it, so nobody [confuses|mixes up] the jars.
""",
    "catalogue": """
One loose sheet at the end shows {scene}, [not yet numbered|without a drawer of its own].
In the last drawer lies {scene}, [bought|found] in {town} on a {weekday}.
The cover of the list carries {scene}, [cut|pressed] by {first} {last}.
A visitor [brought|sent] us {scene}, which we [keep|show] with the others.
Behind the {thing} we found {scene}, with [no|an empty] label.
""",
}

COMMENTS = """
[Thank you|Thanks] for this, I [tried|read|shared] it with my [sister|class|neighbour] and we [loved|argued about] it.
Does anybody know whether the {room} in {town} is open on {weekday}s?
The [second|last|first] picture is my favourite, it reminds me of a {thing} that we had at home.
I [disagree|am not sure], but it is [nicely|kindly] said.
[Lovely|Wonderful] pictures, please [show|post] more of them.
"""
