"""How figures look on maps: decimals by unit, classes of a quantity and their colors."""

import math
from itertools import pairwise

import numpy as np

from .language import read_rows, text

# decimal places that a reader can trust, by unit; others get two
DECIMALS = {
    "m3": 0, "t": 0, "t/yr": 0, "1": 0, "": 0, "亩": 1, "‰": 3, "°": 5, "kha": 5,
    "万t C/yr": 4, "万t CO2/yr": 4, "万t CO2e/yr": 4, "kt C/yr": 4, "kt CO2/yr": 4,
    "kt CO2e/yr": 4, "kt CH4/yr": 5, "kt N2O/yr": 6,
}  # fmt: skip
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
CROWDED = 0.6  # share of the values in one class from which equal steps tell too little

# light, middle and dark end; lightness falls steadily, so the order survives color blindness
RAMPS = {
    "green": ("#edf6dd", "#6fb26b", "#0b4a2b"),
    "teal": ("#e3f3f1", "#4fa39d", "#0a4247"),
    "olive": ("#f6f3d4", "#a9ab4a", "#474a0c"),
    "violet": ("#efedf7", "#9089c0", "#362a72"),
    "blue": ("#e2eff8", "#5a9dca", "#0b3c6d"),
    "orange": ("#fdebd3", "#ee964b", "#8f3a0a"),
}
NEARLY_SURE = 0.995  # a probability is not written as certainty


def decimals(unit: str) -> int:
    """
    Return the decimal places a quantity in this unit is shown with.

    Examples
    --------
    >>> decimals("m3"), decimals("万m3")
    (0, 2)
    """
    return DECIMALS.get(unit, 2)


def nice_step(span: float, wanted: int) -> float:
    """
    Return the smallest round step that covers a span in the wanted number of classes.

    Examples
    --------
    >>> nice_step(23.0, 5)
    5.0
    """
    raw = span / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    return next(step * power for step in STEPS if step * power >= raw * (1 - 1e-9))


def class_edges(values: np.ndarray, wanted: int = 5) -> list[float]:
    """
    Divide a quantity into a few classes with round edges.

    Parameters
    ----------
    values : array
        Values, any unit; missing ones are left out.
    wanted : int
        Classes aimed at; about as many come out.

    Returns
    -------
    edges : list of float
        Rising edges, one more than classes; empty without values. Zero is an edge when
        values lie on both sides of it.

    Notes
    -----
    Equal steps are the easiest to read. Where most values would fall into one class, the
    edges are rounded quantiles instead.

    Examples
    --------
    >>> class_edges(np.array([31.0, 36.0, 44.0, 52.0]))
    [30.0, 35.0, 40.0, 45.0, 50.0, 55.0]
    """
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if not len(values):
        return []
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-12 * max(abs(high), abs(low), 1.0):
        step = 10.0 ** math.floor(math.log10(abs(high))) if high else 1.0
        return [_clean(math.floor(low / step) * step), _clean((math.floor(low / step) + 1) * step)]
    step = nice_step(high - low, wanted)
    first, last = math.floor(low / step), math.ceil(high / step)
    edges = [_clean(number * step) for number in range(first, last + 1)]
    if class_counts(values, edges).max() <= CROWDED * len(values):
        return edges
    fine = nice_step(high - low, wanted * 20)
    inner = np.quantile(values, np.linspace(0, 1, wanted + 1)[1:-1])
    inner = [_clean(round(value / fine) * fine) for value in inner]
    zero = [0.0] if low < 0 < high else []
    ends = [_clean(math.floor(low / fine) * fine), _clean(math.ceil(high / fine) * fine)]
    return sorted({*ends, *inner, *zero})


def _clean(value: float) -> float:
    """Take the dust of binary arithmetic off an edge, and the sign off zero."""
    return float(f"{value:.10g}") + 0.0


def class_index(values: np.ndarray, edges: list[float]) -> np.ndarray:
    """
    Return the class of each value: lower edge included, upper not; -1 where missing.

    Examples
    --------
    >>> class_index(np.array([30.0, 35.0, 40.0, float("nan")]), [30.0, 35.0, 40.0]).tolist()
    [0, 1, 1, -1]
    """
    values = np.asarray(values, dtype=float)
    found = np.searchsorted(edges, values, side="right") - 1
    return np.where(np.isfinite(values), np.clip(found, 0, max(len(edges) - 2, 0)), -1)


def class_counts(values: np.ndarray, edges: list[float]) -> np.ndarray:
    """
    Count the values in each class.

    Examples
    --------
    >>> class_counts(np.array([30.0, 35.0, 40.0]), [30.0, 35.0, 40.0]).tolist()
    [1, 2]
    """
    index = class_index(values, edges)
    return np.bincount(index[index >= 0], minlength=max(len(edges) - 1, 0))


def class_colors(edges: list[float], ramp: str) -> list[str]:
    """
    Return one color per class: the ramp for gains, orange for classes below zero.

    Examples
    --------
    >>> class_colors([0.0, 1.0, 2.0], "green")
    ['#edf6dd', '#0b4a2b']
    """
    below = sum(edge <= 0 for edge in edges[1:])
    losses = ramp_colors("orange", below)[::-1]
    return losses + ramp_colors(ramp, max(len(edges) - 1, 0) - below)


def ramp_colors(ramp: str, count: int) -> list[str]:
    """
    Return colors from light to dark, evenly spaced on a ramp of ``RAMPS``.

    Examples
    --------
    >>> ramp_colors("green", 1)
    ['#6fb26b']
    """
    ends = [[int(color[k : k + 2], 16) for k in (1, 3, 5)] for color in RAMPS[ramp]]
    places = np.linspace(0.0, 2.0, count) if count > 1 else np.array([1.0] * count)
    mixed = [[np.interp(x, (0, 1, 2), channel) for channel in zip(*ends, strict=True)]
             for x in places]  # fmt: skip
    return ["#" + "".join(f"{round(part):02x}" for part in color) for color in mixed]


def class_labels(edges: list[float]) -> list[str]:
    """
    Write the classes out for a legend.

    Examples
    --------
    >>> class_labels([0.0, 2500.0, 5000.0])
    ['0 – 2,500', '2,500 – 5,000']
    """
    places = max((len(f"{edge:.6f}".rstrip("0").split(".")[1]) for edge in edges), default=0)
    names = [number_text(edge, places) for edge in edges]
    return [f"{low} – {high}" for low, high in pairwise(names)]


def number_text(value: float, places: int) -> str:
    """
    Write a number for people: separators of thousands and a true minus sign.

    Examples
    --------
    >>> number_text(-1234.5, 2), number_text(-0.001, 1)
    ('−1,234.50', '0.0')
    """
    shown = f"{value:,.{places}f}"
    is_zero = not any(digit in shown for digit in "123456789")
    return shown.lstrip("-") if is_zero else shown.replace("-", "−")


def percent_text(probability: float) -> str:
    """
    Write a probability in percent, never as certain.

    Examples
    --------
    >>> percent_text(0.456), percent_text(1.0), percent_text(0.001)
    ('46', '>99', '<1')
    """
    if probability >= NEARLY_SURE:
        return ">99"
    return "<1" if probability < 1.0 - NEARLY_SURE else number_text(100 * probability, 0)


def code_name(kind: str, code: object, lang: str) -> str:
    """
    Return the name of a code in the texts of the interface, or the code where it has none.

    Examples
    --------
    >>> code_name("project", "corridor", "en"), code_name("project", "of my own", "en")
    ('River corridor', 'of my own')
    """
    try:
        return text(f"{kind}.{code}", lang)
    except KeyError:
        return str(code)


def code_colors(kind: str) -> dict[str, str]:
    """
    Return the colors of the codes of one kind, in the order of a legend.

    Examples
    --------
    >>> code_colors("layer.event")["fire"]
    '#c8102e'
    """
    rows = read_rows("legend_colors.csv")
    return {row["code"]: row["color"] for row in rows if row["kind"] == kind}
