"""Tables of what the pixels say.

Holds `ImageQuality`, `PictureHash`, `SaliencyGrid` and `Preview`.
Add here: tables measured from decoded pictures.
Keep out: vectors (vectors.py), sets (groups.py), and what a photo shows (labels.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

TILES = 8
SCALES = 4
_LOGS = "Log10 of the variance of the Laplacian over the variance of grey, on pixels between 3 and 250 of 255"
GRID = 12
GRID_CHANNELS = ("lightness", "contrast", "edges", "spectral residual", "colour")
_A_TILE = pl.Array(pl.Float32, TILES * TILES)
COLOR_SHARE = pl.Struct({"color": pl.String, "share": pl.Float64, "place": pl.String})


class ImageQuality(Table, name="image_quality"):
    """Measurements of the upright picture at analysis size, and its full size."""

    photo_id = column(pl.String, "The photo.", key=True)
    width_px = column(pl.Int64, "Width of the upright picture.", unit="px", ge=1)
    height_px = column(pl.Int64, "Height of the upright picture.", unit="px", ge=1)
    sharpness = column(
        pl.Float64, "Log10 of one plus the variance of the Laplacian of the grey picture.", ge=0
    )
    tile_sharpness = column(pl.Float64, "The same in the sharpest of 8 x 8 tiles (90th percentile).", ge=0)
    center_sharpness = column(pl.Float64, "The same in the middle 4 x 4 of the tiles.", ge=0)
    sharpness_tiles = column(_A_TILE, "The same in each of 8 x 8 tiles, row by row.")
    noise = column(pl.Float64, "Immerkær's estimate of the noise's standard deviation, grey 0..1.", ge=0)
    blockiness = column(
        pl.Float64,
        "Steps over the edges of JPEG blocks over steps inside, less one; null if they cannot be measured.",
        nullable=True,
    )
    spectrum_slope = column(
        pl.Float64, "Slope of log power over log frequency; near -2 for natural pictures, lower when blurred."
    )
    brightness = column(pl.Float64, "Mean of the grey picture, 0 black to 1 white.", ge=0, le=1)
    contrast = column(pl.Float64, "Standard deviation of the grey picture.", ge=0, le=1)
    dark_level = column(pl.Float64, "Grey level that 5 % of the pixels do not exceed.", ge=0, le=1)
    bright_level = column(pl.Float64, "Grey level that 95 % of the pixels do not exceed.", ge=0, le=1)
    exposure_ev = column(
        pl.Float64, "Geometric mean of the linear light, in stops from middle grey.", unit="EV"
    )
    entropy = column(pl.Float64, "Shannon entropy of the grey levels.", unit="bit", ge=0, le=8)
    clipped_highlights = column(
        pl.Float64, "Share of pixels at or above 250 of 255 in every channel.", ge=0, le=1
    )
    clipped_shadows = column(pl.Float64, "Share of pixels at or below 5 of 255 in every channel.", ge=0, le=1)
    saturation = column(pl.Float64, "Mean HSV saturation.", ge=0, le=1)
    colorfulness = column(pl.Float64, "Hasler and Süsstrunk's M3 on 0..1 channels.", ge=0)
    tint = column(pl.Float64, "Mean CIE Lab a: green below 0, magenta above.")
    warmth = column(pl.Float64, "Mean CIE Lab b: blue below 0, yellow above.")
    ground = column(
        pl.Float64,
        "Largest share of pixels within 6 of 255 grey levels of one tone: paper, a window, a plain backdrop.",
        ge=0,
        le=1,
    )
    written = column(
        pl.Float64,
        "Share of 16 x 16 tiles with thin strokes on an even ground, as writing has; 0 if the ground "
        "is under 0.3.",
        ge=0,
        le=1,
    )
    detail_side_px = column(
        pl.Int64, "Longest side of the picture in which fine detail was measured.", unit="px", ge=1
    )
    detail_scales = column(
        pl.Array(pl.Float32, SCALES),
        f"{_LOGS}, which exposure does not change; at this side, a half, a quarter and an eighth of it.",
    )
    detail_tiles = column(_A_TILE, f"{_LOGS}, in the middle of each of 8 x 8 tiles, row by row.")
    contrast_tiles = column(_A_TILE, "Standard deviation of grey in the same places, of 255 levels.")
    light_tiles = column(_A_TILE, "Mean light of each of 8 x 8 tiles below white.", unit="EV")
    grain = column(
        pl.Float64,
        "Standard deviation of the noise in the evenest tenth of small blocks, of 255 levels.",
        ge=0,
    )
    smooth = column(
        pl.Float64,
        "Share of unclipped pixels without any fine change: blur, smeared or posterised tones.",
        ge=0,
        le=1,
    )
    tails = column(
        pl.Float64,
        "Log10 of the 99th percentile of fine change over its 60th: low for noise, high if smeared.",
        ge=0,
    )
    halo = column(
        pl.Float64,
        "How far strong edges swing beyond the tones beside them, as a share of their height.",
        ge=-1,
        le=1,
    )
    fringes = column(pl.Float64, "Log10 of fine change of colour over fine change of grey.")
    impulses = column(
        pl.Float64,
        "Share of pixels that differ from the median of their neighbours by more than 24 of 255.",
        ge=0,
        le=1,
    )
    comb = column(
        pl.Float64, "How ragged the histogram is: 0 smooth, 1 where every second level is empty.", ge=0, le=1
    )
    stripes = column(
        pl.Float64, "Log10 of the fine change that whole rows or columns share, over that of single pixels."
    )
    upright = column(
        pl.Float64,
        "Share of strong edges within 1 degree of upright or level, of those within 8 degrees.",
        ge=0,
        le=1,
    )
    spots = column(
        pl.Float64, "Share of pixels in small dark or bright spots on an even ground: dust.", ge=0, le=1
    )
    cast = column(pl.Float64, "Distance of the mean colour from grey, in CIE Lab.", ge=0)
    cast_of_neutrals = column(
        pl.Float64, "Chroma that a tenth of the pixels do not exceed, in CIE Lab.", ge=0
    )
    cast_of_lights = column(pl.Float64, "The cast of the lightest tenth of the pixels.", ge=0)
    cast_of_shadows = column(pl.Float64, "The cast of the darkest tenth.", ge=0)
    chroma = column(pl.Float64, "Mean chroma in CIE Lab.", ge=0)
    burnt_colours = column(
        pl.Float64, "Share of pixels of which one or two channels are at or above 250 of 255.", ge=0, le=1
    )
    crushed_colours = column(
        pl.Float64, "Share of pixels of which one or two channels are at or below 3 of 255.", ge=0, le=1
    )
    haze = column(
        pl.Float64,
        "Mean of the darkest channel in each neighbourhood: high under a veil of light.",
        ge=0,
        le=1,
    )
    black_point = column(
        pl.Float64, "Lightness (CIE L) that a hundredth of the pixels do not exceed.", ge=0, le=100
    )
    white_point = column(pl.Float64, "Lightness that all but a hundredth do not exceed.", ge=0, le=101)
    notes = column(pl.List(pl.String), "Conversions and omissions when the file was opened; empty for most.")
    colors = column(pl.List(COLOR_SHARE), "Named colours with their share and place, largest share first.")
    measured_by = column(pl.String, "Code version of the measuring functions.")


class PictureHash(Table, name="picture_hashes"):
    """A perceptual hash of the upright picture: near-duplicates differ in few bits."""

    photo_id = column(pl.String, "The photo.", key=True)
    phash = column(pl.UInt64, "64 signs of low DCT frequencies; `bit_count(xor(a, b))` is the distance.")
    detail = column(
        pl.List(pl.Int8),
        "Fine layout in 48 x 48 cells, row by row, of a picture on a plain ground; such pictures are "
        "compared by it. Null for others.",
        nullable=True,
    )
    pixel_hash = column(
        pl.String,
        "Hash of the upright pixels and the full size; metadata of the file does not change it.",
    )
    hashed_by = column(pl.String, "Code version of the hash.")


class SaliencyGrid(Table, name="saliency_grids"):
    """Salient features of the picture and their place, in cells: the input of the crop proposer."""

    photo_id = column(pl.String, "The photo.", key=True)
    grid = column(
        pl.Array(pl.Float32, GRID * GRID * len(GRID_CHANNELS)),
        "Channel by channel, 12 x 12 cells row by row: lightness, contrast, edges, spectral "
        "residual, distance in colour; 0..1.",
    )
    measured_by = column(pl.String, "Code version of the measuring functions.")


class Preview(Table, name="previews"):
    """Small upright JPEGs without any metadata, for pages.

    They are in the cache and are made again if they are lost.
    """

    photo_id = column(pl.String, "The photo.", key=True)
    thumb_path = column(pl.String, "Path of the thumbnail inside the project's cache.")
    preview_path = column(
        pl.String, "Path of the preview inside the project's cache; null if none is made.", nullable=True
    )
    preview_width_px = column(
        pl.Int64, "Width of the preview, or of the thumbnail if it is the only one.", unit="px", ge=1
    )
    preview_height_px = column(pl.Int64, "Height of the same.", unit="px", ge=1)
    made_by = column(pl.String, "Code version and settings that made them.")
