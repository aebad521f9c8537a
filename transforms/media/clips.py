"""Bytes of a video -> what it is (size, duration, fps, first frame), or its frames at given seconds; else BadVideo.

FFmpeg gets bytes and one named demuxer, never an address: a playlist or a reference inside a file opens nothing.
Here is the decoder itself. A run's media go through `transforms.media.decoding`, which calls this in a killable process.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from math import inf
from typing import NamedTuple, TypeVar

import av
from av.stream import Disposition
from PIL import Image

from lamella.schemas.rejection import Reason
from lamella.transforms.base.rule import apply_rules
from lamella.transforms.formats.signatures import is_bare_quicktime
from lamella.transforms.media.bad_media import BadMedia
from lamella.transforms.media.decode_limits import DEFAULT_LIMITS, DecodeLimits
from lamella.transforms.media.decode_rules import CLIP_COST_RULES, ClipCost
from lamella.transforms.media.display import as_seen, seen_size
from lamella.transforms.media.matroska import lacks_bytes

Decoded = TypeVar("Decoded")
_MATROSKA = b"\x1a\x45\xdf\xa3"
_PICTURE_BRANDS = (b"avif", b"avis", b"mif1", b"msf1", b"heic", b"heix")
_RESEEK_S = 5.0  # a wanted frame farther ahead than this is sought; nearer ones are reached by decoding on
_MISSING_SHARE = 0.02  # of the duration that the header claims: a file whose packets end earlier was cut short
_MISSING_S = 1.0  # so much may be missing always: headers round, and sound may outlast the picture
_MISSING_OF_CUT_S = 0.1  # of a file that ends before it says: its index may be all that is missing


class BadVideo(BadMedia):
    """Bytes that are no video we take: `reason` is NOT_A_VIDEO, BROKEN_VIDEO, TRUNCATED_MEDIA, TOO_MANY_PIXELS or
    MEDIA_TOO_COSTLY."""


class _NoFrame(BadVideo):
    """Nothing is shown."""


class VideoHeader(NamedTuple):
    mime: str
    width: int  # px, as a viewer sees it
    height: int
    duration_s: float
    fps: float  # average; 0.0 where unknown


def video_mime(data: bytes) -> str:
    """`video/mp4`, `video/quicktime`, `video/webm` or `video/x-matroska` by the first bytes; "" for anything else."""
    if data[:4] == _MATROSKA:
        return "video/webm" if b"webm" in data[:64] else "video/x-matroska"
    if data[4:8] == b"ftyp" and data[8:12] not in _PICTURE_BRANDS:
        return "video/quicktime" if data[8:12] == b"qt  " else "video/mp4"
    return "video/quicktime" if is_bare_quicktime(data) else ""


def probe(data: bytes, max_side: int | None = None, limits: DecodeLimits = DEFAULT_LIMITS) -> tuple[VideoHeader, Image.Image]:
    """What a video is, and its first frame as RGB scaled to `max_side`. Reads all packets, decodes one frame.

    Raises:
        BadVideo: no video, damaged, or its packets end before the time that its header claims.
    """
    return _shown(partial(_probe, data, max_side, limits))


def _probe(data: bytes, max_side: int | None, limits: DecodeLimits, **more: str) -> tuple[VideoHeader, Image.Image]:
    with _opened(data, limits, **more) as (container, stream):
        first, track = None, _Track()
        for packet in container.demux(stream):
            if packet.is_corrupt:
                raise BadVideo(Reason.TRUNCATED_MEDIA, f"packet {track.packets} is cut short")
            track.add(packet, limits)
            if first is None:
                first = next(iter(packet.decode()), None)
        if first is None:
            raise _NoFrame(Reason.BROKEN_VIDEO, "no frame")
        if first.is_corrupt:
            raise BadVideo(Reason.BROKEN_VIDEO, "the first frame is damaged")
        claimed = Claimed.of(container, stream)
        fps = float(stream.average_rate or 0)
        width, height = seen_size(first, stream.sample_aspect_ratio)
        frame = _as_seen(first, stream, max_side, limits)
    _refuse_cut(data, track, claimed, limits)
    return VideoHeader(video_mime(data), width, height, track.duration_s, fps), frame


class Claimed(NamedTuple):
    """What a container says of its end."""

    end_s: float  # of the longest track, on the container's own clock; 0.0 where it says nothing
    frames: int  # of the video track, hidden ones too; 0 where it says nothing

    @classmethod
    def of(cls, container, stream) -> "Claimed":
        end = container.duration / av.time_base if container.duration else float((stream.duration or 0) * stream.time_base)
        return cls(end, stream.frames)


class _Track:
    """Sums up the packets of a video track that are shown."""

    def __init__(self):
        self.packets = 0  # those that a decoder needs without showing them too
        self._start = self._last = self._before = None
        self._end, self._time_base = 0, 0.0

    def add(self, packet: av.Packet, limits: DecodeLimits) -> None:
        stamp = packet.dts if packet.pts is None else packet.pts  # Matroska may leave either out
        if not packet.size or stamp is None:
            return
        self.packets += 1
        if self.packets > limits.max_video_packets:
            _check(ClipCost(packets=self.packets), limits)
        self._time_base = float(packet.time_base)
        if packet.is_discard:
            return
        self._start = stamp if self._start is None else min(self._start, stamp)
        if self._last is None or stamp > self._last:
            self._before, self._last = self._last, stamp
            # An MP4 tells durations in the order of decoding: others may say too much.
            self._end = stamp + (packet.duration or 0)
        elif stamp < self._last and (self._before is None or stamp > self._before):
            self._before = stamp

    @property
    def end_s(self) -> float:
        """When the last frame ends: a frame without a duration is shown as long as the one before it."""
        if self._last is None:
            return 0.0
        step = self._last - self._before if self._before is not None else 0
        return (self._end if self._end > self._last else self._last + step) * self._time_base

    @property
    def duration_s(self) -> float:
        return self.end_s - (self._start or 0) * self._time_base


def _refuse_cut(data: bytes, track: _Track, claimed: Claimed, limits: DecodeLimits) -> None:
    """Raises where packets are missing: less than the container claims, in number or in time.

    An edit list hides packets, and sound may outlast the picture: so both are looked for once more where they seem to lack.
    """
    packets, end = track.packets, track.end_s
    if packets < claimed.frames:
        with _opened(data, limits, ignore_editlist="1") as (container, stream):
            packets = sum(1 for packet in container.demux(stream) if packet.size and not packet.is_corrupt)
    is_short = data.startswith(_MATROSKA) and lacks_bytes(data)
    allowed = claimed.end_s - (_MISSING_OF_CUT_S if is_short else max(_MISSING_S, _MISSING_SHARE * claimed.end_s))
    if end < allowed:
        with _opened(data, limits) as (container, _):
            for packet in container.demux():
                stamp = packet.dts if packet.pts is None else packet.pts
                if packet.size and stamp is not None and not packet.is_corrupt:
                    end = max(end, float((stamp + (packet.duration or 0)) * packet.time_base))
    if packets < claimed.frames or end < allowed:
        raise BadVideo(
            Reason.TRUNCATED_MEDIA, f"{packets} frames of {claimed.frames or packets}, {end:.2f} s of {claimed.end_s:.2f} s"
        )


def decode_frames(
    data: bytes, seconds: Sequence[float], max_side: int | None = None, limits: DecodeLimits = DEFAULT_LIMITS
) -> list[Image.Image]:
    """The frames shown at `seconds` from the video's start, in that order, as RGB.

    Args:
        data: a whole MP4, MOV, WebM or Matroska file.
        seconds: ascending; one past the end gives the last frame.
        max_side: px; larger frames are scaled down, the aspect kept.
        limits: frames larger than it says are refused before any is decoded, and so is what lies behind too many.

    Raises:
        BadVideo: as `probe`, or a frame on the way is damaged.
    """
    if list(seconds) != sorted(seconds):
        raise ValueError("seconds must ascend")
    decode = partial(_decode_frames, data, seconds, max_side, limits)
    try:
        return _shown(partial(decode, reseek_s=_RESEEK_S))
    except BadVideo as error:
        if error.reason is not Reason.BROKEN_VIDEO:
            raise
    # After a seek into an open group of pictures the first frames refer to ones that were skipped: decode them all.
    return _shown(partial(decode, reseek_s=inf))


def _shown(decode: Callable[..., Decoded]) -> Decoded:
    """What a decode gives; where an edit list hides every frame (an edit of no length means the rest), without the list."""
    try:
        return decode()
    except _NoFrame:
        return decode(ignore_editlist="1")


def _decode_frames(data, seconds, max_side, limits: DecodeLimits, *, reseek_s: float, **more: str) -> list[Image.Image]:
    with _opened(data, limits, **more) as (container, stream):
        frames = _Frames(container, stream, reseek_s, limits)
        return [_as_seen(frames.at(second), stream, max_side, limits) for second in seconds]


class _Frames:
    """Decodes forward; `at(second)` gives the frame shown then and seeks only where that saves decoding."""

    def __init__(self, container, stream, reseek_s: float, limits: DecodeLimits):
        self._container, self._stream, self._reseek_s, self._limits = container, stream, reseek_s, limits
        self._decoded = self._pixels = 0
        self._frames = container.decode(stream)
        first = self._decode()
        if first is None:
            raise _NoFrame(Reason.BROKEN_VIDEO, "no frame")
        self._shown: av.VideoFrame = first
        self._next: av.VideoFrame | None = None
        self._origin = first.time  # time runs from the first frame that is shown: containers start when they like

    def at(self, second: float) -> av.VideoFrame:
        target = self._origin + second
        if target - self._shown.time > self._reseek_s:
            self._container.seek(max(0, round(target / self._stream.time_base)), stream=self._stream)
            self._frames = self._container.decode(self._stream)
            self._next = None
        while True:
            if self._next is None:
                self._next = self._decode()
            if self._next is None or self._next.time > target:
                return self._shown
            self._shown, self._next = self._next, None

    def _decode(self) -> av.VideoFrame | None:
        frame = self._count(next(self._frames, None))
        while frame is not None and frame.time is None:
            frame = self._count(next(self._frames, None))
        if frame is not None and frame.is_corrupt:
            raise BadVideo(Reason.BROKEN_VIDEO, f"the frame at {frame.time:.2f} s is damaged")
        return frame

    def _count(self, frame: av.VideoFrame | None) -> av.VideoFrame | None:
        if frame is None:
            return None
        self._decoded, self._pixels = self._decoded + 1, self._pixels + frame.width * frame.height
        if self._decoded > self._limits.max_decoded_frames or self._pixels > self._limits.max_decoded_pixels:
            _check(ClipCost(decoded_frames=self._decoded, decoded_pixels=self._pixels), self._limits)
        return frame


@contextmanager
def _opened(data: bytes, limits: DecodeLimits, **more: str) -> Iterator[tuple]:
    """Any error of FFmpeg or PyAV while the file is open becomes BadVideo."""
    mime = video_mime(data)
    if not mime:
        raise BadVideo(Reason.NOT_A_VIDEO, f"starts with {data[:12]!r}")
    demuxer = "matroska" if data[:4] == _MATROSKA else "mov"
    strict = {"err_detect": "explode", "max_pixels": str(limits.max_pixels), "threads": "1"}
    options = strict | {"max_streams": str(limits.max_video_streams)} | more
    try:
        # Titles and the like are of no use here, and of any encoding: they must not spoil the clip.
        with av.open(BytesIO(data), format=demuxer, options=options, metadata_errors="replace", io_open=_refused) as container:
            stream = next((stream for stream in container.streams.video if not _is_cover(stream)), None)
            if stream is None:
                raise BadVideo(Reason.NOT_A_VIDEO, "no video stream")
            if stream.codec_context is None:
                raise BadVideo(Reason.BROKEN_VIDEO, "no decoder for its codec")
            width, height = stream.codec_context.width, stream.codec_context.height
            _check(ClipCost(width=width, height=height, packets=stream.frames), limits)
            stream.codec_context.options = strict
            yield container, stream
    except BadVideo:
        raise
    except MemoryError as error:
        raise BadVideo(Reason.MEDIA_TOO_COSTLY, "out of memory") from error
    except Exception as error:
        raise BadVideo(Reason.BROKEN_VIDEO, f"{type(error).__name__}: {error}"[:200]) from error


def _check(cost: ClipCost, limits: DecodeLimits) -> None:
    if violation := apply_rules(CLIP_COST_RULES, cost, limits):
        raise BadVideo.of(violation)


def _is_cover(stream) -> bool:
    """Album art is a video stream of one picture."""
    return bool(stream.disposition & Disposition.attached_pic)


def _refused(url: str, flags: int, options: dict):
    raise OSError(f"refused to open {url!r}")


def _as_seen(frame: av.VideoFrame, stream, max_side: int | None, limits: DecodeLimits) -> Image.Image:
    width, height = seen_size(frame, stream.sample_aspect_ratio)
    _check(ClipCost(width=width, height=height), limits)  # a pixel may claim to be a thousand times as wide as it is high
    return as_seen(frame, stream.sample_aspect_ratio, max_side)
