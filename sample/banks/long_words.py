"""Stems and endings -> some two thousand long English words, for texts of unusual word length."""

# ruff: noqa: SIM905

_STEMS = (
    "alphabet amplif artific benevol calcul capital categor central character circul civil classif collect commerc communic "
    "compart compens complement concentr conceptual configur confront congregat consequ conserv consolid constitut "
    "construct contempl contextual contradict contribut coordin correspond crystall cultiv decentral declar decorat deliber "
    "democrat demonstr denomin depart determin differenti digit dimension discrimin distribut document dramat econom electr "
    "eman emphas encourag enthusias environment establish evaluat evolut exagger experiment explor express extraordin famil "
    "fertil formal fortif fragment fundament general generat govern gradu harmon histor human hypothes identif illumin "
    "illustr imagin immort improvis incorpor independ individual industrial influenc initial innov inspir institut "
    "instrument integr intellect interpret investig justif legisl liber liter magnif maneuver mater mathemat measur mechan "
    "medit memor metaphor method mineral modern monument moral multipl municip narrat national natural navig negoti neutral "
    "notif observ occup orchestr organ origin ornament participat particular penetr perfect perpetu person philosoph "
    "photograph popular practic precip predict prefer preserv principal prior privileg product profession prolifer pronounc "
    "proport protect provid public qualif rational recommend reconstruct reflect register represent republic resid resist "
    "respons restor revolution romant satisf secular sensation separ sequent signif simpl situat social special specif "
    "spirit stabil standard statist strateg struct subordin substitut suggest superfic supplement symbol sympath synchron "
    "system techn territor theoret tradit transcend transform transit transport triumph ultim unif univers valid variat "
    "veget ventil vital volunt "
).split()
_ENDINGS = ("ization ational atively ability izations ableness ically atories ivities ional ments iously ").split()

# They look like words, are as long as the longest, and each is rare enough to repeat nothing.
PLAIN_WORDS: tuple[str, ...] = tuple(
    dict.fromkeys(word for stem in _STEMS for ending in _ENDINGS if 9 <= len(word := stem + ending) <= 14)
)

LONG_WORDS: tuple[str, ...] = tuple(
    (
        "administration announcement appreciation arrangements circumstances collaboration commissioners communication "
        "comprehensive concentration consciousness consequences considerable construction contemporary conversations "
        "correspondence demonstration determination disappointment distribution encouragement entertainment environmental "
        "establishment extraordinary identification illustrations imaginative implementation improvements independence "
        "infrastructure institutional instrumental interpretation introduction investigation justification manufacturing "
        "mathematical neighbourhood observations opportunities organisations participants particularly photographers "
        "preservation professional psychological questionnaires recommendations reconstruction relationships representative "
        "requirements responsibility restoration satisfaction significance straightforward transformation understanding "
        "unfortunately university "
    ).split()
)
