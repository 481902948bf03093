"""Pictures that look alike and show different things: pages, screens, sheets, skies, products.

Holds `KINDS`: name of a kind to a function that makes the picture of a seed.
Add here: another kind on which likeness goes wrong.
Keep out: what is measured of them (lookalikes.py).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

_WORDS = [
    *(
        "harbour",
        "invoice",
        "total",
        "amount",
        "street",
        "number",
        "due",
        "account",
        "north",
        "window",
        "paper",
        "sum",
        "date",
    ),
    *(
        "letter",
        "client",
        "order",
        "copper",
        "lamp",
        "river",
        "stone",
        "meeting",
        "please",
        "find",
        "attached",
        "the",
        "of",
    ),
    *(
        "and",
        "in",
        "to",
        "for",
        "with",
        "kindly",
        "regards",
        "table",
        "train",
        "ticket",
        "summer",
        "yellow",
        "bridge",
    ),
]
Maker = Callable[[int], Image.Image]


def _line(r: random.Random, least: int, most: int) -> str:
    return " ".join(r.choice(_WORDS) for _ in range(r.randint(least, most)))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _page(
    seed: int, paper: str = "white", ink: str = "black", columns: int = 1, lines: int = 38
) -> Image.Image:
    r = random.Random(seed)
    picture = Image.new("RGB", (1240, 1754), paper)
    draw = ImageDraw.Draw(picture)
    draw.text((120, 90), _line(r, 1, 3).title(), ink, font=_font(44))
    for column in range(columns):
        left = 120 + column * (1000 // columns + 20)
        for k in range(lines):
            text = _line(r, 3, 4) if columns > 1 else f"{_line(r, 8, 12)} {r.randint(100, 99999)}"
            draw.text((left, 190 + k * 38), text, ink, font=_font(26))
    return picture


def _scanned(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    page = _page(seed).rotate(float(rng.normal(0, 0.4)), Image.Resampling.BICUBIC, fillcolor="white")
    values = np.asarray(page.filter(ImageFilter.GaussianBlur(0.8)), dtype=np.float32) * 0.9 + 12
    return Image.fromarray(
        np.clip(values + rng.normal(0, 4, values.shape[:2])[..., None], 0, 255).astype(np.uint8)
    )


def _receipt(seed: int) -> Image.Image:
    r = random.Random(seed)
    picture = Image.new("RGB", (600, 1400), "#f4f2ec")
    draw = ImageDraw.Draw(picture)
    draw.text((170, 40), "MARKET HALL", "#333", font=_font(40))
    for k in range(30):
        y = 140 + k * 38
        draw.text((40, y), _line(r, 1, 3), "#333", font=_font(26))
        draw.text((470, y), f"{r.uniform(0.5, 90):.2f}", "#333", font=_font(26))
    return picture


def _form(seed: int) -> Image.Image:
    r = random.Random(seed)
    picture = Image.new("RGB", (1240, 1754), "white")
    draw = ImageDraw.Draw(picture)
    draw.text((120, 80), "Registration form B-12", "black", font=_font(48))
    for k, label in enumerate(
        ["Name", "Street", "Town", "Born", "Phone", "Account", "Reason", "Date", "Amount", "Note"]
    ):
        draw.rectangle((120, 200 + k * 140, 1100, 300 + k * 140), outline="black", width=3)
        draw.text((130, 170 + k * 140), label, "black", font=_font(24))
        draw.text((150, 230 + k * 140), f"{_line(r, 1, 4)} {r.randint(1, 999)}", "#113", font=_font(40))
    return picture


def _sheet_of_cells(seed: int) -> Image.Image:
    r = random.Random(seed)
    picture = Image.new("RGB", (1600, 1000), "white")
    draw = ImageDraw.Draw(picture)
    for row in range(25):
        for column in range(10):
            draw.rectangle((column * 160, row * 40, column * 160 + 160, row * 40 + 40), outline="#ccc")
            draw.text((column * 160 + 50, row * 40 + 8), str(r.randint(0, 99999)), "black", font=_font(22))
    return picture


def _music(seed: int) -> Image.Image:
    r = random.Random(seed)
    picture = Image.new("RGB", (1240, 1754), "white")
    draw = ImageDraw.Draw(picture)
    for system in range(10):
        top = 120 + system * 160
        for k in range(5):
            draw.line((80, top + k * 14, 1160, top + k * 14), "black", 2)
        for x in range(110, 1150, 36):
            y = top + r.randint(-2, 9) * 7
            draw.ellipse((x, y, x + 16, y + 12), "black")
            draw.line((x + 15, y + 6, x + 15, y - 44), "black", 2)
    return picture


def _terminal(seed: int) -> Image.Image:
    r = random.Random(seed)
    picture = Image.new("RGB", (1440, 900), "#101418")
    draw = ImageDraw.Draw(picture)
    for k in range(30):
        draw.text(
            (20, 20 + k * 28),
            f"$ {_line(r, 3, 14)}",
            r.choice(["#9f9", "#ddd", "#ddd", "#fc6"]),
            font=_font(20),
        )
    return picture


def _chat(seed: int) -> Image.Image:
    r = random.Random(seed)
    picture = Image.new("RGB", (1080, 2200), "#eef2f5")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 1080, 150), "#2a6f97")
    draw.text((60, 50), _line(r, 1, 2).title(), "white", font=_font(48))
    y = 190
    while y < 2000:
        mine, lines = r.random() < 0.5, r.randint(1, 4)
        left, height = (380 if mine else 40), 40 + 46 * lines
        draw.rounded_rectangle((left, y, left + 660, y + height), 24, "#d7f0d0" if mine else "white")
        for k in range(lines):
            draw.text((left + 24, y + 18 + k * 46), _line(r, 3, 6), "#222", font=_font(34))
        y += height + 26
    return picture


def _window(seed: int) -> Image.Image:
    r = random.Random(seed)
    picture = Image.new("RGB", (1600, 1000), "#f6f6f6")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 1600, 60), "#dddddd")
    draw.rectangle((0, 60, 280, 1000), "#e8e8ee")
    for k in range(14):
        draw.text((30, 90 + k * 50), _line(r, 1, 2), "#333", font=_font(24))
    for k in range(16):
        draw.text((330, 90 + k * 52), _line(r, 6, 14), "#222", font=_font(26))
    return picture


def _chart(seed: int) -> Image.Image:
    r = random.Random(seed)
    picture = Image.new("RGB", (1200, 800), "white")
    draw = ImageDraw.Draw(picture)
    draw.line((100, 700, 1150, 700), "black", 3)
    draw.line((100, 60, 100, 700), "black", 3)
    for k in range(12):
        height = r.randint(20, 600)
        draw.rectangle((130 + k * 84, 700 - height, 190 + k * 84, 700), "#4477aa")
    return picture


def _calendar(seed: int) -> Image.Image:
    r = random.Random(seed)
    picture = Image.new("RGB", (1400, 1000), "white")
    draw = ImageDraw.Draw(picture)
    draw.text(
        (500, 30),
        f"{r.choice(['January', 'March', 'May', 'July'])} {r.randint(1990, 2030)}",
        "black",
        font=_font(50),
    )
    first = r.randint(0, 6)
    for day in range(30):
        column, row = (first + day) % 7, (first + day) // 7
        draw.rectangle((column * 200, 120 + row * 150, column * 200 + 200, 270 + row * 150), outline="#888")
        draw.text((column * 200 + 10, 130 + row * 150), str(day + 1), "black", font=_font(40))
        if r.random() < 0.3:
            draw.text((column * 200 + 10, 200 + row * 150), _line(r, 1, 2), "#a33", font=_font(24))
    return picture


def _code(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, 2, (33, 33), dtype=np.uint8)
    for y, x in ((0, 0), (0, 26), (26, 0)):
        cells[y : y + 7, x : x + 7] = 0
        cells[y + 1 : y + 6, x + 1 : x + 6] = 1
        cells[y + 2 : y + 5, x + 2 : x + 5] = 0
    whole = np.pad(cells, 4, constant_values=1) * 255
    return Image.fromarray(whole).resize((820, 820), Image.Resampling.NEAREST).convert("RGB")


def _sky(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    top, low = np.array([70, 120, 200]) + rng.normal(0, 6, 3), np.array([170, 200, 235]) + rng.normal(0, 6, 3)
    ramp = np.linspace(0, 1, 800)[:, None, None]
    values = top + (low - top) * ramp + np.zeros((800, 1200, 1))
    return Image.fromarray(np.clip(values + rng.normal(0, 2.5, values.shape), 0, 255).astype(np.uint8))


def _stars(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    values = rng.normal(10, 2.5, (800, 1200))
    for y, x, size in zip(
        rng.integers(4, 796, 300), rng.integers(4, 1196, 300), rng.uniform(40, 245, 300), strict=True
    ):
        values[y - 1 : y + 2, x - 1 : x + 2] += size
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).convert("RGB")


def _moon(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    picture = Image.new("L", (1000, 1000), 6)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((300, 300, 700, 700), 210)
    shift = int(rng.integers(-380, 380))
    draw.ellipse((300 + shift, 290, 700 + shift, 710), 6)
    return Image.fromarray(
        np.clip(np.asarray(picture) + rng.normal(0, 2, (1000, 1000)), 0, 255).astype(np.uint8)
    ).convert("RGB")


def _product(seed: int) -> Image.Image:
    r = random.Random(seed)
    picture = Image.new("RGB", (1000, 1000), "white")
    draw = ImageDraw.Draw(picture)
    sides, turn, radius = r.randint(3, 9), r.uniform(0, 3), r.randint(220, 330)
    colour = tuple(r.randint(40, 200) for _ in range(3))
    corners = [
        (
            500 + radius * math.cos(turn + k * 2 * math.pi / sides),
            500 + radius * math.sin(turn + k * 2 * math.pi / sides),
        )
        for k in range(sides)
    ]
    draw.polygon(corners, colour, outline="black")
    for _mark in range(r.randint(1, 6)):
        x, y = r.randint(400, 560), r.randint(400, 560)
        draw.ellipse(
            (x, y, x + r.randint(10, 90), y + r.randint(10, 90)), tuple(r.randint(0, 255) for _ in range(3))
        )
    return picture.filter(ImageFilter.GaussianBlur(1))


def _slide(seed: int) -> Image.Image:
    r = random.Random(seed)
    picture = Image.new("RGB", (1600, 900), "#0b2545")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 780, 1600, 900), "#134074")
    draw.text((100, 80), _line(r, 2, 4).title(), "white", font=_font(72))
    for k in range(r.randint(3, 5)):
        draw.text((140, 240 + k * 110), f"• {_line(r, 4, 7)}", "white", font=_font(48))
    return picture


def _grass(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 1, (800, 1200))
    tall = np.asarray(
        Image.fromarray((values * 40 + 128).clip(0, 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(1)),
        np.float32,
    )
    return Image.fromarray(np.clip(tall[..., None] * np.array([0.6, 1.0, 0.4]), 0, 255).astype(np.uint8))


def _logo(seed: int) -> Image.Image:
    r = random.Random(seed)
    picture = Image.new("RGB", (512, 512), "white")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((60, 60, 452, 452), outline=r.choice(["#b22", "#26a", "#282"]), width=30)
    draw.text(
        (150, 190), "".join(r.choice("ABCDEFGHKLMNPRSTUVWXYZ") for _ in range(2)), "black", font=_font(140)
    )
    return picture


def _map(seed: int) -> Image.Image:
    r = random.Random(seed)
    picture = Image.new("RGB", (1024, 1024), "#f2efe9")
    draw = ImageDraw.Draw(picture)
    for _road in range(40):
        x, y, turn = r.randint(0, 1024), r.randint(0, 1024), r.choice([0, math.pi / 2]) + r.gauss(0, 0.2)
        dx, dy = 600 * math.cos(turn), 600 * math.sin(turn)
        draw.line(
            (x - dx, y - dy, x + dx, y + dy), r.choice(["white", "white", "#fcd6a4"]), r.choice([8, 14, 20])
        )
    for _name in range(25):
        draw.text((r.randint(0, 900), r.randint(0, 1000)), r.choice(_WORDS).title(), "#444", font=_font(22))
    return picture


KINDS: dict[str, Maker] = {
    "page of text": _page,
    "page in two columns": lambda seed: _page(seed, columns=2),
    "page with little text": lambda seed: _page(seed, lines=6),
    "page on grey": lambda seed: _page(seed, "#d8d4c8", "#222"),
    "scanned page": _scanned,
    "receipt": _receipt,
    "filled form": _form,
    "table of numbers": _sheet_of_cells,
    "sheet music": _music,
    "terminal": _terminal,
    "chat": _chat,
    "window": _window,
    "chart": _chart,
    "calendar": _calendar,
    "square code": _code,
    "clear sky": _sky,
    "stars": _stars,
    "moon": _moon,
    "product on white": _product,
    "slide": _slide,
    "grass": _grass,
    "logo": _logo,
    "map": _map,
}
