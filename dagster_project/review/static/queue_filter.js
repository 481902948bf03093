// @ts-check
// Which sets the review goes through: all, or those that the filter lets through.
import { at, element, get, project } from "./common.js";

const NAMES = ["stars", "label", "state"];
/** Places of the sets, ascending; null for all. @type {number[] | null} */
let places = null;

const values = () => Object.fromEntries(NAMES.map((name) => [name, at(`filter-${name}`).value]));

/** The place after or before one, as far as the filter lets through; that place itself at the end. @param {number} place @param {number} way 1 or -1 */
export function further(place, way) {
  if (!places) return place + way;
  const found = way > 0 ? places.find((p) => p > place) : places.findLast((p) => p < place);
  return found ?? place;
}

/** The first place from one on that the filter lets through. @param {number} place */
export const nearest = (place) => (places ? places.find((p) => p >= place) ?? places.at(-1) ?? place : place);

/** How many sets the filter lets through, in words. */
export const filterInWords = () => (places ? ` · ${places.length} of them shown` : "");

async function ask() {
  const wanted = values();
  const found = await get("/api/automation/places", { project, ...wanted });
  places = Object.values(wanted).some(Boolean) ? found.places : null;
  const list = at("filter-label"), there = [...list.options].map((o) => o.value);
  list.append(...found.labels.filter((/** @type {string} */ l) => !there.includes(l)).map((/** @type {string} */ l) => element("option", { value: l }, l)));
  at("filter-none").hidden = !places || places.length > 0;
  return found;
}

/** Read the filter from the address, and follow its lists. @param {(asked: Promise<any>) => void} changed gets what the next key waits for */
export function offerFilter(changed) {
  const query = new URLSearchParams(location.search);
  for (const name of NAMES) at(`filter-${name}`).value = query.get(name) ?? "";
  for (const name of NAMES) at(`filter-${name}`).addEventListener("change", () => {
    const words = new URLSearchParams(Object.entries(values()).filter(([, value]) => value));
    history.replaceState(history.state, "", `${location.pathname}${words.size ? `?${words}` : ""}`);
    at(`filter-${name}`).blur(); // else keys would change the list
    changed(ask());
  });
  return ask();
}
