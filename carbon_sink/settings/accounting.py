"""What settings say about carbon accounting: pools, growth, uncertainty, outlook, gases."""

from typing import Annotated, Literal

from pydantic import Field

from .section import Amount, Correlation, Section, Share, Text, Year


class Pools(Section):
    """
    Carbon pools beside living biomass; an empty text leaves a pool out.

    ``soil`` follows changes of land use and needs ``soil_type`` and ``cropland_use``;
    ``mine_soil_loss_pct`` is the share of the soil carbon that mining took.
    """

    dead_wood: Literal["", "ar_tool12"] = ""
    litter: Literal["", "ar_tool12", "ipcc_2006"] = ""
    soil: Literal["", "ipcc_2006", "ipcc_2019"] = ""
    climate: Literal["warm_temperate_moist", "tropical_moist"] = "warm_temperate_moist"
    soil_type: str = ""
    cropland_use: str = ""
    mine_soil_loss_pct: Share | None = None


class Growth(Section):
    """
    How stands grow between inventories and after them.

    ``models`` gives a species group another model than its own. ``mortality_pct_yr`` is what
    dies without a record, for the balance of gains and losses of species groups that are not
    calibrated; calibrated growth is net of it. ``update`` brings the latest inventory to a
    report year that has none.
    """

    region: Literal["gx_north", "gx_south"] = "gx_north"
    models: dict[str, str] = {}
    calibrate: bool = True
    mortality_pct_yr: Share | None = None
    update: bool = False


class Uncertainty(Section):
    """
    How intervals are computed.

    ``stock_bias_pct`` is the half-width of the 95 % interval of an error that all parcels
    share, as check plots found it, and ``bias_dates_correlation`` how much of it two surveys
    have in common. ``dates_correlation`` is that of the errors of one parcel at two dates.
    """

    draws: Annotated[int, Field(ge=1000, le=1_000_000)] = 10_000
    seed: Annotated[int, Field(ge=0)] = 1
    survey_grade: Literal["A", "B", "C"] = "B"
    stock_bias_pct: Share | None = None
    bef_root_correlation: Correlation = 0.0
    dates_correlation: Correlation = 0.0
    bias_dates_correlation: Correlation | None = None


class Planting(Section):
    """New forest of one species, each year of a span."""

    species_group: Text
    area_ha_yr: Amount
    from_year: Year
    to_year: Year


class Improvement(Section):
    """Tending and conversion of forest: growth gained on the treated area."""

    area_ha_yr: Amount
    from_year: Year
    to_year: Year
    growth_gain_pct: Amount
    source: Text


class Disturbance(Section):
    """Fires or pests: forest hit each year, and the share of its stock that is lost."""

    kind: Literal["fire", "pest"]
    area_ha_yr: Amount
    stock_loss_pct: Share
    from_year: Year
    to_year: Year


class Scenario(Section):
    """What is planted, cut and lost from the last inventory on."""

    key: Text
    name: Text
    name_en: str = ""
    harvest_m3_yr: Amount
    mortality_pct_yr: Share
    planting: list[Planting] = []
    improvement: Improvement | None = None
    disturbance: Disturbance | None = None


class Outlook(Section):
    """Years to look ahead to, and what may happen until then."""

    years: list[Year] = [2030, 2035, 2060]
    engine: Literal["simple", "cbm"] = "simple"
    scenarios: list[Scenario] = []


class Gases(Section):
    """
    What the tables of greenhouse gases need beside the inventories.

    ``burnt_on_site_pct`` and ``burnt_off_site_pct`` are the shares of the biomass of converted
    forest that are burnt, ``wood_products_t_yr`` the yearly change of the carbon in wood
    products (t C); what is not given is not estimated.
    """

    gwp: Literal["ar5", "sar"] = "ar5"
    burnt_on_site_pct: Share | None = None
    burnt_off_site_pct: Share | None = None
    wood_products_t_yr: Annotated[float, Field(strict=False)] | None = None
