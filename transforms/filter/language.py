"""The language of a text, under the name that programs imported before; the code is in `formats.language`."""

from lamella.transforms.formats.language import Language, detect_language

__all__ = ["Language", "detect_language"]
