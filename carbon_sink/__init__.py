"""Forest stock, forest coverage and carbon sinks of a district, from inventory and land cover."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .pipeline import run
    from .rasters import open_landcover
    from .readers import read_inventory

__version__ = "0.1.0"
__all__ = ["__version__", "open_landcover", "read_inventory", "run"]

_HOME = {"read_inventory": "readers", "open_landcover": "rasters", "run": "pipeline"}


def __getattr__(name: str) -> Any:
    """Import the public functions when they are first used: the command line starts fast."""
    if name not in _HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(f".{_HOME[name]}", __name__), name)
