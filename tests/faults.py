"""Faults as they occur in inventories, each put into a clean one at random places."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

ROWS, COLUMNS = 6, 10
WEST, SOUTH = 105.45, 29.42  # inside Rongchang
STEP = 0.003  # degrees; a parcel is about 9.7 ha


def clean(rng):
    """A small inventory without faults: parcels that meet without gaps, figures that agree."""
    lines = np.linspace(0.0, COLUMNS, COLUMNS + 1), np.linspace(0.0, ROWS, ROWS + 1)
    x, y = np.meshgrid(*lines)
    inner = np.zeros(x.shape, dtype=bool)
    inner[1:-1, 1:-1] = True
    x = WEST + STEP * (x + inner * rng.uniform(-0.2, 0.2, x.shape))
    y = SOUTH + STEP * (y + inner * rng.uniform(-0.2, 0.2, y.shape))
    shapes = [
        shapely.Polygon([(x[i, j], y[i, j]), (x[i, j + 1], y[i, j + 1]),
                         (x[i + 1, j + 1], y[i + 1, j + 1]), (x[i + 1, j], y[i + 1, j])])
        for i in range(ROWS) for j in range(COLUMNS)
    ]  # fmt: skip
    count = ROWS * COLUMNS
    kinds = rng.permutation(np.repeat(["0111", "0113", "0141", "0210"], [36, 8, 6, 10]))
    forest = kinds == "0111"
    area = gpd.GeoSeries(shapes, crs="EPSG:4490").to_crs("EPSG:4523").area.to_numpy() / 1e4
    per_ha = np.where(forest, rng.uniform(40.0, 120.0, count), 0.0)
    own = np.round(per_ha * area, 1)
    single = np.where(kinds == "0210", np.round(rng.uniform(1.0, 5.0, count), 1), 0.0)
    village = rng.integers(0, 3, count)
    table = pd.DataFrame({
        "XIAN": "500153",
        "XIANG": [f"50015310{v}" for v in village],
        "CUN": [f"50015310{v}20{v}" for v in village],
        "LIN_BAN": [f"{1 + n // 20:04d}" for n in range(count)],
        "XIAO_BAN": [f"{1 + n:05d}" for n in range(count)],
        "DI_LEI": kinds,
        "LIN_ZHONG": np.where(np.isin(kinds, ["0111", "0113"]), "111", None),
        "QI_YUAN": np.where(forest, "21", None),
        "YOU_SHI_SZ": np.where(forest, np.where(np.arange(count) % 2, "220", "535"), None),
        "PINGJUN_NL": np.where(forest, 25.0, np.nan),
        "LING_ZU": np.where(forest, "2", None),
        "YU_BI_DU": np.where(forest, np.round(rng.uniform(0.3, 0.8, count), 2), np.nan),
        "PINGJUN_XJ": np.where(forest, 14.0, np.nan),
        "PINGJUN_SG": np.where(forest, 11.0, np.nan),
        "MIAN_JI": np.round(area, 4),
        "SLXJ": own,
        "SSLX": np.where(single > 0, "2", None),
        "SSZZS": np.where(single > 0, 20.0, np.nan),
        "SSXJ": single,
        "ZXJ": np.round(own + single, 1),
    })  # fmt: skip
    table["HUO_LMGQXJ"] = np.round(table["ZXJ"] / table["MIAN_JI"], 2)
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4490")


def some(data, rng, kind=None, most=5):
    """A few rows at random, of one land class if wanted."""
    rows = data.index if kind is None else data.index[data["DI_LEI"].eq(kind)]
    return rng.choice(rows, size=rng.integers(1, most + 1), replace=False)


def put(column, values):
    """A fault that writes a value into a few rows of one land class (or of any)."""

    def fault(data, rng, kind="0111"):
        rows = some(data, rng, kind)
        data[column] = data[column].astype(object)
        data.loc[rows, column] = values if not callable(values) else values(data.loc[rows, column])
        return data

    return fault


def everywhere(column, change):
    """A fault of a whole column."""

    def fault(data, _rng):
        return data.assign(**{column: change(data[column])})

    return fault


def as_text(column, write):
    """A numeric column written as text, a few cells of it in another way."""

    def fault(data, rng):
        rows = some(data, rng, "0111")
        text = data[column].astype(object).map(lambda value: None if pd.isna(value) else str(value))
        text[rows] = text[rows].map(write)
        return data.assign(**{column: text})

    return fault


def shapes(change):
    """A fault of the shape of one or two parcels, not of those along the edge."""

    def fault(data, rng):
        number = np.arange(len(data))
        inner = np.isin(number % COLUMNS, [0, COLUMNS - 1]) | np.isin(
            number // COLUMNS, [0, ROWS - 1]
        )
        rows = some(data[~inner], rng, most=2)
        data.loc[rows, "geometry"] = gpd.GeoSeries(
            [change(shape, rng) for shape in data.geometry[rows]], index=rows, crs=data.crs
        )
        return data

    return fault


def bow_tie(shape, _rng):
    """Two corners in the wrong order, so that the ring crosses itself."""
    a, b, c, d = list(shape.exterior.coords)[:4]
    return shapely.Polygon([a, c, b, d])


def grown(shape, rng):
    """A parcel that reaches some 60 to 120 m over its neighbors."""
    return shape.buffer(rng.uniform(6e-4, 12e-4), join_style="mitre")


def shrunk(shape, rng):
    """A parcel that leaves 1 to 3 m to its neighbors free."""
    return shape.buffer(-rng.uniform(1e-5, 3e-5), join_style="mitre")


def full_width(text):
    """Digits as an input method for Chinese writes them."""
    return text.translate({ord(one): ord(one) + 0xFEE0 for one in "0123456789.,-"})


def mixed_schemes(data, rng):
    """A few land classes in the three digits of an older list."""
    rows = some(data, rng, "0111")
    data.loc[rows, "DI_LEI"] = "111"
    return data


def old_and_young(data, rng):
    """An age group that no list gives to so young a forest."""
    rows = some(data, rng, "0111")
    data.loc[rows, "PINGJUN_NL"], data.loc[rows, "LING_ZU"] = 8.0, "5"
    data.loc[rows, "YOU_SHI_SZ"] = "220"  # no list calls a pine of eight years overmature
    return data


def twice(data, rng):
    """Rows that were copied."""
    rows = some(data, rng)
    return gpd.GeoDataFrame(pd.concat([data, data.loc[rows]], ignore_index=True), crs=data.crs)


def same_key(data, rng):
    """Two different parcels under one number."""
    first, second = rng.choice(data.index[data["DI_LEI"].eq("0111")], size=2, replace=False)
    keys = ["XIANG", "CUN", "LIN_BAN", "XIAO_BAN"]
    data.loc[second, keys] = data.loc[first, keys].to_numpy()
    return data


def doubled(data, rng):
    """A shape that was given to two parcels."""
    first, second = rng.choice(data.index, size=2, replace=False)
    data.loc[second, "geometry"] = data.loc[first, "geometry"]
    return data


def areas_in_part(data, rng):
    """A third of the areas in mu."""
    rows = rng.choice(data.index, size=len(data) // 3, replace=False)
    data.loc[rows, "MIAN_JI"] *= 15.0
    return data


def moved(to, declared):
    """Coordinates of one system under the name of another."""

    def fault(data, _rng):
        placed = data.to_crs(to)
        return placed.set_crs(declared, allow_override=True)

    return fault


def swapped(data, _rng):
    """Latitudes where longitudes should be."""
    turned = data.geometry.map(lambda shape: shapely.transform(shape, lambda xy: xy[:, ::-1]))
    return data.set_geometry(gpd.GeoSeries(turned, index=data.index, crs=data.crs))


def without_system(data, _rng):
    """A layer that does not say where it lies."""
    return data.set_crs(None, allow_override=True)


def without_prefix(data, _rng):
    """Eastings with the number of the zone, declared as a system without it."""
    return data.to_crs("EPSG:4523").set_crs("EPSG:4544", allow_override=True)


# name: fault, outcome it must have, and the causes that may be named
FAULTS = {
    "areas in mu": (everywhere("MIAN_JI", lambda area: area * 15.0), "refuse", {"unit_to_confirm"}),
    "areas in square metres": (everywhere("MIAN_JI", lambda area: area * 1e4), "refuse", {"unit_to_confirm"}),
    "areas in mu in some rows": (areas_in_part, "refuse", {"unit_mixed", "area_row_differs"}),
    "closure in percent": (everywhere("YU_BI_DU", lambda share: share * 100.0), "refuse", {"unit_to_confirm"}),
    "closure in percent in some rows": (put("YU_BI_DU", lambda share: share * 100.0), "refuse", {"unit_mixed", "too_large"}),
    "closure negative": (put("YU_BI_DU", -0.1), "refuse", {"too_small"}),
    "closure open": (put("YU_BI_DU", 0.1), "warn", {"canopy_open"}),
    "closure missing": (put("YU_BI_DU", np.nan), "warn", {"canopy_missing"}),
    "stock per hectare as total": (lambda data, _: data.assign(SLXJ=(data["SLXJ"] / data["MIAN_JI"]).round(2)), "refuse", {"stock_contradicts"}),
    "stock negative": (put("SLXJ", -5.0), "refuse", {"too_small"}),
    "stock infinite": (put("SLXJ", np.inf), "refuse", {"number_not_finite"}),
    "stock missing": (put("SLXJ", np.nan), "refuse", {"volume_missing"}),
    "stock beyond any forest": (put("SLXJ", lambda stock: stock * 100.0), "refuse", {"stock_impossible"}),
    "stock on farmland": (lambda data, rng: put("SLXJ", 2000.0)(data, rng, "0210"), "refuse", {"stock_off_forest"}),
    "total stock is no sum": (put("ZXJ", lambda stock: stock * 1.2), "warn", {"total_stock_differs"}),
    "stock per hectare is no quotient": (put("HUO_LMGQXJ", 7.7), "warn", {"stock_per_ha_differs"}),
    "numbers with a comma": (as_text("SLXJ", lambda text: text.replace(".", ",")), "refuse", {"number_comma"}),
    "numbers with a unit": (as_text("SLXJ", lambda text: text + "亩"), "refuse", {"number_with_unit"}),
    "numbers as words": (as_text("SLXJ", lambda _: "很多"), "refuse", {"not_a_number"}),
    "numbers in full width": (as_text("SLXJ", full_width), "repair", {"numbers_mended"}),
    "numbers with thousands": (as_text("SLXJ", lambda text: f"{1000.0 + float(text) % 1000.0:,.2f}"), "repair", {"numbers_mended"}),
    "land class unknown": (put("DI_LEI", "0999"), "refuse", {"land_class_unknown"}),
    "land class without its zero": (everywhere("DI_LEI", lambda code: code.str.lstrip("0")), "refuse", {"leading_zero_lost", "land_class_unknown"}),
    "land class of another list in some rows": (mixed_schemes, "refuse", {"land_class_unknown", "leading_zero_lost"}),
    "land class missing": (put("DI_LEI", None), "refuse", {"value_missing"}),
    "species unknown": (put("YOU_SHI_SZ", "999"), "refuse", {"species_unknown"}),
    "species missing": (put("YOU_SHI_SZ", None), "refuse", {"species_missing"}),
    "forest category unknown": (put("LIN_ZHONG", "999"), "refuse", {"attribute_unknown"}),
    "kind of single trees unknown": (lambda data, rng: put("SSLX", "7")(data, rng, "0210"), "refuse", {"attribute_unknown"}),
    "town code too short": (everywhere("XIANG", lambda code: code.str[1:]), "refuse", {"code_width"}),
    "rows copied": (twice, "refuse", {"stand_twice"}),
    "two parcels of one number": (same_key, "refuse", {"key_twice"}),
    "age group against age": (old_and_young, "warn", {"age_group_differs"}),
    "area of a parcel wrong": (put("MIAN_JI", lambda area: area * 1.3), "warn", {"area_row_differs"}),
    "shape missing": (shapes(lambda *_: None), "refuse", {"geometry_missing"}),
    "shape empty": (shapes(lambda *_: shapely.Polygon()), "refuse", {"geometry_missing"}),
    "shape a point": (shapes(lambda shape, _: shape.centroid), "refuse", {"geometry_not_polygon"}),
    "ring crosses itself": (shapes(bow_tie), "repair", {"geometry_redrawn"}),
    "heights": (shapes(lambda shape, _: shapely.force_3d(shape, 300.0)), "repair", {"heights_ignored"}),
    "parcels overlap": (shapes(grown), "refuse", {"overlap_large"}),
    "one shape twice": (doubled, "refuse", {"shape_twice"}),
    "gaps": (shapes(shrunk), "warn", {"gap_small"}),
    "no system": (without_system, "refuse", {"crs_missing"}),
    "zone number against system": (without_prefix, "refuse", {"crs_contradicted"}),
    "degrees as metres": (moved("EPSG:4490", "EPSG:4523"), "refuse", {"crs_contradicted"}),
    "metres as degrees": (moved("EPSG:4523", "EPSG:4490"), "refuse", {"crs_contradicted"}),
    "axes swapped": (swapped, "refuse", {"axes_swapped"}),
    "Beijing 1954": (lambda data, _: data.to_crs("EPSG:2411"), "warn", {"datum_old"}),
}  # fmt: skip
