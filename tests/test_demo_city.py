"""The made-up city: exact tiling, tiles without seams, and a run from end to end."""

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import rasterio.features
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import carbon_sink
from carbon_sink.cli import main
from carbon_sink.demo import city as city_module
from carbon_sink.demo import write_city
from carbon_sink.demo.mesh import MOST_CELLS, join_cells, label_pixels
from carbon_sink.demo.plan import plan_city
from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.readers import read_inventory
from carbon_sink.settings import load_settings
from carbon_sink.tables import read_data

NOTICE = "示例数据（合成）"
PARCELS = 700
KEY = ["CUN", "LIN_BAN", "XIAO_BAN"]


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """A city of 700 parcels, drawn in one tile."""
    return write_city(tmp_path_factory.mktemp("city") / "whole", parcels=PARCELS).parent


@pytest.fixture(scope="module")
def tiled(tmp_path_factory):
    """The same city, drawn in tiles of 512 pixels, rows written in groups of 100."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(city_module, "TILE_PIXELS", 512)
        patch.setattr(city_module, "GROUP_ROWS", 100)
        return write_city(tmp_path_factory.mktemp("city") / "tiled", parcels=PARCELS).parent


def inventory(folder):
    return gpd.read_parquet(folder / "inventory_2025.parquet")


def cover(folder, year):
    with rasterio.open(folder / f"landcover_{year}.tif") as raster:
        return raster.read(1), raster.transform


def area_ha(layer):
    return ellipsoidal_area_ha(layer.geometry)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_city(city, tmp_path):
    again = write_city(tmp_path / "again", parcels=PARCELS).parent
    other = write_city(tmp_path / "other", parcels=PARCELS, seed=7).parent
    names = sorted(path.name for path in city.iterdir())
    assert names == [".demo.json", "boundary.gpkg", "inventory_2025.parquet", "landcover_2020.tif",
                     "landcover_2025.tif", "settings.toml", "towns.gpkg", "说明.txt"]  # fmt: skip
    for name in names:
        assert (city / name).read_bytes() == (again / name).read_bytes(), name
    one, two = (gpd.read_file(folder / "boundary.gpkg") for folder in (city, other))
    assert not one.geometry.geom_equals(two.geometry).any()


def test_parcels_fill_the_boundary_without_gaps_or_overlaps(city):
    table = inventory(city)
    boundary = gpd.read_file(city / "boundary.gpkg")
    assert len(table) == PARCELS
    assert set(table.geom_type) == {"Polygon"}
    assert table.is_valid.all()
    assert shapely.coverage_is_valid(table.geometry.to_numpy())
    assert area_ha(table).sum() == pytest.approx(area_ha(boundary).sum(), rel=1e-12)
    union = shapely.coverage_union_all(table.geometry.to_numpy())
    assert shapely.symmetric_difference(union, boundary.geometry.iloc[0]).area == 0.0


@pytest.mark.parametrize("seed", range(6))
def test_a_city_is_in_one_piece_without_holes(tmp_path, seed, monkeypatch):
    monkeypatch.setattr(city_module, "_draw", lambda *_: None)
    folder = write_city(tmp_path, parcels=20_000, seed=seed).parent
    (whole,) = gpd.read_file(folder / "boundary.gpkg").geometry
    (piece,) = whole.geoms
    assert len(piece.interiors) == 0
    # 20,000 parcels of 8.24 ha
    assert area_ha(gpd.read_file(folder / "boundary.gpkg")).sum() == pytest.approx(164_800, rel=0.1)


def test_districts_are_the_parcels_joined(city):
    towns = gpd.read_file(city / "towns.gpkg", layer="towns").set_index("code")
    assert len(towns) == 2
    assert shapely.coverage_is_valid(shapely.get_parts(towns.geometry.to_numpy()))
    table = inventory(city)
    joined = area_ha(table).groupby(table["XIANG"]).sum()
    assert area_ha(towns).to_dict() == pytest.approx(joined.to_dict(), rel=1e-12)


def test_parcels_look_like_parcels(city):
    table = inventory(city)
    corners = shapely.get_num_coordinates(table.geometry.to_numpy()) - 1
    # a cell has six sides of three points; four cells share at least three of 24 sides
    assert corners.min() == 18
    assert corners.max() <= 54
    assert 20 < corners.mean() < 40
    area = area_ha(table)
    assert area.min() > 1.0
    assert area.max() < 40.0
    assert area.mean() == pytest.approx(8.24, rel=0.1)
    ground = table.to_crs("EPSG:4545").geometry
    # a square has 0.785, a sliver next to nothing
    compactness = 4.0 * np.pi * ground.area / ground.length**2
    assert compactness.min() > 0.2
    assert 0.4 < compactness.median() < 0.8


def test_tiles_have_no_seams(city, tiled):
    for year in (2020, 2025):
        whole, pieces = cover(city, year)[0], cover(tiled, year)[0]
        assert min(whole.shape) > 512
        assert np.array_equal(whole, pieces)
    one, two = (inventory(folder).set_index(KEY).sort_index() for folder in (city, tiled))
    assert one.index.equals(two.index)
    assert one.geometry.geom_equals_exact(two.geometry, 0.0).all()


def test_rows_come_in_groups_that_can_be_found_by_place(tiled):
    from pyarrow.parquet import ParquetFile

    file = ParquetFile(tiled / "inventory_2025.parquet").metadata
    groups = [file.row_group(group).num_rows for group in range(file.num_row_groups)]
    assert len(groups) > 3
    assert sum(groups) == PARCELS
    table = inventory(tiled)
    west, south, east, north = table.total_bounds
    box = (west, south, (west + east) / 2, (south + north) / 2)
    found = gpd.read_parquet(tiled / "inventory_2025.parquet", bbox=box)
    assert set(found["CUN"]) <= set(table["CUN"])
    assert len(found) == table.geometry.bounds.pipe(
        lambda b: (b["minx"] <= box[2]) & (b["miny"] <= box[3])
    ).sum()  # fmt: skip


def test_every_pixel_whose_middle_is_in_the_city_has_a_class(city):
    codes, transform = cover(city, 2025)
    boundary = gpd.read_file(city / "boundary.gpkg").to_crs("EPSG:4545")
    inside = rasterio.features.rasterize(boundary.geometry, codes.shape, transform=transform) > 0
    assert ((codes > 0) != inside).sum() <= 2  # coordinates are rounded to a millimetre
    assert (codes[[0, -1]] == 0).all()
    assert (codes[:, [0, -1]] == 0).all()


def test_land_cover_agrees_with_the_inventory_but_not_everywhere(city):
    table = inventory(city).to_crs("EPSG:4545")
    codes, transform = cover(city, 2025)
    burnt = [
        rasterio.features.rasterize(table.geometry[rows], codes.shape, transform=transform) > 0
        for rows in (table["DI_LEI"].isin(["0111", "0113"]), table["DI_LEI"] == "0210")
    ]
    assert 0.75 < (codes[burnt[0]] == 10).mean() < 0.95
    assert 0.75 < (codes[burnt[1]] == 40).mean() < 0.95
    assert 0.02 < (codes[burnt[1]] == 10).mean() < 0.15


def test_a_few_per_cent_of_the_land_cover_change_in_patches(city):
    before, after = (cover(city, year)[0] for year in (2020, 2025))
    changed = before != after
    assert 0.01 < changed.sum() / (before > 0).sum() < 0.10
    # a changed pixel has mostly changed pixels beside it
    assert (changed[:, 1:] & changed[:, :-1]).sum() > 0.6 * changed.sum()


def test_rasters_name_their_classes_and_say_that_they_are_made_up(city):
    for year in (2020, 2025):
        with rasterio.open(city / f"landcover_{year}.tif") as raster:
            assert raster.crs.to_epsg() == 4545
            assert raster.res == (10.0, 10.0)
            assert raster.nodata == 0
            assert raster.block_shapes == [(512, 512)]
            assert raster.colormap(1)[10] == (0, 100, 0, 255)
            assert NOTICE in raster.tags()["DESCRIPTION"]
            assert set(np.unique(raster.read(1))) <= {0, 10, 20, 30, 40, 50, 60, 80}
    assert inventory(city)["BEI_ZHU"].eq(NOTICE).all()
    for name in ("towns", "boundary"):
        assert gpd.read_file(city / f"{name}.gpkg")["note"].eq(NOTICE).all()
    assert "synthetic" in (city / "说明.txt").read_text(encoding="utf-8-sig")
    assert load_settings(city / "settings.toml").synthetic


def test_codes_are_in_the_national_lists_and_keys_are_unique(city):
    table = inventory(city)
    classes, species = read_data("land_classes.csv"), read_data("species.csv")
    known = classes.loc[classes["scheme"] == "ly1955_4digit", "land_class"]
    assert table["DI_LEI"].isin(known).all()
    known = species.loc[species["scheme"] == "nfci_3digit", "species_code"]
    assert table["YOU_SHI_SZ"].dropna().isin(known).all()
    assert table["XIANG"].isin(gpd.read_file(city / "towns.gpkg")["code"]).all()
    assert table["CUN"].str.fullmatch(r"5099\d{8}").all()
    assert not table.duplicated(KEY).any()
    assert table["MIAN_JI"].to_numpy() == pytest.approx(area_ha(table).to_numpy(), abs=0.0051)
    economic = table["LIN_ZHONG"].str.startswith("25", na=False)
    timber = table["DI_LEI"].eq("0111") & ~economic
    stand = ["YOU_SHI_SZ", "LING_ZU", "QI_YUAN", "YU_BI_DU", "PINGJUN_XJ", "PINGJUN_SG"]
    assert table.loc[timber, stand].notna().all().all()
    assert table.loc[table["DI_LEI"] == "0210", stand].isna().all().all()
    assert (table["SLXJ"] / table["MIAN_JI"])[timber].between(3.0, 400.0).all()
    assert table.loc[~timber, "SLXJ"].eq(0.0).all()


def test_the_city_is_read_and_run_like_any_place(city, tmp_path):
    stands = read_inventory(city / "inventory_2025.parquet", species_scheme="nfci_3digit")
    assert len(stands) == PARCELS
    done = carbon_sink.run(city / "settings.toml", tmp_path / "out")
    assert done.facts.synthetic
    assert {"file_unreadable", "town_elsewhere", "inventory_partial", "area_differs"}.isdisjoint(
        done.tables["notes"]["code"]
    )
    summary = done.tables["town_summary"].set_index("town_code")
    assert len(summary) == 3
    assert done.tables["absent"]["item"].is_unique


def test_labels_by_hand():
    # two boxes of 2 by 3 pixels side by side, clockwise from the top left
    x = np.array([1.0, 3.0, 3.0, 1.0, 3.0, 5.0, 5.0, 3.0])
    y = np.array([0.0, 0.0, 3.0, 3.0, 0.0, 0.0, 3.0, 3.0])
    start, number = np.array([0, 4, 8]), np.array([4, 9], dtype="int32")
    label = label_pixels(x, y, start, number, (4, 6))
    assert label.tolist() == [[0, 4, 4, 9, 9, 0]] * 3 + [[0] * 6]
    # moved so that the rectangle sticks out at the top left and right
    label = label_pixels(x - 2.0, y - 1.0, start, number, (2, 2))
    assert label.tolist() == [[4, 9], [4, 9]]


@given(st.integers(0, 10_000), st.integers(100, 190))
@settings(max_examples=20, deadline=None)
def test_cells_join_to_exactly_as_many_parcels_as_wanted(seed, wanted):
    draw = np.random.default_rng(seed)
    group = np.zeros((18, 18), dtype="int32")
    group[2:16, 2:16] = 1
    cells = np.flatnonzero(group)
    parcel = join_cells(group, draw.permutation(cells), wanted, seed)
    heads, sizes = np.unique(parcel[cells], return_counts=True)
    assert len(heads) == wanted
    assert sizes.max() <= MOST_CELLS
    assert (parcel[heads] == heads).all()
    assert (np.delete(parcel, cells) == -1).all()


def test_parcels_keep_to_one_district_and_one_kind_of_ground():
    plan = plan_city(3000, 5)
    cells = np.flatnonzero(plan.parcel)
    assert len(cells) == round(1.9 * 3000)
    number = plan.parcel.ravel()[cells]
    assert (np.unique(number) == np.arange(1, 3001)).all()
    of_parcel = plan.sites["district"].to_numpy()[number - 1]
    assert (plan.district.ravel()[cells] == of_parcel).all()


def test_too_few_parcels_and_negative_seeds_are_refused(tmp_path, capsys):
    with pytest.raises(ValueError, match="至少 200"):
        write_city(tmp_path, parcels=199)
    assert main(["demo", str(tmp_path), "--scale", "city", "--polygons", "0"]) == 1
    assert "至少 200" in capsys.readouterr().err
    assert main(["demo", str(tmp_path), "--scale", "city", "--seed", "-1"]) == 1
    assert "-1" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_the_city_and_spares_settings_of_the_user_s_own(tmp_path, capsys):
    command = ["demo", str(tmp_path), "--scale", "city", "--polygons", "200"]
    assert main(command) == 0
    assert "虚构" in (tmp_path / "说明.txt").read_text(encoding="utf-8-sig")
    assert main(command) == 0, "settings of the demonstration are replaced"
    assert "carbon-sink run" in capsys.readouterr().out
    path = tmp_path / "settings.toml"
    path.write_text(path.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    before = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert main(command) == 1
    assert "已被改动" in capsys.readouterr().err
    assert {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == before


def test_a_scale_that_does_not_exist_is_told(capsys):
    with pytest.raises(SystemExit):
        main(["demo", "--scale", "village"])
    assert "city" in capsys.readouterr().err
