"""Our biomass held against other ways to it; where they disagree is shown, not hidden."""

from functools import cache

import pandas as pd

from .allometry import aboveground_biomass_zeng, stand_biomass, tree_biomass, within_fit
from .codes import group_names
from .errors import Problem
from .language import Words, text
from .parameters import by_species, constant
from .tables import columns, read_data

METHODS = ("regression", "tree_d", "tree_d2h", "zeng_2018")
MEAN_OF_CHINA = "fra_2020"
WHOLE = ""
KG_PER_T = 1000.0
# groups that a note names; the table has them all
NAMED = 6
SUMS = [
    "stands",
    "area_ha",
    "volume_m3",
    "ours_t",
    "other_t",
    "stands_left_out",
    "area_left_out_ha",
]


def carbon_crosschecks(
    stands_by_year: dict[int, pd.DataFrame], parameters: pd.DataFrame, lang: str = "zh"
) -> tuple[pd.DataFrame, list[Problem]]:
    r"""
    Compare the biomass of every species group with regressions and allometry.

    Parameters
    ----------
    stands_by_year : dict
        Year to stands as ``carbon.add_carbon`` returns them, with ``carbon_part``,
        ``carbon_t`` (t), ``forest_volume_m3`` (m3), ``area_ha`` (ha) and ``species_group``;
        ``registered_area_ha`` (ha), ``dbh_cm`` (cm), ``height_m`` (m) and ``trees_per_ha``
        where the inventory has them.
    parameters : DataFrame
        Parameter rows that the carbon was computed with.
    lang : {"zh", "en"}
        Language of names and reasons.

    Returns
    -------
    table : DataFrame
        Columns of ``carbon_crosschecks`` in ``data/columns.csv``, one row per year, species
        group and method; the rows without a species group sum those of a method. A method
        that can say nothing of a group has no figure but a reason.
    notes : list of Problem
        One warning that names the species groups where another method says more than twice
        or less than half of ours in the last year.

    Notes
    -----
    ``ours_t`` is :math:`V \cdot D \cdot BEF \cdot (1 + R)` of those stands only that the other
    method was used on, so a ratio compares the same stands. ``regression`` uses
    :math:`B = aV + b` in stands of 60 m3/ha or more; ``tree_d`` and ``tree_d2h`` weigh the mean
    tree of a stand and multiply by the number of trees; ``zeng_2018`` does so with one formula
    for all species and is held against the aboveground part; ``fra_2020`` is the mean carbon
    per cubic metre of China. The mean tree is lighter than the mean weight of the trees, by
    some percent in stands of uneven size. What is given per hectare refers to the registered
    area.

    References
    ----------
    [chinaxiv_201605_00429]_, [chinaxiv_201605_00424]_, [zeng_2018]_ and [fao_fra_2020]_.

    Examples
    --------
    100 m3 of Masson pine on one hectare: 0.5034 x 100 + 20.547 = 70.9 t against our 66.4 t.

    >>> from carbon_sink.carbon import add_carbon
    >>> from carbon_sink.parameters import load_parameters
    >>> rows = load_parameters("ar_cm_001")
    >>> pine = pd.DataFrame({"forest_type": ["arbor"], "area_ha": [1.0],
    ...     "forest_volume_m3": [100.0], "species_group": ["masson_pine"]})
    >>> table, notes = carbon_crosschecks({2025: add_carbon(pine, rows)}, rows)
    >>> table.set_index("method").loc["regression", ["ours_t", "other_t"]].round(1).iloc[0].tolist()
    [66.4, 70.9]
    """
    rows = []
    for year, stands in stands_by_year.items():
        if "carbon_t" not in stands:
            continue
        trees = _trees(stands, parameters)
        compared = [
            {"species_group": group} | _compared(method, group, own, lang)
            for group, own in trees.groupby("species_group")
            for method in METHODS
        ]
        of_year = pd.DataFrame([*compared, _mean_of_china(trees)])
        sums = of_year[of_year["method"].isin(METHODS)].groupby("method")[SUMS].sum()
        whole = sums.reindex(METHODS).reset_index().assign(species_group=WHOLE)
        rows.append(pd.concat([of_year, whole]).assign(year=year))
    if not rows:
        return pd.DataFrame(columns=list(columns("carbon_crosschecks").index)), []
    table = _finished(pd.concat(rows, ignore_index=True), lang)
    return table, _far_off(table)


def _trees(stands: pd.DataFrame, parameters: pd.DataFrame) -> pd.DataFrame:
    """Return the stands whose carbon comes from their stock, with all that a check can use."""
    stands = stands[stands["carbon_part"].eq("arbor") & stands["carbon_t"].gt(0)]
    fraction, root, density = (
        by_species(parameters, stands["species_group"], name)
        for name in ("carbon_fraction", "root_shoot_ratio", "wood_density_t_m3")
    )
    measured = stands.reindex(columns=["registered_area_ha", "dbh_cm", "height_m", "trees_per_ha"])
    measured = measured.astype(float)
    ground_ha = measured["registered_area_ha"].fillna(stands["area_ha"])
    biomass_t = stands["carbon_t"] / fraction
    return measured.assign(
        species_group=stands["species_group"],
        area_ha=stands["area_ha"],
        ground_ha=ground_ha,
        volume_m3=stands["forest_volume_m3"],
        wood_density_t_m3=density,
        carbon_t=stands["carbon_t"],
        biomass_t=biomass_t,
        aboveground_t=biomass_t / (1.0 + root),
        trees=measured["trees_per_ha"] * ground_ha,
    )


@cache
def _equations() -> pd.DataFrame:
    return read_data("biomass_equation_groups.csv").set_index(["method", "species_group"])


def _compared(method: str, group: str, own: pd.DataFrame, lang: str) -> dict:
    """Return the row of one method for the stands of one species group."""
    equations = _equations()
    equation, confidence = "", ""
    if method == "zeng_2018":
        other_t, why_not = _by_zeng(own)
    elif (method, group) in equations.index:
        equation, confidence = equations.loc[(method, group), ["equation", "confidence"]]
        by = _by_regression if method == "regression" else _by_trees
        other_t, why_not = by(own, equation)
    else:
        other_t, why_not = pd.Series(float("nan"), own.index), {"no_equation": own["area_ha"].gt(0)}
    ours = own["aboveground_t" if method == "zeng_2018" else "biomass_t"]
    used = other_t.notna()
    limit = f"{constant('regression_volume_min_m3_ha'):g}"
    reasons = [
        text(f"crosscheck.{why}", lang, stands=int(rows.sum()), limit=limit)
        for why, rows in why_not.items()
        if rows.any()
    ]
    return {
        "method": method,
        "equation": equation,
        "confidence": confidence,
        "stands": int(used.sum()),
        "area_ha": own.loc[used, "area_ha"].sum(),
        "volume_m3": own.loc[used, "volume_m3"].sum(),
        "ours_t": ours[used].sum(),
        "other_t": other_t.sum(),
        "stands_left_out": int((~used).sum()),
        "area_left_out_ha": own.loc[~used, "area_ha"].sum(),
        "reason": ("；" if lang == "zh" else "; ").join(reasons),
    }


def _by_regression(own: pd.DataFrame, equation: str) -> tuple[pd.Series, dict[str, pd.Series]]:
    """Return what the regression says of dense stands (t), and which stands are too thin."""
    per_ha = own["volume_m3"] / own["ground_ha"]
    thin = per_ha.lt(constant("regression_volume_min_m3_ha"))
    other_t = stand_biomass(*equation.split("/"), per_ha[~thin]) * own.loc[~thin, "ground_ha"]
    return other_t.reindex(own.index), {"thin": thin}


def _by_trees(own: pd.DataFrame, equation: str) -> tuple[pd.Series, dict[str, pd.Series]]:
    """Return the mean tree times the number of trees (t), and which stands cannot be weighed."""
    known = own["dbh_cm"].gt(0) & own["trees"].gt(0)
    inside = within_fit(equation, own["dbh_cm"], own["height_m"])
    used = own[known & inside]
    weight_kg = tree_biomass(equation, used["dbh_cm"], used["height_m"])["total_kg"]
    other_t = weight_kg * used["trees"] / KG_PER_T
    return other_t.reindex(own.index), {"no_trees": ~known, "outside": known & ~inside}


def _by_zeng(own: pd.DataFrame) -> tuple[pd.Series, dict[str, pd.Series]]:
    """Return the aboveground mass by the one formula for all species (t)."""
    known = own["dbh_cm"].gt(0) & own["trees"].gt(0)
    weight_kg = aboveground_biomass_zeng(own["wood_density_t_m3"], own["dbh_cm"])
    return (weight_kg * own["trees"] / KG_PER_T).where(known), {"no_trees": ~known}


def _mean_of_china(trees: pd.DataFrame) -> dict:
    """Return the row of all stands: our carbon against the mean of China per cubic metre."""
    volume = trees["volume_m3"].sum()
    return {
        "species_group": WHOLE,
        "method": MEAN_OF_CHINA,
        "confidence": "verified",
        "stands": len(trees),
        "area_ha": trees["area_ha"].sum(),
        "volume_m3": volume,
        "ours_t": trees["carbon_t"].sum(),
        "other_t": volume * constant("fra_2020_carbon_t_m3"),
        "stands_left_out": 0,
        "area_left_out_ha": 0.0,
    }


def _finished(table: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Add names, densities, ratios and whether they lie beyond the band."""
    none = table["stands"].eq(0)
    table = table.assign(
        name_zh=table["species_group"].map(group_names()).fillna(text("part.total", "zh")),
        method_name=table["method"].map(lambda name: text(f"crosscheck.method.{name}", lang)),
        ours_t=table["ours_t"].mask(none),
        other_t=table["other_t"].mask(none),
    )
    ratio = table["other_t"] / table["ours_t"]
    beyond = (ratio - 1.0).abs().gt(constant("crosscheck_band"))
    words = ["equation", "confidence", "reason"]
    return table.assign(
        ours_t_m3=table["ours_t"] / table["volume_m3"],
        other_t_m3=table["other_t"] / table["volume_m3"],
        ratio=ratio,
        beyond_band=beyond.astype(object).mask(none, None),
        **table[words].fillna(""),
    )[list(columns("carbon_crosschecks").index)]


def _far_off(table: pd.DataFrame) -> list[Problem]:
    """Return the warning about species groups where another method is far from ours."""
    far = constant("crosscheck_far_factor")
    last = table[table["year"].eq(table["year"].max()) & table["species_group"].ne(WHOLE)]
    off = last[last["ratio"].gt(far) | last["ratio"].lt(1.0 / far)]
    if off.empty:
        return []

    def named(lang: str) -> str:
        name = "name_zh" if lang == "zh" else "species_group"
        found = [
            f"{row[name]} {text('crosscheck.method.' + row['method'], lang)} {row['ratio']:.2f}"
            for row in off.head(NAMED).to_dict("records")
        ]
        more = [f"… ({len(off)})"] if len(off) > NAMED else []
        return ("；" if lang == "zh" else "; ").join(found + more)

    return [Problem("crosscheck_far", value=Words.made(named), rule=f"{far:g}", count=len(off))]
