"""A few test images of each group of garments-on-scenes, for its chapter; pages are made without the data.

python -m drop.chapters.scenes        writes drop/measured/garments-on-scenes.webp from the published data
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from drop.chapters import charts
from drop.chapters.pictures import GAP
from drop.places import MEASURED

FILE = MEASURED / "garments-on-scenes.webp"
EACH, STEP = 6, 97  # images of a group, so far apart: no scene comes twice


def sheet(images: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """EACH images of every group, a row a group: uint8 (G S, EACH S, 3) of (N, 3, S, S)."""
    rows = []
    for group in range(groups.max() + 1):
        rows.append(images[np.flatnonzero(groups == group)[STEP * np.arange(1, EACH + 1)]])
    tiles = np.stack(rows)  # (G, EACH, 3, S, S)
    G, each, C, S, _ = tiles.shape
    return tiles.transpose(0, 3, 1, 4, 2).reshape(G * S, each * S, C)


def figure(groups: Sequence[str]) -> Figure:
    """The images with the names of the groups."""
    with Image.open(FILE) as image:
        pixels = np.asarray(image.convert("RGB"))
    side, rows = pixels.shape[1] // EACH, len(groups)
    step = side + GAP
    canvas = np.zeros((rows * step, EACH * step, 4), np.uint8)
    for g, i in np.ndindex(rows, EACH):
        tile = pixels[g * side : (g + 1) * side, i * side : (i + 1) * side]
        canvas[g * step : g * step + side, i * step : i * step + side] = np.dstack(
            [tile, np.full((side, side), 255, np.uint8)]
        )
    fig, ax = charts.panel(2.0)
    ax.imshow(canvas, interpolation="none")
    ax.set_yticks(np.arange(rows) * step + side / 2, [name.replace(" on ", "\non ") for name in groups])
    ax.set_xticks([])
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return fig


def main() -> None:
    from drop.experiments import datasets

    test = datasets.load("garments-on-scenes").test
    content = io.BytesIO()
    Image.fromarray(sheet(test.images.numpy(), test.groups.numpy())).save(content, "webp", lossless=True, quality=100)
    FILE.write_bytes(content.getvalue())
    print(f"{FILE.name}: {len(content.getvalue()):,} bytes")


if __name__ == "__main__":
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    main()
