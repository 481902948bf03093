// @ts-check
// What folders hold, said for many at once.
import { at, element, get, post, tell } from "./common.js";

const FIELDS = ["subject", "hints", "location"];

async function load() {
  const { sets } = await get("/api/intake");
  if (!sets.length) at("intake").textContent = "No project with pictures was run yet.";
  at("intake").replaceChildren(...sets.map((/** @type {any} */ set) => {
    const inputs = FIELDS.map((f) => element("label", {}, `${f} `, element("input", { value: set[f], name: f, "aria-label": `${f} of ${set.name} ${set.folder || "(the project folder)"}` })));
    const line = element("div", { class: "grid-form" }, element("span", {}, `${set.name} / ${set.folder || "."} (${set.photos})`), ...inputs);
    line.dataset.project = set.project;
    line.dataset.folder = set.folder;
    return line;
  }));
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
