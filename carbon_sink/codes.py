"""Code lists of land classes and species, and what each code stands for."""

from collections.abc import Iterable
from functools import cache

import pandas as pd

from .errors import Problem, TableError, first_rows
from .language import Words
from .tables import read_data

# headings of the code lists: they do not say which forest a parcel carries
HEADINGS = ("total", "stocked", "shrub", "forest")
ECONOMIC_CATEGORY = "25"
ECONOMIC = {"arbor": "economic_arbor", "shrub_special": "economic_shrub"}
OWN_SCHEME = "own"
# schemes of the national land survey, whose classes already leave orchards out of forest land
LAND_SURVEY = ("gbt_21010", "post_sandiao_6digit")


@cache
def _land_classes() -> pd.DataFrame:
    return read_data("land_classes.csv")


@cache
def _species() -> pd.DataFrame:
    return read_data("species.csv")


def landclass_schemes() -> list[str]:
    """Return the land-class schemes that are known, the national ones first."""
    return _land_classes()["scheme"].unique().tolist()


def species_schemes() -> list[str]:
    """Return the species schemes that are known, the national ones first."""
    return _species()["scheme"].unique().tolist()


def class_groups() -> list[str]:
    """Return the groups of land classes, and economic forest."""
    groups = set(_land_classes()["class_group"]) - set(HEADINGS)
    return sorted(groups | set(ECONOMIC.values()))


def land_class_groups(scheme: str) -> pd.Series:
    """
    Return the class group of every land-class code of a scheme.

    Examples
    --------
    >>> land_class_groups("ly1955_4digit")["0113"]
    'bamboo'
    """
    rows = _land_classes()
    return rows[rows["scheme"] == scheme].set_index("land_class")["class_group"]


def species_groups(scheme: str) -> pd.Series:
    """
    Return the species group of every species code of a scheme.

    Notes
    -----
    The schemes collide: 220 is Masson pine in the national list and oak in a regional one.

    Examples
    --------
    >>> species_groups("nfci_3digit")["220"], species_groups("gx_3digit")["220"]
    ('masson_pine', 'oak')
    """
    rows = _species()
    return rows[rows["scheme"] == scheme].set_index("species_code")["species_group"]


def code_names(kind: str, scheme: str, lang: str = "zh") -> pd.Series:
    """
    Return the name of every code of a scheme; of species the group where English is asked for.

    Examples
    --------
    >>> code_names("species", "gx_3digit")["220"], code_names("land_class", "gx_4digit")["1130"]
    ('栎类', '竹林地')
    >>> code_names("species", "gx_3digit", "en")["220"]
    'oak'
    """
    rows, code, english = {
        "land_class": (_land_classes(), "land_class", "name_en"),
        "species": (_species(), "species_code", "species_group"),
    }[kind]
    names = rows[rows["scheme"] == scheme].set_index(code)
    return names["name_zh"] if lang == "zh" else names[english].str.replace("_", " ")


@cache
def _attributes() -> pd.DataFrame:
    return read_data("attribute_codes.csv")


def attribute_codes(column: str) -> pd.Series:
    """
    Return the codes of an attribute and what they stand for.

    Examples
    --------
    >>> attribute_codes("scattered_type").to_dict()
    {'1': '散生木', '2': '四旁树'}
    """
    rows = _attributes()
    return rows[rows["column"] == column].set_index("code")["name_zh"]


def attribute_names(column: str) -> dict[str, str]:
    """
    Return the code that each Chinese name of an attribute stands for.

    Examples
    --------
    >>> attribute_names("origin")["人工"], attribute_names("age_group")["幼龄林"]
    ('20', '1')
    """
    rows = _attributes()
    return {
        name: row.code
        for row in rows[rows["column"] == column].itertuples()
        for name in (row.name_zh, *row.aliases.split())
    }


def group_names() -> pd.Series:
    """Return the Chinese name of every species group that has parameters."""
    rows = read_data("biomass_parameters.csv").drop_duplicates("species_group")
    return rows.set_index("species_group")["name_zh"]


def named_groups(groups: Iterable[str]) -> Words:
    """
    List species groups by their codes, in Chinese with their names beside them.

    Examples
    --------
    >>> words = named_groups({"oak", "cypress"})
    >>> words, words.en
    ('cypress 柏木, oak 栎类', 'cypress, oak')
    """
    codes, names = sorted(groups), group_names()
    return Words(", ".join(f"{one} {names.get(one, '')}".strip() for one in codes),
                 ", ".join(codes))  # fmt: skip


def decode(column: pd.Series, meaning: pd.Series, code: str, **place: str) -> pd.Series:
    """
    Translate a column of codes; a code outside the list is refused with its rows.

    Parameters
    ----------
    column : Series of text
        Codes; missing stays missing.
    meaning : Series
        What each code of the scheme stands for, indexed by code.
    code : str
        Message code of the refusal.
    **place : str
        File, layer, field and rule for the message.

    Returns
    -------
    decoded : Series

    Raises
    ------
    TableError
        If a code is not in the list.

    Examples
    --------
    >>> decode(pd.Series(["0111"]), land_class_groups("ly1955_4digit"), "land_class_unknown")
    0    arbor
    dtype: object
    """
    unknown = column.notna() & ~column.isin(meaning.index)
    if unknown.any():
        found = sorted(column[unknown].astype(str).unique())
        raise TableError(
            Problem(
                code,
                rows=first_rows(column.index[unknown]),
                count=int(unknown.sum()),
                value=", ".join(found[:8]),
                **place,
            )
        )
    return column.map(meaning).astype(object)


def forest_type(class_group: pd.Series, forest_category: pd.Series | None) -> pd.Series:
    """
    Tell economic forest apart from other arbor forest and special shrub.

    Parameters
    ----------
    class_group : Series
        Group of the land class.
    forest_category : Series or None
        Code of the forest category (林种); codes beginning with 25 are economic forest.

    Returns
    -------
    forest_type : Series

    Examples
    --------
    >>> forest_type(pd.Series(["arbor", "arbor"]), pd.Series(["233", "251"])).tolist()
    ['arbor', 'economic_arbor']
    """
    if forest_category is None:
        return class_group.rename("forest_type")
    economic = forest_category.astype("string").str.startswith(ECONOMIC_CATEGORY).fillna(False)  # noqa: FBT003
    return class_group.mask(economic.astype(bool), class_group.replace(ECONOMIC)).rename(
        "forest_type"
    )
