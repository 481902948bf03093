// @ts-check
// From a key to the name of its act, by the one table that the page brings along.

/** @typedef {{act: string, keys: string[], shown: string, does: string, shift: boolean | null, ctrl: boolean, profile: string | null}} Key */

/** @type {Key[]} */
const table = JSON.parse(document.getElementById("keys-data")?.textContent ?? "[]");

const PLACE = "proofsheet-keys";
export const profile = () => localStorage.getItem(PLACE) ?? "proofsheet";

/** The other keys from now on; what was changed, in words. */
export function changeProfile() {
  localStorage.setItem(PLACE, profile() === "lightroom" ? "proofsheet" : "lightroom");
  return profile() === "lightroom" ? "Lightroom keys: 0–5 stars, 6–9 labels, P X U flags. M changes back." : "Proofsheet keys: digits choose a picture. M changes to stars and labels.";
}

/** @param {EventTarget | null} target */
const typing = (target) =>
  target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));

/**
 * The act of a key; null while typing, on repeat, with other modifiers and on a focused button that Enter or Space presses.
 * @param {KeyboardEvent} event
 */
export function actOf(event) {
  if (event.repeat || event.altKey || typing(event.target)) return null;
  const key = event.key.toLowerCase();
  const ctrl = event.ctrlKey || event.metaKey;
  if ((key === " " || (key === "enter" && !event.shiftKey)) && event.target instanceof HTMLButtonElement) return null;
  const found = table.find((k) => k.keys.includes(key) && (k.profile === null || k.profile === profile()) && k.ctrl === ctrl && (k.shift === null || k.shift === event.shiftKey));
  return found ? found.act : null;
}
