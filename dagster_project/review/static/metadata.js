// @ts-check
// Texts edited in place, with what the gate says of them.
import { at, element, get, picture, post, project, tell } from "./common.js";

const FIELDS = ["title", "caption", "alt_text", "keywords"];
/** @type {any[]} */
let photos = [];
/** @type {string[]} */
let pending = [];
let filter = "all";
/** Unsaved text, by photo and field. @type {Map<string, string>} */
const drafts = new Map();
const POLL_MS = 2000;

/** @type {Record<string, (p: any) => boolean>} */
const filters = {
  all: () => true,
  draft: (p) => p.status === "draft",
  blocked: (p) => p.status === "blocked" || p.status === "rejected",
  accepted: (p) => p.status === "accepted" || p.status === "uploaded",
  undecided: (p) => p.status === "accepted" && !p.decision,
  edited: (p) => p.edited.length > 0,
};

async function load() {
  const found = await get("/api/metadata", { project });
  photos = found.photos;
  pending = found.pending;
  draw();
  if (pending.length) window.setTimeout(look, POLL_MS);
}

/** While a photo is asked for: shows the answer when it comes, but takes no text from under somebody's hands. */
async function look() {
  const typing = document.activeElement instanceof HTMLTextAreaElement || document.querySelector("dialog[open]");
  if (typing) window.setTimeout(look, POLL_MS);
  else await load().catch(() => window.setTimeout(look, POLL_MS));
}

function draw() {
  const shown = photos.filter(filters[filter]);
  at("count").textContent = photos.length ? `${shown.length} of ${photos.length} photos` : "No texts yet: run the project first.";
  at("rows").replaceChildren(...shown.map(one));
}

const act = (/** @type {Promise<any>} */ work, /** @type {string} */ done) => work.then((found) => { tell(done); return found; }).catch((e) => { tell(e.message); throw e; });
const text = (/** @type {any} */ value) => (Array.isArray(value) ? value.join(" | ") : value ?? "");

function one(/** @type {any} */ photo) {
  const fields = FIELDS.flatMap((field) => {
    const label = photo.not_judged_yet.includes(field) ? `${field} (not judged yet)` : field;
    const undo = element("button", { type: "button", disabled: !photo.edited.includes(field), onclick: () => back(photo, field) }, "Undo");
    const issues = photo.issues.filter((/** @type {any} */ i) => i.field === field).map((/** @type {any} */ i) => issue(photo, i));
    const before = photo.history[field] ?? [];
    return [written(photo, field, label, text(photo.texts[field]), (value) => save(photo, field, value), undo), ...issues, ...(before.length ? [history(before)] : [])];
  });
  const subject = written(photo, "subject", `subject of ${photo.folder || "the project folder"}`, photo.subject ?? "", (value) => subjectOf(photo, value));
  const decided = photo.decision ? `, ${photo.decision}` : "";
  const acts = element("div", { class: "filters" },
    element("button", { type: "button", disabled: photo.status !== "accepted" || photo.decision !== null, onclick: () => decide(photo, "approved") }, "Approve"),
    element("button", { type: "button", disabled: photo.decision !== null, onclick: () => decide(photo, "rejected") }, "Reject"),
    element("button", { type: "button", disabled: pending.includes(photo.id), onclick: () => generate(photo) }, pending.includes(photo.id) ? "Asked…" : "Generate"));
  return element("section", { class: "row", "aria-label": photo.path },
    element("img", { src: picture(photo, "thumb"), alt: text(photo.texts.alt_text) || photo.path, loading: "lazy" }),
    element("div", {}, element("p", {}, element("b", {}, photo.path), " ", element("span", { class: photo.status }, photo.status + decided), element("span", { class: "flag" }, photo.held ? ` ${photo.held}` : ""), element("small", {}, ` ${photo.model}, ${photo.prompt}; ${photo.sources ?? ""}`)), subject, ...fields, ...elsewhere(photo), acts));
}

/** What people wrote into the file or its sidecar with other programs: shown, and changed there alone. */
function elsewhere(/** @type {any} */ photo) {
  const said = photo.written.map((/** @type {any} */ w) => {
    const where = w.place === "sidecar" ? "in the sidecar" : "in the file";
    const value = w.field === "rating" ? stars(Number(w.value)) : w.value;
    return element("li", {}, element("b", {}, w.field.replaceAll("_", " ")), ` ${where}: ${value}`, element("small", {}, w.other ? ` (in the file: ${w.other})` : ""));
  });
  return said.length ? [element("details", { open: true }, element("summary", {}, "Written elsewhere"), element("ul", { class: "written" }, ...said))] : [];
}

const stars = (/** @type {number} */ rating) => (rating < 0 ? "rejected" : `${"★".repeat(Math.floor(rating))}${rating % 1 ? "½" : ""} (${rating})`);

/**
 * A field that is edited in place; unsaved text stays when the page is drawn again.
 * @param {any} photo @param {string} field @param {string} label @param {string} value @param {(value: string) => Promise<any>} store @param {...Node} more
 */
function written(photo, field, label, value, store, ...more) {
  const key = `${photo.id} ${field}`;
  const box = element("textarea", { rows: field === "caption" || field === "alt_text" ? 2 : 1, value: drafts.get(key) ?? value, "aria-label": `${field} of ${photo.path}` });
  box.addEventListener("input", () => drafts.set(key, box.value));
  const keep = () => store(box.value).then(() => { drafts.delete(key); return load(); }, () => undefined);
  return element("div", { class: field === "subject" ? "field subject" : "field" }, element("span", {}, label), box, element("button", { type: "button", onclick: keep }, "Save"), ...more);
}

/** @param {{value: string | null, source: string, at: string}[]} before */
const history = (before) => element("details", {}, element("summary", {}, `History: ${before.length}`),
  element("ol", {}, ...before.map((h) => element("li", {}, `${h.at.slice(0, 16).replace("T", " ")} UTC, ${h.source}: ${h.value ?? "given back to the describer"}`))));

/** An objection with the words that it is about, and a waiver. */
function issue(/** @type {any} */ photo, /** @type {any} */ found) {
  const value = text(photo.texts[found.field]);
  const spot = element("span", {}, value.slice(0, found.start), element("mark", {}, value.slice(found.start, found.end)), value.slice(found.end));
  return element("p", { class: "blocked" }, `${found.rule}: ${found.message} `, ...(found.end > found.start ? [spot, " "] : []),
    element("button", { type: "button", onclick: () => waive(photo, found) }, "Waive"));
}

const save = (/** @type {any} */ photo, /** @type {string} */ field, /** @type {string} */ value) =>
  act(post(`/api/metadata/${photo.id}`, { project, field, value: field === "keywords" ? value.split("|").map((k) => k.trim()).filter(Boolean) : value }), "Saved and locked; the next run checks it.");
const subjectOf = (/** @type {any} */ photo, /** @type {string} */ subject) =>
  act(subject.trim() ? post("/api/intake", { project, sets: [{ folder: photo.folder, subject }] }) : Promise.reject(new Error("An empty subject changes nothing.")), "The subject is confirmed; the next run uses it.");
const back = (/** @type {any} */ photo, /** @type {string} */ field) => act(post(`/api/metadata/${photo.id}/undo`, { project, field }), "The last change is undone.").then(load, () => undefined);
const decide = (/** @type {any} */ photo, /** @type {string} */ decision) => act(post(`/api/metadata/${photo.id}/decide`, { project, decision }), `The texts are ${decision}.`).then(() => { photo.decision = decision; draw(); }, () => undefined);
const generate = (/** @type {any} */ photo) => act(post(`/api/metadata/${photo.id}/generate`, { project }), "New texts are requested; the page shows them after the run.").then(load, () => undefined);

/** @type {{photo: any, found: any} | null} */
let waived = null;
function waive(/** @type {any} */ photo, /** @type {any} */ found) {
  waived = { photo, found };
  at("waive-told").textContent = `${photo.path}: ${found.rule}, ${found.field}. ${found.message}`;
  at("waive-reason").value = "";
  at("waive").showModal();
}
at("waive-keep").addEventListener("click", () => {
  if (!waived) return;
  const { photo, found } = waived;
  act(post(`/api/metadata/${photo.id}/waive`, { project, rule: found.rule, field: found.field, reason: at("waive-reason").value }), "Waived for this text; the next run judges it so.")
    .then(() => at("waive").close(), () => undefined);
});

for (const button of document.querySelectorAll("[data-filter]"))
  button.addEventListener("click", () => {
    filter = /** @type {HTMLElement} */ (button).dataset.filter ?? "all";
    for (const other of document.querySelectorAll("[data-filter]")) other.setAttribute("aria-pressed", String(other === button));
    draw();
  });

/** What should be removed where it was published; a person does it and says so. */
function takeBack(/** @type {any[]} */ rows) {
  if (!rows.length) return [];
  const items = rows.map((r) => {
    const gone = () => act(post("/api/publish/taken_back", { project, target: r.target, name: r.name }), `${r.name} is noted as removed.`).then(() => item.remove(), () => undefined);
    const item = element("li", {}, `${r.name} at ${r.target}: ${r.reason} `, element("button", { type: "button", onclick: gone }, "Taken back"));
    return item;
  });
  return [element("h3", {}, "To take back"), element("p", {}, "Nothing is deleted there by itself: remove these, then say so."), element("ul", {}, ...items)];
}

at("publish-open").addEventListener("click", async () => {
  const found = await act(get("/api/publish", { project }), "");
  at("publish-told").replaceChildren(element("p", {}, `${found.ready} accepted and approved photos are ready; ${found.uploaded} are published already.`),
    element("ul", {}, ...found.again.map((/** @type {any} */ a) => element("li", {}, `${a.path}: to be published again as version ${a.version}, ${a.name}`))),
    element("ul", {}, ...Object.entries(found.held_back).map(([why, n]) => element("li", {}, `${n} held back: ${why}`))), element("p", {}, `Target: ${found.target}`), ...takeBack(found.take_back));
  at("publish-go").disabled = at("publish-copies").disabled = !found.ready;
  at("publish").showModal();
});
at("publish-copies").addEventListener("click", async () => {
  const { copies } = await act(post("/api/publish/copies", { project }), "");
  at("publish-told").append(element("ul", {}, ...copies.map((/** @type {any} */ c) => element("li", {}, `${c.path}: ${c.proof || c.problem}`))));
  at("publish-copies").disabled = true;
});
at("publish-go").addEventListener("click", async () => {
  const found = await act(post("/api/publish", { project }), "Published.");
  at("publish-told").replaceChildren(element("p", {}, `${found.published} published, ${found.failed.length} failed.`),
    element("ul", {}, ...found.again.map((/** @type {any} */ a) => element("li", {}, `${a.path}: published again as version ${a.version}, ${a.name}`))), element("ul", {}, ...found.failed.map((/** @type {any} */ f) => element("li", {}, `${f.path}: ${f.problem}`))));
  at("publish-go").replaceWith(element("button", { type: "button", onclick: () => { location.href = "/"; } }, "OK"));
});
load().catch((e) => tell(e.message));
