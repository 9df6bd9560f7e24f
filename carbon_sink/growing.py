"""How the stands of a run grow: calibrated on two inventories, and brought to the report year."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from .calibration import MODEL, calibrate, factors
from .errors import Problem
from .estimation import estimate
from .event_losses import event_losses, event_notes
from .growth_models import group_models
from .growth_update import growth_update
from .intake import Inputs
from .settings import Settings
from .tables import columns
from .updating import update_stands

Pair = tuple[int, int]


@dataclass
class Growing:
    """
    What is known of growth in a run.

    ``models`` are those of every species group, ``factors`` what calibration multiplies their
    growth by and ``standard_errors`` how sure that is, by species group; the factor of those in
    ``pooled`` is that of all stands of their model. ``losses`` are what
    events took between two years. ``updated`` are the stands of a report year that has no
    inventory, with the year they come ``since``.
    """

    models: pd.DataFrame
    factors: dict[str, float] = field(default_factory=dict)
    standard_errors: dict[str, float] = field(default_factory=dict)
    pooled: tuple[str, ...] = ()
    losses: dict[Pair, pd.DataFrame] = field(default_factory=dict)
    updated: gpd.GeoDataFrame | None = None
    since: int | None = None
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: list[Problem] = field(default_factory=list)


def grow(
    settings: Settings,
    inputs: Inputs,
    stands: dict[int, gpd.GeoDataFrame],
    rows: dict[Pair, pd.DataFrame],
    parameters: pd.DataFrame,
) -> Growing:
    """
    Calibrate growth on the last two inventories, and bring the last one to the report year.

    Parameters
    ----------
    settings : Settings
    inputs : Inputs
        Checked inputs, with events.
    stands : dict
        Year to its stands with coverage, stock and carbon.
    rows : dict
        Earlier and later year to the rows of ``stand_changes.matched``.
    parameters : DataFrame
        Cited rows of the run.

    Returns
    -------
    growing : Growing

    Raises
    ------
    CarbonSinkError
        If a model does not exist, or stands cannot be brought to the report year.
    """
    found = Growing(group_models(settings.growth.region, settings.growth.models))
    known = [year for year, one in sorted(stands.items()) if "carbon_t" in one]
    for pair in rows:
        if set(pair) <= set(known):
            _take_events(found, settings, inputs, [stands[year] for year in pair], parameters, pair)
    if len(known) > 1 and settings.growth.calibrate:
        pair = (known[-2], known[-1])
        disturbed = found.losses[pair]["stand"].dropna() if pair in found.losses else None
        table, notes = calibrate(
            stands[pair[0]], stands[pair[1]], rows[pair], pair, found.models, disturbed,
            lang=settings.language,
        )  # fmt: skip
        found.tables["growth_calibration"] = table
        found.notes += notes
        found.factors = factors(table)
        found.pooled = tuple(factors(table, [MODEL]))
        errors = table.set_index("species_group")["standard_error"].astype(float)
        found.standard_errors = errors[list(found.factors)].to_dict()
    year = settings.report_year
    if settings.growth.update and known and known[-1] == max(stands) < year:
        _update(found, settings, inputs, stands[known[-1]], parameters, (known[-1], year))
    return found


def _take_events(
    found: Growing,
    settings: Settings,
    inputs: Inputs,
    stands: Sequence[gpd.GeoDataFrame],
    parameters: pd.DataFrame,
    pair: Pair,
) -> None:
    """Tell what the events took of which stands: those before, and after if there are any."""
    if not inputs.events:
        return
    events = pd.concat(inputs.events, ignore_index=True)
    found.losses[pair] = event_losses(events, stands[0], parameters, pair, *stands[1:])
    files = [source.path for source in settings.events]
    found.notes += event_notes(events, found.losses[pair], files)
    table = pd.concat(found.losses.values(), ignore_index=True)
    found.tables["event_losses"] = table[[name for name in columns("event_losses").index
                                          if name in table]]  # fmt: skip


def _update(
    found: Growing,
    settings: Settings,
    inputs: Inputs,
    before: gpd.GeoDataFrame,
    parameters: pd.DataFrame,
    years: Pair,
) -> None:
    """Bring the last inventory to the report year, by growth and by the events since."""
    _take_events(found, settings, inputs, [before], parameters, years)
    later, notes = update_stands(
        before, years, found.models, found.factors, found.losses.get(years),
        pooled=found.pooled, species_scheme=inputs.surveys[years[0]].known.species_scheme,
        lang=settings.language,
    )  # fmt: skip
    found.notes += [
        Problem("stands_updated", file=before.attrs.get("file", ""),
                value=str(years[0]), rule=str(years[1])),
        *_years_without_losses(found.losses.get(years), years,
                               [source.path for source in settings.events]),
        *notes,
    ]  # fmt: skip
    found.tables["growth_update"] = growth_update(before, later)
    found.updated, found.since = estimate(later, settings, parameters), years[0]


def _years_without_losses(
    losses: pd.DataFrame | None, years: Pair, files: Sequence[str]
) -> list[Problem]:
    """Tell in which years since the inventory nobody recorded what was cut, burnt or eaten."""
    recorded = set() if losses is None else set(losses["year"])
    silent = [str(year) for year in range(years[0] + 1, years[1] + 1) if year not in recorded]
    if not silent:
        return []
    return [Problem("update_without_losses", file=", ".join(files), value=", ".join(silent))]
