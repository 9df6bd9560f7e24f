"""Dead wood, litter and soil: pools beside living biomass, each counted only when asked for."""

from dataclasses import dataclass, replace

import pandas as pd

from .errors import ParameterError, Problem
from .ghg import mineral_soil_change
from .language import listed
from .parameters import constant
from .tables import columns, faulty, read_data
from .units import carbon_to_co2

DEAD_POOLS = ("dead_wood", "litter")
LIVING_POOLS = ("aboveground", "belowground")
FOREST, CROPLAND, NO_GROUND = "forest", "cropland", "none"
# categories whose soil is not worked, with one factor each
UNWORKED = (FOREST, "grassland")
# land that a mine is found in, whose soil is what mining left of it
MINED = ("settlements", "other")
PAIR = ("category_before", "category_after")


@dataclass(frozen=True)
class PoolChoice:
    """
    Which pools are counted, and how; an empty text leaves a pool out.

    Parameters
    ----------
    dead_wood : {"", "ar_tool12"}
        Method of the dead wood.
    litter : {"", "ar_tool12", "ipcc_2006"}
        Method of the litter.
    soil : {"", "ipcc_2006", "ipcc_2019"}
        Edition that reference stocks and factors of the soil are taken from, all of them.
    climate : str
        Climate of ``data/pools.csv`` and ``data/soil_carbon.csv``.
    soil_type, cropland_use : str
        Of ``data/soil_carbon.csv``; both are needed for the soil.
    mine_soil_loss_pct : float, optional
        Share of the soil carbon that mining took, percent. Land that comes to forest from
        settlements or other land is mine land, and is counted only with it.
    """

    dead_wood: str = ""
    litter: str = ""
    soil: str = ""
    climate: str = "warm_temperate_moist"
    soil_type: str = ""
    cropland_use: str = ""
    mine_soil_loss_pct: float | None = None


def choice_problems(choice: PoolChoice) -> list[Problem]:
    """
    Find everything in a choice of pools that no row of the evidence stands behind.

    Examples
    --------
    >>> found = choice_problems(PoolChoice(soil="ipcc_2019", soil_type="clay"))
    >>> [(one.field, one.value) for one in found]
    [('pools.soil_type', 'clay'), ('pools.cropland_use', '')]
    """
    rows, soil = read_data("pools.csv"), read_data("soil_carbon.csv")
    known = {name: rows.loc[rows["pool"].eq(name), "method"].unique() for name in DEAD_POOLS}
    known["soil"] = soil["edition"].unique()
    asked = [(name, methods) for name, methods in known.items() if getattr(choice, name)]
    if choice.litter == "ipcc_2006":
        asked.append(("climate", rows.loc[rows["method"].eq(choice.litter), "climate"].unique()))
    if choice.soil in known["soil"]:
        soil = soil[soil["edition"].eq(choice.soil)]
        asked.append(("climate", soil["climate"].unique()))
        soil = soil[soil["climate"].eq(choice.climate)]
        uses = soil.loc[soil["quantity"].eq("f_lu") & ~soil["kind"].isin(UNWORKED), "kind"]
        asked += [("soil_type", soil.loc[soil["quantity"].eq("soc_ref"), "kind"].unique()),
                  ("cropland_use", uses.unique())]  # fmt: skip
    found = [
        Problem("pool_option_unknown" if getattr(choice, name) else "pool_option_missing",
                field=f"pools.{name}", value=getattr(choice, name),
                rule=listed(options, "climate", "evidence.of"))
        for name, options in asked if getattr(choice, name) not in options
    ]  # fmt: skip
    if (loss := choice.mine_soil_loss_pct) is not None and not 0 <= loss <= 100:  # noqa: PLR2004, percent
        found.append(Problem("pool_option_unknown", field="pools.mine_soil_loss_pct",
                             value=f"{loss:g}", rule="0–100"))  # fmt: skip
    return found


def dead_organic(stands: pd.DataFrame, choice: PoolChoice) -> pd.DataFrame:
    """
    Carbon in dead wood and litter of arbor forest.

    Parameters
    ----------
    stands : DataFrame
        As ``carbon.add_carbon`` returns them: ``carbon_part``, ``aboveground_t`` (t C),
        ``area_ha`` (ha) and ``species_group``.
    choice : PoolChoice
        Methods of both pools.

    Returns
    -------
    pools : DataFrame
        ``dead_wood_t`` and ``litter_t``, t C, those of them that are chosen; 0 outside arbor
        forest, missing where the method has no value for the species.

    Raises
    ------
    ParameterError
        If a method or a climate is none of the evidence; all are named at once.

    Notes
    -----
    The fractions of AR-TOOL12 are applied to the carbon of trees above ground. The litter of
    table 2.2 is that of mature forest, broadleaved or coniferous; it has no value for mixed
    forest and none is made up. Neither method knows bamboo, economic and shrub forest, which
    have no dead organic matter here.

    References
    ----------
    [ar_tool12]_ default factors; [ipcc_2006_v4]_ table 2.2.

    Examples
    --------
    >>> stands = pd.DataFrame({"carbon_part": ["arbor"], "aboveground_t": [200.0],
    ...                        "area_ha": [3.0], "species_group": ["masson_pine"]})
    >>> choice = PoolChoice(dead_wood="ar_tool12", litter="ipcc_2006")
    >>> dead_organic(stands, choice).iloc[0].tolist()
    [2.0, 66.0]
    """
    if problems := choice_problems(choice):
        raise ParameterError(problems)
    rows = read_data("pools.csv")
    is_arbor = stands["carbon_part"].eq("arbor")
    found = {}
    for pool in DEAD_POOLS:
        method = getattr(choice, pool)
        if not method:
            continue
        mine = rows[rows["pool"].eq(pool) & rows["method"].eq(method)]
        if mine["unit"].eq("t/ha").all():
            mine = mine[mine["climate"].eq(choice.climate)]
            by_leaf = mine.set_index("leaf")["value"].astype(float)
            leaves = read_data("leaf_kinds.csv").set_index("species_group")["leaf"].map(by_leaf)
            carbon = stands["species_group"].map(leaves) * stands["area_ha"]
        else:
            carbon = stands["aboveground_t"] * float(mine["value"].item())
        found[f"{pool}_t"] = carbon.where(is_arbor, 0.0)
    return pd.DataFrame(found, index=stands.index)


def soil_change(flows: pd.DataFrame, choice: PoolChoice) -> pd.DataFrame:
    """
    Yearly change of soil carbon on land whose use changed between two inventories.

    Parameters
    ----------
    flows : DataFrame
        With ``category_before`` and ``category_after`` (categories of the IPCC) and
        ``area_after_ha`` (ha); rows of one pair, town and period are summed. Columns
        ``year_before``, ``year_after`` and ``town_code`` are kept where they are there.
    choice : PoolChoice
        Edition, climate, type of soil, use of cropland and loss on mining.

    Returns
    -------
    change : DataFrame
        Columns of ``soil_change`` in ``data/columns.csv``, one row per pair of categories:
        ``change_t_yr`` is t C per year, positive for a gain, missing where a factor is.

    Raises
    ------
    ParameterError
        If the choice is incomplete; everything that lacks is named at once.

    Notes
    -----
    The change is that of every year for 20 years from the change of use, for 0-30 cm. Forest
    that remains forest has none (tier 1). Land that changed its use before the earlier
    inventory is not known here, so that its share of the 20 years is not counted. All cropland
    has one use. Mine land gains at most 0.8 t C per hectare and year.

    References
    ----------
    [ipcc_2006_v4]_ and [ipcc_2019_v4]_ equation 2.25, tables 2.3, 5.5 and 6.2; [ar_tool16]_
    the greatest gain.

    Examples
    --------
    Rice fields that become forest lose soil carbon by these factors (vector SOC_2):

    >>> flows = pd.DataFrame({"category_before": ["cropland"], "category_after": ["forest"],
    ...                       "area_after_ha": [100.0]})
    >>> choice = PoolChoice(soil="ipcc_2019", soil_type="low_activity_clay",
    ...                     cropland_use="paddy_rice")
    >>> soil_change(flows, choice)["change_t_yr"].round(2).tolist()
    [-96.25]
    """
    if problems := choice_problems(choice):
        raise ParameterError(problems)
    table = _pairs(flows)
    rows = read_data("soil_carbon.csv")
    rows = rows[rows["edition"].eq(choice.soil) & rows["climate"].eq(choice.climate)]
    values = rows.set_index(["quantity", "kind"])["value"].astype(float)
    factors = _factors(values, choice.cropland_use)
    before, after = (table[name].map(factors).astype(float) for name in PAIR)
    mined = table["category_before"].isin(MINED) & table["category_after"].eq(FOREST)
    if choice.mine_soil_loss_pct is not None:
        before = before.mask(mined, 1.0 - choice.mine_soil_loss_pct / 100.0)
    reference = values.loc["soc_ref", choice.soil_type]
    years = constant("soil_transition_yr")
    rate = mineral_soil_change(reference, before, after, 1.0, years)
    most = constant("mine_soil_gain_max_t_ha_yr")
    is_capped = mined & rate.gt(most)
    change = rate.mask(is_capped, most) * table["area_ha"]
    table = table.assign(
        edition=choice.soil, climate=choice.climate, soil_type=choice.soil_type,
        depth_cm=constant("soil_depth_cm"), soc_ref_t_ha=reference, factor_before=before,
        factor_after=after, is_capped=is_capped, change_t_yr=change,
        removal_co2_t_yr=carbon_to_co2(change), source=rows["source"].iloc[0],
    )  # fmt: skip
    return table[[name for name in columns("soil_change").index if name in table]]


def _pairs(flows: pd.DataFrame) -> pd.DataFrame:
    """Sum the area of every pair of categories between which land went."""
    keys = [name for name in ("year_before", "year_after", "town_code", *PAIR) if name in flows]
    before, after = (flows[name] for name in PAIR)
    moved = before.ne(after) & before.ne(NO_GROUND) & after.ne(NO_GROUND)
    sums = flows[moved].groupby(keys, as_index=False)[["area_after_ha"]].sum()
    sums = sums[sums["area_after_ha"].gt(0)].reset_index(drop=True)
    return sums.rename(columns={"area_after_ha": "area_ha"})


def _factors(values: pd.Series, cropland_use: str) -> dict[str, float]:
    """Return the product of the stock change factors of each category that has them."""
    worked = values["f_mg", "full_tillage"] * values["f_i", "medium"]
    found = {name: values["f_lu", name] for name in UNWORKED}
    return {**found, CROPLAND: values["f_lu", cropland_use] * worked}


def soil_sensitivity(flows: pd.DataFrame, choice: PoolChoice) -> pd.DataFrame:
    """
    Compute the change of soil carbon for every climate of the edition.

    Parameters
    ----------
    flows : DataFrame
        As for ``soil_change``, without towns or of the whole place only.
    choice : PoolChoice
        As for ``soil_change``.

    Returns
    -------
    sensitivity : DataFrame
        Columns of ``soil_sensitivity`` in ``data/columns.csv``, one row for each climate that
        has a reference stock for the type of soil; the edition stays the one that was chosen.

    Examples
    --------
    >>> flows = pd.DataFrame({"category_before": ["cropland"], "category_after": ["forest"],
    ...                       "area_after_ha": [100.0]})
    >>> choice = PoolChoice(soil="ipcc_2019", soil_type="low_activity_clay",
    ...                     cropland_use="long_term_cultivated")
    >>> soil_sensitivity(flows, choice)["change_t_yr"].round(2).tolist()
    [32.3, 85.25]
    """
    rows = read_data("soil_carbon.csv")
    rows = rows[rows["edition"].eq(choice.soil) & rows["kind"].eq(choice.soil_type)]
    found = []
    for climate in sorted(rows["climate"].unique()):
        change = soil_change(flows, replace(choice, climate=climate))["change_t_yr"]
        total = change.sum(min_count=1)
        found.append((choice.soil, climate, choice.soil_type, total, carbon_to_co2(total)))
    return pd.DataFrame(found, columns=columns("soil_sensitivity").index)


def pool_notes(
    stands: pd.DataFrame, soil: pd.DataFrame | None, choice: PoolChoice, file: str = ""
) -> list[Problem]:
    """
    Tell what of the chosen pools is missing, lost or limited.

    Parameters
    ----------
    stands : DataFrame
        Stands of the latest inventory, as for ``dead_organic``.
    soil : DataFrame or None
        From ``soil_change`` for the whole place.
    choice : PoolChoice
        The choice of pools.
    file : str
        File of the inventory, for the messages.

    Returns
    -------
    notes : list of Problem
        ``litter_missing`` with rows and hectares; ``litter_far`` where litter is beyond what was
        measured in subtropical forest; ``soil_loss_afforestation``, ``soil_factor_missing``,
        ``mine_soil_loss_missing`` and ``soil_gain_capped`` with hectares.
    """
    found: list[Problem] = []
    for column, carbon in dead_organic(stands, choice).items():
        lost = f"{stands.loc[carbon.isna(), 'area_ha'].sum():,.1f}"
        found += faulty("litter_missing", carbon.isna(), file=file, field=column, value=lost)
        if column == "litter_t":
            found += _litter_far(carbon, stands, file)
    if soil is None or soil.empty:
        return found
    gained = soil["category_after"].eq(FOREST)
    unknown = soil["change_t_yr"].isna()
    mined = gained & soil["category_before"].isin(MINED)
    cases = {
        "soil_loss_afforestation": gained & soil["change_t_yr"].lt(0),
        "mine_soil_loss_missing": unknown & mined,
        "soil_factor_missing": unknown & ~mined,
        "soil_gain_capped": soil["is_capped"],
    }
    for code, rows in cases.items():
        if rows.any():
            pairs = soil.loc[rows, list(PAIR)].agg(" → ".join, axis=1).unique()
            area = f"{soil.loc[rows, 'area_ha'].sum():,.1f}"
            found.append(Problem(code, field="pools", value=area, rule="; ".join(pairs)))
    return found


def _litter_far(litter_t: pd.Series, stands: pd.DataFrame, file: str) -> list[Problem]:
    """Tell litter that is outside what was measured in forests of the region."""
    area_ha = stands.loc[stands["carbon_part"].eq("arbor") & litter_t.notna(), "area_ha"].sum()
    low, high = (constant(f"litter_measured_{end}_t_ha") for end in ("min", "max"))
    mean = litter_t.sum() / area_ha if area_ha else low
    told = Problem("litter_far", file=file, value=f"{mean:.2f}", rule=f"{low}–{high}")
    return [] if low <= mean <= high else [told]


def carbon_pools(
    stands: dict[int, pd.DataFrame],
    soil: pd.DataFrame | None,
    parameters: pd.DataFrame,
    choice: PoolChoice,
) -> pd.DataFrame:
    """
    Lay out the carbon of every pool that is counted, year by year.

    Parameters
    ----------
    stands : dict
        Inventory year to its stands, as ``carbon.add_carbon`` returns them.
    soil : DataFrame or None
        From ``soil_change`` for the whole place, with its years; None without soil.
    parameters : DataFrame
        Parameter rows used for the living biomass, for their sources.
    choice : PoolChoice
        The choice of pools.

    Returns
    -------
    pools : DataFrame
        Columns of ``carbon_pools`` in ``data/columns.csv``: living biomass of the forest above
        and below ground, dead wood, litter and soil, as far as they are chosen. Of the soil only
        the change is counted, never a stock. ``missing_ha`` is the area whose carbon is not
        known; above zero, the row is partial.
    """
    living = ", ".join(sorted(parameters["source"].unique()))
    sources = read_data("pools.csv").drop_duplicates(["pool", "method"])
    sources = sources.set_index(["pool", "method"])["source"]
    rows = []
    earlier: dict[str, tuple[int, float]] = {}
    for year, one in sorted(stands.items()):
        dead = dead_organic(one, choice)
        names = {f"{pool}_t": ("stock", living) for pool in LIVING_POOLS}
        names |= {f"{pool}_t": (getattr(choice, pool), sources[pool, getattr(choice, pool)])
                  for pool in DEAD_POOLS if getattr(choice, pool)}  # fmt: skip
        for column, (method, source) in names.items():
            carbon = dead[column] if column in dead else one[column]
            total = carbon.sum(min_count=1)
            first, before = earlier.get(column, (year, float("nan")))
            earlier[column] = (year, total)
            change = (total - before) / (year - first) if year > first else float("nan")
            rows.append({"year": year, "pool": column.removesuffix("_t"), "carbon_t": total,
                         "change_t_yr": change, "method": method, "source": source,
                         "missing_ha": one.loc[carbon.isna(), "area_ha"].sum()})  # fmt: skip
    if soil is not None:
        rows += [_soil_row(year, part) for year, part in soil.groupby("year_after")]
    table = pd.DataFrame(rows, columns=list(columns("carbon_pools").index))
    table = table.sort_values("year", kind="stable", ignore_index=True)
    return table.assign(
        co2_t=carbon_to_co2(table["carbon_t"].astype(float)),
        removal_co2_t_yr=carbon_to_co2(table["change_t_yr"].astype(float)),
    )


def _soil_row(year: int, soil: pd.DataFrame) -> dict:
    """Sum the change of soil carbon between two inventories."""
    one = soil.iloc[0]
    return {"year": year, "pool": "soil", "carbon_t": float("nan"),
            "change_t_yr": soil["change_t_yr"].sum(min_count=1), "method": one["edition"],
            "edition": one["edition"], "depth_cm": one["depth_cm"], "source": one["source"],
            "missing_ha": soil.loc[soil["change_t_yr"].isna(), "area_ha"].sum()}  # fmt: skip
