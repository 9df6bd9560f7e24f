"""Is a file fit for use: everything that is known of it, and everything that is wrong with it."""

from .result import OUTCOMES, Inspection

__all__ = ["OUTCOMES", "Inspection"]
