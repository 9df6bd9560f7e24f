"""What settings say about works: how their sinks are counted, credited and valued."""

from typing import Annotated, Literal

from pydantic import Field

from ..projects import PROJECT_TYPES
from .section import Amount, Section, Share, Text, Year


class Price(Section):
    """What a tonne of removed CO2 is worth, and who says so."""

    cny_per_t_co2e: Annotated[float, Field(gt=0, strict=False)]
    source: Text


class Weights(Section):
    """
    How much each share of a town counts when what is missing is handed out to towns.

    ``stock`` is the town's share of the growing stock, ``low_quality`` of the area of poor
    stands and ``room`` of the land where forest could grow.
    """

    stock: Amount = 1.0
    low_quality: Amount = 1.0
    room: Amount = 1.0


class Sinks(Section):
    """
    How the sinks of works are counted.

    ``years`` are those until which sinks are summed, beside the report year. ``priority`` names
    the types of works that own shared ground first, before all others. ``leakage_pct`` and
    ``non_permanence_pct`` are shares of the removals; ``vcs_buffer_pct`` asks for lines in the
    manner of the VCS, and ``price`` for the value of the removals.
    """

    years: list[Year] = [2035, 2060]
    crediting_period_yr: Annotated[int, Field(ge=1, le=100)] = 40
    priority: list[Literal[*PROJECT_TYPES]] = []
    leakage_pct: Share | None = None
    non_permanence_pct: Share | None = None
    vcs_buffer_pct: Share | None = None
    price: Price | None = None
    weights: Weights = Weights()
