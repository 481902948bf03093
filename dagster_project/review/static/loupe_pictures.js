// @ts-check
// Pictures of the loupe before they are needed: previews of the neighbours, and originals as bitmaps.
import { picture } from "./common.js";

/** @typedef {import("./review_state.js").Picture} Picture */

const NEAR = 3; // previews to each side
const MOST_PIXELS = 80e6; // of bitmaps in memory; the bitmap on the screen is one of them in any case
const REST_MS = 300; // an original is decoded once the walk has rested; it would slow the next step

const HAND = window.matchMedia("(pointer: coarse)"); // phones load an original when it is asked for
/** @type {Map<string, HTMLImageElement>} */
const previews = new Map();
/** @typedef {{image: Picture, stop: AbortController, ready: Promise<ImageBitmap | null>, bitmap: ImageBitmap | null}} Exact */
/** @type {Map<string, Exact>} */
const exacts = new Map();
let resting = 0;

/** The preview of a picture, loaded or on its way. @param {Picture} image */
export function preview(image) {
  const url = picture(image, "preview");
  const known = previews.get(url);
  if (known) return known;
  const made = new Image();
  made.decoding = "sync"; // painted with the step, not after it
  made.src = url;
  made.decode().catch(() => undefined);
  previews.set(url, made);
  return made;
}

/** The original of a picture if it is there already. @param {Picture} image */
export const original = (image) => exacts.get(image.id)?.bitmap ?? null;

/** The original of a picture, or its preview where the browser cannot show that; null if neither can be had. @param {Picture} image */
export function exact(image) {
  const known = exacts.get(image.id);
  if (known) return known;
  const stop = new AbortController();
  /** @type {Exact} */
  const made = { image, stop, bitmap: null, ready: bitmapOf(image, stop.signal) };
  made.ready = made.ready.then((bitmap) => {
    if (bitmap && stop.signal.aborted) { bitmap.close(); return null; }
    return (made.bitmap = bitmap);
  });
  exacts.set(image.id, made);
  return made;
}

async function bitmapOf(/** @type {Picture} */ image, /** @type {AbortSignal} */ signal) {
  for (const size of ["full", "preview"]) {
    try {
      const answer = await fetch(picture(image, size), { signal });
      if (answer.ok) return await createImageBitmap(await answer.blob());
    } catch { if (signal.aborted) return null; } // the preview is tried next
  }
  return null;
}

/**
 * Keep what is near, and forget the rest.
 * @param {Picture[]} images @param {number} at the one that is shown @param {boolean} exactly whether originals are shown now
 * @param {() => void} arrived called when the original of the one that is shown is there
 */
export function keepNear(images, at, exactly, arrived) {
  const near = images.slice(Math.max(0, at - NEAR), at + NEAR + 1);
  const urls = new Set(near.map((i) => picture(i, "preview")));
  near.forEach(preview);
  for (const url of previews.keys()) if (!urls.has(url)) previews.delete(url);
  const wanted = originals(images, at, exactly);
  for (const [id, one] of exacts) if (!wanted.some((i) => i.id === id)) forget(id, one);
  window.clearTimeout(resting);
  const decode = async () => {
    for (const [k, image] of wanted.entries()) {
      const shown = await exact(image).ready;
      if (k === 0 && shown) arrived();
      if (exacts.get(wanted[0].id)?.stop.signal.aborted !== false) return; // the walk went on
    }
  };
  if (exactly) decode();
  else if (!HAND.matches) resting = window.setTimeout(decode, REST_MS);
}

/** The one that is shown; at 100 % also the next and the one before, as far as they fit into memory. @param {Picture[]} images @param {number} at @param {boolean} exactly */
function originals(images, at, exactly) {
  let pixels = 0;
  return (exactly ? [at, at + 1, at - 1] : [at]).map((k) => images[k]).filter((image, k) => {
    if (!image) return false;
    pixels += image.width * image.height;
    return k === 0 || pixels <= MOST_PIXELS;
  });
}

function forget(/** @type {string} */ id, /** @type {Exact} */ one) {
  one.stop.abort();
  one.bitmap?.close();
  exacts.delete(id);
}

/** Let go of all memory. */
export function forgetAll() {
  window.clearTimeout(resting);
  for (const [id, one] of exacts) forget(id, one);
  previews.clear();
}
