// @ts-check
// Stars, labels and flags of a picture: as a badge, in words, and as they are sent.
import { at, element, project } from "./common.js";

/** @typedef {{id: string | null, stars: number, label: string, flag: number, origins: Record<string, string>, elsewhere: {stars?: number, label?: string, flag?: number}}} Marks */
/** @typedef {{stars?: number, label?: string, flag?: number}} Change */
/** @typedef {import("./review_state.js").Picture} Picture */

const LABELS = /** @type {Record<string, string>} */ ({ 6: "Red", 7: "Yellow", 8: "Green", 9: "Blue" });
/** Labels by the words of other programs. @type {Record<string, string>} */
const COLOURS = { red: "red", yellow: "yellow", green: "green", blue: "blue", purple: "purple", rot: "red", gelb: "yellow", "grün": "green", blau: "blue", lila: "purple", violett: "purple" };
const ORIGINS = /** @type {Record<string, string>} */ ({ here: "set here", elsewhere: "set in another program", model: "by a model" });
const FLAGS = /** @type {Record<string, string>} */ ({ 1: "picked", "-1": "rejected" });
const starsInWords = (/** @type {number} */ count) => `${count} star${count === 1 ? "" : "s"}`;

/** What the marks of a picture say, each with who gave it. @param {Marks} marks @returns {string[]} */
export function wordsOf(marks) {
  const told = { stars: marks.stars ? starsInWords(marks.stars) : "", label: marks.label && `label ${marks.label}`, flag: FLAGS[marks.flag] ?? "" };
  return Object.entries(told).filter(([, words]) => words).map(([name, words]) => (marks.origins[name] === "here" ? words : `${words} (${ORIGINS[marks.origins[name]]})`));
}

/** What another program says otherwise. @param {Marks} marks */
export function differsElsewhere(marks) {
  const { stars, label, flag } = marks.elsewhere;
  const told = [stars && stars !== marks.stars ? starsInWords(stars) : "", label && label !== marks.label ? `label ${label}` : "", flag && flag !== marks.flag ? FLAGS[flag] : ""];
  return told.filter(Boolean).join(", ");
}

/** The marks of a picture as small signs; nothing without any. @param {Marks} marks @param {boolean} [told] whether the name of the element around it tells them @returns {Node[]} */
export function badge(marks, told = false) {
  const words = wordsOf(marks);
  if (!words.length) return [];
  const sign = (/** @type {string} */ kind, /** @type {string} */ text) => element("span", { class: kind, "data-sign": text }); // drawn by the style: no text of the element around it
  const parts = [];
  if (marks.flag) parts.push(sign(marks.flag > 0 ? "flagged" : "flagged refused", marks.flag > 0 ? "⚑" : "✕"));
  if (marks.stars) parts.push(sign(`stars ${marks.origins.stars}`, "★".repeat(marks.stars)));
  if (marks.label) parts.push(sign(`colour ${COLOURS[marks.label.toLowerCase()] ?? "other"}`, marks.label));
  return [element("span", { class: "marks", title: words.join(", "), ...(told ? { "aria-hidden": true } : { role: "img", "aria-label": words.join(", ") }) }, ...parts)];
}

/** What a key or a list changes; the same label again takes it away. @param {string} act @param {Event} event @param {Marks} marks @returns {Change} */
export function changeOf(act, event, marks) {
  if (act === "picked") return { flag: 1 };
  if (act === "refused") return { flag: -1 };
  if (act === "unflag") return { flag: 0 };
  const key = event instanceof KeyboardEvent ? event.key : "0";
  if (act === "star") return { stars: Number(key) };
  const label = LABELS[key] ?? "";
  return { label: marks.label === label && marks.origins.label === "here" ? "" : label };
}

/** The body that saves a change; the picture has it at once. @param {Picture} image @param {string} group @param {Change} change */
export function marked(image, group, change) {
  const before = image.marks, mark_id = crypto.randomUUID();
  const origins = { ...before.origins, ...Object.fromEntries(Object.keys(change).map((name) => [name, "here"])) };
  image.marks = { ...before, ...change, id: mark_id, origins };
  return { project, mark_id, photo_id: image.id, group_id: group, stars: null, label: null, flag: null, ...change, seen: before.id };
}

/** The lists of the loupe change the marks of its picture. @param {(change: Change) => void} change */
export function offerMarks(change) {
  for (const list of document.querySelectorAll("#loupe-marks select")) list.addEventListener("change", () => {
    const { name, value } = /** @type {HTMLSelectElement} */ (list);
    change({ [name]: name === "label" ? value : Number(value) });
    /** @type {HTMLElement} */ (list).blur(); // else keys would change the list
  });
}

/** The lists show the marks of the picture. @param {Marks} marks */
export function showMarks(marks) {
  for (const name of /** @type {const} */ (["stars", "label", "flag"])) {
    const list = /** @type {HTMLSelectElement} */ (at(`loupe-${name}`)), value = String(marks[name]);
    if (![...list.options].some((o) => o.value === value)) list.append(element("option", { value }, value)); // a label of another program
    list.value = value;
  }
}
