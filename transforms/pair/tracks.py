"""A track's cues and a clip's times -> what is said in that time, each line once and no sounds.

Three ways of writing captions repeat their words: rolling up (a line is in the next cue again, one row higher), a glimpse (a
cue of a hundredth of a second that holds the line while it moves), painting on (a cue is the one before it with one more word).
What somebody says twice is in cues of its own, and stays.
"""

import re
from collections.abc import Iterable, Sequence

from lamella.schemas.config import PairConfig
from lamella.schemas.media import Cue
from lamella.transforms.formats.words import words

_MUSIC = "♩♪♫♬🎵🎶"
_LEAD = r"[-–—>\s]*+"  # a change of speaker
_SONG = re.compile(rf"{_LEAD}(?:[{_MUSIC}].*|#\s[^#]*+(?<=\s)#)|[^\w]*+", re.DOTALL)  # sung, or without a word
_DATA = re.compile(
    r"\{.*\}|[^\s#]*+#xywh=\S*+|(?:https?://|/)\S++", re.DOTALL
)  # of a track for scripts: JSON, pictures, addresses
_SPEAKER = re.compile(r">{2,3}\s*+")  # line 21 captions: somebody else speaks
_BRACKETED = re.compile(rf"{_LEAD}(?:\[[^\[\]]*+\]|\([^()]*+\)|【[^【】]*+】|（[^（）]*+）|\*[^*]*+\*)[\s.:!]*+")
_NOTE_BEFORE = re.compile(r"\s*+\[([^\[\]\d]*+)\]\s*+(?=\S)")  # "[sighs] I know"; round brackets may be the speaker's own


def said_during(cues: Iterable[Cue], start_s: float, end_s: float, config: PairConfig) -> str:
    """The words of the cues that are shown at any moment of [start_s, end_s), in order of time; "" where nothing is said."""
    shown = [cue for cue in cues if cue.start_s < end_s and cue.end_s > start_s and _speech(cue.text, config)]
    shown.sort(key=lambda cue: cue.start_s)
    return " ".join(filter(None, (_speech(line, config) for line in _once(shown, config))))


def _once(cues: Sequence[Cue], config: PairConfig) -> list[str]:
    """The lines of the cues, without those that are only shown again."""
    said: list[str] = []
    before: list[str] = []
    until_s, glimpse = float("-inf"), False
    for cue in cues:
        lines = cue.text.split("\n")
        is_glimpse = cue.end_s - cue.start_s <= config.max_glimpse_s
        if cue.start_s - until_s <= config.max_roll_gap_s:
            again = _overlap(before, lines)
            fresh = lines[again:]
            if again and not fresh and not (is_glimpse or glimpse):
                fresh = lines  # the same once more, and long enough to be meant
            elif fresh and said and _grows(said[-1], fresh[0]):
                said.pop()
            said += fresh
        else:
            said += lines
        before, until_s, glimpse = lines, cue.end_s, is_glimpse
    return said


def _overlap(before: Sequence[str], lines: Sequence[str]) -> int:
    """How many lines at the top of a cue are the last lines of the cue before."""
    return next(
        (count for count in range(min(len(before), len(lines)), 0, -1) if list(before[-count:]) == list(lines[:count])), 0
    )


def _grows(line: str, longer: str) -> bool:
    """Whether the line is painted on: the longer one is the same and more."""
    return len(longer) > len(line) and longer.startswith(line) and not longer[len(line)].isalnum()


def _speech(line: str, config: PairConfig) -> str:
    """The line, or all lines of a cue, without what is no speech: a sound in brackets, a song, signs alone."""
    if (
        _SONG.fullmatch(line)
        or _DATA.fullmatch(line)
        or (_BRACKETED.fullmatch(line) and len(words(line)) <= config.max_sound_words)
    ):
        return ""
    line = line[turn.end() :] if (turn := _SPEAKER.match(line)) else line
    note = _NOTE_BEFORE.match(line)
    return line[note.end() :] if note and len(words(note[1])) <= config.max_sound_words else line
