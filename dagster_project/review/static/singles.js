// @ts-check
// Pictures that are in no set: a grid, the loupe, and keep or reject.
import { asWord, at, decision, element, get, picture, post, project, tell } from "./common.js";
import { actOf, changeProfile } from "./keys.js";
import * as loupe from "./loupe.js";
import "./loupe_hand.js";
import { badge, changeOf, marked as markedBody, offerMarks, wordsOf } from "./marks.js";
import { Outbox } from "./outbox.js";

/** @typedef {import("./review_state.js").ReviewSet} ReviewSet */

const SIZE = 200;
const WORDS = /** @type {Record<string, string>} */ ({ approved: "keeper", rejected: "rejected" });
/** @type {ReviewSet[]} */
let singles = [];
let total = 0;
let action = "";
/** The picture that the keys are about. @type {string | null} */
let marked = null;
/** Loads come one after another. @type {Promise<any>} */
let loading = Promise.resolve();

const outbox = new Outbox(`proofsheet-outbox-${project}`, {
  saved: (answer) => { if (answer.set.place === null && !outbox.awaits(answer.set.group_id)) keep(answer.set); },
  refused: async (_verdict, problem) => { tell(problem.message); await again(); },
  waiting: (count) => { if (count) tell(`${count} decisions or marks are not saved yet: the server does not answer. They are tried again.`); },
});

/** The next pictures, or all again from the first. @param {boolean} [fresh] */
function load(fresh = false) {
  loading = loading.catch(() => undefined).then(async () => {
    if (!fresh && singles.length && singles.length >= total) return;
    const start = fresh ? 0 : singles.length;
    const found = await get("/api/singles", { project, action, stars: at("filter-stars").value, label: at("filter-label").value, start, size: fresh ? Math.min(500, Math.max(SIZE, singles.length)) : SIZE });
    singles = [...singles.slice(0, start), ...found.sets];
    total = found.total;
    const { open = 0, approved = 0, rejected = 0 } = found.counts;
    const all = open + approved + rejected;
    at("singles-count").textContent = !all ? "Every picture is in a set of two or more, or no run has made sets yet: see the page Review." : `${all} single picture${all === 1 ? "" : "s"}: ${open} undecided, ${approved} keeper${approved === 1 ? "" : "s"}, ${rejected} rejected${total < all ? `; ${total} are shown` : ""}`;
    const there = [...at("filter-label").options].map((o) => o.value);
    at("filter-label").append(...found.labels.filter((/** @type {string} */ l) => !there.includes(l)).map((/** @type {string} */ l) => element("option", { value: l }, l)));
    draw();
  });
  return loading;
}
const again = () => load(true);

function draw() {
  at("more").hidden = singles.length >= total;
  at("singles").replaceChildren(...singles.map(one));
  if (!loupe.isOpen()) return;
  if (singles.length) loupe.show(view());
  else back();
}

const stateOf = (/** @type {ReviewSet} */ set) => WORDS[decision(set)?.action] ?? "";

function one(/** @type {ReviewSet} */ set) {
  const [image] = set.images, state = stateOf(set);
  const open = element("button", { type: "button", class: "single", "aria-label": [`Look at ${image.file_name} large`, state, ...wordsOf(image.marks)].filter(Boolean).join(", "), onclick: () => look(set.group_id), onfocus: () => { marked = set.group_id; } },
    element("img", { src: picture(image, "thumb"), alt: "", loading: "lazy" }));
  open.dataset.id = set.group_id;
  return element("li", { class: state }, open, element("span", { class: "name", title: image.file_name }, image.file_name), ...badge(image.marks), ...(state ? [element("b", {}, state)] : []));
}

/** What the loupe shows. @returns {import("./loupe.js").View} */
const view = () => ({
  key: `singles ${action}`, title: "Singles", images: singles.map((s) => s.images[0]), total, together: false, more: () => load().catch((e) => tell(e.message)),
  marks: (image) => { const set = singles.find((s) => s.images[0].id === image.id), state = set ? stateOf(set) : ""; return { words: state ? [state] : [], mark: { keeper: "chosen", rejected: "refused" }[state] ?? "" }; },
  crop: () => null,
  about: () => [],
  back,
});

/** The single that is in the loupe, else the one that has the focus. */
function current() {
  const id = loupe.shown()?.id;
  return singles.find((s) => (id ? s.images[0].id === id : s.group_id === marked));
}

function look(/** @type {string | null} */ id) {
  const set = singles.find((s) => s.group_id === id) ?? singles[0];
  if (!set) return tell("There is no picture to look at.");
  loupe.show(view(), set.images[0].id);
}

function back() {
  const last = loupe.close();
  focus(singles.findIndex((s) => s.images[0].id === last?.id));
}

function focus(/** @type {number} */ index) {
  const button = at("singles").children[index]?.querySelector("button");
  button?.focus();
  button?.scrollIntoView({ block: "nearest" });
}

/** One further, or one back: in the loupe, or in the grid by the focus. @param {number} way @param {boolean} [row] a row of the grid */
function walk(way, row = false) {
  if (loupe.isOpen()) {
    if (!loupe.walk(way)) tell(way > 0 ? "This is the last single picture." : "This is the first single picture.");
      return;
  }
  const all = /** @type {HTMLElement[]} */ ([...at("singles").children]);
  const across = row ? Math.max(1, all.findIndex((e) => e.offsetTop > all[0].offsetTop)) : 1;
  const from = singles.findIndex((s) => s.group_id === marked);
  focus(from < 0 ? 0 : Math.max(0, Math.min(from + way * across, all.length - 1)));
}

function keep(/** @type {ReviewSet} */ set) {
  const index = singles.findIndex((s) => s.group_id === set.group_id);
  if (index >= 0) singles[index] = set;
  const item = at("singles").children[index];
  if (item) {
    const focused = item.contains(document.activeElement);
    item.replaceWith(one(set));
    if (focused) focus(index);
  }
  if (loupe.isOpen()) loupe.show(view());
}

function decide(/** @type {string} */ given) {
  const set = current();
  if (!set) return tell("Mark a picture with the arrow keys first, or open one.");
  const verdict = { project, verdict_id: crypto.randomUUID(), group_id: set.group_id, version: set.version, action: given, choice: null, crop: null, blind: false, seconds: null, seen: set.verdict?.verdict_id ?? null };
  outbox.send(verdict);
  keep({ ...set, verdict: { verdict_id: verdict.verdict_id, action: given === "approve" ? "approved" : "rejected", choice: given === "approve" ? set.images[0].id : null, crop: null, blind: false } });
  if (singles.indexOf(/** @type {ReviewSet} */ (current())) < singles.length - 1) walk(1);
}

/** Stars, a label or a flag. @param {string} act @param {Event} event @param {import("./marks.js").Change | null} [change] */
function mark(act, event, change = null) {
  const set = current();
  if (!set) return tell("Mark a picture with the arrow keys first, or open one.");
  const [image] = set.images;
  outbox.send(markedBody(image, set.group_id, change ?? changeOf(act, event, image.marks)));
  keep(set);
}

/** Steps come one after another. @type {Promise<any>} */
let stepping = Promise.resolve();
const step = (/** @type {string} */ act) => (stepping = stepping.catch(() => undefined).then(async () => {
  await outbox.idle();
  const found = await post("/api/automation/undo", { project, act, step_id: crypto.randomUUID() });
  if (!found.group_id) return tell(act === "undo" ? "There is nothing to undo." : "There is nothing to give again.");
  if (found.set && found.set.place !== null) return tell(`${act === "undo" ? "Undone" : "Redone"}: a ${found.photo_id ? "mark in" : "decision on"} a set${found.set ? `, set ${found.set.place + 1}` : ""}.`);
  if (found.photo_id) tell(`${act === "undo" ? "Undone" : "Redone"}: a mark of ${found.set?.images[0].file_name ?? "a picture that is gone"}.`);
  await again();
  if (loupe.isOpen()) look(found.group_id);
  else focus(singles.findIndex((s) => s.group_id === found.group_id));
}));

async function submit() {
  await outbox.idle();
  const found = await post("/api/automation/submit_batch", { project, batch_id: crypto.randomUUID() });
  tell(found.submitted ? `Submitted. Apply with: proofsheet apply ${asWord(project)}` : "Nothing new to submit.");
}

/** @type {Record<string, (event: Event) => any>} */
const acts = {
  approve: () => decide("approve"),
  reject: () => decide("reject"),
  loupe: () => (loupe.isOpen() ? back() : look(marked)),
  close: () => { if (loupe.isOpen()) back(); },
  left: () => walk(-1),
  right: () => walk(1),
  previous: () => walk(-1, true),
  next: () => walk(1, true),
  zoom: () => loupe.zoom(),
  pan: (event) => { if (event instanceof KeyboardEvent) loupe.panBy(event.key); },
  info: () => { if (loupe.isOpen()) return loupe.inform(); look(marked); loupe.inform(true); },
  full: () => loupe.toggleFull(),
  star: (event) => mark("star", event),
  label: (event) => mark("label", event),
  picked: (event) => mark("picked", event),
  refused: (event) => mark("refused", event),
  unflag: (event) => mark("unflag", event),
  profile: () => tell(changeProfile()),
  undo: () => step("undo"),
  redo: () => step("redo"),
  submit,
  singles: () => { location.href = `/p/${project}/review`; },
  search: () => { location.href = `/p/${project}/sets?search`; },
  help: () => at("help").showModal(),
};
const act = async (/** @type {string} */ name, /** @type {Event} */ event) => { try { await acts[name]?.(event); } catch (e) { tell(/** @type {Error} */ (e).message); } };

document.addEventListener("keydown", (event) => {
  const name = document.querySelector("dialog[open]") ? null : actOf(event);
  if (!name || !acts[name]) return;
  event.preventDefault();
  act(name, event);
});
for (const button of document.querySelectorAll("[data-act]"))
  button.addEventListener("click", (event) => {
    if (/** @type {MouseEvent} */ (event).detail) /** @type {HTMLElement} */ (button).blur(); // else Space would press it again
    act(/** @type {HTMLElement} */ (button).dataset.act ?? "", event);
  });
for (const button of document.querySelectorAll("[data-filter]"))
  button.addEventListener("click", () => {
    action = /** @type {HTMLElement} */ (button).dataset.filter ?? "";
    for (const other of document.querySelectorAll("[data-filter]")) other.setAttribute("aria-pressed", String(other === button));
    singles = [];
    again().catch((e) => tell(e.message));
  });
for (const name of ["stars", "label"])
  at(`filter-${name}`).addEventListener("change", () => {
    at(`filter-${name}`).blur(); // else keys would change the list
    singles = [];
    again().catch((e) => tell(e.message));
  });
offerMarks((change) => mark("", new Event("change"), change));
at("more").addEventListener("click", () => load().catch((e) => tell(e.message)));

outbox.resume().then(again).then(() => { document.body.dataset.ready = "yes"; }).catch((e) => tell(e.message));
