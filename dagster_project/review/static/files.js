// @ts-check
// What the submitted decisions would move, in two columns; moving it, and taking it back.
import { at, element, get, picture, post, project, tell } from "./common.js";

const SIZE = 60;
const LOOK_MS = 500;
const SHOWN = 20; // refusals and files that stay; the command line lists all
/** @type {any} */
let plan = null;
let rows = 0;

const many = (/** @type {number} */ n, /** @type {string} */ what) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
const size = (/** @type {number} */ bytes) => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`);

async function look() {
  const found = await get("/api/files", { project, size: SIZE, start: 0 });
  work(found.job);
  if (found.job?.active) { window.setTimeout(again, LOOK_MS); return; }
  plan = found;
  rows = 0;
  at("moves-sets").replaceChildren();
  draw(found);
}

const again = () => look().catch((e) => { tell(e.message); window.setTimeout(again, 4 * LOOK_MS); });

function work(/** @type {any} */ job) {
  at("working").hidden = !job;
  at("plan").hidden = Boolean(job?.active);
  at("plans").hidden = Boolean(job?.active);
  if (!job) return;
  const does = job.act === "apply" ? "Moving" : "Undoing";
  at("work-bar").hidden = !job.active;
  if (job.active) {
    at("work-bar").max = job.total || 1;
    at("work-bar").value = job.done;
    const rest = job.seconds_left === null ? "" : ` · ${job.rate}/s · ${job.seconds_left} s left`;
    at("work-told").textContent = `${does}: ${job.done} of ${job.total} files${rest}${job.done ? "" : job.news ? ` · ${job.news}` : ""}`;
    return;
  }
  const did = job.act === "apply" ? "moved" : "undone";
  const left = job.reports.flatMap((/** @type {any} */ r) => Object.entries({ ...r.refused, ...r.failed, ...r.uncut }).map(([name, why]) => `${r.verb === "apply" ? "Set " : ""}${name}: ${why}`));
  at("work-told").replaceChildren(
    `${many(job.files, "file")} ${did}, in ${job.seconds} s. ${job.problem}`,
    ...left.slice(0, SHOWN).map((/** @type {string} */ line) => element("div", { class: "problem" }, line)),
    ...(left.length > SHOWN ? [element("div", {}, `${left.length - SHOWN} more`)] : []),
  );
}

function draw(/** @type {any} */ found) {
  at("plans").hidden = !found.plans.length;
  at("plans").replaceChildren(...found.plans.map(done));
  const counts = Object.entries(found.counts).map(([what, n]) => `${n} ${what}`).join(", ");
  at("plan-told").textContent = found.operations
    ? `${many(found.total, "set")}, ${many(found.operations, "file")}, ${size(found.bytes)}; ${size(found.free_bytes)} are free. Sets: ${counts}. Plan ${found.plan}.`
    : counts ? `Nothing is to be moved. Sets: ${counts}.` : "Nothing is submitted yet: decide sets on the page Review, and submit them with Shift + Enter.";
  const problems = [
    ...(found.obstacle ? [found.obstacle] : []),
    ...found.unfinished.map((/** @type {string} */ p) => `Plan ${p} was interrupted; it is finished first.`),
    ...Object.entries(found.refused).map(([set, why]) => `Set ${set} stays: ${why}`),
    ...Object.entries(found.staying).map(([path, why]) => `${path}: ${why}`),
  ];
  const more = problems.length - SHOWN;
  at("plan-problems").replaceChildren(...problems.slice(0, SHOWN).map((line) => element("li", {}, line)), ...(more > 0 ? [element("li", {}, `${more} more`)] : []));
  const can = found.operations > 0 && !found.obstacle;
  at("confirm").hidden = !can;
  at("signing").hidden = !found.needs_signature;
  at("signed").required = found.needs_signature;
  at("go").textContent = `Move ${many(found.operations, "file")} of ${many(found.total, "set")}`;
  at("confirm-told").textContent = found.needs_signature ? `Your name is noted as that of who allows the mode ${found.mode} for this project.` : "";
  at("moves").hidden = !found.operations;
  add(found.sets, found.total);
}

/** A plan that can be undone, with its button. @param {any} one */
function done(one) {
  const told = `${one.verb}, ${one.at.slice(0, 16)} UTC: ${many(one.files, "file")}${one.unfinished ? ", interrupted" : ""} `;
  const undo = element("button", { type: "button", "aria-label": `Undo ${told}` }, "Undo");
  undo.addEventListener("click", () => {
    undo.disabled = true;
    post("/api/files/undo", { project, plan: one.plan }).then(look).catch((e) => { tell(e.message); undo.disabled = false; });
  });
  return element("li", {}, told, undo);
}

function add(/** @type {any[]} */ sets, /** @type {number} */ total) {
  at("moves-sets").append(...sets.map((set) => {
    rows += 1;
    const place = (/** @type {string} */ name) => set.files.filter((/** @type {any} */ f) => f.target.startsWith(`${name}/`));
    return element("tr", {}, element("th", { scope: "row" }, String(rows)), column("To selected/", place("selected")), column("To review/", place("review")));
  }));
  at("more").hidden = rows >= total;
}

function column(/** @type {string} */ label, /** @type {any[]} */ files) {
  const beside = files.filter((f) => f.role === "companion").length;
  const shown = files.filter((f) => f.role !== "companion").map((f) =>
    element("figure", { class: "moving" },
      element("img", { src: picture(f, "thumb"), alt: "", loading: "lazy" }),
      element("figcaption", {}, f.kind === "crop" ? `crop: ${f.target}` : f.source)));
  const cell = element("td", {}, element("div", { class: "moving-all" }, ...shown), ...(beside ? [element("small", {}, `with ${many(beside, "companion")}`)] : []));
  cell.dataset.label = label;
  return cell;
}

at("more").addEventListener("click", async () => {
  try {
    const found = await get("/api/files", { project, size: SIZE, start: rows });
    if (found.plan === plan.plan) add(found.sets, found.total);
    else await look();
  } catch (error) { tell(/** @type {Error} */ (error).message); }
});
at("confirm").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  at("go").disabled = true;
  post("/api/files/apply", { project, plan: plan.plan, operations: plan.operations, signed_by: at("signed").value })
    .then(look).catch((e) => tell(e.message)).finally(() => { at("go").disabled = false; });
});
again();
