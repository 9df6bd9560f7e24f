"""
The balance of the guideline for provincial inventories, in its two forms.

The form of 2011 has one rate of growth and one of consumption. The later form has rates of
growth, harvest and mortality, adds roots by their ratio, and counts converted forest in a row of
its own, which is taken out of the harvest as far as it was harvested. The rates are those of the
province and must be given: the package has none for Chongqing.
"""

from collections.abc import Mapping

import pandas as pd

from .errors import ParameterError, Problem
from .flows import check_period
from .parameters import AREA_GROUPS, PROVINCE, by_species, constant, values
from .tables import columns, read_data
from .units import carbon_to_co2

TREES = ("arbor", "sparse", "scattered", "four_side")
# what each form needs of the province; the carbon fraction has a figure in the guideline
FORMS = {
    "2011": ("stock_growth_rate_pct", "stock_consumption_rate_pct", "wood_density_t_m3",
             "bef_whole"),
    "2014": ("stock_growth_rate_pct", "harvest_rate_pct", "mortality_rate_pct",
             "wood_density_t_m3", "bef", "root_shoot_ratio"),
}  # fmt: skip
NOTHING_LACKS = "—"


def provincial_growth(volume_m3, growth_rate_pct, wood_density_t_m3, bef_whole, carbon_fraction):  # noqa: ANN001, ANN201
    r"""
    Carbon that growing stock takes up in a year, by the rate of a province.

    .. math:: \Delta C = V \cdot GR \cdot \overline{SVD} \cdot \overline{BEF} \cdot CF

    Parameters
    ----------
    volume_m3 : float or array
        Growing stock, cubic metres.
    growth_rate_pct : float or array
        Rate of growth, percent per year; a rate of consumption gives the loss.
    wood_density_t_m3 : float or array
        Mean basic wood density of the province, weighted by stock, tonnes per cubic metre.
    bef_whole : float or array
        Biomass of the **whole** tree over that of the stem, roots included: BEF of the parts
        above the ground times one plus the root ratio, where these are given.
    carbon_fraction : float or array
        Tonnes of carbon per tonne of dry mass.

    Returns
    -------
    carbon_t_yr : float or array
        Tonnes of carbon per year.

    References
    ----------
    [provincial_guideline_2011]_ chapter 4.

    Examples
    --------
    >>> round(provincial_growth(840800.0, 6.0, 0.45, 1.8, 0.5), 2)
    20431.44
    """
    return volume_m3 * growth_rate_pct / 100.0 * wood_density_t_m3 * bef_whole * carbon_fraction


def lacking_values(parameters: pd.DataFrame) -> dict[str, list[str]]:
    """
    Name the values of the province that each form of the guideline lacks.

    Parameters
    ----------
    parameters : DataFrame
        Cited rows as ``parameters.load_parameters`` returns them.

    Returns
    -------
    lacking : dict
        Form to the names of its parameters without a row of the species group ``province``.

    Examples
    --------
    >>> from carbon_sink.parameters import load_parameters
    >>> lacking_values(load_parameters("ar_cm_001"))["2011"][:2]
    ['stock_growth_rate_pct', 'stock_consumption_rate_pct']
    """
    known = set(parameters.loc[parameters["species_group"].eq(PROVINCE), "parameter"])
    return {form: [name for name in needed if name not in known] for form, needed in FORMS.items()}


def provincial_balance(
    before: pd.DataFrame,
    after: pd.DataFrame,
    parameters: pd.DataFrame,
    years: tuple[int, int],
    converted_carbon_t: float = 0.0,
    harvested_carbon_t: float | None = None,
) -> pd.DataFrame:
    """
    Balance the carbon of a year as the guideline for provincial inventories does.

    Parameters
    ----------
    before, after : DataFrame
        Stands of two dates with ``area_ha`` (ha), ``carbon_part`` and the stock parts (m3).
    parameters : DataFrame
        Cited rows, with those of the species group ``province`` from the user's own file.
    years : tuple of int
        Years of the two inventories.
    converted_carbon_t : float
        Aboveground carbon (t) of the arbor forest that was converted between the dates, as
        ``converted_aboveground`` returns it.
    harvested_carbon_t : float, optional
        What of it was harvested, as ``harvested_aboveground`` returns it; without records of
        harvest, all of it.

    Returns
    -------
    balance : DataFrame
        Columns of ``provincial_balance`` in ``data/columns.csv``, for each form whose values
        are complete; gains are positive, losses negative, and ``total`` is the sum of the
        others.

    Raises
    ------
    ParameterError
        If neither form is complete: one message lists what each of them lacks. If the years are
        not two dates.

    Notes
    -----
    Stock is that of the later inventory. In the form of 2011 it grows by the rate in forest and
    outside, and is consumed as a whole; in the later form the trees outside forest change by
    their yearly difference, and harvest and mortality are of arbor forest. Stock of orchards is
    left out, because economic forest counts by its area. Consumption of 2011 holds what was
    consumed on converted forest; the later form has ``forest_conversion`` of arbor forest, and
    ``harvest_correction`` takes what was harvested there out of the harvest. Both rest on the
    carbon of the parcels, by density, BEF, root ratio and carbon fraction of their species in the
    parameter set; all other rows of trees rest on the values of the province. Conversion of
    bamboo, economic and special shrub forest is within their change of area.

    References
    ----------
    [provincial_guideline_2011]_ chapter 4; the later form as [unrecorded_public_code]_ lays it
    out.
    """
    count = check_period(*years)
    lacking = lacking_values(parameters)
    if all(lacking.values()):
        shown = {form: ", ".join(map(_with_unit, names)) for form, names in lacking.items()}
        raise ParameterError(
            Problem("provincial_values_missing", value=shown["2011"], rule=shown["2014"])
        )
    stock = {date: _stock(one) for date, one in (("before", before), ("after", after))}
    change = (stock["after"] - stock["before"]) / count
    by_area = _by_area(before, after, parameters, count)
    province = parameters[parameters["species_group"].eq(PROVINCE)]
    given = {"carbon_fraction": constant("provincial_carbon_fraction")}
    given |= dict(zip(province["parameter"], province["value"], strict=True))
    found = []
    if not lacking["2011"]:
        found.append(_form_2011(stock["after"], by_area, given))
    if not lacking["2014"]:
        harvested_t = converted_carbon_t if harvested_carbon_t is None else harvested_carbon_t
        yearly = {"harvest_correction": harvested_t / count,
                  "forest_conversion": -converted_carbon_t / count + 0.0}  # fmt: skip
        found.append(_form_2014(stock["after"], change, by_area, given, yearly))
    table = pd.concat([_with_total(one) for one in found], ignore_index=True)
    return table.assign(
        year_before=years[0],
        year_after=years[1],
        removal_co2_t_yr=carbon_to_co2(table["carbon_t_yr"]),
    ).reindex(columns=list(columns("provincial_balance").index))


def converted_aboveground(pieces: pd.DataFrame, parameters: pd.DataFrame) -> float:
    """
    Return the aboveground carbon of arbor forest that became other land, t.

    Parameters
    ----------
    pieces : DataFrame
        As ``flows.carbon_pieces`` returns them.
    parameters : DataFrame
        Cited rows.

    Returns
    -------
    carbon_t : float
        Tonnes over all the years between the dates.

    Examples
    --------
    >>> from carbon_sink.parameters import load_parameters
    >>> pieces = pd.DataFrame({"part": ["arbor", "arbor"], "flow": ["lost", "remaining"],
    ...                        "species_before": "oak", "carbon_before_t": [129.2, 50.0]})
    >>> round(converted_aboveground(pieces, load_parameters("ar_cm_001")), 6)
    100.0
    """
    lost = pieces["part"].eq("arbor") & pieces["flow"].eq("lost")
    mine = pieces[lost & pieces["carbon_before_t"].gt(0.0)]
    roots = by_species(parameters, mine["species_before"], "root_shoot_ratio")
    return float((mine["carbon_before_t"] / (1.0 + roots)).sum())


def harvested_aboveground(losses: pd.DataFrame, parameters: pd.DataFrame) -> float:
    """
    Return the aboveground carbon of recorded harvest on forest that became other land, t.

    Parameters
    ----------
    losses : DataFrame
        As ``event_losses.event_losses`` returns them with the inventory after.
    parameters : DataFrame
        Cited rows.

    Returns
    -------
    carbon_t : float
        Tonnes over all the years between the dates; harvest without a place is left out.

    Examples
    --------
    >>> from carbon_sink.parameters import load_parameters
    >>> losses = pd.DataFrame({"event_type": ["harvest", "harvest", "fire"], "part": "arbor",
    ...                        "species_group": "oak", "converted_carbon_t": [129.2, 0.0, 50.0]})
    >>> round(harvested_aboveground(losses, load_parameters("ar_cm_001")), 6)
    100.0
    """
    cut = losses["event_type"].eq("harvest") & losses["part"].eq("arbor")
    mine = losses[cut & losses["converted_carbon_t"].gt(0.0)]
    roots = by_species(parameters, mine["species_group"], "root_shoot_ratio")
    return float((mine["converted_carbon_t"] / (1.0 + roots)).sum())


def _with_unit(name: str) -> str:
    """Return the name of a parameter with its unit."""
    files = ("parameter_limits.csv", "provincial_parameters.csv")
    units = pd.concat([read_data(one) for one in files]).set_index("parameter")["unit"]
    return f"{name} ({units[name]})"


def _stock(stands: pd.DataFrame) -> pd.Series:
    """Sum the stock of each kind of tree, m3."""
    arbor = stands["forest_stock_m3"].where(stands["carbon_part"].eq("arbor"), 0.0).sum()
    others = {kind: stands[f"{kind}_stock_m3"].sum() for kind in TREES[1:]}
    return pd.Series({"arbor": arbor, **others})


def _by_area(
    before: pd.DataFrame, after: pd.DataFrame, parameters: pd.DataFrame, years: int
) -> pd.DataFrame:
    """Return the yearly change of forest that is counted by its area."""
    area = [one.groupby("carbon_part")["area_ha"].sum().reindex(list(AREA_GROUPS), fill_value=0.0)
            for one in (before, after)]  # fmt: skip
    change = (area[1] - area[0]) / years
    biomass, fraction = (values(parameters, name)[list(AREA_GROUPS)]
                         for name in ("biomass_whole_t_ha", "carbon_fraction"))  # fmt: skip
    return pd.DataFrame({
        "item": list(AREA_GROUPS),
        "area_change_ha_yr": change.to_numpy(),
        "carbon_t_yr": (change * biomass * fraction).to_numpy(),
    })  # fmt: skip


def _of_rate(
    items: list[str], stock_m3: pd.Series, rate_pct: float, per_m3_t: float
) -> pd.DataFrame:
    """Lay out items whose carbon is a rate of their stock; ``per_m3_t`` is carbon per m3."""
    return pd.DataFrame({
        "item": items,
        "stock_m3": stock_m3,
        "rate_pct_yr": rate_pct,
        "carbon_t_yr": provincial_growth(stock_m3, rate_pct, per_m3_t, 1.0, 1.0),
    })  # fmt: skip


def _form_2011(stock: pd.Series, by_area: pd.DataFrame, given: Mapping[str, float]) -> pd.DataFrame:
    """Balance growth and consumption."""
    carbon = given["wood_density_t_m3"] * given["bef_whole"] * given["carbon_fraction"]
    growth = _of_rate(list(TREES), stock.to_numpy(), given["stock_growth_rate_pct"], carbon)
    used = _of_rate(["consumption"], stock.sum(), given["stock_consumption_rate_pct"], -carbon)
    return pd.concat([growth, by_area, used]).assign(form="2011")


def _form_2014(
    stock: pd.Series,
    change: pd.Series,
    by_area: pd.DataFrame,
    given: Mapping[str, float],
    converted_t_yr: Mapping[str, float],
) -> pd.DataFrame:
    """Balance growth, harvest, mortality and conversion."""
    whole = given["bef"] * (1.0 + given["root_shoot_ratio"])
    carbon = given["wood_density_t_m3"] * whole * given["carbon_fraction"]
    outside = change[list(TREES[1:])]
    trees = pd.DataFrame({
        "item": outside.index,
        "stock_change_m3_yr": outside.to_numpy(),
        "carbon_t_yr": outside.to_numpy() * carbon,
    })  # fmt: skip
    rates = [("arbor", "stock_growth_rate_pct", carbon), ("harvest", "harvest_rate_pct", -carbon),
             ("mortality", "mortality_rate_pct", -carbon)]  # fmt: skip
    growth, harvest, mortality = (
        _of_rate([item], stock["arbor"], given[name], per_m3) for item, name, per_m3 in rates
    )
    correction, conversion = (
        pd.DataFrame({"item": [item], "carbon_t_yr": [carbon_t]})
        for item, carbon_t in converted_t_yr.items()
    )
    parts = [growth, trees, by_area, harvest, correction, mortality, conversion]
    return pd.concat(parts).assign(form="2014")


def _with_total(table: pd.DataFrame) -> pd.DataFrame:
    """Add the row of the sum."""
    total = {
        "item": "total",
        "form": table["form"].iloc[0],
        "carbon_t_yr": table["carbon_t_yr"].sum(),
    }
    return pd.concat([table, pd.DataFrame([total])], ignore_index=True)
