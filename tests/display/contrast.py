"""Which words of a figure stand out too little from what is drawn behind them."""

import numpy as np
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text


def luminance(rgb) -> float:
    """Of sRGB colours in [0, 1], as the WCAG define it."""
    rgb = np.asarray(rgb, dtype=float)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one, other) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def faint(figure: Figure, least: float = 4.5) -> list[str]:
    """The words whose contrast with the commonest colour behind them is below `least`, each with its contrast."""
    figure.canvas.draw()
    figure.set_layout_engine("none")  # everything stays where it is when words are hidden
    axes_off = [axis for axes in figure.axes if not axes.axison for axis in (axes.xaxis, axes.yaxis)]
    undrawn = {text for axis in axes_off for text in axis.findobj(Text)}
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    texts = [text for text in texts if text not in undrawn]
    boxes = {text: text.get_window_extent() for text in texts}
    for text in texts:
        text.set_visible(False)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    found = []
    for text, box in boxes.items():
        text.set_visible(True)
        rows, columns = (np.clip(ends, 0, size) for ends, size in zip(_pixels(box, pixels), pixels.shape, strict=False))
        behind = pixels[slice(*rows), slice(*columns)].reshape(-1, 3)
        if len(behind) and (patch := text.get_bbox_patch()) is None:
            colours, counts = np.unique(behind, axis=0, return_counts=True)
            ground = colours[counts.argmax()] / 255
        else:
            ground = to_rgb(patch.get_facecolor()) if len(behind) else (1, 1, 1)
        *colour, alpha = to_rgba(text.get_color(), text.get_alpha())
        seen = alpha * np.array(colour) + (1 - alpha) * np.array(ground)
        if (found_contrast := contrast(seen, ground)) < least:
            found.append(f"{text.get_text()!r}: {found_contrast:.2f}")
    return found


def _pixels(box, pixels: np.ndarray) -> tuple[tuple[int, int], tuple[int, int]]:
    """The rows and columns of a box whose y grows upwards."""
    height = len(pixels)
    return (int(height - box.y1), int(np.ceil(height - box.y0))), (int(box.x0), int(np.ceil(box.x1)))
