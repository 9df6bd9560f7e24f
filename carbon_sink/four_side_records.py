"""Records of four-side trees: what is known of each, and how it lives and grows."""

import numpy as np
import pandas as pd

from .carbon import tree_carbon
from .codes import group_names
from .coverage import four_side_area
from .errors import Problem
from .language import Words, text
from .parameters import UNKNOWN, constant, group_values
from .tree_sizes import Way, living_share, size_at, stem_volume, tree_equations, way

# what the carbon of a species lacks: equation or parameters, or the curve of its size
NO_VOLUME, NO_CURVE = "no_volume", "no_curve"
# numbers of trees without a project begin so, by town and year
NUMBER = "FS"
TEXTS = ["record_id", "project_id", "town_code", "side", "species_group"]
NUMBERS = ["survival_pct", "survival_3yr_pct", "done_ha", "dbh_cm", "height_m", "measured_year"]


def prepared(
    records: pd.DataFrame, parameters: pd.DataFrame, models: pd.DataFrame, report_year: int
) -> tuple[pd.DataFrame, list[Problem]]:
    """
    Return the records that count, with what is known of each, and tell what is not.

    Parameters
    ----------
    records, parameters, models, report_year
        As for ``four_side.count_four_side``.

    Returns
    -------
    rows : DataFrame
        Texts are empty where they were missing. Beside the given columns ``project_id`` of
        every record, ``survival`` and ``survival_3yr`` (shares), ``credited_ha`` (ha),
        ``measured_yr`` (years from planting), ``carbon_t_m3`` (t in a cubic metre of the
        species) and ``above_share`` of it, ``lacks`` (why there is no carbon), ``curve_dbh`` and
        ``curve_height``.
    notes : list of Problem

    Examples
    --------
    >>> from carbon_sink.growth_models import group_models
    >>> from carbon_sink.parameters import load_parameters
    >>> record = pd.DataFrame({"record_id": ["a"], "planted_year": [2020], "tree_count": [3300.0],
    ...                        "done_ha": [1.0], "species_group": ["bamboo_other"]})
    >>> rows, notes = prepared(record, load_parameters("ar_cm_001"), group_models(), 2025)
    >>> rows[["project_id", "survival", "lacks"]].values.tolist(), [one.code for one in notes]
    ([['FS-2020', 0.5, 'no_volume']], ['four_side_no_volume'])
    """
    rows = records.reset_index(drop=True)
    if "is_repeated" in rows:
        rows = rows[~rows["is_repeated"].eq(other=True)]
    rows = rows.reindex(columns=[*TEXTS, "planted_year", "tree_count", *NUMBERS])
    rows[TEXTS] = rows[TEXTS].astype(object).where(rows[TEXTS].notna(), "")
    rows = rows.astype({**dict.fromkeys([*NUMBERS, "tree_count"], float), "planted_year": int})
    by_area = rows["done_ha"] * constant("four_side_trees_per_ha") / rows["tree_count"]
    no_share = rows["survival_pct"].isna() & rows["survival_3yr_pct"].isna()
    first = (rows["survival_pct"] / 100.0).mask(no_share, by_area.clip(upper=1.0))
    last = (rows["survival_3yr_pct"] / 100.0).fillna(first)
    since = rows["measured_year"].fillna(report_year) - rows["planted_year"]
    rows = rows.assign(
        project_id=rows["project_id"].mask(rows["project_id"].eq(""), _numbers(rows)),
        survival=first,
        survival_3yr=rows["survival_3yr_pct"] / 100.0,
        credited_ha=rows["done_ha"].fillna(four_side_area(rows["tree_count"] * last)),
        measured_yr=since.clip(lower=0.0),
    ).join(_by_species(rows["species_group"], parameters, models), on="species_group")
    unknown = last.isna()
    known = rows[~unknown]
    return known, [
        *told("four_side_survival_unknown", rows[unknown]),
        *told("four_side_no_volume", known[known["lacks"].eq(NO_VOLUME)]),
        *told("four_side_no_curve", known[known["lacks"].eq(NO_CURVE)]),
    ]


def _numbers(rows: pd.DataFrame) -> pd.Series:
    """Return the number of the project that trees without one are joined to."""
    town = rows["town_code"].astype(str)
    return NUMBER + town.where(town.eq(""), "-" + town) + "-" + rows["planted_year"].astype(str)


def _by_species(species: pd.Series, parameters: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Return, by species group, carbon per cubic metre and curves, and which of them it lacks."""
    groups = pd.Series(species.unique(), dtype=object)
    one_m3 = tree_carbon(pd.Series(1.0, index=groups.index), groups, parameters)
    curves = {name: groups.map(models[name]).fillna("") for name in ("curve_dbh", "curve_height")}
    no_curve = curves["curve_dbh"].eq("")
    no_volume = one_m3.isna() | ~groups.isin(tree_equations().index)
    return pd.DataFrame({
        "carbon_t_m3": one_m3,
        "above_share": 1.0 / (1.0 + group_values(parameters, groups, "root_shoot_ratio")),
        "lacks": groups.mask(no_volume | no_curve, NO_CURVE).mask(no_volume, NO_VOLUME)
                       .where(no_volume | no_curve, ""),
        **curves,
    }).set_index(groups)  # fmt: skip


def told(code: str, rows: pd.DataFrame) -> list[Problem]:
    """
    Tell of records, with their number and that of their trees by species.

    Parameters
    ----------
    code : str
        Message.
    rows : DataFrame
        As ``prepared`` returns them.

    Returns
    -------
    notes : list of Problem
        One, or none without rows.
    """
    if rows.empty:
        return []
    sums = rows.groupby("species_group")["tree_count"].agg(["count", "sum"]).reset_index()
    sums.insert(1, "name_zh", names_of(sums["species_group"]))

    def said(lang: str) -> str:
        found = [
            text("four_side.of_species", lang, records=f"{count:,}", trees=f"{trees:,.0f}",
                 name=(name_zh if lang == "zh" else group) or UNKNOWN)
            for group, name_zh, count, trees in sums.itertuples(index=False)
        ]  # fmt: skip
        return ("；" if lang == "zh" else "; ").join(found)

    return [Problem(code, value=Words.made(said), count=len(rows))]


def names_of(species: pd.Series) -> pd.Series:
    """
    Return the Chinese name of each species group, or of the kind of forest it belongs to.

    Examples
    --------
    >>> names_of(pd.Series(["oak", "bamboo_other", "mangrove"])).tolist()
    ['栎类', '竹林', 'mangrove']
    """
    names = group_names()
    return species.map(names).fillna(species.str.split("_").str[0].map(names)).fillna(species)


def ways(rows: pd.DataFrame) -> tuple[Way, Way]:
    """
    Return how diameters and heights of the records of one species go on.

    Parameters
    ----------
    rows : DataFrame
        Records of one species that lacks nothing, as ``prepared`` returns them.

    Notes
    -----
    Trees whose diameter alone was measured are as high as trees of that diameter by the
    curves. A height without a diameter is not used.
    """
    until, dbh = rows["measured_yr"].to_numpy(), rows["dbh_cm"].to_numpy()
    height, curve = rows["height_m"].to_numpy(), rows["curve_height"].iloc[0]
    thick = way(rows["curve_dbh"].iloc[0], dbh, until)
    alike = np.where(dbh > 0.0, size_at(curve, thick.age_yr), np.nan)
    return thick, way(curve, np.where((dbh > 0.0) & (height > 0.0), height, alike), until)


def living_trees(rows: pd.DataFrame, since_yr: np.ndarray) -> np.ndarray:
    """
    Return the living trees of each record.

    Parameters
    ----------
    rows : DataFrame
        As ``prepared`` returns them.
    since_yr : array, shape (years,) or (records, years)
        Years after planting.

    Returns
    -------
    trees : array, shape (records, years)
    """
    share = living_share(since_yr, rows["survival"].to_numpy(), rows["survival_3yr"].to_numpy())
    return rows["tree_count"].to_numpy()[:, None] * share


def stock_m3(rows: pd.DataFrame, since_yr: np.ndarray) -> np.ndarray:
    """
    Return the stock (m3) of each record of one species.

    Parameters
    ----------
    rows, since_yr
        As for ``ways`` and ``living_trees``.

    Returns
    -------
    stock : array, shape (records, years)
        Living trees times the stem of the mean tree; 0 while it is thinner than 5 cm.
    """
    thick, high = ways(rows)
    stem = stem_volume(rows["species_group"].iloc[0], thick.size(since_yr), high.size(since_yr))
    return living_trees(rows, since_yr) * stem
