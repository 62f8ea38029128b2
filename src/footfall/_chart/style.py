"""Common style of all charts: sizes, colour-blind-safe colours, title, footer, reproducible SVG."""

import io
import re
import textwrap
import warnings
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import polars as pl
from matplotlib import font_manager, style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from footfall._records.runs import Manifest
from footfall._records.tables import write_atomically, write_csv, write_text

WIDTH_IN = 9.6
HEIGHT_IN = 5.2
INK, GREY, PALE, GRID = "#1f2933", "#52606d", "#cbd2d9", "#e4e7eb"
PREDICTED, MEASURED, TARGET = "#0072b2", "#d55e00", "#1f2933"

RC: Mapping[str, Any] = MappingProxyType(
    {
        "axes.axisbelow": True,
        "axes.edgecolor": PALE,
        "axes.grid": True,
        "axes.labelcolor": GREY,
        "axes.labelsize": 9,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "grid.color": GRID,
        "hatch.linewidth": 0.5,
        "legend.fontsize": 8.5,
        "legend.frameon": False,
        "svg.fonttype": "path",
        "svg.hashsalt": "footfall",
        "text.color": INK,
        "text.parse_math": False,  # a name may hold a dollar sign
        "xtick.color": GREY,
        "xtick.labelsize": 8.5,
        "ytick.color": GREY,
        "ytick.labelsize": 8.5,
    }
)


class Look(NamedTuple):
    """How a channel is distinguished, even in print without colour."""

    colour: str
    hatch: str
    marker: str


LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        "web": Look("#0072b2", "", "o"),
        "wap": Look("#56b4e9", "//", "s"),
        "sms": Look("#009e73", "..", "^"),
        "hotline": Look("#74c476", "\\\\", "D"),
        "kiosk": Look("#f0e442", "--", "v"),
        "agent": Look("#9aa5b1", "xx", "P"),
        "partner_hall": Look("#e69f00", "||", "X"),
        "own_hall": Look("#d55e00", "++", "h"),
    }
)
"""Electronic channels in cool colours, physical ones in warm; after Okabe and Ito's palette."""

_SPARE = (
    Look("#0072b2", "", "o"),
    Look("#e69f00", "//", "X"),
    Look("#009e73", "\\\\", "^"),
    Look("#cc79a7", "", "p"),
    Look("#56b4e9", "//", "s"),
    Look("#d55e00", "", "h"),
    Look("#7b61a8", "\\\\", "<"),
    Look("#f0e442", "//", "v"),
)
"""Looks of channels with other names, in turn."""
_OTHER_SCRIPTS = (
    *(
        "Noto Sans CJK SC",
        "Noto Sans CJK JP",
        "Source Han Sans SC",
        "WenQuanYi Zen Hei",
        "WenQuanYi Micro Hei",
    ),
    *("Microsoft YaHei", "PingFang SC", "Hiragino Sans", "Yu Gothic", "Malgun Gothic", "Arial Unicode MS"),
)
"""Fonts with Chinese, Japanese or Korean letters; installed ones are used for missing glyphs."""
_DRAWN: WeakKeyDictionary[Figure, str] = WeakKeyDictionary()
_HEADS: WeakKeyDictionary[Figure, tuple[str, float]] = WeakKeyDictionary()
_TITLE_COLUMNS, _SUBTITLE_COLUMNS = 78, 140
_NAME_MAX = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Origin of a chart, printed in its footer."""

    run: str
    seed: int
    version: str

    @classmethod
    def of(cls, manifest: Manifest) -> "Stamp":
        """Return the stamp of a run."""
        return cls(run=manifest.run, seed=manifest.seed, version=manifest.versions.get("footfall", "?"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A figure, the table behind it, and its finding and explanation in words."""

    figure: Figure
    frame: pl.DataFrame
    title: str
    caption: str

    def _repr_svg_(self) -> str:
        """Give the picture to a notebook."""
        return svg_text(self.figure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """Texts above and below a figure."""

    title: str
    """The finding, with its number."""
    subtitle: str
    """What is drawn, of which data, by which definition."""
    stamp: Stamp


def figure(heading: Heading, height_in: float = HEIGHT_IN, *, legend_below: bool = False) -> Figure:
    """Create an empty figure with title, subtitle and footer; call it inside `look`.

    A legend below the figure shares the footer's line.
    """
    made = Figure(figsize=(WIDTH_IN, height_in), facecolor="white")
    title = textwrap.fill(heading.title, _TITLE_COLUMNS, max_lines=2, placeholder=" …")
    subtitle = textwrap.fill(heading.subtitle, _SUBTITLE_COLUMNS, max_lines=3, placeholder=" …")
    title_in = 0.16 + 0.27 * (title.count("\n") + 1)
    head_in = title_in + 0.18 * (subtitle.count("\n") + 1) + 0.08
    made.text(0.02, 1 - 0.14 / height_in, title, fontsize=14, fontweight="bold", va="top")
    made.text(0.02, 1 - title_in / height_in, subtitle, fontsize=9, color=GREY, va="top")
    _HEADS[made] = (heading.subtitle, head_in / WIDTH_IN)
    stamp = heading.stamp
    foot = f"footfall {stamp.version} · run {stamp.run} · seed {stamp.seed}"
    made.text(0.98, 0.07 / height_in, foot, fontsize=7, color=GREY, ha="right", va="bottom")
    foot_in = 0.04 if legend_below else 0.22
    room = (0.01, foot_in / height_in, 0.98, 1 - (head_in + foot_in) / height_in)
    made.set_layout_engine("constrained", rect=room, h_pad=0.04, w_pad=0.06)
    return made


def head_of(drawn: Figure) -> tuple[str, float]:
    """Return a figure's subtitle, and the height of title and subtitle as a share of its width.

    A narrow page shows both as text of its own and leaves that part of the picture out.
    """
    return _HEADS.get(drawn, ("", 0.0))


def look() -> AbstractContextManager[None]:
    """Return the style as a context manager, for building and drawing figures."""
    installed = set(font_manager.get_font_names())
    families = [RC["font.family"], *(name for name in _OTHER_SCRIPTS if name in installed)]
    return style.context({**RC, "font.family": families})


def nothing(heading: Heading, frame: pl.DataFrame, note: str = "no visits") -> Chart:
    """Return a chart that states that its table is empty."""
    with look():
        made = figure(heading, 2.4)
        axes = made.subplots()
        axes.axis("off")
        axes.text(0.01, 0.5, note, ha="left", va="center", fontsize=13, color=GREY, transform=axes.transAxes)
    return Chart(figure=made, frame=frame, title=heading.title, caption=heading.subtitle)


def svg_text(drawn: Figure) -> str:
    """Return a figure as reproducible SVG: no date, no random identifiers.

    A figure is drawn once, for both its file and the page, and must not be changed afterwards.
    """
    if drawn not in _DRAWN:
        _DRAWN[drawn] = _drawn(drawn)
    return _DRAWN[drawn]


def save_png(chart: Chart, path: Path, dots_per_in: int = 160) -> Path:
    """Write a chart as a picture in dots, atomically, and return its path.

    Raises:
        BadInputError: the folder cannot be written.
    """
    svg_text(chart.figure)  # it settles the layout, which drawing must not change
    with look(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph .* missing from", UserWarning)
        write_atomically(path, lambda part: chart.figure.savefig(part, format="png", dpi=dots_per_in))
    return path


def _drawn(drawn: Figure) -> str:
    buffer = io.StringIO()
    with look(), warnings.catch_warnings():
        # Letters without a font are drawn as boxes; the tables have the names.
        warnings.filterwarnings("ignore", r"Glyph .* missing from", UserWarning)
        _settle(drawn)
        drawn.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    # Trailing blanks differ between versions of the writer and would only clutter diffs.
    return re.sub(r"[ \t]+\n", "\n", buffer.getvalue())


def looks_of(channels: Iterable[str]) -> dict[str, Look]:
    """Return colour, hatch and marker of each channel: all different, as long as there are enough of them.

    Channels of `LOOKS` always have the same look; others, by name, those that no channel here has.
    """
    every = sorted(set(channels))
    looks = {channel: LOOKS[channel] for channel in every if channel in LOOKS}
    taken = {look.colour for look in looks.values()}
    spare = [look for look in _SPARE if look.colour not in taken] or list(_SPARE)
    others = [channel for channel in every if channel not in LOOKS]
    return looks | {channel: spare[n % len(spare)] for n, channel in enumerate(others)}


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, in the singular or plural: `1 visit`, `1,200 visits`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def rate_text(per_s: float) -> str:
    """Return a rate with about three figures."""
    for least, digits in ((100, 0), (10, 1), (1, 2)):
        if per_s >= least:
            return f"{per_s:,.{digits}f}"
    return f"{per_s:.3f}"


def name_of(channel: str) -> str:
    """Return a channel's display name, truncated if too long; `*` is all."""
    name = "all" if channel == "*" else channel.replace("_", " ")
    return name if len(name) <= _NAME_MAX else f"{name[: _NAME_MAX - 1].rstrip()}…"


def in_order(channels: Iterable[str]) -> list[str]:
    """Return channels in the order of `LOOKS`, then others by name."""
    known = list(LOOKS)
    return sorted(set(channels), key=lambda c: (known.index(c) if c in known else len(known), c))


def hours_axis(axes: Axes, first_h: float, last_h: float) -> None:
    """Label an x axis in hours with clock times."""
    step = next((s for s in (0.5, 1, 2, 3) if (last_h - first_h) / s <= 12), 6)  # noqa: PLR2004 - labels that fit
    start = int(first_h / step) * step
    ticks = [start + step * n for n in range(int((last_h - start) / step) + 1)]
    axes.set_xticks(ticks, [clock(tick * 3600) for tick in ticks])
    axes.set_xlim(first_h, last_h)


def clock(second_of_day: float) -> str:
    """Format a second of the day as hours and minutes."""
    minutes = round(second_of_day / 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def duration(seconds: float) -> str:
    """Format a time in the most readable unit."""
    for limit, unit_s, unit, digits in ((0.9995, 0.001, "ms", 0), (9.95, 1, "s", 1), (99.5, 1, "s", 0)):
        if seconds < limit:
            return f"{seconds / unit_s:.{digits}f} {unit}"
    return f"{seconds / 60:.{1 if seconds < 600 else 0}f} min"  # noqa: PLR2004 - tenths below ten minutes


def _settle(drawn: Figure) -> None:
    """Lay the figure out once and round positions: the layout solver's last digits are not reproducible."""
    engine = drawn.get_layout_engine()
    if engine is not None:
        engine.execute(drawn)
    drawn.set_layout_engine("none")
    for axes in drawn.axes:
        axes.set_position(Bbox.from_bounds(*(round(side, 6) for side in axes.get_position().bounds)))


# ── Write a chart to disk, as SVG and CSV


def save(chart: Chart, path_stem: Path) -> tuple[Path, Path]:
    """Write `STEM.svg` and `STEM.csv`, each atomically, and return their paths.

    Raises:
        BadInputError: the folder cannot be written.
    """
    picture, table = (path_stem.with_name(f"{path_stem.name}.{kind}") for kind in ("svg", "csv"))
    write_csv(chart.frame, table)
    write_text(svg_text(chart.figure), picture)
    return picture, table
