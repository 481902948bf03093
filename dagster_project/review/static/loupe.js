// @ts-check
// The loupe: one picture large, 100 % on a key, the others of its set in a filmstrip.
import { at, tell } from "./common.js";
import { overlay } from "./drawing.js";
import { entered, left } from "./loupe_back.js";
import { drawInfo } from "./loupe_info.js";
import { forgetAll, keepNear, original, preview } from "./loupe_pictures.js";
import { aimedAt, enlarged, exactScale, fitted, held } from "./loupe_place.js";
import { showMarks, wordsOf } from "./marks.js";
import { drawStrip, markStrip } from "./loupe_strip.js";

/** @typedef {import("./review_state.js").Picture} Picture */
/**
 * What the loupe walks through.
 * @typedef {object} View
 * @property {string} key changes with the set
 * @property {string} title of the set
 * @property {Picture[]} images
 * @property {number} total of the pictures; more than `images` while some are not loaded
 * @property {boolean} together whether they are compared: shown at one scale and measured beside each other
 * @property {() => void} [more] loads those that are not loaded
 * @property {(image: Picture) => {words: string[], mark: string}} marks the state of a picture
 * @property {(image: Picture) => number[] | null} crop
 * @property {() => void} back what a step back in the browser does: closes the loupe
 * @property {() => Node[]} about the suggestion, for the info panel
 */

const SHARP = 1.25; // a preview that is enlarged more than this is replaced by the original
const NEAR_END = 12; // pictures before the last loaded one; more are loaded
const PART = 0.25; // of the stage, for an arrow key
/** @type {View | null} */
let view = null;
let index = 0;
let zoomed = false;
let place = { x: 0.5, y: 0.5 };
/** @type {{x: number, y: number} | null} */
let pointer = null;
let informed = localStorage.getItem("proofsheet-loupe-info") === "yes";
let stageSize = { width: 0, height: 0 };

const ratio = () => window.devicePixelRatio || 1;
export const isOpen = () => view !== null;
export const shown = () => view?.images[index] ?? null;
export const shownKey = () => view?.key ?? null;
export const isZoomed = () => zoomed;

/** Open at a picture, or show what changed. @param {View} next @param {string | null} id null for the picture that is shown */
export function show(next, id = null) {
  const before = shown(), opening = !view, other = view?.key !== next.key;
  const wanted = next.images.findIndex((i) => i.id === (id ?? before?.id));
  view = next;
  index = wanted >= 0 ? wanted : other ? 0 : Math.min(index, next.images.length - 1);
  if (opening) {
    document.body.classList.add("looking");
    at("loupe").hidden = false;
    zoomed = false;
    entered(() => view?.back());
    measure();
    at("loupe-stage").focus({ preventScroll: true });
  }
  if (other) place = faceOf(next.images[index]);
  drawStrip(next, index, (k) => walkTo(k));
  draw();
}

/** Say what is awaited; no picture is shown meanwhile, and none can be decided. @param {string} told */
export function wait(told) {
  at("loupe-line").textContent = told;
  at("loupe-box").replaceChildren();
  at("loupe-exact").hidden = true;
}

/** Give the page back; the picture that was shown last. */
export function close() {
  const last = shown();
  left();
  view = null;
  pointer = null;
  forgetAll();
  at("loupe").hidden = true;
  document.body.classList.remove("looking");
  if (document.fullscreenElement) document.exitFullscreen().catch(() => undefined);
  return last;
}

/** The next picture, or the one before; whether there is one. @param {number} step */
export function walk(step) {
  if (!view) return false;
  const next = index + step;
  if (next >= 0 && next < view.images.length) { walkTo(next); return true; }
  return false;
}

function walkTo(/** @type {number} */ next) {
  if (!view) return;
  index = next;
  if (!markStrip(index)) drawStrip(view, index, walkTo);
  draw();
}

/** 100 % at the pointer, else at the eyes, else in the middle; again: the whole picture. @param {{x: number, y: number} | null} [point] on the stage */
export function zoom(point = pointer) {
  const image = shown();
  if (!image || !view) return;
  if (zoomed) zoomed = false;
  else {
    const scale = exactly(image);
    place = point ? aimedAt(point, fitted(image, stageSize), { width: image.width * scale, height: image.height * scale }, stageSize) : faceOf(image);
    zoomed = true;
  }
  draw();
}

/** Show or hide the info panel. @param {boolean} wanted */
export function inform(wanted = !informed) {
  informed = wanted;
  localStorage.setItem("proofsheet-loupe-info", informed ? "yes" : "no");
  draw();
}

export async function toggleFull() {
  if (document.fullscreenElement) await document.exitFullscreen();
  else if (document.documentElement.requestFullscreen) await document.documentElement.requestFullscreen();
  else tell("This browser has no full screen for pages.");
}

/** CSS pixels for a pixel of the picture at 100 %. */
const exactly = (/** @type {Picture} */ image) => exactScale(image, view?.together ? view.images : [image], ratio());
const faceOf = (/** @type {Picture | undefined} */ image) => ({ x: image?.zoom_to?.[0] ?? 0.5, y: image?.zoom_to?.[1] ?? 0.5 });

function draw() {
  const image = shown();
  if (!view || !image) return;
  const words = [...view.marks(image).words, ...wordsOf(image.marks)];
  showMarks(image.marks);
  at("loupe-line").textContent = [view.title, `${Math.min(index + 1, view.total)} of ${view.total}`, image.file_name, ...words].filter(Boolean).join(" · ");
  const large = preview(image);
  large.alt = `${image.file_name}, picture ${index + 1} of ${view.total}${words.length ? `, ${words.join(", ")}` : ""}`;
  large.draggable = false;
  large.onerror = () => missing(large.src);
  const crop = zoomed ? null : view.crop(image);
  at("loupe-box").replaceChildren(large, ...(crop ? [overlay(image, crop)] : []));
  for (const [act, pressed] of Object.entries({ zoom: zoomed, info: informed }))
    document.querySelector(`#loupe [data-act=${act}]`)?.setAttribute("aria-pressed", String(pressed));
  for (const [act, there] of Object.entries({ left: index > 0, right: index < view.images.length - 1 })) {
    const button = /** @type {HTMLButtonElement} */ (document.querySelector(`#loupe [data-act=${act}]`));
    button.disabled = !there;
  }
  at("loupe-info").hidden = !informed;
  if (informed) drawInfo(at("loupe-info"), view, image, large);
  keepNear(view.images, index, zoomed, paint);
  if (index >= view.images.length - NEAR_END && view.images.length < view.total) view.more?.();
  paint();
}

/** Lay the picture on the stage, and its original over it once that is decoded. */
function paint() {
  const image = shown();
  if (!view || !image) return;
  const box = zoomed ? enlarged(image, exactly(image), place, stageSize, ratio()) : fitted(image, stageSize);
  const holder = at("loupe-box"), over = at("loupe-exact");
  for (const side of /** @type {const} */ (["left", "top", "width", "height"])) holder.style[side] = `${box[side]}px`;
  at("loupe-stage").classList.toggle("zoomed", zoomed);
  const large = preview(image), blurred = zoomed || (large.naturalWidth > 0 && box.width * ratio() > large.naturalWidth * SHARP);
  const bitmap = blurred ? original(image) : null;
  over.hidden = !bitmap;
  if (bitmap) lay(over, bitmap, box);
  const percent = Math.round((100 * box.width * ratio()) / image.width);
  const poor = bitmap && zoomed && bitmap.width < image.width ? ", from the preview" : "";
  const larger = zoomed && percent > 100 ? ", as large as the largest picture" : "";
  at("loupe-scale").textContent = `${zoomed ? "" : "Fit, "}${percent} %${larger}${poor}`;
  performance.mark(bitmap ? "exact" : "shown");
}

function lay(/** @type {HTMLCanvasElement} */ over, /** @type {ImageBitmap} */ bitmap, /** @type {import("./loupe_place.js").Box} */ box) {
  const [wide, high] = [Math.round(stageSize.width * ratio()), Math.round(stageSize.height * ratio())];
  if (over.width !== wide || over.height !== high) { over.width = wide; over.height = high; }
  const pen = /** @type {CanvasRenderingContext2D} */ (over.getContext("2d"));
  pen.clearRect(0, 0, wide, high);
  const [left, top, width, height] = [box.left, box.top, box.width, box.height].map((v) => v * ratio());
  pen.imageSmoothingEnabled = Math.abs(width - bitmap.width) > 0.5;
  pen.imageSmoothingQuality = "high";
  const [x, y] = [Math.max(0, -left), Math.max(0, -top)];
  const [across, down] = [Math.min(width - x, wide), Math.min(height - y, high)];
  const [sx, sy] = [bitmap.width / width, bitmap.height / height];
  pen.drawImage(bitmap, x * sx, y * sy, across * sx, down * sy, Math.max(0, left), Math.max(0, top), across, down);
}

async function missing(/** @type {string} */ url) {
  const answer = await fetch(url).catch(() => null);
  tell(answer && !answer.ok ? (await answer.text()).trim() : "The picture cannot be shown: the server does not answer. Reload the page.");
}

function measure() {
  const { clientWidth: width, clientHeight: height } = at("loupe-stage");
  stageSize = { width, height };
}

/** Move what is shown at 100 %. @param {number} across CSS pixels @param {number} down */
export function pan(across, down) {
  const image = shown();
  if (!view || !image || !zoomed) return;
  const scale = exactly(image);
  const size = { width: image.width * scale, height: image.height * scale };
  const from = held(place, size, stageSize);
  place = held({ x: from.x + across / size.width, y: from.y + down / size.height }, size, stageSize);
  paint();
}

/** Move it by an arrow key, a part of the stage. @param {string} key */
export function panBy(key) {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  if (way) pan(way[0] * stageSize.width * PART, way[1] * stageSize.height * PART);
}

export const point = (/** @type {{x: number, y: number} | null} */ over) => { pointer = over; };

new ResizeObserver(() => { if (view) { measure(); paint(); } }).observe(at("loupe-stage"));
