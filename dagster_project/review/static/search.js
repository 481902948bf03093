// @ts-check
// The search box of a project: photos by words, by label, or like another photo; `/` goes to it.
import { at, element, get, picture, project, tell } from "./common.js";
import { actOf } from "./keys.js";

/** @typedef {{id: string, mark: string, path: string, score: number, why: string, by: string}} Found */
/** @typedef {Found & {place: number | null}} Hit its set, if it is in one */

const ASKED = ["text", "label", "like"];
let number = 0;

/** @param {Hit} hit */
function one(hit) {
  const whole = hit.place === null ? picture(hit, "preview") : `/p/${project}/review?set=${hit.place}`;
  const where = hit.place === null ? "single" : `set ${hit.place + 1}`;
  const image = element("img", { src: picture(hit, "thumb"), alt: hit.path, loading: "lazy" });
  return element("li", {}, element("a", { href: whole, class: "thumbs" }, image),
    element("div", {}, element("strong", {}, hit.score.toFixed(2)), ` ${hit.path}`),
    element("small", {}, `${where} · ${hit.why}${hit.by ? ` (${hit.by})` : ""}`),
    element("div", {}, element("button", { type: "button", onclick: () => ask("like", hit.id) }, "Similar")));
}

/** Show the photos of a question, and keep it in the address. @param {string} asked @param {string} words */
async function ask(asked, words) {
  const own = ++number;
  const found = await get("/api/search", { project, [asked]: words })
    .catch((e) => { tell(e.message); return null; });
  if (!found || own !== number) return; // a later question was faster
  history.replaceState(null, "", `?${new URLSearchParams({ [asked]: words })}`);
  if (asked === "like") at("search-words").value = "";
  const told = `${asked === "like" ? "like" : "for"} ${found.query}`;
  at("search-told").textContent = `${found.hits.length} of ${found.searched} photos ${told}`;
  const notes = found.notes.map((/** @type {string} */ note) => element("small", {}, note));
  at("search-notes").replaceChildren(...notes);
  at("found").replaceChildren(...found.hits.map(one));
  show(true);
}

/** @param {boolean} searching */
function show(searching) {
  at("results").hidden = !searching;
  at("all-sets").hidden = searching;
}

at("search").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  ask(at("search-kind").value, at("search-words").value);
});
at("search-end").addEventListener("click", () => {
  number++;
  history.replaceState(null, "", location.pathname);
  show(false);
});
document.addEventListener("keydown", (event) => {
  if (actOf(event) !== "search") return;
  event.preventDefault();
  at("search-words").focus();
});

const query = new URLSearchParams(location.search);
const asked = ASKED.find((name) => query.has(name));
if (asked) {
  if (asked !== "like") { at("search-kind").value = asked; at("search-words").value = query.get(asked); }
  ask(asked, query.get(asked) ?? "");
}
if (query.has("search")) at("search-words").focus();
