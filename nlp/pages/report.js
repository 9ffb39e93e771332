"use strict";
// Every text of a listing is set with textContent; nothing is ever parsed as HTML.
const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 50;
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);
const FILTERS = ["band", "cue", "ratio", "brand", "lang", "seller"];
let shown = PAGE;
let clear = false; // whether contacts are shown in clear

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function number(value) { return value.toLocaleString("en"); }

function money(value) {
  return "$" + value.toLocaleString("en", { minimumFractionDigits: value < 100 ? 2 : 0, maximumFractionDigits: value < 100 ? 2 : 0 });
}

function head() {
  byId("about").textContent = data.source + ", written " + data.written + ", model " + data.models.join(", ");
  const tiles = [["", data.rows, "listings read"], ["act", data.bands.act || 0, "act: the precise band"],
    ["queue", data.bands.queue || 0, "queue: a person looks"], ["", data.bands.clear || 0, "clear"]];
  for (const [name, value, label] of tiles) {
    const tile = make("div", "tile " + name);
    tile.append(make("b", "", number(value)), make("span", "", label));
    byId("tiles").append(tile);
  }
}

function chart(kind, title) {
  const rows = data.charts[kind];
  if (!rows.length) return;
  const box = make("div", "chart");
  box.append(make("h2", "", title));
  const most = Math.max(1, ...rows.map((row) => row[1]));
  for (const [name, value] of rows) {
    const bar = make("button", "bar");
    bar.type = "button";
    const label = kind === "cue" ? data.titles[name] || name : name;
    bar.title = label;
    bar.append(make("span", "name", label), make("span", "number", number(value)));
    const drawing = shape("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" });
    drawing.append(shape("rect", { class: "whole", width: 100, height: 6, rx: 1 }),
      shape("rect", { width: (100 * value) / most, height: 6, rx: 1 }));
    bar.append(drawing);
    bar.addEventListener("click", () => { choose(kind, name); });
    box.append(bar);
  }
  byId("charts").append(box);
}

function choose(kind, name) {
  const select = byId(kind);
  if ([...select.options].some((option) => option.value === name)) select.value = name;
  refresh();
  byId("count").scrollIntoView({ behavior: "smooth" });
}

function options(id, label, values, titles) {
  const select = byId(id);
  select.append(new Option(label, ""));
  for (const value of values) select.append(new Option((titles && titles[value]) || value, value));
}

function sorted(values) { return [...new Set(values.filter(Boolean))].sort((a, b) => a.localeCompare(b)); }

function secret(words) { return clear ? words : "\u2022".repeat(Math.min(words.length, 12)); }

function pieces(node, parts) {
  for (const [words, names] of parts) {
    if (!names) { node.append(document.createTextNode(words)); continue; }
    const contact = names.split(" ").includes("contact");
    const marked = make(names.includes("cue") ? "mark" : "span", names, contact ? secret(words) : words);
    const cue = names.split(" ").find((name) => data.titles[name]);
    if (cue) marked.title = data.titles[cue];
    node.append(marked);
  }
}

function price(row) {
  const box = make("div", "price");
  if (row.price === null) return box;
  const key = make("p", "key");
  key.append(make("span", "swatch asked"), "asks about " + money(row.price));
  box.append(key);
  if (row.reference === null) return box;
  const place = (value) => Math.max(0, Math.min(98.6, (100 * Math.log10(Math.max(value, 1))) / 5));
  key.append(" ", make("span", "swatch genuine"), "the genuine article about " + money(row.reference)
    + " \u00b7 " + (row.ratio < 0.1 ? (100 * row.ratio).toFixed(1) : (100 * row.ratio).toFixed(0)) + " %");
  const drawing = shape("svg", { viewBox: "0 0 100 14", preserveAspectRatio: "none", role: "img", "aria-label": "price on a scale from 1 to 100,000 dollars" });
  drawing.append(shape("rect", { class: "track", y: 6, width: 100, height: 2 }),
    shape("rect", { class: "asked", x: place(row.price), y: 1, width: 1.4, height: 12 }),
    shape("rect", { class: "genuine", x: place(row.reference), y: 1, width: 1.4, height: 12 }));
  box.append(drawing);
  return box;
}

function card(row) {
  const node = make("article", row.band);
  const top = make("div", "head");
  top.append(make("span", "score", row.score.toFixed(2)), make("span", "", row.band), make("span", "", row.lang),
    make("span", "brand", row.brands.join(", ")), make("span", "", row.seller && "seller: " + row.seller));
  const title = make("h3");
  title.dir = "auto";
  if (row.title.length) pieces(title, row.title); else title.textContent = row.id;
  node.append(top, title);
  if (row.text.length) {
    const text = make("div", "text");
    text.dir = "auto";
    text.tabIndex = 0;
    text.setAttribute("role", "region");
    text.setAttribute("aria-label", "Description");
    pieces(text, row.text);
    node.append(text);
  }
  if (row.words.length) { const words = make("p"); pieces(words, row.words.map(([w, c]) => [w + " ", "cue " + c])); node.append(words); }
  if (row.reasons.length) {
    const list = make("ul");
    for (const reason of row.reasons) {
      const item = make("li");
      item.append(reasonOf(reason, row.contacts));
      list.append(item);
    }
    node.append(list);
  }
  node.append(price(row));
  const facts = make("p", "facts");
  if (row.contacts.length) {
    facts.append("contacts: ");
    for (const [kind, value] of row.contacts) facts.append(kind + " ", make("span", "contact", secret(value)), " ");
  }
  node.append(facts, source(row));
  return node;
}

function reasonOf(reason, contacts) {
  const quotes = contacts.length && reason.startsWith(data.titles.off_platform_contact);
  return quotes ? reason.replace(/\u201c([^\u201d]*)\u201d/g, (whole, words) => "\u201c" + secret(words) + "\u201d") : reason;
}

function source(row) {
  const line = make("p", "facts", [row.id, row.place].filter(Boolean).join(" · ") + " ");
  if (row.url) {
    const link = make("a", "", "open listing");
    link.href = row.url;
    link.rel = "noopener noreferrer nofollow";
    link.target = "_blank";
    line.append(link);
  }
  return line;
}

function textOf(row) {
  row.all = row.all || [row.id, row.seller, row.brands.join(" "), ...row.title.map((part) => part[0]), ...row.text.map((part) => part[0]),
    ...row.reasons].join(" ").toLocaleLowerCase();
  return row.all;
}

function chosen() {
  const wanted = Object.fromEntries(["search", ...FILTERS].map((id) => [id, byId(id).value]));
  const words = wanted.search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const rows = data.suspects.filter((row) => (!wanted.band || row.band === wanted.band)
    && (!wanted.ratio || row.step === wanted.ratio)
    && (!wanted.cue || row.cues.includes(wanted.cue)) && (!wanted.brand || row.brands.includes(wanted.brand))
    && (!wanted.lang || row.lang === wanted.lang) && (!wanted.seller || row.seller === wanted.seller)
    && words.every((word) => textOf(row).includes(word)));
  const compare = {
    score: (a, b) => b.score - a.score,
    ratio: (a, b) => (a.ratio ?? Infinity) - (b.ratio ?? Infinity),
    seller: (a, b) => (a.seller || "\uffff").localeCompare(b.seller || "\uffff") || b.score - a.score,
    id: (a, b) => a.id.localeCompare(b.id, "en", { numeric: true }),
  }[byId("sort").value];
  return rows.sort(compare);
}

function refresh(keep) {
  if (keep !== true) shown = PAGE;
  const rows = chosen();
  byId("list").replaceChildren(...rows.slice(0, shown).map(card));
  for (const text of document.querySelectorAll("article .text")) {
    const mark = text.querySelector("mark");
    if (mark && mark.offsetTop > text.clientHeight - 30) text.scrollTop = mark.offsetTop - 30;
  }
  byId("more").hidden = rows.length <= shown;
  const all = (data.bands.act || 0) + (data.bands.queue || 0);
  byId("count").textContent = number(rows.length) + " of " + number(data.suspects.length) + " suspects"
    + (all > data.suspects.length ? " with the highest scores; all " + number(all) + " stand in " + data.rest : "");
}

head();
chart("cue", "Cues");
chart("ratio", "Price against the genuine article's");
chart("brand", "Brands");
chart("lang", "Languages");
chart("seller", "Sellers");
options("band", "every band", ["act", "queue"]);
options("cue", "every cue", Object.keys(data.titles), data.titles);
options("ratio", "every price", data.charts.ratio.map((row) => row[0]));
options("brand", "every brand", sorted(data.suspects.flatMap((row) => row.brands)));
options("lang", "every language", sorted(data.suspects.map((row) => row.lang)));
options("seller", "every seller", sorted(data.suspects.map((row) => row.seller)));
for (const id of [...FILTERS, "sort"]) byId(id).addEventListener("change", refresh);
byId("search").addEventListener("input", refresh);
byId("more").addEventListener("click", () => { shown += PAGE; refresh(true); });
byId("reset").addEventListener("click", () => {
  for (const id of ["search", ...FILTERS]) byId(id).value = "";
  byId("sort").value = "score";
  refresh();
});
byId("contacts").addEventListener("click", () => {
  clear = !clear;
  byId("contacts").setAttribute("aria-pressed", String(clear));
  byId("contacts").textContent = clear ? "Hide contacts" : "Show contacts";
  refresh(true);
});
refresh();
