// @ts-check
// The pictures of a set side by side, and the sets of a batch in small.
import { at, element, picture, standing } from "./common.js";
import { aim, columns, overlay, pan } from "./drawing.js";
import { shown } from "./loupe.js";
import { badge, wordsOf } from "./marks.js";
import { chosenOf, cropOf, marksOf, pickOf, state } from "./review_state.js";

/** @typedef {import("./review_state.js").ReviewSet} ReviewSet */
/** @typedef {import("./review_state.js").Picture} Picture */
/** @typedef {{pick: (set: ReviewSet, id: string) => void, look: (id: string) => void, open: (place: number) => void}} Acts */

const THUMBS = 8; // of one set on the batch page; the chosen picture is among them
const DOUBLE_MS = 280; // a click waits as long for a second one: two are the loupe
/** @type {{timer: number, run: () => void} | null} */
let clicked = null;

/** What was clicked is done now: the next key or click comes after it. */
export function settle() {
  const waiting = clicked;
  clicked = null;
  if (!waiting) return;
  window.clearTimeout(waiting.timer);
  waiting.run();
}

export function drawSet(/** @type {ReviewSet} */ set, /** @type {Acts} */ acts) {
  const images = at("images");
  const all = state.pinned ? [state.pinned, ...set.images] : set.images;
  images.style.gridTemplateColumns = `repeat(${columns(all, images.clientWidth, images.clientHeight)}, 1fr)`;
  images.className = `images${state.zoom ? " zoom" : ""}`;
  images.replaceChildren(...all.map((image, k) => figure(set, image, state.pinned ? k : k + 1, state.pinned !== null && k === 0, acts)));
}

function figure(/** @type {ReviewSet} */ set, /** @type {Picture} */ image, /** @type {number} */ number, /** @type {boolean} */ pinned, /** @type {Acts} */ acts) {
  const chosen = chosenOf(set), pick = !pinned && image.id === pickOf(set);
  const url = picture(image, state.zoom ? "full" : "preview");
  const words = [...(pinned ? [] : marksOf(set, image).words), ...wordsOf(image.marks)];
  const shown = element("img", { src: url, alt: [image.file_name, `picture ${pinned ? "pinned" : number} of ${set.images.length}`, ...words].join(", "), draggable: false });
  const eyes = image.zoom_to;
  if (state.zoom && eyes) shown.addEventListener("load", () => aim(/** @type {HTMLImageElement} */ (shown), eyes));
  const frame = element("div", { class: "frame" }, shown);
  const crop = !pinned && image.id === chosen && state.overlay && !state.zoom ? cropOf(set, chosen) : null;
  if (crop) frame.append(overlay(image, crop));
  const caption = element("figcaption", {},
    element("b", {}, pinned ? "pinned" : String(number)), ...badge(image.marks), element("span", {}, image.stage === null ? image.file_name : `stage ${image.stage} ${image.stage_label ?? ""}`),
    element("span", {}, `${image.width} × ${image.height}`));
  if (pick) caption.append(element("span", { class: "badge" }, "AI Pick"));
  const marks = [pick ? "pick" : "", !pick && image.id === chosen ? "chosen" : "", pinned ? "pinned" : "", state.marked === image.id ? "marked" : ""];
  const made = element("figure", { class: marks.filter(Boolean).join(" "), title: image.file_name }, frame, caption);
  made.dataset.id = image.id;
  if (!pinned) {
    made.append(element("button", { type: "button", class: "look", "aria-label": `Look at picture ${number} large`, onclick: (/** @type {Event} */ event) => { event.stopPropagation(); acts.look(image.id); } }, "⤢"));
    hand(made, set, image.id, acts);
  }
  made.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => { if (state.zoom) pan(made, event); });
  return made;
}

/** A click chooses, two open the loupe; a tap of a finger only looks. */
function hand(/** @type {HTMLElement} */ made, /** @type {ReviewSet} */ set, /** @type {string} */ id, /** @type {Acts} */ acts) {
  let touched = false;
  made.addEventListener("pointerdown", (event) => { touched = event.pointerType === "touch"; });
  made.addEventListener("click", (event) => {
    if (event.detail > 1 && clicked) {
      window.clearTimeout(clicked.timer);
      clicked = null;
      return acts.look(id);
    }
    settle();
    if (touched) return acts.look(id);
    if (state.zoom) return;
    const run = () => acts.pick(set, id);
    clicked = { run, timer: window.setTimeout(settle, DOUBLE_MS) };
  });
}

/** The picture that keys are about: the one in the loupe, the marked one, the one under the pointer, else the chosen one. */
export function meant(/** @type {ReviewSet} */ set) {
  const under = document.querySelector("figure:hover");
  return shown()?.id ?? state.marked ?? (under instanceof HTMLElement ? under.dataset.id ?? null : null) ?? chosenOf(set);
}

/** Mark a picture for the next key. @param {string} id */
export function markFigure(id) {
  state.marked = id;
  for (const figure of document.querySelectorAll("figure")) figure.classList.toggle("marked", figure.dataset.id === id);
  document.querySelector("figure.marked")?.scrollIntoView({ block: "nearest" });
}

export function drawGrid(/** @type {Acts} */ acts) {
  const batch = [...state.sets.values()].filter((s) => s.place >= state.start && s.place < state.start + state.size).sort((a, b) => a.place - b.place);
  at("set-title").textContent = `Batch: sets ${state.start + 1} to ${state.start + batch.length}`;
  const images = at("images");
  images.className = "images sets";
  images.style.gridTemplateColumns = "";
  images.replaceChildren(...batch.map((set) => {
    const some = set.images.filter((i, k) => set.images.length <= THUMBS || k < THUMBS - 1 || i.id === chosenOf(set)).slice(-THUMBS);
    const shown = some.map((i) => element("img", { src: picture(i, "thumb"), alt: i.file_name, class: i.id === chosenOf(set) ? "pick" : "" }));
    const open = element("button", { type: "button", onclick: () => acts.open(set.place) }, `Set ${set.place + 1}: ${standing(set)}${some.length < set.images.length ? `, ${set.images.length} pictures` : ""}`);
    return element("div", {}, element("div", { class: "thumbs" }, ...shown), open);
  }));
}
