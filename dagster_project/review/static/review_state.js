// @ts-check
// What the review shows, and the state of its sets.
import { at, decision } from "./common.js";

/** @typedef {{id: string, mark: string, file_name: string, stage: number | null, stage_label: string | null, width: number, height: number, zoom_to: number[] | null, marks: import("./marks.js").Marks}} Picture */
/** @typedef {{verdict_id: string, action: string, choice: string | null, crop: number[] | null, blind: boolean}} Verdict */
/** @typedef {{group_id: string, place: number, version: string, cause: string, keep_all: boolean, audit: boolean, hidden: boolean, applied: boolean, images: Picture[], step1_selection: any, step2_crop: any, history: string | null, note: string, verdict: Verdict | null}} ReviewSet */

export const state = {
  /** @type {Map<number, ReviewSet>} */ sets: new Map(),
  place: 0, start: 0, total: 0, size: Number(at("stage")?.dataset.batch),
  overlay: true, zoom: false, blind: false, grid: false,
  /** @type {Picture | null} */ pinned: null,
  /** The picture that the arrow keys marked. @type {string | null} */ marked: null,
  /** @type {Map<string, number[] | null>} */ crops: new Map(),
  shownAt: 0,
  /** @type {any} */ progress: null,
};

export const now = () => state.sets.get(state.place);
export const hides = (/** @type {ReviewSet} */ set) => set.hidden || (state.blind && !set.verdict);
export const pickOf = (/** @type {ReviewSet} */ set) => (hides(set) ? null : set.step1_selection?.chosen ?? null);
export const chosenOf = (/** @type {ReviewSet} */ set) => { const made = decision(set); return made ? made.choice : set.history ?? pickOf(set); };

/** The cut as it would be saved: edited, decided, or proposed. */
export function cropOf(/** @type {ReviewSet} */ set, /** @type {string | null} */ choice) {
  const edited = state.crops.get(set.group_id);
  if (edited !== undefined) return edited;
  if (set.verdict && set.verdict.choice === choice) return set.verdict.crop;
  return !hides(set) && choice === set.step1_selection?.chosen ? set.step2_crop?.crop_coords ?? null : null;
}

/** The state of a picture of a set: as words, and as the class of its border. @returns {{words: string[], mark: string}} */
export function marksOf(/** @type {ReviewSet} */ set, /** @type {Picture} */ image) {
  const made = decision(set), suggested = image.id === pickOf(set);
  const words = suggested ? ["suggested"] : [];
  if (made?.action === "rejected") return { words: [...words, "set rejected: all stay"], mark: "refused" };
  if (made || set.history) words.push(image.id === chosenOf(set) ? "chosen" : "not chosen");
  else if (set.verdict) words.push("set skipped");
  const chosen = Boolean(made || set.history) && image.id === chosenOf(set);
  return { words, mark: chosen ? (suggested ? "pick" : "chosen") : made || set.history ? "refused" : suggested ? "pick" : "" };
}
