"""What all sections of the settings share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Year = Annotated[int, Field(ge=1949, le=2100)]
Text = Annotated[str, Field(min_length=1)]
# a number of at least zero, whole ones too
Amount = Annotated[float, Field(ge=0, strict=False)]
Share = Annotated[float, Field(ge=0, le=100, strict=False)]
Correlation = Annotated[float, Field(ge=-1, le=1, strict=False)]


class Section(BaseModel):
    """A section of the settings; words it does not know are refused, nothing is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
