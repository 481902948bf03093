// @ts-check
// The review: one set at a time, one key a decision.
import { asWord, at, decision, element, get, picture, post, project, standing, tell } from "./common.js";
import { editCrop } from "./crop.js";
import { aim, columns, overlay, pan, panelOf } from "./drawing.js";
import { actOf } from "./keys.js";
import { Outbox } from "./outbox.js";

/** @typedef {{id: string, mark: string, file_name: string, stage: number | null, stage_label: string | null, width: number, height: number, zoom_to: number[] | null}} Image */
/** @typedef {{verdict_id: string, action: string, choice: string | null, crop: number[] | null, blind: boolean}} Verdict */
/** @typedef {{group_id: string, place: number, version: string, cause: string, keep_all: boolean, audit: boolean, hidden: boolean, applied: boolean, images: Image[], step1_selection: any, step2_crop: any, history: string | null, note: string, verdict: Verdict | null}} ReviewSet */

const AHEAD = 2;
const THUMBS = 8; // of one set on the batch page; the chosen picture is among them
const SIZE = Number(at("stage").dataset.batch);
const ADVANCES = at("stage").dataset.advance === "true";
const state = {
  /** @type {Map<number, ReviewSet>} */ sets: new Map(),
  place: 0, start: 0, total: 0,
  overlay: true, zoom: false, blind: false, grid: false,
  /** @type {Image | null} */ pinned: null,
  /** @type {Map<string, number[] | null>} */ crops: new Map(),
  shownAt: 0,
  /** @type {any} */ progress: null,
};
/** Batches come one after another. @type {Promise<any>} */
let loading = Promise.resolve();
/** Settles when the set that is gone to is there, or cannot be had. @type {Promise<any>} */
let arrived = Promise.resolve();
/** @type {Map<string, HTMLImageElement>} */
const ready = new Map();

const now = () => state.sets.get(state.place);
const hides = (/** @type {ReviewSet} */ set) => set.hidden || (state.blind && !set.verdict);
const pickOf = (/** @type {ReviewSet} */ set) => (hides(set) ? null : set.step1_selection?.chosen ?? null);
const chosenOf = (/** @type {ReviewSet} */ set) => { const made = decision(set); return made ? made.choice : set.history ?? pickOf(set); };

/** The cut as it would be saved: edited, decided, or proposed. */
function cropOf(/** @type {ReviewSet} */ set, /** @type {string | null} */ choice) {
  const edited = state.crops.get(set.group_id);
  if (edited !== undefined) return edited;
  if (set.verdict && set.verdict.choice === choice) return set.verdict.crop;
  return !hides(set) && choice === set.step1_selection?.chosen ? set.step2_crop?.crop_coords ?? null : null;
}

const outbox = new Outbox(`proofsheet-outbox-${project}`, {
  saved: (answer) => {
    keep(answer.set);
    progressed(answer.progress);
    if (answer.set.place === state.place) draw();
  },
  refused: async (verdict, problem) => {
    tell(problem.message);
    await load(Math.max(0, state.place - AHEAD));
    const back = [...state.sets.values()].find((s) => s.group_id === verdict.group_id);
    if (back) go(back.place);
  },
  waiting: (count) => { if (count) tell(`${count} decisions are not saved yet: the server does not answer. They are tried again.`); },
});

function keep(/** @type {ReviewSet} */ set) {
  state.sets.set(set.place, set);
}

function progressed(/** @type {any} */ progress) {
  if (progress.number < (state.progress?.number ?? 0)) return; // a later one was faster
  state.progress = progress;
  state.total = progress.total;
  at("all-bar").max = progress.total || 1;
  at("all-bar").value = progress.decided;
  at("all-text").textContent = progress.text;
  const batch = [...state.sets.values()].filter((s) => s.place >= state.start && s.place < state.start + SIZE);
  const done = batch.filter((s) => decision(s) || s.history).length;
  at("batch-bar").max = batch.length || 1;
  at("batch-bar").value = done;
  at("batch-text").textContent = `${done}/${batch.length}`;
}

/**
 * Sets from a place on, after whatever is on its way.
 * @param {number | null} start null for the first open set
 * @param {number | null} [missing] the set it is for: nothing is asked if it came meanwhile
 */
function load(start, missing = null) {
  const found = loading.then(async () => {
    if (missing !== null && state.sets.has(missing)) return;
    const batch = await get("/api/automation/load_batch", { project, size: SIZE, ...(start === null ? {} : { start }) });
    const old = batch.number < (state.progress?.number ?? 0); // a decision was saved while this was on its way
    for (const set of batch.sets) if (!old || !state.sets.has(set.place)) keep(set);
    if (start === null) { state.start = batch.start; state.place = batch.start; }
    progressed(batch.progress);
  });
  loading = found.catch(() => undefined);
  return found;
}

function prefetch() {
  const wanted = new Set();
  for (let k = state.place - AHEAD; k <= state.place + AHEAD; k++)
    for (const image of state.sets.get(k)?.images ?? []) wanted.add(picture(image, "preview"));
  for (const url of wanted)
    if (!ready.has(url)) {
      const loaded = new Image();
      loaded.src = url;
      loaded.decode().catch(() => undefined);
      ready.set(url, loaded);
    }
  for (const url of ready.keys()) if (!wanted.has(url)) ready.delete(url);
}

async function go(/** @type {number} */ place) {
  if (!state.total) return draw();
  state.shownAt = performance.now();
  state.place = Math.max(0, Math.min(place, state.total - 1));
  if (state.place < state.start || state.place >= state.start + SIZE) state.start = Math.floor(state.place / SIZE) * SIZE;
  if (!now()) {
    arrived = load(Math.max(0, state.place - AHEAD), state.place).catch((e) => tell(e.message));
    draw();
    await arrived;
  }
  draw();
  prefetch();
  for (const near of [state.place + 2 * AHEAD, state.place - 2 * AHEAD])
    if (near >= 0 && near < state.total && !state.sets.has(near))
      load(Math.max(0, near - (near < state.place ? SIZE - 1 : 0)), near).then(prefetch, () => undefined);  // go asks again and reports it
}

function draw() {
  const set = now();
  const images = at("images");
  if (!set) {
    at("set-title").textContent = state.total ? `Set ${state.place + 1} of ${state.total} is not loaded yet.` : at("stage").dataset.empty ?? "";
    images.replaceChildren();
    at("panel").replaceChildren();
    return;
  }
  at("panel").hidden = state.grid;
  if (state.grid) return drawGrid();
  const chosen = chosenOf(set);
  const told = `${standing(set)}${set.applied ? ", applied" : ""}`;
  at("set-title").textContent = `Set ${set.place + 1} of ${state.total} · ${set.cause} · ${told}`;
  const shown = state.pinned ? [state.pinned, ...set.images] : set.images;
  images.style.gridTemplateColumns = `repeat(${columns(shown, images.clientWidth, images.clientHeight)}, 1fr)`;
  images.className = `images${state.zoom ? " zoom" : ""}`;
  images.replaceChildren(...shown.map((image, k) => figure(set, image, state.pinned ? k : k + 1, chosen, state.pinned !== null && k === 0)));
  at("panel").replaceChildren(...panelOf(set, hides(set)));
  performance.mark("drawn");
}

function figure(/** @type {ReviewSet} */ set, /** @type {Image} */ image, /** @type {number} */ number, /** @type {string | null} */ chosen, /** @type {boolean} */ pinned) {
  const pick = !pinned && image.id === pickOf(set);
  const url = picture(image, state.zoom ? "full" : "preview");
  const shown = element("img", { src: url, alt: `${image.file_name}, picture ${pinned ? "pinned" : number} of ${set.images.length}`, draggable: false });
  const eyes = image.zoom_to;
  if (state.zoom && eyes) shown.addEventListener("load", () => aim(/** @type {HTMLImageElement} */ (shown), eyes));
  const frame = element("div", { class: "frame" }, shown);
  const crop = !pinned && image.id === chosen && state.overlay && !state.zoom ? cropOf(set, chosen) : null;
  if (crop) frame.append(overlay(image, crop));
  const caption = element("figcaption", {},
    element("b", {}, pinned ? "pinned" : String(number)), element("span", {}, image.stage === null ? image.file_name : `stage ${image.stage} ${image.stage_label ?? ""}`),
    element("span", {}, `${image.width} × ${image.height}`));
  if (pick) caption.append(element("span", { class: "badge" }, "AI Pick"));
  const marks = [pick ? "pick" : "", !pick && image.id === chosen ? "chosen" : "", pinned ? "pinned" : ""];
  const made = element("figure", { class: marks.join(" ").trim(), title: image.file_name }, frame, caption);
  made.dataset.id = image.id;
  if (!pinned) made.addEventListener("click", () => { if (!state.zoom) decide("pick", image.id); });
  made.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => { if (state.zoom) pan(made, event); });
  return made;
}

function drawGrid() {
  const batch = [...state.sets.values()].filter((s) => s.place >= state.start && s.place < state.start + SIZE).sort((a, b) => a.place - b.place);
  at("set-title").textContent = `Batch: sets ${state.start + 1} to ${state.start + batch.length}`;
  const images = at("images");
  images.className = "images sets";
  images.style.gridTemplateColumns = "";
  images.replaceChildren(...batch.map((set) => {
    const some = set.images.filter((i, k) => set.images.length <= THUMBS || k < THUMBS - 1 || i.id === chosenOf(set)).slice(-THUMBS);
    const shown = some.map((i) => element("img", { src: picture(i, "thumb"), alt: i.file_name, class: i.id === chosenOf(set) ? "pick" : "" }));
    const open = element("button", { type: "button", onclick: () => { state.grid = false; go(set.place); } }, `Set ${set.place + 1}: ${standing(set)}${some.length < set.images.length ? `, ${set.images.length} pictures` : ""}`);
    return element("div", {}, element("div", { class: "thumbs" }, ...shown), open);
  }));
}

function decide(/** @type {string} */ action, /** @type {string | null} */ choice = null) {
  const set = now();
  if (!set) return tell("This set is not loaded yet. Go to another one, or load the page again.");
  if (state.grid) return;
  if (action === "approve" && hides(set)) return tell("The pick of this set is hidden: choose a picture by its number.");
  const chosen = action === "approve" ? set.step1_selection.chosen : choice;
  const verdict = {
    project, verdict_id: crypto.randomUUID(), group_id: set.group_id, version: set.version, action, choice: chosen,
    crop: chosen ? cropOf(set, chosen) : null, blind: hides(set), seconds: (performance.now() - state.shownAt) / 1000, seen: set.verdict?.verdict_id ?? null,
  };
  outbox.send(verdict);
  const kept = { approve: "approved", reject: "rejected", skip: "skipped", pick: chosen === set.step1_selection?.chosen ? "approved" : "overridden" }[action];
  set.verdict = { verdict_id: verdict.verdict_id, action: kept ?? action, choice: chosen, crop: verdict.crop, blind: verdict.blind };
  state.crops.delete(set.group_id);
  if (ADVANCES && state.place < state.total - 1) go(state.place + 1);
  else draw();
}

async function step(/** @type {string} */ act) {
  await outbox.idle();
  const found = await post("/api/automation/undo", { project, act, step_id: crypto.randomUUID() });
  progressed(found.progress);
  if (!found.group_id) return tell(act === "undo" ? "There is nothing to undo." : "There is nothing to give again.");
  await load(Math.max(0, (found.set?.place ?? state.place) - AHEAD));
  if (found.set) { keep(found.set); await go(found.set.place); }
}

async function submit() {
  await outbox.idle();
  const found = await post("/api/automation/submit_batch", { project, batch_id: crypto.randomUUID() });
  progressed(found.progress);
  tell(found.submitted ? `Submitted: ${found.files["approved_decisions.jsonl"]} sets are in approved_decisions.jsonl. Apply them with: proofsheet apply ${asWord(project)}` : "Nothing new to submit.");
}

async function edit() {
  const set = now();
  const chosen = set && chosenOf(set);
  const image = set?.images.find((i) => i.id === chosen);
  if (!set || !image) return tell("Pick a picture first: the crop is for the chosen picture.");
  const found = await editCrop(image, cropOf(set, image.id));
  if (found === undefined) return;
  state.crops.set(set.group_id, found);
  const made = decision(set);
  if (made) decide(made.choice === set.step1_selection?.chosen && !hides(set) ? "approve" : "pick", made.choice);
  else { draw(); tell("The crop is saved with your decision: press A to approve, or a number."); }
}

function pin() {
  const set = now();
  const under = document.querySelector("figure:hover");
  const id = under instanceof HTMLElement ? under.dataset.id : set && chosenOf(set);
  state.pinned = state.pinned ? null : set?.images.find((i) => i.id === id) ?? null;
  draw();
}

/** @type {Record<string, (event: KeyboardEvent | MouseEvent) => void>} */
const acts = {
  approve: () => decide("approve"),
  reject: () => decide("reject"),
  skip: () => decide("skip"),
  pick: (event) => {
    const image = event instanceof KeyboardEvent ? now()?.images[Number(event.key) - 1] : null;
    image ? decide("pick", image.id) : tell("This set has no picture of that number.");
  },
  next: () => go(state.place + 1),
  previous: () => go(state.place - 1),
  submit,
  overlay: () => { state.overlay = !state.overlay; draw(); },
  edit,
  undo: () => step("undo"),
  redo: () => step("redo"),
  zoom: () => { state.zoom = !state.zoom; draw(); },
  pin,
  blind: () => { state.blind = !state.blind; draw(); tell(state.blind ? "Blind: the pick is hidden until you decide." : "The pick is shown."); },
  grid: () => { state.grid = !state.grid; draw(); },
  search: () => { location.href = `/p/${project}/sets?search`; },
  help: () => at("help").showModal(),
};

/** Keys wait, in order, for the set that they are meant for. @type {Promise<any>} */
let line = Promise.resolve();
function act(/** @type {string} */ name, /** @type {KeyboardEvent | MouseEvent} */ event) {
  line = line.then(() => arrived).then(() => { (async () => acts[name](event))().catch((e) => tell(e.message)); });
}

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  const name = actOf(event);
  if (!name) return;
  event.preventDefault();
  act(name, event);
});
for (const button of document.querySelectorAll("[data-act]"))
  button.addEventListener("click", (event) => {
    if (/** @type {MouseEvent} */ (event).detail) /** @type {HTMLElement} */ (button).blur(); // else Enter would press it again
    act(/** @type {HTMLElement} */ (button).dataset.act ?? "", /** @type {MouseEvent} */ (event));
  });
at("note-open").addEventListener("click", () => at("note").showModal());
at("note-keep").addEventListener("click", async () => {
  try {
    await post("/api/automation/note", { project, note_id: crypto.randomUUID(), kind: at("note-kind").value, text: at("note-text").value, group_id: now()?.group_id ?? null });
    at("note-text").value = "";
    at("note").close();
    tell("The note is saved.");
  } catch (error) { tell(/** @type {Error} */ (error).message); }
});

const wanted = new URLSearchParams(location.search).get("set");
arrived = outbox.resume().then(() => load(wanted ? Number(wanted) : null)).then(() => { if (wanted) { state.place = state.start = Number(wanted); } return go(state.place); })
  .then(() => { document.body.dataset.ready = "yes"; }).catch((e) => tell(e.message));
