"""A Scene -> its pixels: an RGB picture with tilted shapes, textured grounds and uneven light, and its file's bytes.

Pictures are drawn at twice the size and halved, so that edges are smooth. Light falls unevenly on every picture, as on
photographed paper: no two pictures are alike to a perceptual hash.
"""

from io import BytesIO
from math import cos, pi, sin

from PIL import Image, ImageChops, ImageDraw

from lamella.sample.rng import Rng
from lamella.sample.scenes import Scene, SceneKind, Thing, make_scene

RGB = {
    "red": (214, 34, 40),
    "orange": (243, 134, 24),
    "yellow": (246, 212, 28),
    "green": (38, 156, 62),
    "blue": (36, 84, 208),
    "purple": (124, 44, 168),
    "pink": (245, 130, 186),
    "black": (24, 24, 28),
}
WHITE = (250, 250, 248)
GREY = (176, 178, 182)
TINTS = ((226, 232, 236), (236, 228, 216), (220, 234, 222), (238, 224, 226), (230, 226, 240))
DARKER = 0.74  # of a tint: the second tone of a textured ground
MIME = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"}
_FORMAT = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF"}


def draw(seed_key: str, size: tuple[int, int] = (256, 256)) -> tuple[Image.Image, Scene]:
    """A picture that the sample does not hold, unless its key does: for training and for fair examination."""
    scene = make_scene(seed_key)
    return paint(scene, size), scene


def paint(scene: Scene, size: tuple[int, int]) -> Image.Image:
    """The picture, RGB, `size` = (width, height) in px."""
    rng = Rng("paint", scene.key, *size)
    canvas = ground(scene.background, (2 * size[0], 2 * size[1]), rng)
    pen = ImageDraw.Draw(canvas)
    if scene.kind is SceneKind.CHART:
        _bars(pen, scene, canvas.size, rng)
    else:
        for thing, x, y, radius in placed(scene, canvas.size, rng):
            stamp(pen, thing, (x, y, radius), rng.spread(-0.2, 0.2))
    return lit(canvas.reduce(2), rng)


def encode(picture: Image.Image, extension: str) -> bytes:
    """The file's bytes; JPEG 85, PNG and WebP at their fast settings, GIF with 128 colours."""
    out = BytesIO()
    options = {"jpg": {"quality": 85}, "png": {"compress_level": 3}, "webp": {"quality": 80, "method": 1}, "gif": {}}[extension]
    if extension == "gif":
        picture = picture.quantize(128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    elif extension == "png":
        picture = picture.quantize(128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).convert("RGB")
    picture.save(out, _FORMAT[extension], **options)
    return out.getvalue()


def texture(key: str, size: tuple[int, int], background: str = "dotted") -> Image.Image:
    """A ground in uneven light, and nothing on it."""
    rng = Rng("texture", key)
    return lit(ground(background, (2 * size[0], 2 * size[1]), rng).reduce(2), rng)


def ground(background: str, size: tuple[int, int], rng: Rng) -> Image.Image:
    """The background alone."""
    if background == "white":
        return Image.new("RGB", size, WHITE)
    if background == "grey":
        return Image.new("RGB", size, GREY)
    light = rng.pick(TINTS)
    dark = tuple(int(tone * DARKER) for tone in light)
    if background == "shaded":
        return _shaded(size, rng)
    canvas = Image.new("RGB", size, light)
    pen = ImageDraw.Draw(canvas)
    {"striped": _stripes, "dotted": _dots, "checkered": _checks}[background](pen, size, dark, rng)
    return canvas


def placed(scene: Scene, size: tuple[int, int], rng: Rng) -> list[tuple[Thing, float, float, float]]:
    """Every object with its centre and radius in px, none touching another."""
    width, height = size
    unit = min(size)
    if scene.kind is SceneKind.SINGLE:
        thing = scene.things[0]
        radius = _radius(thing, unit, rng, 1.3)
        x = rng.spread(radius, width - radius)
        y = rng.spread(radius, height - radius)
        return [(thing, x, y, radius)]
    if scene.kind is SceneKind.PAIR:
        return _placed_pair(scene, size, rng)
    thing = scene.things[0]
    cells = rng.sample([(0, 0), (1, 0), (0, 1), (1, 1)], scene.count)
    out = []
    for column, row in cells:
        radius = _radius(thing, unit, rng, 0.8)
        x = rng.spread(radius, width / 2 - radius) + column * width / 2
        y = rng.spread(radius, height / 2 - radius) + row * height / 2
        out.append((thing, x, y, radius))
    return out


def stamp(pen: ImageDraw.ImageDraw, thing: Thing, place: tuple[float, float, float], tilt: float) -> None:
    """Draws one object; `place` = centre x, centre y, radius in px; `tilt` in radians."""
    x, y, radius = place
    colour = RGB[thing.colour]
    box = (x - radius * 0.9, y - radius * 0.9, x + radius * 0.9, y + radius * 0.9)
    if thing.shape == "circle":
        pen.ellipse(box, fill=colour)
    elif thing.shape == "ring":
        pen.ellipse(box, outline=colour, width=max(3, int(radius * 0.36)))
    else:
        c, s = cos(tilt), sin(tilt)
        outline = [(x + radius * (u * c - v * s), y + radius * (u * s + v * c)) for u, v in OUTLINES[thing.shape]]
        pen.polygon(outline, fill=colour)


def lit(picture: Image.Image, rng: Rng) -> Image.Image:
    """The picture under uneven light: brightness from 75 to 100 %, in soft patches."""
    tones = bytes(192 + byte % 64 for byte in rng.bytes(49))
    light = Image.frombytes("L", (7, 7), tones).resize(picture.size, Image.Resampling.BICUBIC)
    return ImageChops.multiply(picture, Image.merge("RGB", (light, light, light)))


def _radius(thing: Thing, unit: int, rng: Rng, scale: float) -> float:
    low, high = (0.11, 0.145) if thing.size == "small" else (0.24, 0.29)
    return unit * rng.spread(low, high) * scale


def _placed_pair(scene: Scene, size: tuple[int, int], rng: Rng) -> list[tuple[Thing, float, float, float]]:
    """The two objects in two halves of the picture; along the other axis they stand nearly level: one relation holds."""
    unit = min(size)
    beside = scene.relation in ("left of", "right of")
    along, across = (size[0], size[1]) if beside else (size[1], size[0])
    radii = [_radius(thing, unit, rng, 0.82) for thing in scene.things]
    level = rng.spread(max(radii) + 0.06 * across, across - max(radii) - 0.06 * across)
    first_half = 0 if scene.relation in ("left of", "above") else 1
    out = []
    for place, (thing, radius) in enumerate(zip(scene.things, radii, strict=True)):
        half = first_half if place == 0 else 1 - first_half
        a = rng.spread(radius, along / 2 - radius) + half * along / 2
        b = level + rng.spread(-0.05, 0.05) * across
        out.append((thing, a, b, radius) if beside else (thing, b, a, radius))
    return out


def _bars(pen: ImageDraw.ImageDraw, scene: Scene, size: tuple[int, int], rng: Rng) -> None:
    width, height = size
    left, right = width * rng.spread(0.08, 0.16), width * rng.spread(0.86, 0.95)
    floor, full = height * rng.spread(0.86, 0.93), height * rng.spread(0.7, 0.8)
    step = (right - left) / scene.count
    for place, bar in enumerate(scene.things):
        x = left + place * step
        pen.rectangle((x + step * 0.18, floor - full * float(bar.size), x + step * 0.88, floor), fill=RGB[bar.colour])
    axis = max(3, width // 120)
    pen.line((left, floor, right, floor), fill=(40, 40, 40), width=axis)
    pen.line((left, floor, left, floor - full * 1.05), fill=(40, 40, 40), width=axis)


def _stripes(pen: ImageDraw.ImageDraw, size: tuple[int, int], dark: tuple[int, ...], rng: Rng) -> None:
    width, height = size
    step = int(min(size) * rng.spread(0.10, 0.18))
    slant = int(rng.spread(-0.6, 0.6) * height)
    for x in range(-height - rng.below(step), width + height, step):
        pen.polygon([(x, 0), (x + step // 2, 0), (x + step // 2 + slant, height), (x + slant, height)], fill=dark)


def _dots(pen: ImageDraw.ImageDraw, size: tuple[int, int], dark: tuple[int, ...], rng: Rng) -> None:
    step = int(min(size) * rng.spread(0.10, 0.16))
    radius = step * rng.spread(0.16, 0.24)
    dx, dy = rng.below(step), rng.below(step)
    for row, y in enumerate(range(-dy, size[1] + step, step)):
        for x in range(-dx - (row % 2) * step // 2, size[0] + step, step):
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=dark)


def _checks(pen: ImageDraw.ImageDraw, size: tuple[int, int], dark: tuple[int, ...], rng: Rng) -> None:
    step = int(min(size) * rng.spread(0.12, 0.2))
    dx, dy = rng.below(step), rng.below(step)
    for row, y in enumerate(range(-dy, size[1], step)):
        for column, x in enumerate(range(-dx, size[0], step)):
            if (row + column) % 2:
                pen.rectangle((x, y, x + step - 1, y + step - 1), fill=dark)


def _shaded(size: tuple[int, int], rng: Rng) -> Image.Image:
    """From light to dark along a slanted line."""
    corners = rng.pick(((250, 200, 170, 105), (105, 170, 200, 250), (250, 110, 245, 100), (100, 105, 250, 245)))
    tones = bytes(max(90, min(255, tone + rng.between(-12, 5))) for tone in corners)
    light = Image.frombytes("L", (2, 2), tones).resize(size, Image.Resampling.BILINEAR)
    return Image.merge("RGB", (light, light, light))


def _star() -> list[tuple[float, float]]:
    radii = (1.0, 0.42)
    return [(radii[i % 2] * sin(i * pi / 5), -radii[i % 2] * cos(i * pi / 5)) for i in range(10)]


def _heart() -> list[tuple[float, float]]:
    points = []
    for i in range(28):
        t = i * 2 * pi / 28
        u = 16 * sin(t) ** 3
        v = -(13 * cos(t) - 5 * cos(2 * t) - 2 * cos(3 * t) - cos(4 * t))
        points.append((u / 17, v / 17))
    return points


def _cross() -> list[tuple[float, float]]:
    a, b = 0.95, 0.3
    return [(-b, -a), (b, -a), (b, -b), (a, -b), (a, b), (b, b), (b, a), (-b, a), (-b, b), (-a, b), (-a, -b), (-b, -b)]


# Corners within the unit circle, y downwards.
OUTLINES: dict[str, list[tuple[float, float]]] = {
    "square": [(-0.76, -0.76), (0.76, -0.76), (0.76, 0.76), (-0.76, 0.76)],
    "triangle": [(0.0, -0.95), (0.88, 0.7), (-0.88, 0.7)],
    "diamond": [(0.0, -1.0), (0.68, 0.0), (0.0, 1.0), (-0.68, 0.0)],
    "star": _star(),
    "heart": _heart(),
    "cross": _cross(),
}
