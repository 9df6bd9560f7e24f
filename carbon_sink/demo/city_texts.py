"""Texts that are written beside the demonstration data of a whole city."""

README = """\
示例数据（合成）/ synthetic demonstration data
================================================

本文件夹由 carbon-sink demo --scale city 命令生成，仅供演示和测试，
不得用于任何正式统计、上报或决策。

全部内容都是合成的，由程序按随机种子生成，不代表任何真实的地方：
- 市界 boundary.gpkg 和区界 towns.gpkg（形状、名称、代码都是虚构的；
  默认面积约 8.24 万平方公里，与重庆市相当）；
- 2025 年森林资源小班 inventory_2025.parquet（GeoParquet，CGCS2000 经纬度，
  每个小班平均约 8.24 公顷）；
- 2020、2025 年土地覆盖 landcover_2020.tif、landcover_2025.tif（10 米，ESA WorldCover 分类代码，
  CGCS2000 / 3 度带 高斯-克吕格 108°E，EPSG:4545；范围以外为 0）。

约 3% 的小班与土地覆盖故意不一致（有林地上没有树，或耕地上有树），用来演示图斑核查。

Nothing in this folder is real: neither the boundary nor any district, parcel or pixel.
"""

SETTINGS = """\
# 示例数据（合成）：本数据集全部由程序生成，包括市界和区界，不得用于正式统计。
# synthetic: generated for demonstration; nothing in it is real.

title = "城市尺度森林碳汇分析（示例数据）"
language = "zh"                  # 报告语言：zh 或 en
report_year = 2025               # 报告年度
synthetic = true                 # 合成数据标记，所有成果都会注明
coverage_rule = "forestry"       # 覆盖率口径：forestry（林业）或 sandiao（三调）
four_side_rule = "trees_per_ha"  # 四旁树折算：每公顷 1650 株
parameter_set = "ar_cm_001"      # 碳计量参数
area_crs = "ellipsoid"           # 面积按 CGCS2000 椭球面计算

[place]
code = "509900"                  # 虚构的代码
name = "示例市"
name_en = "Example City"

[boundary]
path = "boundary.gpkg"

# 这里把区县当作分区单元
[towns]
path = "towns.gpkg"
layer = "towns"
code_field = "code"
name_field = "name"

# 小班：地类代码 LY/T 1955 四位，树种代码为清查三位
[[inventory]]
year = 2025
path = "inventory_2025.parquet"
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
"""
