"""What was read and checked, and what was found on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd
import xarray as xr

from ..errors import CarbonSinkError, Problem, TableError
from ..geometry import STORE_CRS
from ..inspection import Survey
from ..language import text


def no_towns() -> gpd.GeoDataFrame:
    """Return an empty layer of towns."""
    empty = {"town_code": [], "town_name": [], "land_area_ha": []}
    return gpd.GeoDataFrame(empty, geometry=[], crs=STORE_CRS)


@dataclass
class Inputs:
    """
    Everything that was read and checked, and not yet computed with.

    ``surveys`` tell what every inventory holds and what was found in it, by year; ``stands``
    are its rows, where they were kept. ``land_area_ha`` is the denominator of the coverage
    (ha), missing when nothing gives it, and ``land_area_source`` the key of the text that says
    where it comes from. ``notes`` are the findings that do not keep the data from being used,
    ``errors`` those that do. ``reference_samples`` are by the year of their land cover;
    ``carbon_table`` gives the carbon of its classes. ``projects`` are works of the plan and
    ``four_side`` records of four-side planting, a table for each file.
    """

    boundary: gpd.GeoDataFrame | None = None
    towns: gpd.GeoDataFrame = field(default_factory=no_towns)
    land_area_ha: float | None = None
    land_area_source: str = "land_area.unknown"
    surveys: dict[int, Survey] = field(default_factory=dict)
    stands: dict[int, gpd.GeoDataFrame] = field(default_factory=dict)
    landcover: dict[int, xr.DataArray] = field(default_factory=dict)
    projects: list[pd.DataFrame] = field(default_factory=list)
    four_side: list[pd.DataFrame] = field(default_factory=list)
    events: list[pd.DataFrame] = field(default_factory=list)
    reference_samples: dict[int, pd.DataFrame] = field(default_factory=dict)
    carbon_table: pd.DataFrame | None = None
    notes: list[Problem] = field(default_factory=list)
    errors: list[CarbonSinkError] = field(default_factory=list)

    @property
    def problems(self) -> list[Problem]:
        """Return everything that was found, once."""
        grave = [problem for error in self.errors for problem in error.problems]
        return list(dict.fromkeys([*grave, *self.notes]))

    def keys(self) -> dict[tuple[str, str], pd.Series]:
        """Return the key of the stand in each row of every inventory."""
        return {tuple(one.source.place.values()): one.keys for one in self.surveys.values()}

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep what is wrong with one input, and go on with the next."""
        try:
            yield
        except CarbonSinkError as error:
            self.errors.append(error)

    def add(self, problems: list[Problem]) -> None:
        """Sort findings into those that keep the data from being used, and others."""
        grave = [problem for problem in problems if problem.severity == "refuse"]
        self.notes += [problem for problem in problems if problem.severity != "refuse"]
        if grave:
            self.errors.append(TableError(grave))

    def refuse(self) -> None:
        """
        Raise everything that keeps the data from being used, all of it together.

        Raises
        ------
        CarbonSinkError
        """
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            raise CarbonSinkError(
                dict.fromkeys(problem for error in self.errors for problem in error.problems)
            )


def input_lines(inputs: Inputs, lang: str) -> list[str]:
    """
    Say in a line each what was read: inventories, land cover, reference samples, carbon table.

    Parameters
    ----------
    inputs : Inputs
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    lines : list of str
    """
    lines = [
        text("cli.check_inventory", lang, year=year, count=survey.rows,
             area=f"{survey.area_ha:,.2f}")
        for year, survey in sorted(inputs.surveys.items())
    ]  # fmt: skip
    lines += [
        text("cli.check_landcover", lang, year=year, size=" × ".join(map(str, raster.shape)))
        for year, raster in sorted(inputs.landcover.items())
    ]
    lines += [
        text("cli.check_samples", lang, year=year, count=len(samples))
        for year, samples in sorted(inputs.reference_samples.items())
    ]
    if inputs.carbon_table is not None:
        classes = ", ".join(map(str, inputs.carbon_table.index))
        file = inputs.carbon_table.attrs["file"]
        lines.append(text("cli.check_carbon", lang, file=file, classes=classes))
    return lines
