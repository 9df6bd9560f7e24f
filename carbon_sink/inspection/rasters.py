"""Says whether a GeoTIFF is fit for use, and which land-cover products its codes may be of."""

from pathlib import Path

from ..errors import Problem, TableError
from ..landcover import check_classes, classes, schemes
from ..rasters import Examined, Tally, examine_raster
from ..systems import extent_text
from .result import Inspection

# classes that are listed one by one; a longer list is cut
CLASSES_SHOWN = 24


def inspect_raster(path: str | Path, scheme: str = "") -> Inspection:
    """
    Find everything that is known of a raster, and everything that is wrong with it.

    Parameters
    ----------
    path : str or Path
        A GeoTIFF.
    scheme : str
        Land-cover product whose classes it holds, one of ``landcover.schemes()``. Without it
        whole numbers may be classes or values, and the products whose legends hold all of them
        are named.

    Returns
    -------
    found : Inspection
        Of kind ``raster``, or ``unknown`` where not even the header can be read.

    Examples
    --------
    >>> inspect_raster("no_such_file.tif").outcome
    'refuse'
    """
    path = Path(path)
    found = examine_raster(path, scheme)
    problems = list(found.problems)
    if scheme and found.tally is not None:
        problems += _unknown_classes(found, scheme, path.name)
    kind = "unknown" if found.layout is None else "raster"
    return Inspection(path, "", kind, _facts(found, scheme), problems)


def _unknown_classes(found: Examined, scheme: str, file: str) -> list[Problem]:
    """Find codes that the product does not have."""
    try:
        check_classes(found.tally.codes or {}, scheme, file, has_nodata=bool(found.nodata))
    except TableError as error:
        return error.problems
    return []


def _facts(found: Examined, scheme: str) -> dict[str, str]:
    """Lay out what is known, in the order of showing."""
    facts = {"format": "GeoTIFF"}
    if found.layout is None:
        return {}
    facts["size"] = f"{found.layout.rows:,} × {found.layout.columns:,}"
    facts["type"] = found.kind
    if found.cell is not None:
        facts["cell"] = f"{found.cell[0]:.6g} × {found.cell[1]:.6g} {found.unit}".rstrip()
        facts["extent"] = extent_text(tuple(found.bounds))
    facts |= {"crs": found.crs, "nodata": found.nodata} | _of_cells(found.tally, scheme)
    return {name: value for name, value in facts.items() if value}


def _of_cells(tally: Tally | None, scheme: str) -> dict[str, str]:
    """Say what the cells hold: classes, or a range of values."""
    if tally is None or tally.lowest > tally.highest:
        return {}
    facts = {"values": f"{tally.lowest:.6g} … {tally.highest:.6g}"}
    if tally.codes:
        codes = sorted(tally.codes.items())
        listed = [f"{code} ({count:,})" for code, count in codes[:CLASSES_SHOWN]]
        more = [f"… ({len(codes)})"] if len(codes) > CLASSES_SHOWN else []
        facts["classes"] = ", ".join(listed + more)
        facts["scheme"] = scheme or ", ".join(_products(tally.codes))
    return facts


def _products(codes: dict[int, int]) -> list[str]:
    """Name the products whose legends hold all codes."""
    return [scheme for scheme in schemes() if codes.keys() <= set(classes(scheme).index)]
