// @ts-check
// The review: one set at a time, one key a decision.
import { drawBars } from "./bars.js";
import { asWord, at, decision, get, post, project, standing, tell } from "./common.js";
import { editCrop } from "./crop.js";
import { panelOf } from "./drawing.js";
import { actOf, changeProfile } from "./keys.js";
import * as loupe from "./loupe.js";
import "./loupe_hand.js";
import { changeOf, marked, offerMarks } from "./marks.js";
import { offerNote } from "./note.js";
import { Outbox } from "./outbox.js";
import { keepReady } from "./prefetch.js";
import { filterInWords, further, nearest, offerFilter } from "./queue_filter.js";
import { chosenOf, cropOf, hides, marksOf, now, state } from "./review_state.js";
import { drawGrid, drawSet, markFigure, meant, settle } from "./set_view.js";

/** @typedef {import("./review_state.js").ReviewSet} ReviewSet */

const AHEAD = 2;
const SIZE = state.size;
const ADVANCES = at("stage").dataset.advance === "true";
/** Batches come one after another. @type {Promise<any>} */
let loading = Promise.resolve();
/** Settles when the set that is gone to is there, or cannot be had. @type {Promise<any>} */
let arrived = Promise.resolve();

const outbox = new Outbox(`proofsheet-outbox-${project}`, {
  saved: (answer) => {
    progressed(answer.progress);
    if (outbox.awaits(answer.set.group_id)) return; // a later act on it is on its way
    if (answer.set.place !== null) keep(answer.set); // else a single picture, sent again from here
    if (answer.set.place === state.place) draw();
  },
  refused: async (verdict, problem) => {
    tell(problem.message);
    await load(Math.max(0, state.place - AHEAD));
    const back = [...state.sets.values()].find((s) => s.group_id === verdict.group_id);
    if (back) go(back.place);
  },
  waiting: (count) => { if (count) tell(`${count} decisions or marks are not saved yet: the server does not answer. They are tried again.`); },
});

function keep(/** @type {ReviewSet} */ set) {
  state.sets.set(set.place, set);
}

function progressed(/** @type {any} */ progress) {
  if (progress.number < (state.progress?.number ?? 0)) return; // a later one was faster
  state.progress = progress;
  state.total = progress.total;
  drawBars(progress, [...state.sets.values()].filter((s) => s.place >= state.start && s.place < state.start + SIZE));
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
  keepReady([-2, -1, 0, 1, 2].flatMap((k) => state.sets.get(state.place + k)?.images ?? []));
}

async function go(/** @type {number} */ place) {
  if (!state.total) return draw();
  state.shownAt = performance.now();
  const next = Math.max(0, Math.min(place, state.total - 1));
  if (next !== state.place) state.marked = null;
  state.place = next;
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
    const told = state.total ? `Set ${state.place + 1} of ${state.total} is not loaded yet.` : at("stage").dataset.empty ?? "";
    at("set-title").textContent = told;
    if (loupe.isOpen()) loupe.wait(told);
    images.replaceChildren();
    at("panel").replaceChildren();
    return;
  }
  if (loupe.isOpen()) loupe.show(viewOf(set), loupe.shownKey() === set.group_id ? null : chosenOf(set));
  at("panel").hidden = state.grid;
  if (state.grid) return drawGrid(onSet);
  at("set-title").textContent = titleOf(set);
  if (loupe.isOpen()) return;
  drawSet(set, onSet);
  at("panel").replaceChildren(...panelOf(set, hides(set)));
  performance.mark("drawn");
}

const titleOf = (/** @type {ReviewSet} */ set) => `Set ${set.place + 1} of ${state.total}${filterInWords()} · ${set.cause} · ${standing(set)}${set.applied ? ", applied" : ""}`;

/** What the loupe shows of a set. @returns {import("./loupe.js").View} */
const viewOf = (/** @type {ReviewSet} */ set) => ({
  key: set.group_id, title: titleOf(set), images: set.images, total: set.images.length, together: true,
  marks: (image) => marksOf(set, image),
  crop: (image) => (state.overlay && image.id === chosenOf(set) ? cropOf(set, image.id) : null),
  about: () => panelOf(set, hides(set)),
  back,
});

/** What the pictures of a set do when they are clicked. @type {import("./set_view.js").Acts} */
const onSet = {
  pick: (set, id) => { if (now()?.group_id === set.group_id) decide("pick", id); else tell("Another set is shown by now; nothing was saved."); },
  look: (id) => look(id),
  open: (place) => { state.grid = false; go(place); },
};

/** Open the loupe at a picture, else at the marked one, else at the one under the pointer, else at the chosen one. */
function look(/** @type {string | null} */ id = null) {
  const set = now();
  if (!set) return tell("This set is not loaded yet.");
  state.grid = false;
  loupe.show(viewOf(set), id ?? meant(set));
}

/** Stars, a label or a flag for the picture that is meant. @param {string} act @param {Event} event @param {import("./marks.js").Change | null} [change] */
function mark(act, event, change = null) {
  const set = now(), image = set?.images.find((i) => i.id === meant(set));
  if (!set || !image || state.grid) return tell("Mark a picture with ← or → first, or open one.");
  outbox.send(marked(image, set.group_id, change ?? changeOf(act, event, image.marks)));
  draw();
}

function back() {
  if (!loupe.isOpen()) return;
  state.marked = loupe.close()?.id ?? null;
  draw();
  at("images").focus({ preventScroll: true });
}

/** The picture before or after, in the loupe or by a mark on the page. */
function walk(/** @type {number} */ way) {
  const set = now();
  if (!set || state.grid) return;
  if (loupe.isOpen()) {
    if (!loupe.walk(way)) tell(way > 0 ? "This is the last picture of the set; the next set is at ↓." : "This is the first picture of the set; the set before is at ↑.");
    return;
  }
  const from = set.images.findIndex((i) => i.id === state.marked);
  const next = from < 0 ? (way > 0 ? 0 : set.images.length - 1) : Math.max(0, Math.min(from + way, set.images.length - 1));
  markFigure(set.images[next].id);
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
  if (ADVANCES && further(state.place, 1) < state.total && further(state.place, 1) !== state.place) go(further(state.place, 1));
  else draw();
}

/** Steps come one after another: the last key tells what is shown. @type {Promise<any>} */
let stepping = Promise.resolve();
const step = (/** @type {string} */ act) => (stepping = stepping.catch(() => undefined).then(() => stepped(act)));

async function stepped(/** @type {string} */ act) {
  await outbox.idle();
  const found = await post("/api/automation/undo", { project, act, step_id: crypto.randomUUID() });
  progressed(found.progress);
  if (!found.group_id) return tell(act === "undo" ? "There is nothing to undo." : "There is nothing to give again.");
  const done = act === "undo" ? "Undone" : "Redone", image = found.set?.images.find((/** @type {any} */ i) => i.id === found.photo_id);
  if (found.set?.place === null) return tell(`${done}: the ${image ? "mark" : "decision"} on the single picture ${found.set.images[0].file_name}.`);
  if (found.photo_id) tell(`${done}: a mark of ${image?.file_name ?? "a picture that is gone"}.`);
  await load(Math.max(0, (found.set?.place ?? state.place) - AHEAD));
  if (found.set) { keep(found.set); await go(found.set.place); }
}

async function submit() {
  await outbox.idle();
  const found = await post("/api/automation/submit_batch", { project, batch_id: crypto.randomUUID() });
  progressed(found.progress);
  tell(found.submitted ? `Submitted: ${found.files["approved_decisions.jsonl"]} sets are in approved_decisions.jsonl. Move them on the page Files, or with: proofsheet apply ${asWord(project)}` : "Nothing new to submit.");
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
  const id = loupe.shown()?.id ?? (under instanceof HTMLElement ? under.dataset.id : set && chosenOf(set));
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
  next: () => go(further(state.place, 1)),
  previous: () => go(further(state.place, -1)),
  submit,
  overlay: () => { state.overlay = !state.overlay; draw(); },
  edit,
  undo: () => step("undo"),
  redo: () => step("redo"),
  zoom: () => { if (loupe.isOpen()) return loupe.zoom(); state.zoom = !state.zoom; draw(); },
  loupe: () => (loupe.isOpen() ? back() : look()),
  close: back,
  left: () => walk(-1),
  right: () => walk(1),
  pan: (event) => { if (event instanceof KeyboardEvent) loupe.panBy(event.key); },
  choose: () => { const id = loupe.shown()?.id ?? state.marked; id ? decide("pick", id) : tell("Mark a picture with ← or → first, or open one."); },
  star: (event) => mark("star", event),
  label: (event) => mark("label", event),
  picked: (event) => mark("picked", event),
  refused: (event) => mark("refused", event),
  unflag: (event) => mark("unflag", event),
  profile: () => tell(changeProfile()),
  info: () => { if (loupe.isOpen()) return loupe.inform(); look(); loupe.inform(true); },
  full: () => loupe.toggleFull(),
  pin,
  blind: () => { state.blind = !state.blind; draw(); tell(state.blind ? "Blind: the pick is hidden until you decide." : "The pick is shown."); },
  grid: () => { if (loupe.isOpen()) loupe.close(); state.grid = !state.grid; draw(); },
  singles: () => { location.href = `/p/${project}/singles`; },
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
  settle();
  act(name, event);
});
window.addEventListener("pagehide", settle);
for (const button of document.querySelectorAll("[data-act]"))
  button.addEventListener("click", (event) => {
    if (/** @type {MouseEvent} */ (event).detail) /** @type {HTMLElement} */ (button).blur(); // else Enter would press it again
    settle();
    act(/** @type {HTMLElement} */ (button).dataset.act ?? "", /** @type {MouseEvent} */ (event));
  });
offerNote(() => now()?.group_id ?? null);
offerMarks((change) => mark("", new Event("change"), change));

const wanted = new URLSearchParams(location.search).get("set");
arrived = outbox.resume().then(() => offerFilter((asked) => { arrived = asked.then(() => go(nearest(state.place))).catch((e) => tell(e.message)); })).then(() => load(wanted ? Number(wanted) : null)).then(() => { if (wanted) { state.place = state.start = Number(wanted); } return go(nearest(state.place)); })
  .then(() => { document.body.dataset.ready = "yes"; }).catch((e) => tell(e.message));
