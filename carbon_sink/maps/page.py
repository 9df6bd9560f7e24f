"""A folium page that needs no network: every file inside, nothing loaded, the same bytes again."""

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink, Link
from offlinefolium.elements import _res

LEAFLET_JS = [link for link in folium.Map.default_js if link[0] == "leaflet"]
LEAFLET_CSS = [link for link in folium.Map.default_css if link[0] == "leaflet_css"]
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
)
LOADING = {"src", "srcset", "poster", "data", "background", "action", "formaction"}
DIGITS = 4  # of an element's number; folium's own names are longer
SOURCE_MAP = re.compile(r"/[/*]# sourceMappingURL=[^\n]*")
# what may stand in an installed file but nowhere else in a script or a style
OUTSIDE = re.compile(r"""["'(]\s*(?:https?:)?//[\w.-]+|@import|L\.tileLayer|\bimport\s*\(""")


class Page(Figure):
    """
    The page around a folium map, complete in itself.

    Parameters
    ----------
    title : str
        Title of the page, plain text.
    language : str
        Language of the page, for readers that speak.
    """

    def __init__(self, title: str, language: str) -> None:
        super().__init__(title=html.escape(title), height="780px")
        self.language = language

    def render(self, **kwargs: object) -> str:
        """Return the page as text; the same every time."""
        number_elements(self)
        with inline_files():
            page = super().render(**kwargs)
        page = page.replace("<html>", f'<html lang="{self.language}">', 1)
        policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        return page.replace("<head>", f"<head>\n    {policy}", 1)


class District(Element):
    """
    Panels and layers of the district map, drawn by our own script from one block of data.

    Parameters
    ----------
    content : dict
        What the page shows; every text in it is data and reaches the page as text.
    """

    def __init__(self, content: dict) -> None:
        super().__init__()
        self._name = "District"
        self.content = content

    def render(self, **kwargs: object) -> str:  # noqa: ARG002 - branca passes them
        """Put the parts where the page wants them."""
        page, name = self.get_root(), self._parent.get_name()
        page.header.add_child(Verbatim(f"<style>{read_part('map.css')}</style>"), "district_css")
        body = read_part("map.html") + data_block("district-data", self.content)
        page.html.add_child(Verbatim(body), "district_html")
        script = "".join(read_part(part) for part in ("panels.js", "map.js"))
        page.script.add_child(Verbatim(f"{script}showDistrict({name});"), "district_script")
        return ""


class Verbatim(Element):
    """Text that goes into the page as it is, and never through a template."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.content = content

    def render(self, **kwargs: object) -> str:  # noqa: ARG002 - branca passes them
        """Return the text."""
        return self.content


def read_part(name: str) -> str:
    """Return one file of the page from the package's data."""
    path = resources.files("carbon_sink") / "data" / name
    return path.read_text(encoding="utf-8")


def data_block(name: str, content: dict) -> str:
    r"""
    Return data as a block that a script reads and a browser never takes for markup.

    Examples
    --------
    >>> data_block("d", {"name": "</script>"})
    '<script type="application/json" id="d">{"name":"\\u003c/script\\u003e"}</script>'
    """
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&`\u2028\u2029":
        written = written.replace(sign, f"\\u{ord(sign):04x}")
    written = written.replace("${", "\\u0024{")
    return f'<script type="application/json" id="{name}">{written}</script>'


def new_map(title: str, language: str) -> folium.Map:
    """Return an empty map on a page of its own: no base map, no flag, no network."""
    figure = folium.Map(
        location=(0, 0),
        zoom_start=2,
        tiles=None,
        zoom_control=False,
        attributionControl=False,
        zoomSnap=0.25,
        zoomDelta=0.5,
        minZoom=6,
        maxZoom=17,
        font_size="13px",
    )
    figure.default_js, figure.default_css = list(LEAFLET_JS), list(LEAFLET_CSS)
    Page(title, language).add_child(figure)
    return figure


def number_elements(page: Page) -> None:
    """
    Give the elements of a page numbers for names, in place of folium's random ones.

    A number once given stays. Something a user added to the map may need folium's other
    browser files; they come back then.
    """
    for figure in page._children.values():  # noqa: SLF001 - branca offers no other way
        elements = [figure, *_descendants(figure)]
        taken = sum(element._id.isdecimal() and len(element._id) == DIGITS for element in elements)  # noqa: SLF001
        for element in elements:
            if len(element._id) != DIGITS:  # noqa: SLF001
                element._id = f"{taken:0{DIGITS}d}"  # noqa: SLF001
                taken += 1
        if any(not isinstance(one, District) for one in elements[1:]):
            figure.default_js = list(folium.Map.default_js)
            figure.default_css = list(folium.Map.default_css)


def _descendants(element: Element) -> Iterator[Element]:
    """Walk over all elements below one, in their order."""
    for child in element._children.values():  # noqa: SLF001
        yield child
        yield from _descendants(child)


# ------------------------------------------------------------------- no network, ever


class _Inline:
    """Stands in for the template of a link: the file itself, between its tags."""

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def render(self, this: Link, kwargs: dict) -> str:  # noqa: ARG002 - branca passes them
        """Return the file that the link points to."""
        return f"<{self.tag}>{browser_file(this.url)}</{self.tag}>"


@contextmanager
def inline_files() -> Iterator[None]:
    """Put browser files into the page while it is rendered, in place of links to them."""
    kept = JavascriptLink._template, CssLink._template  # noqa: SLF001
    JavascriptLink._template, CssLink._template = _Inline("script"), _Inline("style")  # noqa: SLF001
    try:
        yield
    finally:
        JavascriptLink._template, CssLink._template = kept  # noqa: SLF001


def browser_file(url: str) -> str:
    """
    Return an installed browser file by the address folium knows it by.

    Parameters
    ----------
    url : str
        Address as in ``folium.Map.default_js`` and its like.

    Returns
    -------
    content : str

    Raises
    ------
    LookupError
        If the file is not installed; a page that would need the network is never written.
    """
    if url not in _res:
        msg = f"The browser file {url} is not installed, and a map must not load it from a network."
        raise LookupError(msg)
    return SOURCE_MAP.sub("", _res[url]).replace("</script", "<\\/script")


def refuse_links(page: str) -> None:
    """
    Make sure that a page loads nothing.

    Parameters
    ----------
    page : str
        The whole page.

    Raises
    ------
    ValueError
        Naming the first thing the page would load, for example the tiles of a base map.
    """
    for url in _res:
        page = page.replace(browser_file(url), "")
    scan = _Scan()
    scan.feed(page)
    scan.close()
    if scan.found:
        msg = f"The map would load {scan.found[0]!r} from a network; remove it before saving."
        raise ValueError(msg)


class _Scan(HTMLParser):
    """Collects what a page would load: attributes, scripts and styles; data and text do not."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at the attributes that load something."""
        values = dict(attrs)
        self.inside = "" if values.get("type") == "application/json" else tag
        loading = LOADING | ({"href"} if tag in ("link", "base", "image", "use") else set())
        for name, value in attrs:
            outside = (value or "").strip() and not (value or "").strip().startswith("data:")
            if name in loading and outside:
                self.found.append(value.strip())
            if name == "style" and OUTSIDE.search(value or ""):
                self.found.append(value)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser passes it
        """Leave the element."""
        self.inside = ""

    def handle_data(self, data: str) -> None:
        """Look at scripts and styles of our own and of folium."""
        if self.inside in ("script", "style") and (match := OUTSIDE.search(data)):
            self.found.append(data[match.start() :][:80])


def write_page(figure: folium.Map, path: str | Path) -> None:
    """
    Write a map as one file that needs nothing else.

    Parameters
    ----------
    figure : folium.Map
    path : str or Path

    Raises
    ------
    ValueError
        If the page would load anything from a network.
    """
    with inline_files():
        page = figure.get_root().render()
    refuse_links(page)
    Path(path).write_bytes(page.encode("utf-8"))
