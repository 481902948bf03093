// @ts-check
// The drawing of a set: columns, the crop, the panel.
import { at, decision, element, percent } from "./common.js";

const LEAST_PX = 120; // columns of many pictures are not narrower; the page scrolls instead

/** The number of columns at which the pictures are shown largest. */
export function columns(/** @type {import("./review_state.js").Picture[]} */ shown, /** @type {number} */ width, /** @type {number} */ height) {
  const size = (/** @type {number} */ across) => {
    const [w, h] = [width / across, height / Math.ceil(shown.length / across)];
    return Math.min(...shown.map((i) => Math.min(w / i.width, h / i.height) * Math.sqrt(i.width * i.height)));
  };
  const most = Math.max(1, Math.floor(width / LEAST_PX));
  return shown.slice(0, most).map((_, k) => k + 1).reduce((best, across) => (size(across) > size(best) ? across : best), 1);
}

export function overlay(/** @type {import("./review_state.js").Picture} */ image, /** @type {number[]} */ crop) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", `0 0 ${image.width} ${image.height}`);
  const rect = document.createElementNS(space, "rect");
  const [x1, y1, x2, y2] = crop;
  const sides = { x: x1 * image.width, y: y1 * image.height, width: (x2 - x1) * image.width, height: (y2 - y1) * image.height };
  for (const [name, value] of Object.entries(sides)) rect.setAttribute(name, String(value));
  const title = document.createElementNS(space, "title");
  title.textContent = `Crop: left ${x1.toFixed(3)}, top ${y1.toFixed(3)}, right ${x2.toFixed(3)}, bottom ${y2.toFixed(3)}`;
  rect.append(title);
  svg.append(rect);
  return svg;
}

/** All pictures show the same place, wherever the pointer is. */
export function pan(/** @type {HTMLElement} */ made, /** @type {PointerEvent} */ event) {
  const box = made.getBoundingClientRect();
  const x = (100 * (event.clientX - box.left)) / box.width;
  const y = (100 * (event.clientY - box.top)) / box.height;
  for (const image of at("images").querySelectorAll("img")) image.style.objectPosition = `${x}% ${y}%`;
}

/** A zoomed picture shows this place (0..1 of its sides) in the middle, as far as its edges allow. */
export function aim(/** @type {HTMLImageElement} */ image, /** @type {number[]} */ [x, y]) {
  const side = (/** @type {number} */ at, /** @type {number} */ whole, /** @type {number} */ shown) => (whole > shown ? Math.min(1, Math.max(0, (at * whole - shown / 2) / (whole - shown))) : 0.5);
  const [across, down] = [side(x, image.naturalWidth, image.clientWidth), side(y, image.naturalHeight, image.clientHeight)];
  image.style.objectPosition = `${100 * across}% ${100 * down}%`;
}

/** What is proposed and why, or that it is hidden. */
export function panelOf(/** @type {import("./review_state.js").ReviewSet} */ set, /** @type {boolean} */ hidden) {
  const one = set.step1_selection, two = set.step2_crop, parts = [];
  if (hidden) {
    parts.push(element("p", {}, element("span", { class: "badge blind" }, set.hidden ? "Blind audit" : "Blind")),
      element("p", {}, "The proposal is hidden. Pick a picture by its number, reject with R, or skip with S."));
  } else {
    parts.push(element("h2", {}, "Step 1: selection"), element("p", {}, `Confidence: ${percent(one.confidence)}`), element("small", {}, one.confidence_kind),
      reasonsOf(one), list(one.flags, "flag"), element("small", {}, one.by),
      element("h2", {}, "Step 2: crop"), element("p", {}, two.needs_crop === null ? "No crop is proposed: crops are learnt from a history of crops." : two.needs_crop ? `A crop is proposed: ${percent(two.confidence)}` : `No crop is needed: ${percent(two.confidence)}`),
      list(two.reasons, ""), element("small", {}, two.by));
  }
  if (set.keep_all) parts.push(element("p", { class: "flag" }, "These pictures belong together; all stay."));
  if (set.note && !decision(set)) parts.push(element("p", { class: "flag" }, set.note));
  if (set.history && !decision(set)) parts.push(element("h2", {}, "Decided"), element("p", {}, "by imported history; it counts until you decide otherwise"));
  if (set.verdict) parts.push(element("h2", {}, "Decided"), element("p", {}, `${set.verdict.action}${set.verdict.crop ? ", with a cut" : ""}${set.verdict.blind ? ", blind" : ""}`));
  return parts;
}

/** Reasons of a pick; a close call has none. */
function reasonsOf(/** @type {{reasons: string[], confidence_kind: string}} */ one) {
  if (one.reasons.length) return list(one.reasons, "");
  const technical = one.confidence_kind.startsWith("technical");
  return element("p", {}, technical ? "A close call: the pictures differ little technically, and no measured difference is large enough to be a reason." : "The model gives no reason.");
}

const list = (/** @type {string[]} */ texts, /** @type {string} */ mark) => element("ul", { class: mark }, ...texts.map((t) => element("li", { class: mark }, t)));
