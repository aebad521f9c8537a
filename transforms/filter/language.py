"""The language of a text, where programs that use the package have found it so far: `formats.language` has it now."""

from lamella.transforms.formats.language import Language, detect_language

__all__ = ["Language", "detect_language"]
