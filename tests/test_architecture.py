"""The layers of the house: imports point downwards, and every package has one home."""

import ast
import sys
from pathlib import Path

import pytest

import carbon_sink

PACKAGE = Path(carbon_sink.__file__).parent

LAYER = {
    "errors": 0, "language": 0, "units": 0,
    "tables": 1, "values": 1, "parameters": 1, "codes": 1, "schemes": 1, "age_groups": 1, "growth_models": 1,
    "systems": 2, "shift": 2, "matching": 2, "stand_changes": 2, "geometry": 2, "grids": 2, "rings": 2, "zonal": 2, "coverage_kernel": 2, "ring_kernel": 2, "inventory": 2, "landcover": 2,
    "change_causes": 2, "ground_causes": 2, "flows": 2, "event_losses": 2, "gain_loss": 2, "biomass_equations": 2, "provincial": 2, "topology": 2, "overlay": 2, "overlay_kernel": 2, "transitions": 2,
    "spreads": 2, "parcel_sums": 2, "simulation": 2, "contributions": 2, "uncertainty": 2,
    "coverage": 2, "carbon": 2, "projects": 2, "project_checks": 2, "targets": 2, "summary": 2, "recalculation": 2, "causes": 2, "past_figures": 2, "legend": 2, "findings": 2,
    "accuracy": 2, "assessment": 2, "interpretation": 2, "agreement": 2, "verification": 2, "density": 2, "density_kernel": 2,
    "growth": 2, "growth_update": 2, "updating": 2, "calibration": 2,
    "pools": 2, "ghg": 2, "lucf": 2, "crt": 2, "allometry": 2, "crosschecks": 2,
    "scenarios": 2, "trajectories": 2, "outlook": 2, "outlook_draws": 2,
    "project_summary": 2, "project_effects": 2, "candidate_land": 2, "town_allocation": 2, "curve_calibration": 2, "new_forest": 2, "growth_errors": 2,
    "planting_curves": 2, "project_soil": 2, "project_ledger": 2,
    "project_owners": 2, "project_ground": 2,
    "tree_sizes": 2, "four_side_records": 2, "four_side": 2, "sink_draws": 2,
    "improvement": 2, "improvement_evidence": 2, "project_monitoring": 2, "credits": 2,
    "settings": 3, "readers": 3, "rasters": 3, "quality": 3, "ledger": 3, "maps": 3, "cbm": 3,
    "layers": 3, "styles": 3, "report": 3, "demo": 3,
    "inspection": 4, "intake": 4, "cluster": 4, "composition": 4, "joining": 4, "change": 4, "change_output": 4, "monitoring": 4, "sampling": 4,
    "works": 4, "sinks": 4, "sink_totals": 4, "work_evidence": 4, "prospects": 4, "estimation": 4, "results": 4, "accounting": 4, "growing": 4, "projection": 4, "evidence": 4,
    "pipeline": 4,
    "cli": 5, "__main__": 5, "__init__": 5,
}  # fmt: skip

# imports between modules of one layer, each with its reason
SIBLINGS = {
    ("errors", "language"): "messages are texts of the interface",
    ("tables", "values"): "what cells mean is known in one place",
    ("parameters", "tables"): "parameters are rows of tables",
    ("codes", "tables"): "codes are rows of tables",
    ("schemes", "codes"): "schemes are lists of codes",
    ("age_groups", "tables"): "thresholds are rows of tables",
    ("growth_models", "codes"): "messages list species groups with their names",
    ("growth_models", "tables"): "models are rows of tables",
    ("updating", "growth"): "stands grow by the rates and curves of models",
    ("updating", "growth_update"): "what was done is told of each stand",
    ("updating", "inventory"): "which stock is forest stock",
    ("past_figures", "legend"): "codes of rows have names",
    ("causes", "past_figures"): "what a number is in a record is known in one place",
    ("recalculation", "causes"): "figures that changed are told with what moved them",
    ("recalculation", "past_figures"): "figures of two runs are compared",
    ("growth_update", "inventory"): "which stands should have stock",
    ("calibration", "updating"): "what was observed is held against what the models grow",
    ("grids", "geometry"): "areas of cells are ellipsoidal",
    ("systems", "geometry"): "coordinates are brought to degrees",
    ("shift", "geometry"): "outlines are compared in degrees of one ellipsoid",
    ("matching", "geometry"): "ground is measured on the ellipsoid",
    ("matching", "topology"): "parcels are laid over each other without failing",
    ("stand_changes", "geometry"): "parcels of two dates are drawn in one system",
    ("stand_changes", "matching"): "what hangs together is told what it became",
    ("stand_changes", "summary"): "the whole place has a row of its own",
    ("event_losses", "carbon"): "stock that is lost has the carbon of its species",
    ("event_losses", "flows"): "forest is what has the category of forest",
    ("event_losses", "geometry"): "ground is measured on the ellipsoid",
    ("event_losses", "topology"): "events are laid over parcels without failing",
    ("flows", "carbon"): "kinds of forest have one order",
    ("flows", "stand_changes"): "parcels of two dates are matched by their ground",
    ("flows", "summary"): "the whole place has a row of its own",
    ("gain_loss", "biomass_equations"): "a balance is made of gains and losses",
    ("gain_loss", "carbon"): "kinds of forest have one order",
    ("gain_loss", "flows"): "a balance is of two dates as the stock difference is",
    ("change_causes", "flows"): "changes are of two dates",
    ("change_causes", "gain_loss"): "events have one order",
    ("change_causes", "ground_causes"): "causes of a place are those of its ground",
    ("change_causes", "stand_changes"): "parcels of two dates are matched by their ground",
    ("change_causes", "summary"): "the whole place has a row of its own",
    ("ground_causes", "carbon"): "trees are told apart by the kind of forest",
    ("ground_causes", "flows"): "land is told apart by its categories",
    ("ground_causes", "gain_loss"): "events have one order",
    ("ground_causes", "stand_changes"): "parcels of two dates are matched by their ground",
    ("provincial", "flows"): "yearly changes are of two dates",
    ("rings", "geometry"): "points are brought to the system of the grid",
    ("rings", "grids"): "rings are laid on the cells of a grid",
    ("rings", "ring_kernel"): "what is compiled stands apart from the tables around it",
    ("zonal", "coverage_kernel"): "the same",
    ("zonal", "grids"): "rasters are measured window by window",
    ("zonal", "rings"): "polygons are measured by their rings",
    ("overlay", "geometry"): "centers are brought to the other system",
    ("overlay", "overlay_kernel"): "the kernel is compiled apart from the cells around it",
    ("overlay", "grids"): "cells of two rasters meet where their grids lie",
    ("landcover", "grids"): "without zones the whole raster is one",
    ("landcover", "overlay"): "two dates are measured as pairs of classes",
    ("landcover", "zonal"): "areas of classes",
    ("transitions", "grids"): "grids that differ are named",
    ("transitions", "landcover"): "classes have names and categories",
    ("transitions", "overlay"): "how cells meet limits what a transition says",
    ("density", "grids"): "a change by cells needs one grid",
    ("coverage", "inventory"): "which trees are four-side trees",
    ("carbon", "inventory"): "which stock is forest stock",
    ("pools", "ghg"): "the change of mineral soils is one equation",
    ("crosschecks", "allometry"): "our biomass is held against equations of trees and stands",
    ("projects", "coverage"): "trees to area by the same rule",
    ("project_checks", "coverage"): "which belts are forest",
    ("project_checks", "geometry"): "works and place are held against each other in one system",
    ("project_checks", "projects"): "what records say of survival",
    ("accuracy", "summary"): "shares of a sample are made whole like other shares",
    ("agreement", "geometry"): "points to visit have degrees",
    ("agreement", "landcover"): "which classes have tree cover",
    ("agreement", "summary"): "the whole place has a row of its own",
    ("verification", "geometry"): "how wide ground is decides what a map can show",
    ("verification", "grids"): "how large cells are decides what a map can show",
    ("verification", "landcover"): "which classes have tree cover",
    ("verification", "zonal"): "areas of classes",
    ("assessment", "accuracy"): "areas are corrected by a sample",
    ("assessment", "geometry"): "points to look at have degrees",
    ("assessment", "landcover"): "which classes have tree cover",
    ("assessment", "summary"): "only the whole place is corrected",
    ("project_ground", "coverage"): "what counts as forest by the forestry rule",
    ("project_ground", "flows"): "forest is what has the category of forest",
    ("project_ground", "geometry"): "ground is measured on the ellipsoid",
    ("project_ground", "project_owners"): "only own ground is held against inventories",
    ("project_ground", "topology"): "projects are laid over parcels without failing",
    ("project_owners", "geometry"): "ground is measured on the ellipsoid",
    ("project_owners", "topology"): "projects are laid over each other without failing",
    ("targets", "projects"): "plan quantities are indicators",
    ("parcel_sums", "coverage"): "which areas make up the forest",
    ("contributions", "parcel_sums"): "errors of parcels add up by their squares",
    ("contributions", "spreads"): "how far each source of error reaches",
    ("simulation", "contributions"): "the figures that are drawn are those that are explained",
    ("simulation", "parcel_sums"): "one draw stands for all parcels of a sum",
    ("simulation", "spreads"): "how far each source of error reaches",
    ("uncertainty", "contributions"): "propagation of errors stands beside the draws",
    ("uncertainty", "parcel_sums"): "parcels are summed once",
    ("uncertainty", "simulation"): "intervals are those of the draws",
    ("uncertainty", "spreads"): "how far each source of error reaches",
    ("uncertainty", "summary"): "the whole place has a row of its own",
    ("targets", "uncertainty"): "a probability is a share of draws",
    ("summary", "carbon"): "carbon by kind of forest",
    ("lucf", "flows"): "rows are made of the changes of each part",
    ("lucf", "ghg"): "fires and burnt biomass give off other gases",
    ("lucf", "summary"): "the whole place has a row of its own",
    ("crt", "flows"): "land is told apart by its categories",
    ("crt", "ghg"): "fires and burnt biomass give off other gases",
    ("crt", "lucf"): "both forms count harvest, fires and conversion alike",
    ("crt", "stand_changes"): "dead organic matter is shared out over the ground",
    ("crt", "summary"): "the whole place has a row of its own",
    ("summary", "coverage"): "coverage by town",
    ("summary", "inventory"): "stock by kind of tree",
    ("trajectories", "growth"): "new forest follows level curves",
    ("trajectories", "scenarios"): "what is taken and planted is a scenario",
    ("trajectories", "updating"): "stands grow year by year as elsewhere",
    ("growth_errors", "simulation"): "errors of growth are drawn as all others",
    ("growth_errors", "spreads"): "errors are half-widths of 95 % intervals",
    ("outlook_draws", "growth_errors"): "how sure growth is rules its draws",
    ("outlook", "growth_errors"): "how sure growth is comes from tables of calibration",
    ("outlook", "curve_calibration"): "curves that nobody calibrated are told",
    ("outlook", "new_forest"): "land that stays without stock is told",
    ("curve_calibration", "growth"): "curves are held against stands",
    ("curve_calibration", "spreads"): "errors are half-widths of 95 % intervals",
    ("planting_curves", "carbon"): "carbon of stock to come by the same equation",
    ("planting_curves", "curve_calibration"): "curves are brought to the stock of the district",
    ("planting_curves", "growth"): "plantings follow level curves",
    ("planting_curves", "updating"): "species without a curve grow by rates as stands do",
    ("project_ledger", "planting_curves"): "a project is a hectare of its trees times its area",
    ("project_ledger", "project_soil"): "soil is one term of a ledger",
    ("project_soil", "pools"): "the reference of the soil is that of the chosen pools",
    ("new_forest", "scenarios"): "what is planted is a scenario",
    ("new_forest", "trajectories"): "new forest is joined to what stands",
    ("improvement", "carbon"): "stock that is added has the carbon of its species",
    ("improvement", "growth_update"): "why stands do not grow is told in the same words",
    ("improvement", "project_ground"): "which inventory tells the ground, and what has trees",
    ("improvement", "project_ledger"): "the terms of a ledger are those of plantings",
    ("improvement", "trajectories"): "treated and untreated stands grow as in the outlook",
    ("improvement", "updating"): "why stands do not grow",
    ("improvement_evidence", "calibration"): "which parcels kept their shape",
    ("credits", "geometry"): "plots are measured on the ellipsoid",
    ("credits", "project_ground"): "works in standing forest are no afforestation",
    ("credits", "project_ledger"): "plantings are named as in the ledger",
    ("credits", "project_summary"): "all types have one name",
    ("project_monitoring", "coverage"): "forest area by the same parts",
    ("project_monitoring", "growth_update"): "which parcels are young plantations",
    ("project_monitoring", "project_ground"): "which inventory tells the ground at the start",
    ("improvement_evidence", "growth"): "growth of stock in percent a year",
    ("outlook_draws", "new_forest"): "young, planted and cut land grows beside the stands",
    ("outlook_draws", "carbon"): "carbon of stock to come by the same equation",
    ("outlook_draws", "coverage"): "forest area by the same parts",
    ("outlook_draws", "scenarios"): "a draw follows one scenario",
    ("outlook_draws", "simulation"): "errors are drawn as those of the inventories",
    ("outlook_draws", "spreads"): "how far errors reach is known in one place",
    ("outlook_draws", "trajectories"): "draws lie between trajectories",
    ("outlook", "outlook_draws"): "draws are laid out in tables",
    ("outlook", "scenarios"): "tables name scenarios",
    ("outlook", "spreads"): "the bias of the stock at the start",
    ("outlook", "trajectories"): "flows have names",
    ("project_summary", "summary"): "the whole place has a row of its own",
    ("project_effects", "coverage"): "trees to area by the same rule",
    ("project_effects", "project_summary"): "all types together have a row of their own",
    ("project_effects", "projects"): "types of works have one order",
    ("candidate_land", "landcover"): "classes have categories of land",
    ("candidate_land", "summary"): "the whole place has a row of its own",
    ("town_allocation", "candidate_land"): "towns are weighed by their room too",
    ("town_allocation", "inventory"): "which forest carries timber stock",
    ("town_allocation", "summary"): "shares are made whole like other shares",
    ("tree_sizes", "growth"): "sizes of trees follow level curves",
    ("four_side_records", "carbon"): "carbon of trees by the same equation",
    ("four_side_records", "coverage"): "trees to area by the same rule",
    ("four_side_records", "tree_sizes"): "records are trees of one size",
    ("four_side", "four_side_records"): "what is known of each record stands apart from the sums",
    ("sink_draws", "growth_errors"): "how sure growth is rules its draws",
    ("sink_draws", "simulation"): "errors are drawn as those of the inventories",
    ("sink_draws", "spreads"): "how far errors reach is known in one place",
    ("four_side", "tree_sizes"): "trees that were measured have the same equation",
    ("settings", "readers"): "encodings have the names that readers know",
    ("layers", "styles"): "styles travel inside the layers",
    ("demo", "rasters"): "the demonstration writes rasters",
    ("change_output", "change"): "what was compared is what is laid out",
    ("monitoring", "change"): "dates of land cover are compared as files are",
    ("accounting", "intake"): "towns and events were read",
    ("work_evidence", "accounting"): "what was accounted for tells what was used",
    ("work_evidence", "evidence"): "all evidence is listed in one shape",
    ("pipeline", "work_evidence"): "evidence of works is counted and listed with all other",
    ("sink_totals", "accounting"): "errors of sinks are those of the accounts",
    ("sink_totals", "sinks"): "ledgers are summed by type",
    ("sink_totals", "works"): "works are told by their method",
    ("pipeline", "sink_totals"): "sinks are summed with their intervals",
    ("works", "accounting"): "works lie on the ground that is accounted for",
    ("sinks", "accounting"): "sinks of works are one more account",
    ("sinks", "works"): "sinks are those of works on their ground",
    ("prospects", "accounting"): "what is missing follows from the accounts",
    ("prospects", "sinks"): "what works bring follows from their ledgers",
    ("pipeline", "sinks"): "sinks of works follow the outlook",
    ("pipeline", "prospects"): "what is missing is told when targets are judged",
    ("pipeline", "accounting"): "carbon is accounted, then reported",
    ("growing", "estimation"): "stands of the report year are estimated as surveyed ones are",
    ("growing", "intake"): "events were read",
    ("accounting", "growing"): "gains by growth stand beside losses",
    ("evidence", "accounting"): "what was accounted for tells what was used",
    ("pipeline", "evidence"): "all evidence is counted and listed",
    ("projection", "accounting"): "the outlook is one more account",
    ("pipeline", "projection"): "the outlook follows the accounts",
    ("pipeline", "growing"): "stands may be brought to the report year",
    ("pipeline", "estimation"): "stands are estimated, then summed",
    ("pipeline", "results"): "what was computed is laid out",
    ("results", "intake"): "what was read is drawn",
    ("pipeline", "cluster"): "rasters are measured here or on a cluster",
    ("composition", "cluster"): "parts of a file are measured here or on a cluster",
    ("joining", "composition"): "what was measured is written",
    ("intake", "inspection"): "every row of an inventory is checked as it is read",
    ("monitoring", "intake"): "what was read is what is measured",
    ("pipeline", "intake"): "what was read is what is computed",
    ("pipeline", "monitoring"): "land cover is one part of the run",
    ("sampling", "intake"): "without a place the outline of the raster is one",
    ("sampling", "monitoring"): "how much of a place a map must cover",
    ("__main__", "cli"): "the module is the command line",
}

# third-party packages that have one home
HOME = {
    "folium": {"maps"},
    "branca": {"maps"},
    "offlinefolium": {"maps"},
    "rasterio": {"rasters"},
    "rioxarray": {"rasters"},
    "xlsxwriter": {"report"},
    "openpyxl": {"readers"},
    "pydantic": {"settings"},
    "pyogrio": {"readers", "layers", "demo"},
    "numba": {
        "coverage_kernel",
        "ring_kernel",
        "density_kernel",
        "rasters",
        "overlay_kernel",
        "demo",
    },
    "tqdm": {"cli"},
    "isal": {"rasters"},
    "distributed": {"cluster"},
    "libcbm": {"cbm"},
    "argparse": {"cli"},
    "tomllib": {"settings"},
}
CORE = {name for name, layer in LAYER.items() if layer <= 2}
LONGEST = 400
HEAVY = {"geopandas", "pandas", "numpy", "numba", "folium", "rasterio", "pydantic", "xarray"}


def sources():
    return sorted(PACKAGE.rglob("*.py"))


def room(path):
    """The module a file belongs to: its own name, or that of its small package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path):
    """Modules of the house, and packages from outside, that a file imports."""
    inside, outside = set(), set()
    depth = len(path.relative_to(PACKAGE).parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            outside |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            outside.add(node.module.split(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.level == depth:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            inside |= {name.split(".")[0] for name in names if not name.startswith("__")}
    return inside - {room(path)}, outside


def test_every_module_has_a_layer_and_every_layer_its_modules():
    assert {room(path) for path in sources()} == set(LAYER)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards_and_packages_stay_at_home(path):
    name = room(path)
    inside, outside = imports(path)
    upward = {(name, other) for other in inside if LAYER[other] >= LAYER[name]}
    if name != "__init__":
        assert upward <= set(SIBLINGS)
    assert {package for package in outside if name not in HOME.get(package, {name})} == set()
    assert "carbon_sink" not in outside, "write relative imports inside the package"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_is_too_long_and_none_is_a_drawer_for_odds_and_ends(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
    assert not {"utils", "helpers", "common", "base", "manager"} & set(path.with_suffix("").parts)


def test_the_listed_sibling_imports_are_all_in_use():
    used = {
        (room(path), other)
        for path in sources()
        for other in imports(path)[0]
        if LAYER[other] >= LAYER[room(path)]
    }
    assert set(SIBLINGS) - used == set()


@pytest.mark.parametrize("name", sorted(CORE))
def test_the_core_opens_nothing_prints_nothing_and_asks_no_clock(name):
    if name in {"language", "tables", "parameters"}:  # read the tables of the package
        return
    tree = ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))
    calls = {
        node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    assert not calls & {"open", "print", "read_text", "write_text", "now", "today", "read_csv"}


def test_user_mistakes_are_not_found_by_assert():
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree)), path.name


def test_the_command_line_starts_without_heavy_packages():
    for path in (*(PACKAGE / "cli").glob("*.py"), PACKAGE / "__init__.py", PACKAGE / "errors.py",
                 PACKAGE / "language.py"):  # fmt: skip
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {alias.name.split(".")[0] for node in top if isinstance(node, ast.Import)
                 for alias in node.names}  # fmt: skip
        names |= {
            (node.module or "").split(".")[0] for node in top if isinstance(node, ast.ImportFrom)
        }
        assert not names & HEAVY, path.name


@pytest.mark.parametrize(
    "name",
    sorted(name for name in set(LAYER) - {"__main__", "__init__"} if not name.endswith("_kernel")),
)
def test_every_module_has_a_test_file_of_its_name(name):
    assert (Path(__file__).parent / f"test_{name}.py").is_file()


def test_public_functions_say_what_they_give():
    assert sys.version_info >= (3, 11)
    for path in sources():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{path.name}: {node.name}"
