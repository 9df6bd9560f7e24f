"""Age groups of stands, by the thresholds of their species, purpose and origin."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from .tables import read_data

BOUNDS = ("young_max_yr", "middle_max_yr", "near_mature_max_yr", "mature_max_yr")
YOUNG = 1
# codes of the origin by their first digit: natural, planted, sprouted from planted
ORIGINS = {"1": "natural", "2": "planted", "3": "planted"}


@cache
def _thresholds() -> pd.DataFrame:
    rows = read_data("age_groups.csv")
    lists = {name: rows[name].str.split() for name in ("species_codes", "species_groups")}
    return rows.assign(**lists, **{name: rows[name].astype(float) for name in BOUNDS})


def possible(stands: pd.DataFrame, species_scheme: str = "") -> pd.DataFrame:
    """
    Age groups that a stand may be in at its age.

    Parameters
    ----------
    stands : DataFrame
        With ``stand_age_yr`` (years) and ``species_group``; ``dominant_species``,
        ``forest_category`` and ``origin`` as codes where the inventory has them.
    species_scheme : str
        Scheme of ``dominant_species``. Thresholds by the codes of that scheme are used
        exactly; else the species group decides.

    Returns
    -------
    groups : DataFrame
        ``lowest`` and ``highest`` age group, 1 young to 5 overmature, on the index of the
        stands; missing where no row of the table applies. They differ where several rows
        apply that do not agree, as where purpose or origin are not known.

    References
    ----------
    [forestmanager]_ [chinaxiv_201605_00435]_ [chinaxiv_201704_00197]_ age groups by species,
    forest category and origin.

    Examples
    --------
    A Masson pine plantation for timber is middle-aged at 15; in protection forest it is young.

    >>> stands = pd.DataFrame({"stand_age_yr": 15.0, "species_group": "masson_pine",
    ...                        "forest_category": ["233", "112", None], "origin": "21"})
    >>> possible(stands).to_numpy().tolist()
    [[2.0, 2.0], [1.0, 1.0], [1.0, 3.0]]
    """
    names = ["species_group", "dominant_species", "forest_category", "origin", "stand_age_yr"]
    cases = pd.DataFrame({name: stands.get(name) for name in names}, index=stands.index)
    kinds = cases.drop_duplicates()
    age_yr = pd.to_numeric(kinds["stand_age_yr"]).to_numpy(dtype=float)
    lowest, highest = np.full(len(kinds), np.inf), np.full(len(kinds), -np.inf)
    words = {name: pd.factorize(kinds[name]) for name in names[:-1]}
    for row in _thresholds().itertuples():
        by_code = bool(species_scheme) and row.species_scheme == species_scheme
        mine = age_yr > 0.0
        if by_code:
            mine &= _where(words["dominant_species"], row.species_codes.__contains__)
        else:
            mine &= _where(words["species_group"], row.species_groups.__contains__)
        if row.forest_category:
            purpose = row.forest_category
            mine &= _where(words["forest_category"], lambda code, of=purpose: code.startswith(of),
                           unknown=True)  # fmt: skip
        if row.origin:
            mine &= _where(words["origin"], lambda code, of=row.origin: ORIGINS.get(code[:1]) == of,
                           unknown=True)  # fmt: skip
        bounds = [getattr(row, name) for name in BOUNDS]
        group = YOUNG + np.searchsorted(bounds, age_yr[mine], side="left")
        lowest[mine] = np.minimum(lowest[mine], group)
        highest[mine] = np.maximum(highest[mine], group)
    none = np.isinf(lowest)
    lowest[none], highest[none] = np.nan, np.nan
    found = kinds.assign(lowest=lowest, highest=highest)
    return cases.merge(found, how="left", on=names).set_axis(cases.index)[["lowest", "highest"]]


def _where(
    words: tuple[np.ndarray, pd.Index], fits: Callable[[str], bool], *, unknown: bool = False
) -> np.ndarray:
    """Ask each different word once, and tell for every row; ``unknown`` answers missing words."""
    codes, different = words
    return np.array([*map(fits, map(str, different)), unknown])[codes]


def expected(stands: pd.DataFrame, species_scheme: str = "") -> pd.Series:
    """
    Age group of a stand by its age, where the thresholds leave no doubt.

    Parameters
    ----------
    stands, species_scheme
        As for ``possible``.

    Returns
    -------
    age_group : Series of float
        1 young, 2 middle-aged, 3 near-mature, 4 mature, 5 overmature; missing where no row of
        the table applies or several do not agree.

    Examples
    --------
    >>> stands = pd.DataFrame({"stand_age_yr": [10.0, 11.0, 26.0], "origin": "21",
    ...                        "species_group": "chinese_fir", "forest_category": "233"})
    >>> expected(stands).tolist()
    [1.0, 2.0, 4.0]
    """
    groups = possible(stands, species_scheme)
    return groups["lowest"].where(groups["lowest"].eq(groups["highest"])).rename("age_group")
