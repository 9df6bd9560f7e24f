"""Cited parameters: every value with its unit, source, place in the source and confidence."""

from functools import cache

import pandas as pd

from .errors import ParameterError, Problem, first_rows
from .language import listed
from .tables import as_numbers, read_data

# the group of figures that are weighted means of all species of a province
PROVINCE = "province"
# how a species group that is missing is named
UNKNOWN = "—"
CONFIDENCE = ("verified", "well_known", "uncertain")
TREE_PARAMETERS = ("wood_density_t_m3", "bef", "root_shoot_ratio", "carbon_fraction")
# kinds of forest whose biomass is a figure per area
AREA_GROUPS = ("bamboo", "economic", "shrub")
AREA_PARAMETERS = (
    "biomass_whole_t_ha",
    "biomass_above_t_ha",
    "biomass_below_t_ha",
    "carbon_fraction",
)
COLUMNS = (
    "set", "species_group", "name_zh", "parameter", "value", "unit", "source", "locator",
    "confidence", "note",
)  # fmt: skip


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
        own = _checked_own_rows(own_rows).assign(set=name)
        names = rows.drop_duplicates("species_group").set_index("species_group")["name_zh"]
        named = own["name_zh"].where(own["name_zh"].ne(""), own["species_group"].map(names))
        rows = pd.concat([rows, own.assign(name_zh=named.fillna(""))])
        rows = rows.drop_duplicates(["species_group", "parameter"], keep="last")
    return rows.assign(value=rows["value"].astype(float)).reset_index(drop=True)


def _checked_own_rows(own_rows: pd.DataFrame) -> pd.DataFrame:
    """Return the user's rows, or refuse them with every kind of fault and its rows."""
    rows = own_rows.reindex(columns=COLUMNS).astype(object).fillna("").astype(str)
    numbers, unreadable = as_numbers(rows["value"])
    known = read_data("biomass_parameters.csv")
    units = _limits()["unit"]
    groups = set(known["species_group"]) | set(read_data("species.csv")["species_group"])
    # rates of a province are of no single species
    of_province = rows["parameter"].isin(read_data("provincial_parameters.csv")["parameter"])
    is_known = rows["parameter"].isin(units.index)
    is_group = rows["species_group"].isin([*groups, PROVINCE])
    expected = ", ".join(f"{name} ({unit})" for name, unit in units.items())
    is_number = ~unreadable & numbers.gt(0)
    misplaced = is_group & of_province & rows["species_group"].ne(PROVINCE)
    other_unit = is_known & rows["unit"].ne(rows["parameter"].map(units))
    twice = rows.duplicated(["species_group", "parameter"]) & is_known & is_group
    kinds = [
        ("parameter_row_group", ~is_group, rows["species_group"], ", ".join(sorted(groups))),
        ("parameter_row_parameter", ~is_known, rows["parameter"], expected),
        ("parameter_row_province", misplaced, rows["parameter"], PROVINCE),
        ("parameter_row_number", ~is_number, rows["value"], ""),
        ("parameter_row_unit", other_unit, rows["parameter"] + " " + rows["unit"], expected),
        ("parameter_row_source", rows["source"].eq(""), rows["parameter"], ""),
        ("parameter_row_confidence", ~rows["confidence"].isin(CONFIDENCE), rows["confidence"],
         listed(CONFIDENCE, "report.confidence")),
        ("parameter_row_twice", twice, rows["species_group"] + " " + rows["parameter"], ""),
    ]  # fmt: skip
    problems = [_fault(code, cells[bad], rule) for code, bad, cells, rule in kinds if bad.any()]
    fit = is_known & is_number & ~other_unit
    problems += _impossible(rows[fit], numbers[fit])
    if problems:
        raise ParameterError(problems)
    return rows


def _fault(code: str, cells: pd.Series, rule: str) -> Problem:
    """Tell one kind of fault of the user's rows, with all the rows that have it."""
    cells = cells.where(cells.ne(""), UNKNOWN)
    return Problem(code, rows=first_rows(cells.index), count=len(cells), rule=rule, cells=cells,
                   value=", ".join(cells.unique()))  # fmt: skip


def _limits() -> pd.DataFrame:
    """Return the range and the unit of every parameter that can be given."""
    files = ("parameter_limits.csv", "provincial_parameters.csv")
    return pd.concat([read_data(name) for name in files]).set_index("parameter")


def _impossible(rows: pd.DataFrame, numbers: pd.Series) -> list[Problem]:
    """Name every row whose value no tree can have, each with the range that is possible."""
    limits = _limits()
    low, high = (rows["parameter"].map(limits[name]).astype(float) for name in ("min", "max"))
    # a share of all or nothing is as impossible as one beyond
    is_open = rows["parameter"].map(limits["open"]).eq("yes")
    bad = (numbers < low) | (numbers > high) | (is_open & (numbers.eq(low) | numbers.eq(high)))
    if not bad.any():
        return []
    cells = pd.Series(
        [f"{row.species_group} {row.parameter} {row.value} ({limits.loc[row.parameter, 'min']}–"
         f"{limits.loc[row.parameter, 'max']})" for row in rows[bad].itertuples()],
        index=rows.index[bad],
    )  # fmt: skip
    return [Problem("parameter_row_impossible", rows=tuple(cells.index), count=len(cells),
                    value="; ".join(cells), cells=cells)]  # fmt: skip


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
    problems = lacking(rows, species_group, (parameter,))
    if problems:
        raise ParameterError(problems)
    return group_values(rows, species_group, parameter)


def group_values(rows: pd.DataFrame, species_group: pd.Series, parameter: str) -> pd.Series:
    """
    Return one parameter for each stand, missing where its species group has none.

    Examples
    --------
    >>> rows = load_parameters("ar_cm_001")
    >>> group_values(rows, pd.Series(["oak", None]), "bef").tolist()
    [1.355, nan]
    """
    return species_group.map(values(rows, parameter)).astype(float)


def lacking(
    rows: pd.DataFrame, species_group: pd.Series, parameters: tuple[str, ...]
) -> list[Problem]:
    """
    Tell which of the parameters the species groups of stands lack.

    Parameters
    ----------
    rows : DataFrame
        Parameter rows as ``load_parameters`` returns them.
    species_group : Series
        Species group of each stand.
    parameters : tuple of str
        Names of the parameters that are needed.

    Returns
    -------
    problems : list of Problem
        One for all groups that lack the same parameters, with these groups and every row.

    Examples
    --------
    >>> rows = load_parameters("ar_cm_001")
    >>> [one.value for one in lacking(rows, pd.Series(["oak", "fig", "elder"]), ("bef",))]
    ['elder, fig']
    """
    known = {name: set(values(rows, name).index) for name in parameters}
    groups = species_group.astype(object).where(species_group.notna(), UNKNOWN)
    lacks = groups.map({
        group: ", ".join(name for name in parameters if group not in known[name])
        for group in groups.unique()
    })  # fmt: skip
    return [
        Problem(
            "parameter_missing",
            field=names,
            value=", ".join(sorted(mine.unique())),
            rows=first_rows(mine.index),
            count=len(mine),
            cells=mine,
        )
        for names, mine in groups.groupby(lacks)
        if names
    ]


def references() -> pd.DataFrame:
    """Return the sources that parameters and codes cite, indexed by key."""
    return read_data("references.csv").set_index("source")
