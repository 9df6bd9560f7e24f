"""Opening land-cover rasters, and refusing what is none."""

import numpy as np
import pytest
from conftest import write_landcover

from carbon_sink.errors import CRSError, FileError
from carbon_sink.rasters import open_landcover
from carbon_sink.grids import grid_of


def test_a_raster_opens_with_its_grid_classes_and_scheme(tmp_path):
    raster = open_landcover(write_landcover(tmp_path / "a.tif"), scheme="worldcover")
    assert raster.dims == ("y", "x")
    assert raster.shape == (20, 40)
    assert raster.attrs["scheme"] == "worldcover"
    grid = grid_of(raster)
    assert (grid.west, grid.top, grid.height) == (105.0, 29.52, -0.001)
    assert np.unique(raster.to_numpy()).tolist() == [10, 40]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileError, match="找不到文件"):
        open_landcover(tmp_path / "none.tif")


def test_a_picture_with_three_bands_is_refused(tmp_path):
    codes = np.ones((3, 20, 40), dtype="uint8")
    with pytest.raises(FileError, match="3 个波段"):
        open_landcover(write_landcover(tmp_path / "a.tif", codes))


def test_fractions_are_no_classes(tmp_path):
    codes = np.ones((20, 40), dtype="float32")
    with pytest.raises(FileError, match="float32"):
        open_landcover(write_landcover(tmp_path / "a.tif", codes))


def test_a_raster_without_reference_system_is_refused(tmp_path):
    with pytest.raises(CRSError, match="坐标"):
        open_landcover(write_landcover(tmp_path / "a.tif", crs=None))


def test_a_text_that_calls_itself_tif_opens_no_other_file(tmp_path):
    good = write_landcover(tmp_path / "good.tif")
    fake = tmp_path / "fake.tif"
    fake.write_text(
        '<VRTDataset rasterXSize="40" rasterYSize="20"><VRTRasterBand dataType="Byte" band="1">'
        f"<SimpleSource><SourceFilename>{good}</SourceFilename></SimpleSource>"
        "</VRTRasterBand></VRTDataset>"
    )
    with pytest.raises(FileError, match="无法读取"):
        open_landcover(fake)


def test_a_file_cut_short_is_refused_or_unreadable(tmp_path):
    path = write_landcover(tmp_path / "a.tif")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(FileError, match=r"a\.tif"):
        open_landcover(path)
