"use strict";
/* Fills the panels of the district page. Every text is set as text, never as markup. */

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined && text !== null) made.textContent = text;
  return made;
}

function fill(parent, ...children) {
  parent.replaceChildren(...children);
  return parent;
}

function append(parent, ...children) {
  parent.append(...children);
  return parent;
}

/* ------------------------------------------------------------------ panels */

function showHead(page) {
  document.getElementById("title").textContent = page.title;
  const place = [page.place, page.base, page.rule].filter(Boolean).join(" · ");
  document.getElementById("place").textContent = place;
  const figures = page.figures.map((one) => {
    const box = element("div");
    box.setAttribute("role", "listitem");
    const value = append(element("div", "value", one.value), element("small", "", one.unit));
    const more = [one.large, one.change, one.interval].filter(Boolean);
    const name = element("div", "name", one.name);
    name.title = one.name;
    return append(box, name, value, ...more.map((text) => element("div", "more", text)));
  });
  fill(document.getElementById("key-figures"), ...figures);
  for (const [id, text] of [["notice", page.notice], ["unverified", page.unverified]]) {
    const place = document.getElementById(id);
    place.textContent = text;
    place.hidden = !text;
  }
  const approval = document.getElementById("approval");
  approval.hidden = !page.approval;
  approval.textContent = page.words.approval + " " + page.approval;
}

function targetCard(one, words) {
  const signs = { met: "✓ ", not_met: "✗ ", modelled: "~ ", unknown: "— " };
  const card = element("div", "card " + one.state);
  const state = element("span", "state", signs[one.state] + words[one.state]);
  append(card, append(element("div", "head"), element("span", "name", one.name), state));
  const value = append(element("span", "value", one.value), element("small", "", one.unit));
  append(card, append(element("div", "now"), value, element("span", "gap", one.gap)));
  if (one.done !== null) {
    const gauge = element("div", "gauge");
    const bar = element("span");
    bar.style.width = one.done + "%";
    gauge.setAttribute("aria-hidden", "true");
    append(card, append(element("div", "way"), append(gauge, bar), element("span", "", one.percent)));
  }
  const ends = append(element("div", "ends"), element("span", "", one.base));
  append(card, append(ends, element("span", "", one.target)));
  if (one.details.length) {
    const details = one.details.map((text) => element("span", "", text));
    append(card, append(element("div", "details"), ...details));
  }
  if (one.reason) append(card, element("div", "reason", one.reason));
  if (one.source) card.title = words.source + ": " + one.source;
  return card;
}

function showLeft(page) {
  const words = page.words;
  const targets = document.getElementById("targets");
  const heading = element("span", "", words.targets);
  fill(targets.querySelector("h2"), heading, element("small", "", page.tally));
  const cards = page.targets.map((one) => targetCard(one, words));
  const none = element("p", "", words.no_targets);
  fill(targets.querySelector(".cards"), ...(cards.length ? cards : [none]));

  const parts = document.getElementById("parts");
  parts.hidden = !page.parts.length;
  parts.querySelector("h2").textContent = words.parts;
  const bars = page.parts.map((one) => {
    const bar = element("span");
    bar.style.width = one.width + "%";
    bar.style.background = one.color;
    return bar;
  });
  fill(parts.querySelector(".bar"), ...bars);
  const lines = page.parts.map((one) => {
    const cells = [one.name, one.area, one.share].map((text) => element("span", "", text));
    cells[2].title = words.share_note;
    return append(element("li"), swatch(one.color), ...cells);
  });
  fill(parts.querySelector("ul"), ...lines);

  showSinks(page);

  const about = document.getElementById("about");
  about.querySelector("h2").textContent = words.about;
  const facts = page.facts.flatMap(([name, text]) => [element("dt", "", name), element("dd", "", text)]);
  fill(about.querySelector("dl"), ...facts);
  const foot = page.facts.map(([name, text]) => name + " " + text);
  document.getElementById("print-foot").textContent = [...foot, page.unverified].filter(Boolean).join(" | ");
}

function showSinks(page) {
  const words = page.words;
  const sinks = document.getElementById("sinks");
  sinks.hidden = !page.sinks.length;
  fill(sinks.querySelector("h2"), element("span", "", words.sinks), element("small", "", page.sinks_until));
  const lines = page.sinks.map((one) => {
    const cells = [one.name, one.value, one.interval].map((text) => element("span", "", text));
    cells[2].title = words.sinks_interval;
    return append(element("li", one.color ? "" : "whole"), swatch(one.color, one.color ? "" : "blank"), ...cells);
  });
  fill(sinks.querySelector("ul"), ...lines);
  sinks.querySelector("p").textContent = words.sinks_note;
}

function swatch(color, kind) {
  const made = element("span", "swatch " + (kind || ""));
  if (color) made.style.background = color;
  return made;
}
