"""The sheets of land cover: areas, changes, accuracy, inventory against map, carbon."""

import pandas as pd

from ..assessment import tree_cover_lines
from ..density import POOLS
from ..landcover import CATEGORIES
from ..language import text
from ..summary import WHOLE_PLACE
from ..tables import columns, heading
from .layout import Sheet, table_sheet

VISITS_SHOWN = 200  # parcels to visit on their sheet; the table has all


def cover_sheets(tables: dict[str, pd.DataFrame], lang: str) -> list[Sheet]:
    """
    Lay out every sheet of land cover that has something to show.

    Parameters
    ----------
    tables : dict
        Result tables by name. ``attrs["rules"]`` of the comparisons say, line by line, how
        cells were matched; ``attrs["file"]`` of ``carbon_density_classes`` where it is from.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    sheets : list of Sheet
        In the order of the workbook.
    """
    makers = {
        "landcover_area": lambda table: _area_sheet(table, lang),
        "landcover_change": lambda table: _gains_sheet(table, lang),
        "landcover_transition": lambda table: _transition_sheet(table, lang),
        "landcover_conversion": lambda table: _conversion_sheet(table, lang),
        "satellite_tree_cover": lambda table: _tree_cover_sheet(table, lang),
        "landcover_accuracy": lambda table: _accuracy_sheet(table, tables, lang),
        "landcover_agreement": lambda table: _plain_sheet("landcover_agreement", table, lang),
        "parcels_to_visit": lambda table: _visit_sheet(table, lang),
        "carbon_density": lambda table: _carbon_sheet(table, tables, lang),
    }
    return [make(tables[name]) for name, make in makers.items() if len(tables.get(name, ()))]


def _plain_sheet(name: str, table: pd.DataFrame, lang: str) -> Sheet:
    """Lay out a table as it is, with its caption."""
    return table_sheet(name, name, table, lang, text(f"report.about.{name}", lang))


def _place_last(table: pd.DataFrame, years: list[str]) -> pd.DataFrame:
    """Put the whole place behind its towns, as on the other sheets."""
    whole = table["zone"].eq(WHOLE_PLACE)
    return table.assign(_whole=whole).sort_values([*years, "_whole"], kind="stable")


def _as_mapped(table: pd.DataFrame, lang: str) -> list[str]:
    """Say what a comparison of maps is good for, and how their cells were matched."""
    return [text("report.about.as_mapped", lang), *table.attrs.get("rules", [])]


def _gains_sheet(table: pd.DataFrame, lang: str) -> Sheet:
    """Lay out gains and losses, each pair of dates with its towns and then the whole place."""
    about = "\n".join(_as_mapped(table, lang))
    table = _place_last(table, ["from_year", "to_year"])
    return table_sheet("landcover_change", "landcover_change", table, lang, about)


def _transition_sheet(table: pd.DataFrame, lang: str) -> Sheet:
    """Lay out the transitions of the whole place, a matrix for each pair of dates."""
    lines = [*_as_mapped(table, lang), text("report.about.landcover_transition", lang)]
    whole = table[table["zone"].eq(WHOLE_PLACE)]
    return _matrices("landcover_transition", whole, ("from_code", "to_code"), lines, lang)


def _conversion_sheet(table: pd.DataFrame, lang: str) -> Sheet:
    """Lay out the land-use conversion, a matrix for each pair of dates."""
    lines = [*_as_mapped(table, lang), text("report.about.landcover_conversion", lang)]
    order = pd.CategoricalDtype(CATEGORIES, ordered=True)
    table = table.astype({"from_category": order, "to_category": order})
    return _matrices("landcover_conversion", table, ("from_category", "to_category"), lines, lang)


def _matrices(
    key: str, table: pd.DataFrame, keys: tuple[str, str], lines: list[str], lang: str
) -> Sheet:
    """Lay out a matrix for each pair of dates, one below the other, under one caption."""
    found = []
    for (first, last), part in table.groupby(["from_year", "to_year"]):
        names = [
            part.drop_duplicates(code).set_index(code)[f"{date}_name_{lang}"]
            for code, date in zip(keys, ("from", "to"), strict=True)
        ]
        corner = text("report.corner.dates", lang, before=first, after=last)
        found.append(_matrix_sheet(key, part, (*keys, "area_ha"), (corner, *names), lang))
    return found[0]._replace(about="\n".join(lines), below=tuple(found[1:]))


def _matrix_sheet(
    key: str, table: pd.DataFrame, fields: tuple[str, str, str], names: tuple, lang: str
) -> Sheet:
    """Lay out a table of pairs as a matrix with totals; pairs that do not occur stay empty."""
    before, after, value = fields
    wide = table.pivot_table(
        index=before, columns=after, values=value, aggfunc="sum", observed=True
    )
    total = text("part.total", lang)
    headings = [names[0], *(_class_name(code, names[2]) for code in wide.columns), total]
    rows = [
        [_class_name(code, names[1]), *cells.tolist(), cells.sum()]
        for code, cells in wide.iterrows()
    ]
    rows.append([total, *wide.sum().tolist(), wide.to_numpy()[wide.notna().to_numpy()].sum()])
    units = ["", *[columns(key).loc[value, "unit"]] * (len(headings) - 1)]
    return Sheet(key, headings, rows, units, [False] * (len(rows) - 1) + [True])


def _class_name(code: object, names: pd.Series) -> str:
    """Name a class with its code; categories, whose code is a word, without."""
    name = names.get(code, "")
    return name if isinstance(code, str) else f"{name} {code}".strip()


def _tree_cover_sheet(table: pd.DataFrame, lang: str) -> Sheet:
    """Lay out tree cover with a row for each figure and a column for each year."""
    name = "satellite_tree_cover"
    rules = columns(name)
    name_of, unit_of = rules[f"name_{lang}"], rules["unit"]
    figures = [one for one in rules.index if one in table and one != "year"]
    figures = [one for one in figures if table[one].notna().any()]
    rows = [
        [name_of[one], "" if unit_of[one] == "1" else unit_of[one], *table[one].astype(object)]
        for one in figures
    ]
    headings = [heading("absent", "item", lang), heading("indicators", "unit", lang)]
    headings += [str(year) for year in table["year"]]
    units = ["", "", *["row"] * len(table)]
    about = "\n".join(tree_cover_lines(table, lang))
    return Sheet(name, headings, rows, units, [False] * len(rows), about)


def _accuracy_sheet(table: pd.DataFrame, tables: dict[str, pd.DataFrame], lang: str) -> Sheet:
    """Lay out the accuracy of each class, of the whole map, and the matrix of errors."""
    sheet = _plain_sheet("landcover_accuracy", table, lang)
    overall = tables["satellite_tree_cover"].dropna(subset="overall_accuracy_pct")
    lines = [
        text("report.about.overall_accuracy", lang, year=row.year, count=row.samples,
             accuracy=f"{row.overall_accuracy_pct:.2f}", half=f"{row.overall_accuracy_ci_pct:.2f}")
        for row in overall.itertuples()
    ]  # fmt: skip
    return sheet._replace(
        about="\n".join([*lines, sheet.about]),
        below=tuple(
            _error_matrix(part, table[table["year"].eq(year)], year, lang)
            for year, part in tables["landcover_error_matrix"].groupby("year")
        ),
    )


def _error_matrix(table: pd.DataFrame, known: pd.DataFrame, year: int, lang: str) -> Sheet:
    """Lay out how many sample units of each class on the map are which class in truth."""
    names = known.set_index("class_code")[f"name_{lang}"]
    corner = text("report.corner.errors", lang)
    fields = ("map_class", "reference_class", "count")
    sheet = _matrix_sheet("landcover_error_matrix", table, fields, (corner, names, names), lang)
    return sheet._replace(about=text("report.about.landcover_error_matrix", lang, year=year))


def _visit_sheet(table: pd.DataFrame, lang: str) -> Sheet:
    """Lay out the first parcels to visit, and how many there are in all."""
    name, shown = "parcels_to_visit", table.head(VISITS_SHOWN)
    values = {"count": f"{len(table):,}", "shown": len(shown)}
    key = "all" if len(shown) == len(table) else "some"
    about = [
        text(f"report.about.parcels_{key}", lang, **values),
        text(f"report.about.{name}", lang),
    ]
    return table_sheet(name, name, shown, lang, "\n".join(about))


def _carbon_sheet(table: pd.DataFrame, tables: dict[str, pd.DataFrame], lang: str) -> Sheet:
    """Lay out the carbon of land cover, and below it the densities it was computed with."""
    name, known = "carbon_density_classes", tables["carbon_density_classes"]
    pools = [heading(name, one, lang) for one in POOLS if one in known]
    separator = "、" if lang == "zh" else ", "
    about = text("report.about.carbon_density", lang, file=known.attrs.get("file", ""),
                 pools=separator.join(pools))  # fmt: skip
    seen = tables["landcover_area"].groupby("class_code")[f"name_{lang}"].unique().str.join(" / ")
    known = known[known["class_code"].isin(seen.index)]
    densities = table_sheet(name, name, known, lang, text(f"report.about.{name}", lang))
    densities.headings.insert(1, heading("landcover_area", f"name_{lang}", lang))
    densities.units.insert(1, "")
    for row, code in zip(densities.rows, known["class_code"], strict=True):
        row.insert(1, seen[code])
    sheet = table_sheet(
        "carbon_density", "carbon_density", _place_last(table, ["year"]), lang, about
    )
    return sheet._replace(below=(densities,))


def _area_sheet(table: pd.DataFrame, lang: str) -> Sheet:
    """Lay out land cover with a row for each zone and year, and a column for each class."""
    names = table.drop_duplicates("class_code").set_index("class_code")[f"name_{lang}"].sort_index()
    wide = table.pivot_table(
        index=["year", "zone", "zone_name"], columns="class_code", values="area_ha", sort=False
    )
    wide = wide[names.index].fillna(0.0)
    wide["total"] = wide.sum(axis=1)
    wide = wide.reset_index()
    adjusted = _adjusted_rows(table, lang)
    years = adjusted[0]["year"].tolist() if adjusted else []
    for row in wide.index[wide["zone"].eq("")]:
        key = "mapped_row" if wide.loc[row, "year"] in years else "screen_row"
        name = wide.loc[row, "zone_name"]
        wide.loc[row, "zone_name"] = text(f"landcover.{key}", lang, name=name)
    wide = pd.concat([wide, *adjusted], ignore_index=True)
    # each year's towns, then the whole place, as on the other sheets
    wide = wide.sort_values(["year", "zone"], key=lambda c: c.replace("", "~"), kind="stable")
    headings = [heading("landcover_area", name, lang) for name in ("year", "zone", "zone_name")]
    headings += [f"{name} {code}" for code, name in names.items()]
    headings.append(text("part.total", lang))
    units = ["year", "", "", *["ha"] * (len(names) + 1)]
    return Sheet(
        "landcover_area", headings, wide.to_numpy().tolist(), units, wide["zone"].eq("").tolist(),
        text("report.about.landcover_area", lang),
    )  # fmt: skip


def _adjusted_rows(table: pd.DataFrame, lang: str) -> list[pd.DataFrame]:
    """Lay out the error-adjusted areas of the whole place, with their interval."""
    if "adjusted_ha" not in table:
        return []
    found = table[table["adjusted_ha"].notna()]
    rows = []
    for column, key in (("adjusted_ha", "adjusted_row"), ("adjusted_low_ha", "low_row"),
                        ("adjusted_high_ha", "high_row")):  # fmt: skip
        row = found.pivot_table(
            index=["year", "zone", "zone_name"], columns="class_code", values=column
        )
        if column == "adjusted_ha":
            row["total"] = row.sum(axis=1)
        row = row.reset_index()
        row["zone_name"] = [text(f"landcover.{key}", lang, name=name) for name in row["zone_name"]]
        rows.append(row)
    return rows
