"""What works bring to the targets, what is missing, who has room, and why figures moved."""

import pandas as pd

from .accounting import Accounts, Case
from .candidate_land import candidate_cover, candidate_land, candidate_notes
from .change_causes import cause_notes, causes_table, change_causes
from .ground_causes import project_share
from .language import text
from .project_effects import project_effects, target_gap
from .projects import belt_ha
from .sinks import Sinks
from .town_allocation import allocation_notes, hand_out, town_shares

Tables = dict[str, pd.DataFrame]


def look_around(case: Case, sinks: Sinks | None, tables: Tables) -> Accounts:
    """
    Hold works against the targets, find room for more, and take past changes apart.

    Parameters
    ----------
    case : Case
        What is accounted for.
    sinks : Sinks or None
        Works of the run; None without any.
    tables : dict
        Tables of the run, with ``indicators``.

    Returns
    -------
    found : Accounts
        Tables ``project_effects``, ``target_gap``, ``candidate_land``, ``town_allocation`` and
        ``change_causes``, notes, and reasons for what is absent.
    """
    found, surveyed = Accounts(), case.surveyed()
    if sinks is not None:
        _bring(found, surveyed, sinks, tables)
    _find_room(found, surveyed, tables)
    _take_apart(found, surveyed, sinks)
    return found


def _bring(found: Accounts, case: Case, sinks: Sinks, tables: Tables) -> None:
    """Tell what works bring to coverage and stock, and what is still missing."""
    said, land = case.settings, case.inputs.land_area_ha
    rows = sinks.rows
    monitored = tables.get("project_monitoring", pd.DataFrame(columns=["project_id"]))
    if "forest_after_ha" in monitored:
        one = monitored.drop_duplicates("project_id").set_index("project_id")
        # forest that was there before is no work of the planting
        held = one["forest_after_ha"] - one["forest_before_ha"].fillna(0.0)
        rows["in_inventory_ha"] = rows["project_id"].map(held.clip(lower=0.0))
    belts = rows["project_type"].eq("shelterbelt")
    if belts.any():
        rows.loc[belts, "counts_ha"] = belt_ha(rows[belts])
    first = min([said.report_year, *(one.base_year for one in said.targets)])
    ahead = sorted({*said.sinks.years, *said.outlook.years} - {said.report_year})
    years = range(first, max([said.report_year, *ahead]) + 1)
    surveyed = max(case.stands) if case.stands else None
    effects = project_effects(rows, sinks.ledger, land, years, surveyed)
    found.tables["project_effects"] = effects
    gap = target_gap(tables["indicators"], effects, land, said.report_year, ahead)
    if len(gap):
        found.tables["target_gap"] = gap
    else:
        found.reasons["target_gap"] = text("absent.no_gap_targets", case.facts.language)


def _find_room(found: Accounts, case: Case, tables: Tables) -> None:
    """List land on which forest could grow, and hand what is missing out to towns."""
    towns, place = case.inputs.towns, case.facts.place
    stands, land = None, None
    if case.stands:
        year = max(case.stands)
        stands = case.stands[year]
        land = candidate_land(stands, towns, place, _seen(tables, year, len(stands)))
    elif "landcover_area" in tables:
        areas = tables["landcover_area"]
        year = areas["year"].max()
        scheme = case.inputs.landcover[year].attrs["scheme"]
        land = candidate_cover(areas[areas["year"].eq(year)], scheme, towns, place)
    if land is None or land.empty:
        found.reasons["candidate_land"] = text("absent.no_candidate_land", case.facts.language)
        return
    found.tables["candidate_land"] = land
    found.notes += candidate_notes(land)
    if "target_gap" not in found.tables:
        return
    shares, weights = town_shares(towns, stands, land), case.settings.sinks.weights.model_dump()
    handed, reason = hand_out(found.tables["target_gap"], shares, weights, place)
    if handed is None:
        found.reasons["town_allocation"] = text(reason, case.facts.language)
        return
    found.tables["town_allocation"] = handed
    found.notes += allocation_notes(shares, weights)


def _seen(tables: Tables, year: int, count: int) -> pd.DataFrame | None:
    """Return what land cover shows on the stands of a year, row by row."""
    if "landcover_of_stands" not in tables:
        return None
    seen = tables["landcover_of_stands"]
    seen = seen[seen["inventory_year"].eq(year)]
    return seen if len(seen) == count else None


def _take_apart(found: Accounts, case: Case, sinks: Sinks | None) -> None:
    """Take the changes between the inventories apart by cause."""
    parts = {}
    for pair, rows in sorted(case.rows.items()):
        before, after = (case.stands[year] for year in pair)
        works = None
        if sinks is not None:
            works = project_share(rows, sinks.works.pieces[pair[1]], sinks.works.rows, after, pair)
        losses = case.growing.losses.get(pair)
        parts[pair] = change_causes(rows, before, after, pair, losses, works)
        found.notes += [one for one in cause_notes(losses, works) if one not in found.notes]
    if any(len(one) for one in parts.values()):
        found.tables["change_causes"] = causes_table(
            parts, case.inputs.towns, case.facts.place, case.inputs.land_area_ha
        )
    else:
        found.reasons["change_causes"] = text("absent.one_inventory", case.facts.language)
