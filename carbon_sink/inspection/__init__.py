"""Is a file fit for use: everything that is known of it, and everything that is wrong with it."""

from .layer import Ground, Survey, survey_layer
from .result import OUTCOMES, Inspection

__all__ = ["OUTCOMES", "Ground", "Inspection", "Survey", "survey_layer"]
