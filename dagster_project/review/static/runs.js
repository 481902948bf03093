// @ts-check
// Start, stop, live log, prompts with versions.
import { at, element, get, post, tell } from "./common.js";

const END = "###end_of_process###";
let last = 0;
/** @type {any[]} */
let prompts = [];

function line(/** @type {string} */ text) {
  const log = at("log");
  log.append(element("div", {}, text));
  log.scrollTop = log.scrollHeight;
}

function follow() {
  const events = new EventSource(`/log?after=${last}`);
  events.onmessage = (event) => {
    last = Number(event.lastEventId);
    const text = JSON.parse(event.data);
    line(text);
    if (text === END) { events.close(); show(); }
  };
  events.onerror = () => events.close();
}

async function show() {
  const found = await get("/status");
  at("state").textContent = `${found.state}${found.project ? `: ${found.project}` : ""}${found.photo ? ", one photo" : ""}${found.csv ? ` · last CSV: ${found.csv}` : " · no CSV yet"}`;
  at("start").disabled = found.state === "Running";
  at("stop").disabled = found.state !== "Running";
  return found;
}

at("start").addEventListener("click", () => post("/start_processing", { project: at("which").value }).then(show).then(follow).catch((e) => tell(e.message)));
at("stop").addEventListener("click", () => post("/stop_processing", {}).then(show).catch((e) => tell(e.message)));

function shown() {
  const one = prompts.find((p) => p.name === at("prompt").value);
  at("prompt-text").value = one.text;
  at("prompt-told").textContent = `version ${one.version}, ${one.digest}${one.own ? ", your own" : ", as it comes along"}`;
}
at("prompt").addEventListener("change", shown);
at("prompt-save").addEventListener("click", async () => {
  const one = prompts.find((p) => p.name === at("prompt").value);
  try {
    const saved = await post("/save_prompts", { name: one.name, text: at("prompt-text").value, digest: one.digest });
    prompts = prompts.map((p) => (p.name === saved.name ? saved : p));
    shown();
    tell(`Saved as version ${saved.version}; its rows are asked for again by the next run.`);
  } catch (error) { tell(/** @type {Error} */ (error).message); }
});

async function begin() {
  prompts = (await get("/get_prompts")).prompts;
  at("prompt").replaceChildren(...prompts.map((p) => element("option", { value: p.name }, p.name)));
  shown();
  const found = await show();
  for (const one of (await get("/log", { after: 0 })).lines) { line(one.text); last = one.number; }
  if (found.state === "Running") follow();
}
begin().catch((e) => tell(e.message));
