"""The one place that calls libcbm."""

import importlib.metadata
import importlib.util
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import FileError, ParameterError, Problem
from ..parameters import constant
from ..tables import read_data
from .schedule import COLUMNS, EVENTS, Plot, plan

if TYPE_CHECKING:
    from collections.abc import Iterator

# the warmest spatial unit of the Canadian parameters
PROVINCE, ECOZONE = "Ontario", "Mixedwood Plains"
# what the soil and dead wood came from before the first year
HISTORY, LAST_EVENT = "Wildfire", "Clearcut harvesting with salvage"
FOREST, CROPLAND, SOIL_BEFORE = "UNFCCC_FL_R_FL", "UNFCCC_CL_R_CL", "Average"
TREE = ("Merch", "Foliage", "Other")
ROOTS = ("CoarseRoots", "FineRoots")
SNAGS = ("StemSnag", "BranchSnag")
# pools of CBM-CFS3 in ours, as its own table pool_indicator has them
POOLS = {
    "aboveground": [f"{kind}{part}" for kind in ("Softwood", "Hardwood") for part in TREE],
    "belowground": [f"{kind}{part}" for kind in ("Softwood", "Hardwood") for part in ROOTS],
    "dead_wood": ["BelowGroundFastSoil", "MediumSoil",
                  *(f"{kind}{part}" for kind in ("Softwood", "Hardwood") for part in SNAGS)],
    "litter": ["AboveGroundVeryFastSoil", "AboveGroundFastSoil", "AboveGroundSlowSoil"],
    "soil": ["BelowGroundVeryFastSoil", "BelowGroundSlowSoil"],
}  # fmt: skip
GROWTH = ("DeltaBiomass_AG", "DeltaBiomass_BG", "TurnoverMerchLitterInput",
          "TurnoverFolLitterInput", "TurnoverOthLitterInput", "TurnoverCoarseLitterInput",
          "TurnoverFineLitterInput")  # fmt: skip
LOSSES = ("DecayDOMCO2Emission", "DisturbanceCO2Production", "DisturbanceCH4Production",
          "DisturbanceCOProduction", "DisturbanceSoftProduction", "DisturbanceHardProduction",
          "DisturbanceDOMProduction")  # fmt: skip


@dataclass(frozen=True)
class Course:
    """
    What libcbm says of the forest of a scenario.

    ``pools`` has ``year``, ``pool`` and ``carbon_t`` (t C): of the forest of the first year all
    that it holds, of land that is planted what came to it since, so that a change over time is
    one of carbon and not of area. ``imbalance`` is the largest share of the carbon of a plot by
    which a year's stock change differs from growth less losses; ``unmet`` are events that found
    no forest.
    """

    pools: pd.DataFrame = field(repr=False)
    imbalance: float
    unmet: pd.DataFrame = field(repr=False)


def simulate(
    cohorts: pd.DataFrame,
    curves: pd.DataFrame,
    first_year: int,
    last_year: int,
    events: pd.DataFrame | None = None,
    temperature_c: float | None = None,
) -> Course:
    """
    Let CBM-CFS3 grow, disturb and decay a forest year by year.

    Parameters
    ----------
    cohorts : DataFrame
        ``species_group``, ``age_yr`` (yr) and ``area_ha`` (ha) in the first year. With
        ``volume_m3`` (m3) too, the curve of each group is multiplied so that the stock of the
        group in the first year is that of the cohorts.
    curves : DataFrame
        ``species_group``, ``age_yr`` (yr) and ``volume_m3_ha`` (m3/ha), several ages a group.
        Stock keeps the last value beyond the last age.
    first_year, last_year : int
        Years of the first and the last state.
    events : DataFrame, optional
        As ``events_of`` returns them.
    temperature_c : float, optional
        Mean annual temperature (°C) behind decay; that of the district by default.

    Returns
    -------
    course : Course

    Raises
    ------
    FileError
        If libcbm is not installed or does not run on this machine.
    ParameterError
        If a species group has no curve, or no counterpart among the Canadian species.

    Notes
    -----
    Decay, turnover, roots, the conversion of volume to biomass and what disturbances do are
    Canadian defaults; only curves, areas, events and the temperature are ours. Soil before the
    first year comes from wildfires every 125 years, the last event is a clear-cut.

    References
    ----------
    Kurz et al. (2009), CBM-CFS3, Ecological Modelling 220:480-504; libcbm, Canadian Forest
    Service, https://github.com/cat-cfs/libcbm_py.
    """
    events = pd.DataFrame(columns=COLUMNS) if events is None else events
    groups = {
        *cohorts["species_group"],
        *events.loc[events["kind"] == "planting", "species_group"],
    }
    _check_groups(groups, curves)
    temperature_c = (
        constant("mean_annual_temperature_c") if temperature_c is None else temperature_c
    )
    volumes = _volumes(cohorts, curves[curves["species_group"].isin(groups)])

    def volume(group: str, age: float) -> float:
        return float(np.interp(age, volumes[group].index, volumes[group]))

    plots, unmet = plan(cohorts, volume, events, first_year)
    if not plots:
        return Course(pd.DataFrame(columns=["year", "pool", "carbon_t"]), 0.0, unmet)
    with _model(volumes) as (factory, cbm):
        stocks, fluxes = _run(cbm, factory, plots, range(first_year, last_year + 1), temperature_c)
    return Course(_summed(plots, stocks, first_year), _imbalance(stocks, fluxes), unmet)


def check_installed() -> None:
    """
    Refuse to go on without libcbm.

    Raises
    ------
    FileError
        If libcbm is not installed, with the way to get it.
    """
    if importlib.util.find_spec("libcbm") is None:
        raise FileError(Problem("cbm_not_installed"))


def _summed(plots: list[Plot], stocks: list[pd.DataFrame], first_year: int) -> pd.DataFrame:
    """Sum pools over plots; what land held when it was planted was no forest's and is taken off."""
    rows = []
    for pool, names in POOLS.items():
        held = np.array([stock[names].sum(axis=1) for stock in stocks])
        for place, plot in enumerate(plots):
            if plot.planted is not None:
                before = plot.planted - first_year - 1
                held[:, place] -= held[before, place]
                held[:before, place] = 0.0
        rows += [(first_year + step, pool, float(total)) for step, total in
                 enumerate(held.sum(axis=1))]  # fmt: skip
    table = pd.DataFrame(rows, columns=["year", "pool", "carbon_t"])
    return table.sort_values("year", kind="stable", ignore_index=True)


def _check_groups(groups: set[str], curves: pd.DataFrame) -> None:
    """Refuse species groups that have no curve or no Canadian counterpart, all of them at once."""
    known = {
        "cbm_curve_missing": set(curves["species_group"]),
        "cbm_species_missing": set(read_data("cbm_species.csv")["species_group"]),
    }
    lacking = {code: sorted(groups - names) for code, names in known.items() if groups - names}
    if lacking:
        raise ParameterError(
            [Problem(code, field="species_group", value=", ".join(names))
             for code, names in lacking.items()]
        )  # fmt: skip


def _volumes(cohorts: pd.DataFrame, curves: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the stock (m3/ha) of each group by age, from 0 on, fitted to that of the cohorts."""
    volumes = {}
    for group, curve in curves.groupby("species_group"):
        points = curve.set_index("age_yr")["volume_m3_ha"].sort_index()
        ages = np.arange(0, np.ceil(points.index.max()) + 1).astype(int)
        start = pd.Series([0.0], index=[0])
        points = points if 0 in points.index else pd.concat([start, points])
        fitted = pd.Series(np.interp(ages, points.index, points), index=ages)
        mine = cohorts[cohorts["species_group"] == group]
        if "volume_m3" in cohorts and len(mine):
            on_curve = np.interp(mine["age_yr"].round(), ages, fitted) * mine["area_ha"]
            fitted *= mine["volume_m3"].sum() / on_curve.sum() if on_curve.sum() > 0 else 1.0
        volumes[group] = fitted
    return volumes


@contextmanager
def _model(volumes: dict[str, pd.Series]) -> "Iterator[tuple[Any, Any]]":
    """Open the libcbm model of the curves, or say what keeps libcbm from running."""
    try:
        from libcbm.model.cbm.stand_cbm_factory import StandCBMFactory  # noqa: PLC0415
    except ImportError:
        raise FileError(Problem("cbm_not_installed")) from None
    species = read_data("cbm_species.csv").set_index("species_group")["cbm_species"]
    curves = [
        {"classifier_set": [group],
         "merch_volumes": [{"species": species[group], "age_volume_pairs": list(points.items())}]}
        for group, points in volumes.items()
    ]  # fmt: skip
    with warnings.catch_warnings(), ExitStack() as stack:
        # libcbm runs on other distributions of Linux than Ubuntu, though it says it may not
        warnings.filterwarnings("ignore", "untested linux distribution", RuntimeWarning)
        try:
            factory = StandCBMFactory({"species_group": list(volumes)}, curves)
            cbm = stack.enter_context(factory.initialize_cbm())
        except (OSError, RuntimeError) as error:
            raise FileError(Problem("cbm_not_loaded", value=str(error))) from None
        yield factory, cbm


def _run(
    cbm: Any, factory: Any, plots: list[Plot], years: range, temperature_c: float
) -> tuple[list[pd.DataFrame], list[pd.DataFrame]]:
    """Run libcbm over plots; return the carbon (t) and the fluxes (t) of each by year."""
    from libcbm.model.cbm import cbm_simulator, cbm_variables  # noqa: PLC0415
    from libcbm.storage import dataframe, series  # noqa: PLC0415
    from libcbm.storage.backends import BackendType  # noqa: PLC0415

    area_ha = np.array([plot.area_ha for plot in plots])
    ids = {
        kind: factory.defaults_ref.get_disturbance_type_id(name) for kind, name in EVENTS.items()
    }
    stocks, fluxes = [], []

    def keep(_: int, state: Any) -> None:
        stocks.append(state.pools.to_pandas().mul(area_ha, axis=0))
        fluxes.append(state.flux.to_pandas().mul(area_ha, axis=0))

    def befall(step: int, state: Any) -> Any:
        year = years[step]
        kinds = [ids[plot.events[year]] if year in plot.events else 0 for plot in plots]
        state.parameters["disturbance_type"].assign(np.array(kinds))
        return state

    classifiers, inventory = factory.prepare_inventory(dataframe.from_pandas(_inventory(plots)))
    warmth = series.allocate(
        "mean_annual_temp", len(plots), temperature_c, "float", BackendType.numpy
    )
    spinup = cbm_variables.initialize_spinup_parameters(
        len(plots), BackendType.numpy, mean_annual_temp=warmth
    )
    cbm_simulator.simulate(
        cbm, len(years) - 1, classifiers, inventory, keep, befall, spinup_params=spinup
    )
    return stocks, fluxes


def _inventory(plots: list[Plot]) -> pd.DataFrame:
    """Lay plots out as libcbm reads them."""
    planted = np.array([plot.planted is not None for plot in plots])
    return pd.DataFrame(
        {
            "species_group": [plot.species_group for plot in plots],
            "admin_boundary": PROVINCE,
            "eco_boundary": ECOZONE,
            "age": [plot.age_yr for plot in plots],
            "area": [plot.area_ha for plot in plots],
            "delay": 0,
            "land_class": np.where(planted, CROPLAND, FOREST),
            "afforestation_pre_type": np.where(planted, SOIL_BEFORE, "None"),
            "historic_disturbance_type": HISTORY,
            "last_pass_disturbance_type": LAST_EVENT,
        }
    )


def _imbalance(stocks: list[pd.DataFrame], fluxes: list[pd.DataFrame]) -> float:
    """Return the largest relative gap between stock change and net fluxes of a plot and year."""
    names = [name for part in POOLS.values() for name in part]
    worst = 0.0
    for before, after, flux in zip(stocks, stocks[1:], fluxes[1:], strict=False):
        net = flux[list(GROWTH)].sum(axis=1) - flux[list(LOSSES)].sum(axis=1)
        held = after[names].sum(axis=1)
        gap = (held - before[names].sum(axis=1) - net).abs()
        worst = max(worst, float((gap / held.clip(lower=1e-9)).max()))
    return worst


def version() -> str:
    """Return the version of libcbm."""
    return importlib.metadata.version("libcbm")
