"""Cited parameters: every value with its unit, source, place in the source and confidence."""

from functools import cache

import pandas as pd

from .errors import ParameterError, Problem
from .tables import as_numbers, read_data

CONFIDENCE = ("verified", "well_known", "uncertain")
TREE_PARAMETERS = ("wood_density_t_m3", "bef", "root_shoot_ratio", "carbon_fraction")
# kinds of forest whose biomass is a figure per area
AREA_GROUPS = ("bamboo", "economic", "shrub")
COLUMNS = (
    "set", "species_group", "name_zh", "parameter", "value", "unit", "source", "locator",
    "confidence", "note",
)  # fmt: skip


@cache
@cache
def constant(key: str) -> float:
    """
    Return one constant of ``data/constants.csv`` in the unit of its row.

    Examples
    --------
    >>> constant("four_side_trees_per_ha")
    1650.0
    """
    rows = read_data("constants.csv").set_index("key")
    return float(rows.loc[key, "value"])


def parameter_sets() -> list[str]:
    """Return the names of the parameter sets that come with the package."""
    return sorted(read_data("biomass_parameters.csv")["set"].unique())


def load_parameters(name: str, own_rows: pd.DataFrame | None = None) -> pd.DataFrame:
    """
    Return the cited rows of one parameter set.

    Parameters
    ----------
    name : str
        A set of ``data/biomass_parameters.csv``; a set is one coherent choice.
    own_rows : DataFrame, optional
        Rows of the user's own with the same columns, ``set`` aside, labelled as messages are
        to name them. They take the place of the set's rows for the same species group and
        parameter, and fill its gaps.

    Returns
    -------
    rows : DataFrame
        One value per row, ``value`` as float, with unit, source, locator and confidence.

    Raises
    ------
    ParameterError
        If the set does not exist, or a row of the user's lacks its value or its source.

    Examples
    --------
    >>> rows = load_parameters("ar_cm_001")
    >>> rows.query("species_group == 'masson_pine' and parameter == 'bef'")["value"].item()
    1.472
    """
    rows = read_data("biomass_parameters.csv")
    rows = rows[rows["set"] == name]
    if rows.empty:
        raise ParameterError(
            Problem("parameter_set_unknown", value=name, rule=", ".join(parameter_sets()))
        )
    if own_rows is not None:
        rows = pd.concat([rows, _checked_own_rows(own_rows).assign(set=name)])
        rows = rows.drop_duplicates(["species_group", "parameter"], keep="last")
    return rows.assign(value=rows["value"].astype(float)).reset_index(drop=True)


def _checked_own_rows(own_rows: pd.DataFrame) -> pd.DataFrame:
    """Return the user's rows, or refuse those that are incomplete, in other units or repeated."""
    rows = own_rows.reindex(columns=COLUMNS).astype(object).fillna("").astype(str)
    numbers, unreadable = as_numbers(rows["value"])
    known = read_data("biomass_parameters.csv")
    units = known.drop_duplicates("parameter").set_index("parameter")["unit"]
    groups = set(known["species_group"]) | set(read_data("species.csv")["species_group"])
    needed = rows[["species_group", "parameter", "value", "unit", "source"]]
    faulty = unreadable | ~numbers.gt(0) | needed.eq("").any(axis=1)
    faulty |= ~rows["confidence"].isin(CONFIDENCE) | rows["unit"].ne(rows["parameter"].map(units))
    faulty |= ~rows["species_group"].isin(groups)
    faulty |= rows.duplicated(["species_group", "parameter"])
    if faulty.any():
        lines = rows.index[faulty].tolist()
        expected = ", ".join(f"{name} ({unit})" for name, unit in units.items())
        problem = Problem("parameter_row_incomplete", rows=tuple(lines[:5]), count=len(lines),
                          rule=expected, value=", ".join(CONFIDENCE))  # fmt: skip
        raise ParameterError(problem)
    return rows


def values(rows: pd.DataFrame, parameter: str) -> pd.Series:
    """
    Return one parameter of a set, indexed by species group.

    Examples
    --------
    >>> float(values(load_parameters("ar_cm_001"), "carbon_fraction")["bamboo"])
    0.5
    """
    chosen = rows[rows["parameter"] == parameter]
    return chosen.set_index("species_group")["value"].rename(parameter)


def by_species(rows: pd.DataFrame, species_group: pd.Series, parameter: str) -> pd.Series:
    """
    Return one parameter for each stand, by its species group.

    Parameters
    ----------
    rows : DataFrame
        Parameter rows as ``load_parameters`` returns them.
    species_group : Series
        Species group of each stand.
    parameter : str
        Name of the parameter.

    Returns
    -------
    value : Series
        In the unit of the parameter's rows, on the index of the stands.

    Raises
    ------
    ParameterError
        If a species group has no value; no average is put in its place.
    """
    found = values(rows, parameter)
    lacking = ~species_group.isin(found.index)
    if lacking.any():
        groups = sorted(species_group[lacking].astype("string").fillna("—").unique())
        raise ParameterError(
            Problem(
                "parameter_missing",
                field=parameter,
                value=", ".join(groups),
                rows=tuple(species_group.index[lacking][:5]),
                count=int(lacking.sum()),
            )
        )
    return species_group.map(found)


def references() -> pd.DataFrame:
    """Return the sources that parameters and codes cite, indexed by key."""
    return read_data("references.csv").set_index("source")
