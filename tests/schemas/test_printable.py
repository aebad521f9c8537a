"""Whatever is printed cannot steer a terminal."""

from lamella.schemas.printable import printable


def test_controls_overrides_and_halves_go_and_text_stays():
    assert (
        printable("\x1b[31mred\x07\r\x9b2J\u202egpj.exe \udcff\ttab\nline ünï 日本 🦩")
        == "[31mred2Jgpj.exe \ufffd\ttab\nline ünï 日本 🦩"
    )
    assert printable(ValueError("\x1b]0;title\x07")) == "]0;title"
