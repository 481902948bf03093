// @ts-check
// The info panel of the loupe: what the camera wrote, the histogram, measurements beside those of the set, the suggestion.
import { at, element, get, project, tell } from "./common.js";
import { drawHistogram } from "./histogram.js";
import { badge, differsElsewhere, wordsOf } from "./marks.js";

/** @typedef {{id: string, camera: string | null, lens: string | null, exposure: string | null, iso: string | null, taken: string | null, sharpness: number, exposure_ev: number, noise: number}} Facts */
/** @typedef {import("./review_state.js").Picture} Picture */

const MOST = 24; // pictures in one request
const UNKNOWN = "unknown";
const STOPS = 3; // an exposure bar begins this far below middle grey
/** @type {Map<string, Facts>} */
const known = new Map();
let number = 0;

/** @type {[string, (f: Facts) => number, (f: Facts) => string, string][]} */
const BARS = [
  ["Sharpness", (f) => f.sharpness, (f) => f.sharpness.toFixed(2), "Log of the variance of fine detail at analysis size; more is sharper"],
  ["Exposure", (f) => f.exposure_ev + STOPS, (f) => `${f.exposure_ev > 0 ? "+" : "−"}${Math.abs(f.exposure_ev).toFixed(1)} EV`, "Mean light in stops from middle grey"],
  ["Noise", (f) => f.noise, (f) => `${(100 * f.noise).toFixed(1)} %`, "Standard deviation of the noise, in parts of black to white; less is cleaner"],
];

/** @param {HTMLElement} place @param {import("./loupe.js").View} view @param {Picture} image @param {HTMLImageElement} large its preview */
export async function drawInfo(place, view, image, large) {
  const own = ++number;
  const first = Math.max(0, Math.min(view.images.indexOf(image) - MOST / 2, view.images.length - MOST));
  const compared = view.together ? view.images.slice(first, first + MOST) : [image];
  const wanted = compared.filter((i) => !known.has(i.id)).map((i) => i.id);
  if (wanted.length) {
    const found = await get("/api/pictures", { project, ids: wanted.join(",") }).catch((e) => { tell(e.message); return null; });
    for (const facts of found?.pictures ?? []) known.set(facts.id, facts);
  }
  await large.decode().catch(() => undefined);
  if (own !== number) return; // another picture is shown by now
  const facts = known.get(image.id);
  const canvas = element("canvas", { width: 256, height: 100, class: "histogram", role: "img" });
  const clipped = drawHistogram(canvas, large);
  canvas.setAttribute("aria-label", `Histogram. ${clipped}`);
  place.replaceChildren(
    element("h2", {}, image.file_name), element("p", {}, exifLine(facts)), element("p", {}, `${image.width} × ${image.height} px`), ...marksOf(image.marks),
    element("h2", {}, "Histogram"), canvas, element("p", {}, element("small", {}, clipped)),
    ...(facts ? [barsOf(view, compared, image)] : [element("p", {}, `Measurements: ${UNKNOWN}`)]),
    ...view.about());
}

/** Stars, label and flag with who gave them, and what another program says otherwise. */
function marksOf(/** @type {import("./marks.js").Marks} */ marks) {
  const words = wordsOf(marks), other = differsElsewhere(marks);
  return [element("p", {}, ...badge(marks), words.length ? ` ${words.join(", ")}` : "No stars, label or flag"),
    ...(other ? [element("p", { class: "flag" }, `Another program says: ${other}.`)] : [])];
}

/** Camera, lens, exposure, ISO and date; what the file does not say is unknown. */
function exifLine(/** @type {Facts | undefined} */ facts) {
  const parts = { camera: facts?.camera, lens: facts?.lens, exposure: facts?.exposure, ISO: facts?.iso, date: facts?.taken };
  if (Object.values(parts).every((value) => !value)) return `Camera, lens, exposure, ISO and date: ${UNKNOWN}`;
  return Object.entries(parts).map(([name, value]) => value || `${name} ${UNKNOWN}`).join(" · ");
}

function barsOf(/** @type {import("./loupe.js").View} */ view, /** @type {Picture[]} */ compared, /** @type {Picture} */ image) {
  const rows = compared.filter((i) => known.has(i.id));
  const head = element("tr", {}, element("th", { scope: "col" }, "Picture"), ...BARS.map(([name, , , told]) => element("th", { scope: "col", title: told }, name)));
  const most = BARS.map(([, value]) => Math.max(...rows.map((i) => value(/** @type {Facts} */ (known.get(i.id)))), 1e-6));
  const lines = rows.map((i) => {
    const facts = /** @type {Facts} */ (known.get(i.id)), place = view.images.indexOf(i) + 1;
    const line = element("tr", {}, element("th", { scope: "row" }, String(place)), ...BARS.map(([name, value, told], k) =>
      element("td", {}, ...(view.together ? [element("meter", { min: 0, max: most[k], value: Math.max(0, value(facts)), "aria-label": `${name} of picture ${place}` })] : []), told(facts))));
    if (i === image) line.setAttribute("aria-current", "true");
    return line;
  });
  return element("table", { class: "measured" }, element("caption", {}, view.together ? "Compared with the others" : "Measured"), element("thead", {}, head), element("tbody", {}, ...lines));
}
