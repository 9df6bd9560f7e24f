"""Reads and checks everything a run needs, before anything is computed."""

from .gather import gather, outline, read_inputs
from .inputs import Inputs, input_lines
from .records import check_landcover

__all__ = ["Inputs", "check_landcover", "gather", "input_lines", "outline", "read_inputs"]
