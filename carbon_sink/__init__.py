"""Forest stock, forest coverage and carbon sinks of a district, from inventory and land cover."""

__version__ = "0.1.0"
