/* Draws the map of the district page and answers to its controls. */

/* A window moves the map until it stands clear of the buttons at the edges. */
const besideControls = { autoPanPaddingTopLeft: [58, 14], autoPanPaddingBottomRight: [44, 14] };

function townWindow(page, town, themeName) {
  const box = element("div", "town-window");
  append(box, element("h3", "", town.name), element("p", "", [page.place, page.base].filter(Boolean).join(" · ")));
  if (!town.rows.length) return append(box, element("p", "", page.words.no_data));
  const hasChange = town.rows.some((row) => row.change);
  const head = element("tr");
  const names = [page.words.item, page.words.value].concat(hasChange ? [page.words.change] : []);
  append(head, ...names.map((name, k) => {
    const cell = element("th", "", name);
    cell.style.textAlign = k ? "right" : "left";
    return cell;
  }));
  const rows = town.rows.map((row) => {
    const line = element("tr", (row.part ? "part " : "") + (row.name === themeName ? "chosen" : ""));
    append(line, element("td", "", row.name), element("td", "", row.value));
    if (hasChange) append(line, element("td", "", row.change));
    return line;
  });
  return append(box, append(element("table"), append(element("tbody"), head, ...rows)));
}

function projectWindow(page, work) {
  const rows = work.rows.map(([place, text]) =>
    append(element("tr"), element("td", "", page.projects.names[place]), element("td", "", text)));
  const table = append(element("table"), append(element("tbody"), ...rows));
  return append(element("div", "town-window"), element("h3", "", work.name), table);
}

function icon(paths) {
  const space = "http:" + "/" + "/www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  const size = { width: 16, height: 16, viewBox: "0 0 16 16", fill: "none", stroke: "currentColor", "stroke-width": 2 };
  for (const [name, value] of Object.entries(size)) drawing.setAttribute(name, value);
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", paths);
  drawing.append(path);
  return drawing;
}

function addControls(map, page, showWhole) {
  const words = page.words;
  const actions = [
    [words.zoom_in, "M8 2v12M2 8h12", () => map.zoomIn()],
    [words.zoom_out, "M2 8h12", () => map.zoomOut()],
    [words.whole, "M2 8l6-5 6 5M4 7v6h8V7", showWhole],
    [words.fullscreen, "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4", () => (document.fullscreenElement
      ? document.exitFullscreen() : document.documentElement.requestFullscreen())],
    [words.print, "M4 6V2h8v4M4 11H2V6h12v5h-2M4 9h8v5H4z", () => window.print()],
  ];
  const control = L.control({ position: "topleft" });
  control.onAdd = () => {
    const bar = element("div", "leaflet-bar leaflet-control-zoom");
    for (const [name, paths, action] of actions) {
      const button = append(element("button"), icon(paths));
      button.type = "button";
      button.title = name;
      button.setAttribute("aria-label", name);
      button.addEventListener("click", action);
      append(bar, button);
    }
    L.DomEvent.disableClickPropagation(bar);
    return bar;
  };
  control.addTo(map);
  const north = L.control({ position: "topright" });
  north.onAdd = () => {
    const arrow = append(element("div", "north"), element("span", "", words.north));
    return append(arrow, icon("M8 14V3M4 8l4-6 4 6"));
  };
  north.addTo(map);
  map.on("popupopen", (event) => {
    const button = event.popup.getElement().querySelector(".leaflet-popup-close-button");
    if (button) button.setAttribute("aria-label", words.close);
  });
  L.control.scale({ imperial: false, maxWidth: 120 }).addTo(map);
}

function addTowns(map, page, state) {
  const borders = { color: "#ffffff", weight: 1.4, opacity: 1, fillOpacity: 0.92, fillColor: "#dfe4e0" };
  state.shapes = page.towns.map((town, k) => {
    if (!town.shape) return null;
    const shape = L.geoJSON(town.shape, { style: borders });
    shape.bindPopup(() => townWindow(page, town, state.theme ? state.theme.name : ""),
      { maxWidth: 420, minWidth: 290, ...besideControls });
    const hover = () => shape.bindTooltip(() => element("div", "", townLine(page, state, k)),
      { sticky: true });
    hover();
    shape.on("popupopen", () => shape.unbindTooltip());
    shape.on("popupclose", hover);
    shape.on("mouseover", () => highlight(state, k, true));
    shape.on("mouseout", () => highlight(state, k, false));
    return shape.addTo(map);
  });
  state.labels = L.layerGroup();
  state.marks = page.towns.map((town) => {
    if (!town.at) return null;
    const box = element("div", "town-label");
    const mark = L.marker(town.at, { icon: L.divIcon({ html: box, iconSize: [0, 0], className: "" }),
      interactive: false, keyboard: false });
    mark.box = box;
    return mark.addTo(state.labels);
  });
  map.on("zoomend resize", () => declutter(map, page, state));
}

function townLine(page, state, k) {
  const theme = state.theme;
  const name = page.towns[k].name;
  if (!theme || theme.shown[k] === undefined) return name;
  return name + "  " + theme.shown[k] + " " + theme.unit;
}

function highlight(state, k, on) {
  const shape = state.shapes[k];
  if (shape) {
    shape.setStyle({ color: on ? "#10261a" : "#ffffff", weight: on ? 2.6 : 1.4 });
    if (on) shape.bringToFront();
  }
  const line = state.lines && state.lines[k];
  if (line) line.classList.toggle("on", on);
}

/* Larger towns keep their label first; a label that would cover another loses its figure, then goes. */
function declutter(map, page, state) {
  if (!map.hasLayer(state.labels)) return;
  const order = page.towns.map((town, k) => k).sort((a, b) => page.towns[b].size - page.towns[a].size);
  const taken = [];
  const free = (box) => {
    const r = box.getBoundingClientRect();
    return taken.every((t) => r.right < t.left || r.left > t.right || r.bottom < t.top || r.top > t.bottom);
  };
  for (const k of order) {
    const mark = state.marks[k];
    if (!mark) continue;
    const theme = state.theme;
    mark.box.hidden = false;
    fill(mark.box, document.createTextNode(page.towns[k].name));
    const known = theme && theme.index[k] >= 0;
    if (known) append(mark.box, element("small", "", theme.shown[k]));
    if (known && !free(mark.box)) mark.box.lastChild.remove();
    if (!free(mark.box)) mark.box.hidden = true;
    else taken.push(mark.box.getBoundingClientRect());
  }
}

/* At a small scale a work is a dot of a few pixels; the dots go when the shapes can be seen. */
function addProjects(map, page, state) {
  const many = page.projects.items.length > 120;
  state.kinds = page.projects.kinds.map(() => L.layerGroup());
  state.dots = page.projects.kinds.map((kind, k) => L.layerGroup().addTo(state.kinds[k]));
  for (const work of page.projects.items) {
    const paint = { color: "#ffffff", weight: many ? 0.7 : 1.2, fillOpacity: 1,
      fillColor: page.projects.kinds[work.kind].color };
    const dot = (at) => L.circleMarker(at, { ...paint, radius: many ? 3.2 : 4.5, pane: "dots" });
    const point = (feature, at) => dot(at);
    const shape = L.geoJSON(work.shape, { style: paint, pointToLayer: point, pane: "works" });
    for (const layer of [shape, dot(work.at)]) {
      layer.bindPopup(() => projectWindow(page, work), { maxWidth: 340, ...besideControls });
      layer.bindTooltip(() => element("div", "", work.name), { sticky: true });
      layer.addTo(layer === shape ? state.kinds[work.kind] : state.dots[work.kind]);
    }
  }
  state.works = L.layerGroup(state.kinds);
  const showDots = () => state.dots.forEach((dots, k) => {
    if (map.getZoom() < 13) state.kinds[k].addLayer(dots);
    else state.kinds[k].removeLayer(dots);
  });
  map.on("zoomend", showDots);
}

function addBoundary(map, page, state) {
  const style = { color: "#23372c", weight: 2.4, fill: false, interactive: false };
  state.outline = L.geoJSON(page.boundary, { style, interactive: false, pane: "outline" });
}

/* ------------------------------------------------------------------ choices */

function showTheme(map, page, state, theme) {
  state.theme = theme;
  state.shapes.forEach((shape, k) => {
    if (!shape) return;
    const index = theme.index[k];
    const known = index !== undefined && index >= 0;
    shape.setStyle({ fillColor: known ? theme.classes[index].color : "#dfe4e0" });
  });
  declutter(map, page, state);
  showLegend(map, page, state);
  showRank(map, page, state);
}

function showLegend(map, page, state) {
  const words = page.words;
  const box = document.getElementById("legend");
  box.querySelector("h2").textContent = words.legend;
  const entries = [];
  const add = (mark, label, count) => {
    const line = append(element("div"), mark, element("span", "", label));
    if (count !== undefined) append(line, element("span", "count", count));
    entries.push(line);
  };
  const theme = state.theme;
  if (theme) {
    const head = append(element("div", "unit"), named(theme), element("span", "count", words.towns_count));
    entries.push(head);
    [...theme.classes].reverse().forEach((one) =>
      add(swatch(one.color), one.label, String(one.count)));
    if (theme.missing) add(swatch("", "none"), words.no_data, String(theme.missing));
  }
  if (state.works && map.hasLayer(state.works)) {
    entries.push(element("div", "break"));
    page.projects.kinds.forEach((one, k) => {
      const text = append(element("span"), swatch(one.color, "dot"), element("span", "", one.name));
      append(text, element("span", "count", one.count));
      const line = element("div", "kind");
      choice(line, "checkbox", "kind", text, state.works.hasLayer(state.kinds[k]), (checked) => {
        if (checked) state.works.addLayer(state.kinds[k]);
        else state.works.removeLayer(state.kinds[k]);
      });
      entries.push(line);
    });
  }
  if (state.outline && map.hasLayer(state.outline)) {
    entries.push(element("div", "break"));
    add(swatch("", "stroke"), words.boundary);
  }
  fill(box.querySelector(".entries"), ...entries);
  box.hidden = !entries.length;
}

function showRank(map, page, state) {
  const theme = state.theme;
  const box = document.getElementById("rank");
  box.hidden = !theme;
  if (!theme) return;
  box.querySelector("h2").textContent = page.words.rank;
  const whole = [page.place, theme.whole + " " + theme.unit].map((text) => element("span", "", text));
  fill(box.querySelector(".whole"), ...whole);
  state.lines = [];
  const lines = theme.order.map((k, place) => {
    const button = element("button");
    button.type = "button";
    const length = append(element("span", "length"), element("i"));
    length.firstChild.style.width = theme.length[k] + "%";
    const index = theme.index[k];
    if (index >= 0) length.firstChild.style.background = theme.classes[index].color;
    const name = element("span", "name", page.towns[k].name);
    name.title = page.towns[k].name;
    append(button, element("span", "place", place + 1), name, length, element("span", "figure", theme.shown[k]));
    button.addEventListener("click", () => openTown(map, state, k));
    for (const [event, on] of [["mouseenter", true], ["mouseleave", false], ["focus", true], ["blur", false]]) {
      button.addEventListener(event, () => highlight(state, k, on));
    }
    state.lines[k] = button;
    return append(element("li"), button);
  });
  fill(box.querySelector("ol"), ...lines);
}

function openTown(map, state, k) {
  const shape = state.shapes[k];
  if (shape) shape.openPopup(state.marks[k].getLatLng());
}

function choice(parent, kind, name, text, checked, action) {
  const input = element("input");
  input.type = kind;
  input.name = name;
  input.checked = checked;
  input.addEventListener("change", () => action(input.checked));
  append(parent, append(element("label"), input, text));
}

function named(theme) {
  return append(element("span", "", theme.name), element("small", "", theme.unit));
}

function addChoices(map, page, state) {
  const themes = document.getElementById("themes");
  themes.querySelector("legend").textContent = page.words.theme;
  themes.hidden = !page.themes.length || !state.shapes.some(Boolean);
  page.themes.forEach((theme, k) =>
    choice(themes, "radio", "theme", named(theme), k === 0,
      () => showTheme(map, page, state, theme)));
  const overlays = document.getElementById("overlays");
  overlays.querySelector("legend").textContent = page.words.overlay;
  const add = (group, text, on) => {
    if (on) group.addTo(map);
    choice(overlays, "checkbox", "overlay", element("span", "", text), on, (checked) => {
      if (checked) group.addTo(map);
      else group.remove();
      declutter(map, page, state);
      showLegend(map, page, state);
    });
  };
  if (page.boundary.length) add(state.outline, page.words.boundary, true);
  if (page.projects.items.length) add(state.works, page.words.projects, false);
  if (state.marks.some(Boolean)) add(state.labels, page.words.labels, true);
  overlays.hidden = overlays.children.length < 2;
}

function addToggle(map, page, side) {
  const button = document.getElementById("toggle-" + side);
  const closed = "no-" + side;
  const show = () => {
    const open = !document.body.classList.contains(closed);
    button.textContent = open === (side === "left") ? "‹" : "›";
    const name = page.words[(open ? "hide_" : "show_") + side];
    button.title = name;
    button.setAttribute("aria-label", name);
    button.setAttribute("aria-expanded", String(open));
    map.invalidateSize({ animate: false });
  };
  button.addEventListener("click", () => {
    document.body.classList.toggle(closed);
    show();
  });
  if (window.innerWidth < (side === "left" ? 760 : 900)) document.body.classList.add(closed);
  show();
}

function preparePrint(map, showWhole) {
  window.addEventListener("beforeprint", () => {
    document.body.classList.add("printing");
    map.invalidateSize({ animate: false });
    showWhole();
  });
  window.addEventListener("afterprint", () => {
    document.body.classList.remove("printing");
    map.invalidateSize({ animate: false });
    showWhole();
  });
}

function showDistrict(map) {
  const page = JSON.parse(document.getElementById("district-data").textContent);
  const state = { theme: null };
  const showWhole = () => {
    if (page.bounds) map.fitBounds(page.bounds, { animate: false, padding: [14, 14] });
  };
  showHead(page);
  showLeft(page);
  addToggle(map, page, "left");
  addToggle(map, page, "right");
  showWhole();
  ["outline", "works", "dots"].forEach((name, k) => {
    map.createPane(name).style.zIndex = 420 + 10 * k;
  });
  map.getPane("outline").style.pointerEvents = "none";
  addControls(map, page, showWhole);
  addTowns(map, page, state);
  addProjects(map, page, state);
  addBoundary(map, page, state);
  addChoices(map, page, state);
  if (page.themes.length) showTheme(map, page, state, page.themes[0]);
  else showLegend(map, page, state);
  document.getElementById("rank").hidden = !state.theme;
  if (!page.bounds) append(map.getContainer(), element("div", "empty-map", page.words.no_shapes));
  preparePrint(map, showWhole);
  window.addEventListener("load", () => {
    map.invalidateSize({ animate: false });
    showWhole();
    declutter(map, page, state);
  });
}
