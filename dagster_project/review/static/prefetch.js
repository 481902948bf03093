// @ts-check
// Previews of the sets around the one that is shown, decoded before they are needed.
import { picture } from "./common.js";

/** @type {Map<string, HTMLImageElement>} */
const ready = new Map();

/** Keep the previews of these pictures, and no others. @param {import("./review_state.js").Picture[]} images */
export function keepReady(images) {
  const wanted = new Set(images.map((image) => picture(image, "preview")));
  for (const url of wanted)
    if (!ready.has(url)) {
      const loaded = new Image();
      loaded.src = url;
      loaded.decode().catch(() => undefined);
      ready.set(url, loaded);
    }
  for (const url of ready.keys()) if (!wanted.has(url)) ready.delete(url);
}
