// @ts-check
// Descriptions of many folders at once.
import { at, element, get, post, tell } from "./common.js";

const FIELDS = ["subject", "hints", "location"];

/**
 * What a model proposed, with the control that takes it over; nothing if it was confirmed already.
 * @param {any} set
 * @param {HTMLElement} label of the subject
 */
function suggestion(set, label) {
  if (!set.suggested || set.suggested === set.subject) return [];
  const take = element("button", { type: "button", "aria-label": `Take the suggested subject ${set.suggested} for ${set.name} ${set.folder || "(the project folder)"}` }, `Suggested: ${set.suggested}`);
  take.addEventListener("click", () => {
    const input = /** @type {HTMLInputElement} */ (label.querySelector("input"));
    input.value = set.suggested;
    input.focus();
  });
  return [take];
}

async function load() {
  const { sets, damaged } = await get("/api/intake");
  const none = sets.length || damaged.length ? [] : ["The library has no folder with pictures."];
  at("intake").replaceChildren(...none, ...sets.map((/** @type {any} */ set) => {
    const inputs = FIELDS.map((f) => element("label", {}, `${f} `, element("input", { value: set[f], name: f, "aria-label": `${f} of ${set.name} ${set.folder || "(the project folder)"}` })));
    const waits = set.has_run ? "" : ", no run yet";
    const title = element("span", {}, `${set.name} / ${set.folder || "."} (${set.photos}${waits})`);
    const line = element("div", { class: "grid-form" }, title, ...inputs, ...suggestion(set, inputs[0]));
    line.dataset.project = set.project;
    line.dataset.folder = set.folder;
    return line;
  }), ...damaged.map((/** @type {any} */ p) => element("p", {}, `${p.project}: ${p.problem} ${p.next_step}`)));
}

at("keep").addEventListener("click", async () => {
  /** @type {Map<string, object[]>} */
  const by = new Map();
  for (const line of document.querySelectorAll(".grid-form")) {
    const { project = "", folder = "" } = /** @type {HTMLElement} */ (line).dataset;
    const said = Object.fromEntries([...line.querySelectorAll("input")].map((i) => [i.name, i.value.trim()]));
    if (Object.values(said).some(Boolean)) by.set(project, [...(by.get(project) ?? []), { folder, ...said }]);
  }
  try {
    let count = 0;
    for (const [project, sets] of by) count += (await post("/api/intake", { project, sets })).noted;
    tell(`${count} folders noted; the next run uses them.`);
  } catch (error) { tell(/** @type {Error} */ (error).message); }
});
load().catch((e) => tell(e.message));
