"""What the figures were measured on: machine, packages, date."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("carbon_sink", "numpy", "numba", "shapely", "geopandas", "rasterio", "exactextract",
            "rasterstats", "dask", "distributed")  # fmt: skip


def _first(pattern: str, path: str) -> str:
    found = re.search(pattern, Path(path).read_text(encoding="utf-8"))
    return found[1] if found else "?"


def facts() -> dict[str, str]:
    """Name to value of what belongs to every figure."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "absent"
    memory_kb = int(_first(r"MemTotal:\s+(\d+)", "/proc/meminfo"))
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _first(r"model name\s*:\s*(.*)", "/proc/cpuinfo"),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory_kb * 1024 / 1e9:.0f} GB",
        "load before": f"{os.getloadavg()[0]:.1f}",
        "system": platform.platform(),
        "Python": platform.python_version(),
        **versions,
    }
