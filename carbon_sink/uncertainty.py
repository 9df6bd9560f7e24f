"""Intervals of the headline figures: draws of all errors, and propagation of errors beside."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from .codes import group_names
from .contributions import KINDS, as_sum, contributions, variance
from .errors import ParameterError, Problem
from .language import text
from .parameters import AREA_GROUPS
from .parcel_sums import BESIDE, TREES, ParcelSums, parcel_sums
from .simulation import PARTS, World, area_factors, bias_factors, tree_factors
from .spreads import WITHIN_95, Errors, Spread, bias_sd
from .summary import WHOLE_PLACE
from .tables import columns, read_data

DRAWS_MIN = 1000
LANGUAGES = ("zh", "en")
# indicators that have no row in data/indicators.csv, and their units
FURTHER = {**{f"{part}_carbon_t": "t" for part in (*PARTS, *BESIDE)}, "removal_co2_t": "t"}
# indicators whose sources of error are told
EXPLAINED = ("forest_stock_m3", "carbon_t", "removal_co2_t_yr")


@dataclass(frozen=True)
class Interval:
    """
    What the draws say of one figure: mean, standard deviation and 95 % interval, in its unit.

    ``draws`` are the draws themselves where they are known; a probability is their share.
    """

    mean: float
    sd: float
    low: float
    high: float
    draws: np.ndarray | None = field(default=None, compare=False, repr=False)


def combine_multiply(half_widths: np.ndarray) -> float:
    r"""
    Relative uncertainty of a product of independent factors.

    .. math:: U = \sqrt{\sum U_i^2}

    Parameters
    ----------
    half_widths : array
        Half-widths of the 95 % intervals over the values; all in percent or all as shares.

    Returns
    -------
    half_width : float
        In the same unit.

    References
    ----------
    [ipcc_2006_v1]_ equation 3.1.

    Examples
    --------
    >>> round(combine_multiply([0.08, 0.3, 0.2]), 6)
    0.369324
    """
    return float(np.sqrt(np.square(half_widths).sum()))


def combine_add(amounts: np.ndarray, half_widths: np.ndarray) -> float:
    r"""
    Relative uncertainty of a sum of independent amounts.

    .. math:: U = \frac{\sqrt{\sum (U_i x_i)^2}}{|\sum x_i|}

    Parameters
    ----------
    amounts : array
        In one unit; signs may differ, as emissions and removals do.
    half_widths : array
        Half-widths of the 95 % intervals over the amounts.

    Returns
    -------
    half_width : float
        In the same unit; infinite when the amounts add up to nothing.

    Notes
    -----
    The denominator is the absolute value of the sum, not the sum of the absolute values, which
    would make a difference of large amounts look more certain than it is.

    References
    ----------
    [ipcc_2006_v1]_ equation 3.2.

    Examples
    --------
    >>> round(combine_add([300, -100], [0.1, 0.2]), 6)
    0.180278
    """
    total = abs(float(np.sum(amounts)))
    spread = combine_multiply(np.asarray(amounts) * np.asarray(half_widths))
    return spread / total if total else float("inf")


@dataclass(frozen=True, eq=False)
class Simulation:
    """
    The draws of one run and what they say.

    ``table`` and ``sources`` have the columns of ``uncertainty`` and ``uncertainty_sources`` in
    ``data/columns.csv``. Draws of the whole place are kept; those of a town are drawn again
    when they are asked for and are the same.
    """

    table: pd.DataFrame
    sources: pd.DataFrame
    _world: World = field(repr=False)
    _place: dict[str, np.ndarray] = field(repr=False)

    def draws(self, indicator: str, year: int, town: str = WHOLE_PLACE) -> np.ndarray:
        """
        Return the draws of one figure, in its unit.

        Parameters
        ----------
        indicator : str
            As in the table.
        year : int
            Year of an inventory.
        town : str
            Code of a town; empty for the whole place.

        Returns
        -------
        draws : array

        Raises
        ------
        KeyError
            If there is no such figure.
        """
        found = self._place if town == WHOLE_PLACE else self._world.figures(town)
        return found[indicator][self._world.errors.years.index(year)]

    def interval(self, indicator: str, year: int, town: str = WHOLE_PLACE) -> Interval:
        """Return mean, standard deviation and 95 % interval of one figure."""
        return _interval(self.draws(indicator, year, town))

    def intervals(self, year: int) -> dict[str, Interval]:
        """Return the intervals of the whole place in a year, by indicator."""
        mine = self.table[self.table["year"].eq(year) & self.table["town_code"].eq(WHOLE_PLACE)]
        return {one: self.interval(one, year) for one in mine["indicator"]}


def _interval(draws: np.ndarray) -> Interval:
    """Sum up draws."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return Interval(float(draws.mean()), float(draws.std()), float(low), float(high), draws)


def simulate(
    stands: dict[int, pd.DataFrame],
    parameters: pd.DataFrame,
    spread: Spread,
    summary: pd.DataFrame,
    *,
    draws: int = 10_000,
    seed: int = 1,
    bef_root_correlation: float = 0.0,
    dates_correlation: float = 0.0,
) -> Simulation:
    """
    Draw all errors many times and return the intervals of every headline figure.

    Parameters
    ----------
    stands : dict
        Inventory year to stands with coverage, and stock and carbon where known.
    parameters : DataFrame
        Cited rows as ``parameters.load_parameters`` returns them.
    spread : Spread
        As ``spreads.default_spread`` returns it.
    summary : DataFrame
        ``town_summary``: names and land areas of the towns and the values of the figures.
    draws : int
        At least 1000.
    seed : int
        Every source of error has random numbers of its own, by this seed and its name.
    bef_root_correlation : float
        Of the expansion factor and the root ratio of a species, -1 to 1.
    dates_correlation : float
        Of the errors of one parcel at two dates, -1 to 1; its parcels are told by
        ``stand_id``.

    Returns
    -------
    simulation : Simulation

    Raises
    ------
    ParameterError
        If a correlation, a spread or the number of draws is out of its range.

    Notes
    -----
    Parameters are drawn once per species group and draw, for all parcels and both dates, so
    they cancel in a change as far as the forest stayed the same. The results do not depend on
    the order or the parts in which the parcels come. The land area is taken as exact. Areas of
    parcels err independently; what a border gives to one parcel it takes from its neighbour,
    so areas of forest are rather less uncertain, while a wrong land class is not among the
    errors.

    References
    ----------
    [ipcc_2006_v1]_ chapter 3, approach 2.
    """
    correlations = {
        "bef_root_correlation": bef_root_correlation,
        "dates_correlation": dates_correlation,
        "bias_dates_correlation": spread.bias_dates_correlation,
    }
    _check(draws, correlations, spread)
    sums = parcel_sums(stands)
    errors = Errors(spread, parameters, sums.years, bias_sd(stands, spread),
                    bef_root_correlation, dates_correlation)  # fmt: skip
    factors = {}
    for i, (_, kind, group) in enumerate(sums.keys):
        if sums.carbon_t[i].any() and group not in factors:
            make = tree_factors if kind in TREES else area_factors
            factors[group] = make(group, errors, draws, seed)
    land = {
        town: rows.set_index("year")["land_area_ha"].reindex(sums.years).to_numpy(float)
        for town, rows in summary.groupby("town_code")
    }
    bias = bias_factors(errors, draws, seed)
    world = World(sums, errors, factors, bias, land, draws, seed)
    whole, rows = _all_towns(world, summary)
    return Simulation(_table(rows, summary), _sources(world), world, whole)


def _check(draws: int, correlations: dict[str, float], spread: Spread) -> None:
    """Refuse what no simulation can be made of, everything at once."""
    found = []
    if draws < DRAWS_MIN:
        found.append(Problem("uncertainty_draws", field="draws", value=f"{draws}",
                             rule=f"{DRAWS_MIN}"))  # fmt: skip
    found += [
        Problem("uncertainty_correlation", field=name, value=f"{one:g}")
        for name, one in correlations.items() if not -1.0 <= one <= 1.0
    ]  # fmt: skip
    widths = {name: one for name, one in vars(spread).items() if name.endswith("_pct")}
    widths |= {f"stock_bias_pct.{k}": one for k, one in widths.pop("stock_bias_pct").items()}
    found += [
        Problem("uncertainty_spread", field=name, value=f"{one:g}")
        for name, one in widths.items() if not 0.0 <= one < np.inf
    ]  # fmt: skip
    if found:
        raise ParameterError(found)


def _all_towns(world: World, summary: pd.DataFrame) -> tuple[dict, pd.DataFrame]:
    """Draw town after town, add them up, and keep the intervals of each."""
    towns = summary["town_code"].unique()
    whole: dict = {}
    found: dict[str, list[dict]] = {}
    # in one order always, so that the sum over towns has one value; parcels without a town first
    for town in sorted({WHOLE_PLACE, *(town for town, _, _ in world.sums.keys)}):
        parts = world.parts(town)
        whole = {name: whole.get(name, 0.0) + one for name, one in parts.items()}
        if town in towns and town != WHOLE_PLACE:
            found[town] = _rows(world.derived(parts, town), world, world.sums.of_town(town), town)
    whole = world.derived(whole, WHOLE_PLACE)
    found[WHOLE_PLACE] = _rows(whole, world, world.sums.over_towns(), WHOLE_PLACE)
    rows = pd.DataFrame([row for town in towns for row in found.get(town, [])])
    return whole, rows.sort_values("year", kind="stable", ignore_index=True)


def _rows(found: dict, world: World, sums: ParcelSums, town: str) -> list[dict]:
    """Lay out the intervals of a town, with propagation of errors beside."""
    rows = []
    for indicator, drawn in found.items():
        for date, year in enumerate(world.errors.years):
            if np.isnan(drawn[date]).any():
                continue
            one = _interval(drawn[date])
            row = {"year": year, "town_code": town, "indicator": indicator, "mean": one.mean,
                   "sd": one.sd, "low": one.low, "high": one.high}  # fmt: skip
            spread = variance(sums, indicator, date, world.errors, world.land_ha[town])
            row["approach1_half"] = WITHIN_95 * np.sqrt(spread)
            if indicator.endswith("_t"):
                base, weights = as_sum(indicator, date, world.errors.years)
                carbon = sums.of_kind(*KINDS[base]).carbon_t.sum(axis=0)
                row["value"] = float(carbon @ weights)
            rows.append(row)
    return rows


def _table(rows: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Lay out the intervals beside the values of the tables, which stay what they are."""
    known = summary.set_index(["year", "town_code"])
    keys = pd.MultiIndex.from_frame(rows[["year", "town_code"]])
    value = rows["value"].copy() if "value" in rows else pd.Series(np.nan, index=rows.index)
    for indicator, at in rows.groupby("indicator").groups.items():
        if indicator in known:
            value[at] = known[indicator].reindex(keys[at]).to_numpy(float)
    size = value.abs().where(value.ne(0))
    half = rows["approach1_half"]
    return rows.assign(
        town_name=known["town_name"].reindex(keys).to_numpy(),
        value=value,
        unit=rows["indicator"].map(_units()),
        half_width_pct=(rows["high"] - rows["low"]) / 2.0 / size * 100.0,
        approach1_low=value - half,
        approach1_high=value + half,
        approach1_half_width_pct=half / size * 100.0,
        **{f"name_{lang}": rows["indicator"].map(_names(lang)) for lang in LANGUAGES},
    )[list(columns("uncertainty").index)]


def _names(lang: str) -> dict[str, str]:
    """Return the name of every indicator."""
    known = read_data("indicators.csv").set_index("indicator")[f"name_{lang}"].to_dict()
    return known | {one: text(f"uncertainty.{one}", lang) for one in FURTHER}


def _units() -> dict[str, str]:
    """Return the unit of every indicator."""
    return read_data("indicators.csv").set_index("indicator")["unit"].to_dict() | FURTHER


def _sources(world: World) -> pd.DataFrame:
    """Rank the sources of error of the headline figures of the whole place."""
    years, place = world.errors.years, world.sums.over_towns()
    found = [pd.DataFrame(columns=["indicator", "species_group"])]
    for indicator in EXPLAINED:
        first = 1 if indicator.startswith("removal_") else 0
        for date in range(first, len(years)):
            base, weights = as_sum(indicator, date, years)
            rows = contributions(place, base, weights, world.errors)
            rows = rows[rows["variance"].ne(0)]
            rows = rows.sort_values("variance", ascending=False, kind="stable", ignore_index=True)
            half = WITHIN_95 * np.sqrt(rows["variance"].abs()) * np.sign(rows["variance"])
            share = rows["variance"] / rows["variance"].sum() * 100.0
            found.append(rows.assign(indicator=indicator, year=years[date], rank=rows.index + 1,
                                     half_width=half, share_pct=share))  # fmt: skip
    table = pd.concat([one for one in found if len(one)] or found, ignore_index=True)
    table["unit"] = table["indicator"].map(_units())
    for lang in LANGUAGES:
        table[f"name_{lang}"] = table["indicator"].map(_names(lang))
        table[f"group_name_{lang}"] = table["species_group"].map(_group_names(lang))
    return table.reindex(columns=list(columns("uncertainty_sources").index))


def _group_names(lang: str) -> dict[str, str]:
    """Return the name of everything that a source of error acts on."""
    species = group_names()
    known = {key: name if lang == "zh" else key.replace("_", " ") for key, name in species.items()}
    further = ("", "orchard", *AREA_GROUPS)
    return known | {key: text(f"uncertainty.group.{key or 'all'}", lang) for key in further}
