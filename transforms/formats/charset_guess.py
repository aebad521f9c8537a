"""Bytes without a declared charset, and a detector's guess -> the charset whose letters fit a language best.

Detectors need a paragraph; a title and a caption have less. Each candidate is read and scored: of its characters beyond ASCII,
the share that is common in one language's writing. For Chinese, Japanese and Korean these are the commonest characters of
running text; for alphabets, the accented letters of one language. Signs within words ("¹", "¿", a capital behind a small
letter) tell of a wrong reading.
"""

import re

EAST = ("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949")
CENTRAL = frozenset(("cp1250", "iso8859-2"))
_SAMPLE = 20_000  # bytes beyond ASCII, with what is around them, that are looked at
_ENOUGH = 400  # bytes beyond ASCII from which on the detector knows better about Asian scripts
_MIN_SCORE = {"east": 0.35, "central": 0.9}
_MIN_AHEAD = 0.2  # of the next best reading

# The commonest characters of running text, in the order of public frequency lists (Jun Da for Chinese).
_SIMPLIFIED = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当"
    "没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手"
    "应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运笔河座落古坊磨老"
)
_TRADITIONAL = frozenset(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當"
    "沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手"
    "應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象完設式色路記南品住告類求據程北邊死張該交規萬取拉格望覺術領共確傳師觀清今切院讓識候帶導爭運筆河座落古坊"
)
_HANGUL = frozenset(
    "이다는의에가을고하지로한은도를기사리나인아서스자그대시라어정해보수들일있으전과만주제원구게장부상비여조소경성공동우안세무마신거모면오미러와선유중생트국회관학적것해요니까습내용된위명계간실치"
)
_SCRIPTS = {"gb18030": _SIMPLIFIED, "big5hkscs": _TRADITIONAL, "cp949": _HANGUL}
_KANA = re.compile(r"[\u3041-\u30fe\uff66-\uff9f]")
_CJK = re.compile(r"[\u3000-\u9fff\uac00-\ud7a3\uff00-\uffef]")

_ALPHABETS = {
    "cp1252": ("àâæçéèêëîïôœùûüÿ«»", "äöüß„“", "áéíñóúü¿¡ªº", "ãõáéíóúâêôàç", "àèéìíîòóùú", "åäöéæø", "ëéïöüáóè", "ðþæöáéíóúý"),
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž", "áéíóöőúüű"),
}
_TYPOGRAPHY = frozenset("–—‘’“”„…«»·•©®™°§€£\xa0")
_BROKEN = re.compile(r"[^\W\d_][¹²³¼½¾¿¡¥£±¶¦¬×÷ªº§¨¸][^\W\d_]|[a-zà-ÿ][À-ÞĄ-Ź][a-zà-ÿ]|[^\W\d_][³¹¿][\s.,;:!?)]")


def likely_charset(data: bytes, detected: str) -> str:
    """`detected`, where no other reading is clearly more of a language."""
    sample = _around_high_bytes(data)
    high = sum(byte > 0x7F for byte in sample)
    if not high:
        return detected
    if high < _ENOUGH and (east := _best(sample, EAST, _east_score, _MIN_SCORE["east"])):
        return east
    if detected in EAST or (detected.startswith(("utf", "iso2022", "koi8", "cp125", "iso8859")) and detected not in _LATIN):
        return detected
    west = _alphabet_score(sample, "cp1252")
    central = {charset: _alphabet_score(sample, charset) for charset in sorted(CENTRAL)}
    best = max(central, key=lambda charset: central[charset])
    return best if central[best] >= _MIN_SCORE["central"] and central[best] > west + _MIN_AHEAD else detected


_LATIN = frozenset(
    ("cp1250", "cp1252", "cp1254", "cp1257", "cp1258", "iso8859-1", "iso8859-2", "iso8859-3", "iso8859-9", "iso8859-15")
)
_HIGH = re.compile(rb"[\x80-\xff]")
_BEFORE = 20  # bytes
_AROUND = re.compile(rb"[^\x80-\xff]{0,20}(?:[\x80-\xff]+[^\x80-\xff]{1,20}){1,200}|[\x80-\xff]+")


def _around_high_bytes(data: bytes) -> bytes:
    """What stands beyond ASCII, with the words around it."""
    out, size, at = [], 0, 0
    while size <= _SAMPLE and (high := _HIGH.search(data, at)):
        found = _AROUND.match(data, max(at, high.start() - _BEFORE)) or _AROUND.match(data, high.start())
        if not found:
            break
        out.append(found[0])
        size, at = size + len(found[0]), found.end()
    return b" ".join(out)[:_SAMPLE]


def _best(sample: bytes, charsets: tuple[str, ...], score, least: float) -> str:
    scores = sorted(((score(sample, charset), charset) for charset in charsets), reverse=True)
    ahead = scores[0][0] - scores[1][0] >= _MIN_AHEAD
    return scores[0][1] if scores[0][0] >= least and ahead else ""


def _east_score(sample: bytes, charset: str) -> float:
    """The share of its characters beyond ASCII that are common; of Japanese, kana. Broken bytes count against it."""
    text = sample.decode(charset, "replace")
    beyond = [character for character in text if character > "\x7f"]
    if not beyond:
        return 0.0
    broken = 3 * text.count("\ufffd")
    if charset in _SCRIPTS:
        good = sum(character in _SCRIPTS[charset] for character in beyond)
    else:
        kana = len(_KANA.findall(text))
        halves = sum("\uff61" <= character <= "\uff9f" for character in beyond)  # any byte is one in Shift-JIS
        good = 1.6 * (kana - halves) if 2 * halves < len(beyond) else 0
    return (min(good, len(beyond)) - broken) / len([one for one in beyond if _CJK.match(one) or one == "\ufffd"] or beyond)


def _alphabet_score(sample: bytes, charset: str) -> float:
    """The share of its letters beyond ASCII that one language of the charset has."""
    text = sample.decode(charset, "replace")
    letters = [character for character in text.lower() if character > "\x7f" and character not in _TYPOGRAPHY]
    if not letters:
        return 0.0
    alphabets = _ALPHABETS["cp1250" if charset in CENTRAL else charset]
    good = max(sum(letter in alphabet for letter in letters) for alphabet in alphabets)
    return (good - 2 * len(_BROKEN.findall(text))) / len(letters)
