"""Bytes -> text: what the page says, what its bytes say, and which of them is believed."""

import pytest

from lamella.transforms.formats.charset import decode_html

SENTENCES = {
    "en": "Flamingos are wading birds that strain their food from the water with their beaks, and they sleep on one leg.",
    "de": "Flamingos sind große Vögel, die ihre Nahrung aus dem Wasser seihen; sie schlafen für gewöhnlich auf einem Bein.",
    "fr": "Les flamants sont de grands échassiers qui filtrent l'eau par leur bec, où des lamelles retiennent la pâture.",
    "ru": "Фламинго — крупные птицы, которые процеживают воду клювом; на отдыхе они стоят на одной ноге.",
    "uk": "Фламінго — великі птахи, які проціджують воду дзьобом; на відпочинку вони стоять на одній нозі.",
    "el": "Τα φλαμίνγκο είναι μεγάλα πουλιά που φιλτράρουν την τροφή τους από το νερό με το ράμφος τους.",
    "he": "פלמינגו הם עופות גדולים המסננים את מזונם מן המים באמצעות מקורם, והם ישנים על רגל אחת.",
    "ar": "طيور النحام طيور كبيرة تصفي غذاءها من الماء بمناقيرها، وهي تنام على ساق واحدة.",
    "ja": "フラミンゴは大きな鳥で、くちばしのひだで水から食べ物を濾し取ります。休むときは片足で立ちます。",
    "zh": "火烈鸟是一种大型涉禽,用喙里的薄片从水中滤食。它们休息的时候用一条腿站立,羽毛是粉红色的。",
    "ko": "홍학은 큰 새로서 부리의 얇은 판으로 물에서 먹이를 걸러 먹습니다. 쉴 때는 한 다리로 섭니다.",
    "pl": "Flamingi to duże ptaki, które odcedzają pożywienie z wody; śpią stojąc na jednej nodze, żółć i gęś też.",
}  # fmt: skip
CHARSETS = {
    "en": ["utf-8", "iso-8859-1", "utf-16"],
    "de": ["utf-8", "iso-8859-1", "windows-1252", "utf-16-le", "utf-16-be"],
    "fr": ["utf-8", "iso-8859-1", "iso-8859-15"],
    "ru": ["utf-8", "windows-1251", "koi8-r", "utf-16"],
    "uk": ["utf-8", "windows-1251"],
    "el": ["utf-8", "iso-8859-7"],
    "he": ["utf-8", "windows-1255"],
    "ar": ["utf-8", "windows-1256"],
    "ja": ["utf-8", "shift_jis", "euc-jp", "iso-2022-jp"],
    "zh": ["utf-8", "gbk", "gb2312", "big5"],
    "ko": ["utf-8", "euc-kr"],
    "pl": ["utf-8", "iso-8859-2", "windows-1250"],
}
# Nothing in their bytes tells these from their neighbours.
LOOKALIKES = {("fr", "iso-8859-15"), ("pl", "windows-1250")}
CASES = [(language, charset) for language, charsets in CHARSETS.items() for charset in charsets]


def page(language: str, charset: str, declared: str = "") -> tuple[str, bytes]:
    text = (
        SENTENCES[language].translate(str.maketrans("—火烈鸟种里从滤们时条", "-火烈鳥種里從濾們時條"))
        if charset == "big5"
        else SENTENCES[language]
    )
    meta = f'<meta charset="{declared}">' if declared else ""
    html = f"<html><head>{meta}<title>x</title></head><body><p>{text}</p><p>{text}</p></body></html>"
    return html, html.encode(charset, "replace")


@pytest.mark.parametrize(("language", "charset"), CASES)
@pytest.mark.parametrize("where", ["header", "meta", "both"])
def test_declared(language, charset, where):
    _, data = page(language, charset, charset if where != "header" else "")
    header = f"text/html; charset={charset}" if where != "meta" else "text/html"
    assert decode_html(data, header)[0] == data.decode(charset)


@pytest.mark.parametrize(("language", "charset"), [case for case in CASES if case not in LOOKALIKES])
def test_undeclared(language, charset):
    _, data = page(language, charset)
    assert decode_html(data, "text/html")[0] == data.decode(charset)


@pytest.mark.parametrize(
    ("language", "charset"), [case for case in CASES if case[1] in ("utf-8", "shift_jis", "gbk", "euc-kr", "utf-16-le")]
)
@pytest.mark.parametrize("lie", ["iso-8859-1", "utf-8", "nonsense"])
def test_lies(language, charset, lie):
    _, data = page(language, charset, lie)
    assert decode_html(data, f"text/html; charset={lie}")[0] == data.decode(charset)


def test_a_stray_byte_does_not_change_the_charset():
    html, data = page("de", "utf-8")
    text, charset = decode_html(data.replace(b"Wasser", b"Wa\xffser"), "text/html")
    assert (text, charset) == (html.replace("Wasser", "Wa�ser"), "utf-8")


def test_controls_and_surrogates_go():
    assert decode_html(b"<p>a\0b\x0b\x1bc\x7f\td\x0ce\r\n", "text/html")[0] == "<p>abc\td\x0ce\r\n"
    assert decode_html("<p>a\0b".encode("utf-16-le") + b"\x00\xd8", "text/html; charset=utf-16")[0].startswith("<p>ab")
    text = decode_html(b"<p>\xed\xa0\x80", "text/html")[0]
    assert text.encode("utf-8").decode("utf-8") == text
