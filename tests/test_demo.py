import re
import shutil
import tomllib
from contextlib import suppress
from importlib import resources

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import rasterio.features
import shapely
from conftest import FACTS

from carbon_sink.demo import write_demo
from carbon_sink.demo.record import RECORD, own_files
from carbon_sink.demo.reference import FOUND_INSTEAD
from carbon_sink.demo.write import FILES
from carbon_sink.errors import FileError
from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.intake import read_inputs
from carbon_sink.monitoring import monitor
from carbon_sink.settings import load_settings
from carbon_sink.tables import read_data

NOTICE = "示例数据（合成）"
SIZES = {"small": (500, 20250101), "again": (500, 20250101), "other": (800, 7)}
FOREST = ("0111", "0113", "0131")


@pytest.fixture(scope="session")
def demos(tmp_path_factory):
    """Three data sets: one twice, and a larger one of another seed."""
    folder = tmp_path_factory.mktemp("demo")
    for name, (polygons, seed) in SIZES.items():
        write_demo(folder / name, polygons=polygons, seed=seed)
    return folder


@pytest.fixture(scope="session", params=["small", "other"])
def demo(request, demos):
    return demos / request.param


def inventory(folder, year):
    table = gpd.read_file(folder / f"inventory_{year}.gpkg", layer="xiaoban")
    return table.assign(area=ellipsoidal_area_ha(table.geometry))


def land_ha(folder):
    return ellipsoidal_area_ha(gpd.read_file(folder / "boundary.geojson").geometry).iloc[0]


def is_timber(table):
    economic = table["LIN_ZHONG"].str.startswith("25", na=False)
    return table["DI_LEI"].eq("0111") & ~economic


def forest_parts(table):
    """Forest area by the forestry rule, written out once more."""
    arbor = table["DI_LEI"].eq("0111") & table["YU_BI_DU"].ge(0.2)
    stand = arbor | table["DI_LEI"].isin(["0113", "0131"])
    belt = table["LD_KD"] * table["LD_CD"] / 10_000.0
    belt = belt[~stand & table["LD_KD"].ge(10.0) & belt.ge(1.0 / 15.0)]
    trees = table.loc[~stand & table["SSLX"].eq("2"), "SSZZS"].astype(float)
    return table.loc[stand, "area"].sum(), belt.sum(), trees.sum() / 1650.0


def test_the_same_seed_gives_the_same_bytes(demos):
    names = sorted(path.name for path in (demos / "small").iterdir())
    assert names == sorted([*FILES, RECORD])
    for name in names:
        assert (demos / "small" / name).read_bytes() == (demos / "again" / name).read_bytes(), name


def test_another_seed_gives_another_district_in_the_same_boundary(demos):
    one, two = (gpd.read_file(demos / name / "towns.gpkg") for name in ("small", "other"))
    assert one["code"].tolist() == two["code"].tolist()
    assert not one.geometry.geom_equals(two.geometry).any()
    pair = [(demos / name / "boundary.geojson").read_bytes() for name in ("small", "other")]
    assert pair[0] == pair[1]


def test_the_boundary_is_the_real_one(demo):
    assert land_ha(demo) == pytest.approx(107_565.0, abs=0.1)
    shipped = resources.files("carbon_sink") / "data" / "rongchang_boundary.geojson"
    assert (demo / "boundary.geojson").read_bytes() == shipped.read_bytes()


@pytest.mark.parametrize("year", [2020, 2025])
def test_parcels_fill_the_boundary_without_gaps_or_overlaps(demo, year):
    table = inventory(demo, year)
    assert set(table.geom_type) == {"Polygon"}
    assert table.is_valid.all()
    assert shapely.coverage_is_valid(table.geometry.to_numpy())
    assert table["area"].sum() == pytest.approx(land_ha(demo), rel=1e-6)
    boundary = gpd.read_file(demo / "boundary.geojson").geometry.iloc[0]
    union = shapely.coverage_union_all(table.geometry.to_numpy())
    assert shapely.symmetric_difference(union, boundary).area < 1e-6 * boundary.area


def test_the_number_of_parcels_is_near_what_was_asked(demos):
    for name in ("small", "other"):
        asked = SIZES[name][0]
        assert 0.85 * asked < len(inventory(demos / name, 2020)) < 1.2 * asked


def test_towns_are_the_parcels_joined(demo):
    towns = gpd.read_file(demo / "towns.gpkg", layer="towns").set_index("code")
    assert len(towns) == 21
    assert set(towns.geom_type) == {"Polygon"}
    assert shapely.coverage_is_valid(towns.geometry.to_numpy())
    parcels = inventory(demo, 2020).groupby("XIANG")["area"].sum()
    area = ellipsoidal_area_ha(towns.geometry)
    assert area.to_dict() == pytest.approx(parcels.to_dict(), rel=1e-9)
    assert area.sum() == pytest.approx(land_ha(demo), rel=1e-6)


@pytest.mark.parametrize("year", [2020, 2025])
def test_codes_are_in_the_national_lists(demo, year):
    table = inventory(demo, year)
    classes = read_data("land_classes.csv")
    classes = set(classes.loc[classes["scheme"] == "ly1955_4digit", "land_class"])
    species = read_data("species.csv")
    species = set(species.loc[species["scheme"] == "nfci_3digit", "species_code"])
    assert set(table["DI_LEI"]) <= classes
    assert set(table["YOU_SHI_SZ"].dropna()) <= species
    assert set(table["SSZYSZ"].dropna()) <= species
    assert set(table["LING_ZU"].dropna()) <= set("12345")
    assert table["XIANG"].str.fullmatch(r"500153\d{3}").all()
    assert table["CUN"].str.fullmatch(r"500153\d{6}").all()
    assert table["LIN_BAN"].str.fullmatch(r"\d{4}").all()
    assert not table.duplicated(["CUN", "LIN_BAN", "XIAO_BAN"]).any()


@pytest.mark.parametrize("year", [2020, 2025])
def test_stocks_add_up_on_every_parcel(demo, year):
    table = inventory(demo, year)
    parts = (table["YSSZXJ"] + table["BSSZXJ"]).round(1)
    assert parts.eq(table["SLXJ"]).all()
    total = (table["SLXJ"] + table["SSXJ"].fillna(0.0)).round(1)
    assert total.eq(table["ZXJ"]).all()
    assert np.allclose(table["HUO_LMGQXJ"], table["ZXJ"] / table["MIAN_JI"], atol=0.0051)
    assert np.allclose(table["MIAN_JI"], table["area"], atol=0.0051)


@pytest.mark.parametrize("year", [2020, 2025])
def test_what_does_not_apply_is_missing(demo, year):
    table = inventory(demo, year)
    field = table["DI_LEI"] == "0210"
    stand_fields = ["PINGJUN_NL", "PINGJUN_XJ", "YOU_SHI_SZ", "LING_ZU", "YU_BI_DU", "LIN_ZHONG"]
    assert table.loc[field, stand_fields].isna().all().all()
    assert table.loc[is_timber(table), stand_fields].notna().all().all()
    assert table.loc[table["SSLX"].isna(), ["SSZZS", "SSXJ"]].isna().all().all()
    economic = table["LIN_ZHONG"].str.startswith("25", na=False)
    assert table.loc[economic, "SLXJ"].eq(0.0).all()
    density = (table["SLXJ"] / table["area"])[is_timber(table)]
    assert density.min() > 2.0
    assert density.max() < 160.0


def test_the_stock_of_2020_is_the_published_one(demo):
    table = inventory(demo, 2020)
    assert table.loc[is_timber(table), "SLXJ"].sum() == pytest.approx(840_800.0, abs=0.01)
    assert table.loc[~is_timber(table), "SLXJ"].sum() > 0.0


def test_the_coverage_of_2020_is_the_published_one(demo):
    stands, belts, four_side = forest_parts(inventory(demo, 2020))
    coverage = 100.0 * (stands + belts + four_side) / land_ha(demo)
    assert coverage == pytest.approx(36.650, abs=0.0015)
    assert 600.0 < belts < 950.0
    assert 2_500.0 < four_side < 3_800.0


def test_by_2025_coverage_is_reached_and_stock_is_not(demo):
    table = inventory(demo, 2025)
    stock = table.loc[is_timber(table), "SLXJ"].sum()
    assert stock == pytest.approx(893_600.0, abs=150.0)
    coverage = 100.0 * sum(forest_parts(table)) / land_ha(demo)
    assert coverage == pytest.approx(38.12, abs=0.01)


def test_most_parcels_keep_their_key_and_shape(demo):
    key = ["CUN", "LIN_BAN", "XIAO_BAN"]
    before, after = (inventory(demo, year).set_index(key) for year in (2020, 2025))
    both = before.index.intersection(after.index)
    assert len(both) >= 0.98 * len(before)
    same = before.loc[both].geometry.geom_equals(after.loc[both].geometry)
    assert 0.94 < same.mean() < 1.0
    assert len(after) > len(before)
    grown = is_timber(before.loc[both]) & is_timber(after.loc[both])
    assert (after.loc[both, "PINGJUN_NL"] - before.loc[both, "PINGJUN_NL"])[grown].eq(5).all()
    assert before["BHYY"].isna().all()
    assert after["BHND"].dropna().between(2021, 2025).all()


def test_works_give_the_quantities_of_the_plan(demo):
    projects = gpd.read_file(demo / "projects.gpkg", layer="projects")
    records = pd.read_csv(demo / "four_side.csv", encoding="utf-8-sig", dtype={"town_code": str})
    done = projects.groupby("plan_item", dropna=False)["done_ha"].sum()
    assert done["quality_improvement"] * 15.0 / 1e4 == pytest.approx(11.02, abs=0.01)
    quantity = done["forest_quantity"] + records["done_ha"].sum()
    assert quantity * 15.0 / 1e4 == pytest.approx(2.38, abs=0.01)
    trees = records["tree_count"] * records["survival_pct"] / 100.0 / 1650.0
    assert np.allclose(trees, records["done_ha"], atol=1e-4)
    assert projects["project_id"].is_unique
    assert records["record_id"].is_unique
    assert projects.is_valid.all()
    assert (projects["verified_ha"] <= projects["done_ha"]).all()
    area = ellipsoidal_area_ha(projects.geometry)
    mines = projects["project_type"] == "mine_restoration"
    assert np.allclose(area[mines], projects.loc[mines, "done_ha"], atol=0.0051)


def works(folder):
    """Projects with their polygons, and the records of four-side trees."""
    records = pd.read_csv(folder / "four_side.csv", encoding="utf-8-sig",
                          dtype={"town_code": str})  # fmt: skip
    return gpd.read_file(folder / "projects.gpkg", layer="projects"), records


def test_projects_tell_what_their_sinks_ask_for_and_nothing_else(demo):
    projects, _ = works(demo)
    kind = projects["project_type"]
    improved = kind.isin(["quality_improvement", "reserve_forest"])
    for name, some in {
        "survival_pct": ~improved, "site_preparation": ~improved, "tenure": ~improved,
        "is_wetland": ~improved, "nonforest_years": ~improved, "growth_gain_pct": improved,
        "gain_source": improved, "gain_years": improved,
        "work_kind": kind.eq("quality_improvement"), "belt_length_m": kind.eq("shelterbelt"),
        "belt_rows": kind.eq("shelterbelt"), "soil_loss_pct": kind.eq("mine_restoration"),
    }.items():  # fmt: skip
        assert projects[name].notna().eq(some).all(), name
    for name in ("baseline_carbon_t_ha", "emission_co2e_t", "survival_3yr_pct"):
        assert 0 < projects[name].notna().sum() < len(projects), name
    late = projects["survival_3yr_pct"].dropna()
    assert (late < projects.loc[late.index, "survival_pct"]).all()
    assert (projects.loc[late.index, "start_year"] <= 2022).all()
    assert projects["gain_source"].dropna().eq("示例（合成），无文献依据").all()


def test_belts_are_as_large_as_their_length_and_width(demo):
    projects, _ = works(demo)
    belts = projects[projects["project_type"].eq("shelterbelt")]
    size = belts["belt_length_m"] * belts["belt_width_m"] / 10_000.0
    assert np.allclose(size, belts["done_ha"], atol=0.0051)
    assert belts["belt_width_m"].ge(10.0).all()


def test_some_projects_overlap_and_the_plan_does_not_count_the_newcomers(demo):
    projects, _ = works(demo)
    parks = projects[projects["project_type"].eq("greening")]
    corridors = projects[projects["project_type"].eq("corridor")]
    assert len(parks) == 4
    assert parks["plan_item"].fillna("").eq("").all()
    for park in parks.geometry:
        assert shapely.intersection(park, corridors.union_all()).area > 0.05 * park.area
    rivers = corridors["project_name"].str.extract(r"^(.*河)廊道绿化")[0].value_counts().to_dict()
    assert rivers == {"濑溪河": 3, "清流河": 2}


def test_four_side_records_stand_in_a_parcel_of_their_village(demo):
    projects, records = works(demo)
    parcels = inventory(demo, 2025)
    points = shapely.points(records["lon_deg"], records["lat_deg"])
    row, parcel = shapely.STRtree(parcels.geometry.to_numpy()).query(points, predicate="within")
    assert len(np.unique(row)) == len(records)
    village = parcels["CUN"].iloc[parcel].to_numpy()
    assert (pd.Series(village).str[:9].to_numpy() == records["town_code"].iloc[row]).all()
    number = pd.Series(village).str[-3:].astype(int).astype(str) + "村"
    assert (number.to_numpy() == records["village"].iloc[row]).all()
    late = records["survival_3yr_pct"].dropna()
    assert (late < records.loc[late.index, "survival_pct"]).all()
    assert records["crown_diameter_m"].between(0.5, 5.0).all()
    # the same trees are told twice: by number, and by place
    again = records["project_id"].isin(projects["project_id"])
    assert again.sum() == 1
    belts = projects[projects["project_type"].eq("shelterbelt")].union_all()
    assert shapely.within(points[~again.to_numpy()], belts).any()


def test_the_section_of_sinks_can_be_switched_on_as_it_stands(demos, tmp_path):
    place = shutil.copytree(demos / "small", tmp_path / "place")
    text = (place / "settings.toml").read_text(encoding="utf-8")
    section = text[text.index("# [sinks]") : text.index("# 展望")]
    text = text.replace(section, re.sub("(?m)^# ", "", section))
    (place / "settings.toml").write_text(text, encoding="utf-8")
    found = load_settings(place / "settings.toml")
    assert found.sinks.years == [2035, 2060]
    assert found.sinks.price.cny_per_t_co2e == 100.0
    assert [source.species_scheme for source in found.projects] == ["nfci_3digit"] * 2


def test_fires_of_2025_are_under_the_ceiling(demo):
    events = gpd.read_file(demo / "events.gpkg", layer="events")
    fires = events[events["event_type"].eq("fire") & events["year"].eq(2025)]
    forest = sum(forest_parts(inventory(demo, 2025)))
    assert 0.0 < 1000.0 * fires["area_ha"].sum() / forest < 0.3
    assert np.allclose(ellipsoidal_area_ha(events.geometry), events["area_ha"], atol=0.0051)
    assert set(events["event_type"]) == {"fire", "harvest", "pest"}


@pytest.mark.parametrize("year", [2020, 2025])
def test_land_cover_agrees_with_the_inventory_but_not_everywhere(demo, year):
    table = inventory(demo, year)
    with rasterio.open(demo / f"landcover_{year}.tif") as raster:
        codes, transform = raster.read(1), raster.transform
        assert raster.crs.to_epsg() == 4326
        assert raster.nodata == 0
        assert raster.colormap(1)[10] == (0, 100, 0, 255)
        assert transform.a == pytest.approx(1.0 / 12_000.0)
        assert (transform.c * 12_000) == pytest.approx(round(transform.c * 12_000), abs=1e-6)
    assert set(np.unique(codes)) <= {0, 10, 20, 30, 40, 50, 60, 80, 90}
    forest = table.geometry[table["DI_LEI"].isin(FOREST)]
    mask = rasterio.features.rasterize(forest, codes.shape, transform=transform).astype(bool)
    inside = rasterio.features.rasterize(table.geometry, codes.shape, transform=transform) > 0
    assert 0.75 < (codes[mask] == 10).mean() < 0.97
    assert 0.03 < (codes[inside & ~mask] == 10).mean() < 0.25
    assert (codes[inside] > 0).all()
    assert codes[0, 0] == 0


def test_land_cover_changes_between_the_years(demo):
    covers = []
    for year in (2020, 2025):
        with rasterio.open(demo / f"landcover_{year}.tif") as raster:
            covers.append(raster.read(1))
    inside = covers[0] > 0
    assert 0.01 < (covers[0] != covers[1])[inside].mean() < 0.12


def test_the_reference_sample_is_of_the_map_of_2025_with_the_stated_errors(demo):
    points = pd.read_csv(demo / "reference_2025.csv", encoding="utf-8-sig")
    with rasterio.open(demo / "landcover_2025.tif") as raster:
        places = zip(points["lon_deg"], points["lat_deg"], strict=True)
        assert [cell[0] for cell in raster.sample(places)] == points["map_class"].tolist()
    assert points["map_class"].value_counts().min() >= 50
    for code, others in FOUND_INSTEAD.items():
        found = points.loc[points["map_class"] == code, "reference_class"]
        assert set(found) <= {code, *others}
        for other, rate in others.items():
            # four standard deviations of a share
            assert abs((found == other).mean() - rate) < 4.0 * np.sqrt(rate / len(found))


def test_the_demonstration_shows_a_corrected_year_and_one_that_screens_only(demos):
    found = monitor(read_inputs(load_settings(demos / "small" / "settings.toml")), FACTS, {})
    cover = found.tables["satellite_tree_cover"].set_index("year")
    assert np.isnan(cover.loc[2020, "area_pct"])
    # the stated errors take 13 % of the trees away and give some of the rest back
    assert cover.loc[2025, "low_pct"] < cover.loc[2025, "area_pct"] < cover.loc[2025, "mapped_pct"]
    assert "landcover_not_adjusted" in [note.code for note in found.notes if note.value == "2020"]
    # designed for 2 points at users' accuracies of 0.85
    assert cover.loc[2025, "overall_accuracy_ci_pct"] < 2.2


def test_parcels_are_no_squares(demo):
    table = inventory(demo, 2020)
    rings = shapely.get_exterior_ring(table.geometry.to_numpy())
    # degrees to metres, so that angles are those on the ground
    rings = shapely.transform(rings, lambda xy: xy * [96_950.0, 110_850.0])
    right = corners = 0
    for ring in rings:
        step = np.diff(shapely.get_coordinates(ring), axis=0)
        turn = np.degrees(np.arctan2(step[:, 1], step[:, 0]))
        turn = np.abs((np.diff(turn) + 180.0) % 360.0 - 180.0)
        right += ((turn > 85.0) & (turn < 95.0)).sum()
        corners += len(turn)
    assert right / corners < 0.03
    # a square has 0.785, a circle 1
    length, area = shapely.length(rings), shapely.area(shapely.polygons(rings))
    compactness = 4.0 * np.pi * area / length**2
    assert 0.25 < np.median(compactness) < 0.70
    assert np.std(compactness) > 0.08


def test_everything_says_that_it_is_synthetic(demo):
    for year in (2020, 2025):
        assert inventory(demo, year)["BEI_ZHU"].eq(NOTICE).all()
        with rasterio.open(demo / f"landcover_{year}.tif") as raster:
            assert NOTICE in raster.tags()["DESCRIPTION"]
    for name in ("towns", "projects", "events"):
        assert gpd.read_file(demo / f"{name}.gpkg")["note"].eq(NOTICE).all()
    for name in ("four_side", "reference_2025"):
        assert pd.read_csv(demo / f"{name}.csv", encoding="utf-8-sig")["note"].eq(NOTICE).all()
    text = (demo / "settings.toml").read_text(encoding="utf-8")
    assert text.splitlines()[0].startswith(f"# {NOTICE}")
    assert tomllib.loads(text)["synthetic"] is True
    assert "synthetic" in (demo / "说明.txt").read_text(encoding="utf-8-sig")


def test_too_few_parcels_are_refused(tmp_path):
    with pytest.raises(ValueError, match="至少 200"):
        write_demo(tmp_path, polygons=50)


def test_a_file_that_was_changed_since_is_not_written_over(tmp_path):
    for content in ("first", "again"):  # its own files may be replaced
        with own_files(tmp_path, ("sheet.csv", "map.tif")) as folder:
            (folder / "sheet.csv").write_text(content)
            (folder / "map.tif").write_text(content)
    (tmp_path / "sheet.csv").write_text("days of work")
    with (
        pytest.raises(FileError, match=r"sheet\.csv") as refused,
        own_files(tmp_path, ("sheet.csv", "map.tif")),
    ):
        pass
    assert len(refused.value.problems) == 1
    assert (tmp_path / "sheet.csv").read_text() == "days of work"


def test_what_an_interrupted_demonstration_left_is_its_own(tmp_path):
    with suppress(KeyboardInterrupt), own_files(tmp_path, ("map.tif",)) as folder:
        (folder / "map.tif").write_text("half")
        raise KeyboardInterrupt
    with own_files(tmp_path, ("map.tif",)) as folder:
        assert folder == tmp_path
    (tmp_path / RECORD).unlink()  # nothing says any more whose file it is
    with pytest.raises(FileError), own_files(tmp_path, ("map.tif",)):
        pass
