"""Rules that only all stands of a file together can answer: numbers, sums, years."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from ..errors import Problem
from ..inventory import FOREST_STOCK, STOCK_FIELDS, TIMBER, add_forest_volume
from ..parameters import constant
from ..tables import faulty, joined
from .numbers import Numbers
from .rules import OTHER_TREES, field_shown, found_in, prepared

# columns that may give the stock of a stand
STOCK_SOURCES = (*STOCK_FIELDS, "registered_area_ha", "scattered_volume_m3")
# codes of the rules of this module, beside those of the numbers
WHOLE_RULES = (
    "volume_missing", "volume_unknown", "area_differs", "area_moves_stock", "area_row_differs",
    "stock_off_forest", "stock_off_forest_little", "years_mixed", "survey_year_differs",
)  # fmt: skip
NO_VALUE = "—"


@dataclass
class WholeFile:
    """
    Gathers what the rules of a whole file ask, part by part, in little memory.

    Parameters
    ----------
    place : dict
        File and layer, for the messages.
    fields : dict
        Our column name to the field of the file, for the messages.
    year : int, optional
        Year of the inventory.
    empty : sequence of str
        Fields of stock in the file that hold nothing for any arbor forest; the stands come
        without them.

    Examples
    --------
    >>> stands = gpd.GeoDataFrame({"stand_id": ["1"], "class_group": ["cropland"],
    ...     "area_ha": [1.0], "forest_volume_m3": [5.0]}, geometry=[None], crs="EPSG:4490")
    >>> whole = WholeFile({"file": "a.gpkg"})
    >>> whole.add(stands)
    >>> [problem.code for problem in whole.finish()]
    ['stock_off_forest']
    """

    place: dict[str, str]
    fields: dict[str, str] = field(default_factory=dict)
    year: int | None = None
    empty: Sequence[str] = ()
    _numbers: Numbers = field(default_factory=Numbers)
    _found: list[Problem] = field(default_factory=list)
    _years: list[pd.Series] = field(default_factory=list)
    _columns: set[str] = field(default_factory=set)
    _stock_m3: np.ndarray = field(default_factory=lambda: np.zeros(2))
    _area_ha: np.ndarray = field(default_factory=lambda: np.zeros(2))

    def add(self, stands: gpd.GeoDataFrame) -> None:
        """Take in a part of the stands, as ``check_rules`` gets it."""
        known = prepared(stands)
        self._columns |= set(STOCK_SOURCES) & set(stands)
        self._add_volumes(known)
        if "survey_year" in stands:
            self._years.append(stands["survey_year"].dropna().astype("float32"))
        self._add_stock(known)
        self._add_areas(stands)
        self._numbers.add(known, self.fields)

    def _add_volumes(self, known: pd.DataFrame) -> None:
        """Note arbor forest without stock, in a file with stocks or in one without any."""
        bad = known["forest_type"].isin(TIMBER)
        if "forest_volume_m3" in known:
            code, shown = "volume_missing", field_shown("forest_volume_m3", self.fields)
            bad &= known["forest_volume_m3"].isna()
        elif self.empty:
            code, shown = "volume_unknown", self.empty[0]
        else:
            return
        self._found += faulty(code, bad, field=shown, value=NO_VALUE, **self.place)

    def _add_stock(self, known: pd.DataFrame) -> None:
        """Note stock on land that is not forest, and all stock."""
        if "forest_volume_m3" not in known:
            return
        stock = known["forest_volume_m3"].clip(lower=0.0).fillna(0.0)
        kind = known["forest_type"]
        bare = kind.notna() & ~kind.isin((*FOREST_STOCK, *OTHER_TREES, "sparse"))
        self._stock_m3 += [stock[bare].sum(), stock.sum()]
        self._found += found_in(
            "stock_off_forest", known, bare & stock.gt(0), self.fields, self.place
        )

    def _add_areas(self, stands: pd.DataFrame) -> None:
        """Note registered areas that are not the measured ones."""
        if "registered_area_ha" not in stands:
            return
        given = stands["registered_area_ha"].notna()
        registered, measured = stands["registered_area_ha"], stands["area_ha"]
        self._area_ha += [registered[given].sum(), measured[given].sum()]
        apart = (registered - measured).abs()
        wrong = apart.gt(constant("area_tolerance") * measured)
        wrong &= apart.gt(constant("area_rounding_ha"))
        rule = f"{constant('area_tolerance') * 100.0:g}"
        self._found += found_in("area_row_differs", stands, wrong, self.fields, self.place, rule)

    def finish(self) -> list[Problem]:
        """
        Answer the rules of the whole file.

        Returns
        -------
        problems : list of Problem
            Each with all rows that it is about.
        """
        found = {problem.code: problem for problem in joined(self._found)}
        return [
            *[found[code] for code in ("volume_missing", "volume_unknown") if code in found],
            *self._areas(found.get("area_row_differs")),
            *self._off_forest(found.get("stock_off_forest")),
            *self._survey_years(),
            *self._numbers.finish(self.fields, self.place),
        ]

    def _areas(self, rows: Problem | None) -> list[Problem]:
        """Areas that differ in sum, else those that differ parcel by parcel."""
        registered, measured = self._area_ha
        difference = registered / measured - 1.0 if measured else 0.0
        if abs(difference) <= constant("area_tolerance"):
            return [] if rows is None else [rows]
        with_area, without = (
            "forest_volume_m3" in add_forest_volume(pd.DataFrame(columns=list(names), dtype=float))
            for names in (self._columns, self._columns - {"registered_area_ha"})
        )
        code = "area_moves_stock" if with_area and not without else "area_differs"
        shown = self.fields.get("registered_area_ha", "registered_area_ha")
        rows = rows or Problem("area_row_differs", field=shown, **self.place)
        return [replace(rows, code=code, rule=f"{difference * 100.0:+.1f}")]

    def _off_forest(self, rows: Problem | None) -> list[Problem]:
        """Stock on land that is not forest: told, and refused where it is much of all."""
        if rows is None:
            return []
        share = self._stock_m3[0] / self._stock_m3[1]
        code = "stock_off_forest_little"
        if share > constant("stock_off_forest_max"):
            code = "stock_off_forest"
        return [replace(rows, code=code, rule=f"{share * 100.0:.2g}")]

    def _survey_years(self) -> list[Problem]:
        """Stands of several years in one file, or of another year than the settings say."""
        if not self._years or not sum(map(len, self._years)):
            return []
        years = pd.concat(self._years).astype(int)
        most = int(years.mode().iloc[0])
        place = {**self.place, "field": self.fields.get("survey_year", "survey_year")}
        if years.min() < years.max():
            return faulty("years_mixed", years.ne(most), years, rule=str(most), **place)
        wrong = years.ne(self.year if self.year is not None else most)
        shown = years.astype(str) + f" / {self.year}"
        return faulty("survey_year_differs", wrong, shown, **place)
