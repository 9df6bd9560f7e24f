"""Works as they lie on the ground of a run: whose ground it is, what was there, what is seen."""

from dataclasses import dataclass
from itertools import chain

import geopandas as gpd
import numpy as np
import pandas as pd

from .accounting import Case
from .project_ground import Credited, credited_ground, four_side_repeats, ground_of
from .project_owners import Owned, own_ground
from .projects import survival_share
from .settings import Settings
from .tables import read_data
from .verification import project_cover
from .zonal import Measure

PLANTING, IMPROVEMENT, FOUR_SIDE = "planting", "improvement", "four_side"
# columns of the records under the names that ledgers use
RENAMED = {
    "soil_carbon_start_t_ha": "soil_start_t_ha",
    "soil_carbon_reference_t_ha": "soil_reference_t_ha",
    "baseline_carbon_t_ha": "baseline_t_ha",
}
# numbers that a record may give
GIVEN = (
    "survival_pct", "survival_3yr_pct", "site_factor", "soil_loss_pct", "imported_topsoil_t_ha",
    "emission_co2e_t", "leakage_co2e_t_yr", "growth_gain_pct", "gain_years", "planned_ha",
    "verified_ha", *RENAMED,
)  # fmt: skip
TEXTS = ("species_group", "town_code", "project_name", "gain_source")


@dataclass(frozen=True)
class Works:
    """
    Works of a run that were done by the report year, laid on its ground.

    ``rows`` has one row per project, as ledgers take them, on the index of all other parts;
    ``records`` are those of four-side trees with ``is_repeated``, ``repeat_reason`` and
    ``other_id``. ``pieces`` is the ground that projects share with the stands of each survey,
    ``cover`` what land cover shows, by ``project_id``.
    """

    rows: pd.DataFrame
    records: pd.DataFrame
    owned: Owned
    credited: Credited
    pieces: dict[int, pd.DataFrame]
    cover: pd.DataFrame

    @property
    def ground(self) -> gpd.GeoDataFrame:
        """Return the ground of each project with its number, name and year."""
        kept = ["project_type", "town_code", "project_name", "start_year", "method"]
        return self.owned.ground.join(self.rows[kept])


def lay_out(case: Case, measure: Measure) -> Works | None:
    """
    Lay the works of a run on its ground.

    Parameters
    ----------
    case : Case
        What is accounted for, with the works that were read.
    measure : callable
        What measures rasters.

    Returns
    -------
    works : Works or None
        None where no work was done by the report year.
    """
    year = case.settings.report_year
    projects = _together(case.inputs.projects, "start_year", year)
    records = _together(case.inputs.four_side, "planted_year", year)
    if projects.empty and records.empty:
        return None
    projects = _with_ground(_without_listed(_with_method(projects), records))
    place = case.inputs.boundary if case.inputs.boundary is not None else case.inputs.towns
    owned = own_ground(projects, priority_of(case.settings), place if len(place) else None)
    stands = case.surveyed().stands
    pieces = {year: ground_of(owned.ground, one) for year, one in stands.items()}
    cover = project_cover(owned.ground.assign(start_year=projects["start_year"]),
                          case.inputs.landcover, measure)  # fmt: skip
    at_start = projects["project_id"].map(cover["tree_before_ha"])
    credited = credited_ground(projects, owned, pieces, stands, at_start)
    latest = stands[max(stands)] if stands else None
    repeats = four_side_repeats(records, owned.ground, latest) if len(records) else None
    return Works(
        rows=_rows(projects, credited),
        records=records if repeats is None else records.join(
            repeats.rename(columns={"reason": "repeat_reason"})),
        owned=owned, credited=credited, pieces=pieces, cover=cover,
    )  # fmt: skip


def priority_of(settings: Settings) -> list[str]:
    """
    Return the types of works in the order in which they own shared ground.

    Parameters
    ----------
    settings : Settings
        Types that ``sinks.priority`` names come first.
    """
    usual = read_data("project_types.csv").sort_values("priority", key=pd.to_numeric)
    return list(dict.fromkeys(chain(settings.sinks.priority, usual["project_type"])))


def _together(parts: list[pd.DataFrame], column: str, year: int) -> pd.DataFrame:
    """Put the rows of all files together that began by a year."""
    if not parts:
        return pd.DataFrame(columns=[column])
    rows = pd.concat([pd.DataFrame(one) for one in parts], ignore_index=True)
    return rows[rows[column].le(year)].reset_index(drop=True)


def _with_ground(projects: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the projects as a layer, also where no file has polygons."""
    if "geometry" not in projects:
        projects = projects.assign(geometry=None)
    return gpd.GeoDataFrame(projects, geometry="geometry", crs="EPSG:4490")


def _with_method(projects: pd.DataFrame) -> pd.DataFrame:
    """Tell plantings from works in standing forest: by the kind of work, else by the type."""
    columns = ["project_id", "project_type", "done_ha", *GIVEN, *TEXTS, "work_kind"]
    lacking = [name for name in columns if name not in projects]
    projects = projects.assign(**dict.fromkeys(lacking, np.nan))
    types = read_data("project_types.csv").set_index("project_type")["method"]
    usual = projects["project_type"].map(types).replace("trees", PLANTING)
    kind = projects["work_kind"].astype(object)
    said = kind.where(kind.eq(PLANTING), IMPROVEMENT).where(kind.notna() & kind.ne(""))
    # only works in forest can be either; planted ground is no tended forest
    return projects.assign(method=said.where(usual.eq(IMPROVEMENT), usual).fillna(usual))


def _without_listed(projects: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Leave out projects without a polygon whose trees are listed: the records count for them."""
    if "project_id" not in records or projects.empty:
        return projects
    drawn = projects.get("geometry", pd.Series(index=projects.index, dtype=object)).notna()
    listed = projects["project_id"].isin(records["project_id"].dropna())
    return projects[drawn | ~listed].reset_index(drop=True)


def _rows(projects: gpd.GeoDataFrame, credited: Credited) -> pd.DataFrame:
    """Lay the projects out as ledgers take them."""
    ground = credited.ground
    rows = pd.DataFrame(projects.drop(columns="geometry")).rename(columns=RENAMED)
    rows = rows.astype({RENAMED.get(one, one): float for one in GIVEN})
    # what stood on open ground before a planting is taken for removed, unless the record says
    stood = ground["carbon_before_t_ha"].where(rows["method"].eq(PLANTING))
    taken = credited.deductions[credited.deductions["is_taken_off"]]
    taken_ha = rows["project_id"].map(taken.groupby("project_id")["area_ha"].sum()).fillna(0.0)
    owned = ["owned_ha", "has_polygon", "project_area_ha", "credited_ha", "checked_year"]
    return rows.assign(
        **ground[owned],
        start_year=rows["start_year"].astype(int),
        survival=survival_share(rows),
        site_factor=rows["site_factor"].fillna(1.0),
        baseline_t_ha=rows["baseline_t_ha"].fillna(stood),
        taken_off_ha=taken_ha,
        ground_ha=ground["owned_ha"],
    )
