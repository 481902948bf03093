// @ts-check
// All sets of a project, filtered; approval of many at once.
import { at, decision, element, get, percent, picture, post, project, standing, tell } from "./common.js";

const SIZE = 100;
const LOW = 0.7;
/** @type {any[]} */
let sets = [];
let filter = "all";
let total = 0;

/** @type {Record<string, (set: any) => boolean>} */
const filters = {
  all: () => true,
  open: (s) => !decision(s) && !s.history,
  low: (s) => !s.hidden && (s.step1_selection.confidence === null || s.step1_selection.confidence < LOW),
  anomaly: (s) => !s.hidden && s.step1_selection.anomaly,
  overridden: (s) => s.verdict?.action === "overridden",
  skipped: (s) => standing(s) === "skipped",
  history: (s) => standing(s) === "by history",
  audit: (s) => s.audit,
};

async function load() {
  const found = await get("/api/automation/load_batch", { project, size: SIZE, start: sets.length });
  total = found.progress.total;
  if (sets.length < total) sets = [...sets, ...found.sets];
  if (sets.length < total && filter !== "all") return load();
  draw();
}

function draw() {
  const shown = sets.filter(filters[filter]);
  at("sets-count").textContent = `${shown.length} of ${total} sets${filter === "low" ? `, below ${100 * LOW} % or not calibrated` : ""}`;
  at("more").hidden = sets.length >= total;
  at("sets").replaceChildren(...shown.map(one));
}

function one(/** @type {any} */ set) {
  const made = decision(set);
  const pick = made ? made.choice : set.history ?? set.step1_selection?.chosen;
  const thumbs = set.images.map((/** @type {any} */ i) => element("img", { src: picture(i, "thumb"), alt: i.file_name, loading: "lazy", class: i.id === pick ? "pick" : "" }));
  const step = set.step1_selection;
  const told = set.hidden ? "blind audit" : percent(step.confidence) + (step.confidence_kind.startsWith("technical") ? " technical" : "");
  return element("li", {}, element("div", { class: "thumbs" }, ...thumbs),
    element("a", { href: `/p/${project}/review?set=${set.place}` }, `Set ${set.place + 1}`), ` ${standing(set)} · ${told}`,
    ...(set.note && !made ? [element("div", { class: "flag" }, set.note)] : []),
    ...(set.hidden ? [] : set.step1_selection.flags.map((/** @type {string} */ f) => element("div", { class: "flag" }, f))));
}

for (const button of document.querySelectorAll("[data-filter]"))
  button.addEventListener("click", () => {
    filter = /** @type {HTMLElement} */ (button).dataset.filter ?? "all";
    for (const other of document.querySelectorAll("[data-filter]")) other.setAttribute("aria-pressed", String(other === button));
    sets.length < total && filter !== "all" ? load() : draw();
  });
at("more").addEventListener("click", () => load().catch((e) => tell(e.message)));
at("bulk").addEventListener("submit", async (/** @type {Event} */ event) => {
  event.preventDefault();
  try {
    const found = await post("/api/automation/approve_above", { project, bulk_id: crypto.randomUUID(), least: Number(at("least").value), technical: at("technical").checked });
    tell(`${found.approved} sets approved; one undo on the review page takes all of them back.`);
    sets = [];
    await load();
  } catch (error) { tell(/** @type {Error} */ (error).message); }
});
load().catch((e) => tell(e.message));
