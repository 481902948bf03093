// @ts-check
// What every page needs: calls, messages, elements.

export const project = document.body.dataset.project ?? "";

/** A name as one word of a shell, as in the commands of the server. @param {string} name */
export const asWord = (name) => (/^[\w@%+=:,./-]+$/.test(name) ? name : `'${name.replaceAll("'", `'"'"'`)}'`);

/** A problem that the server told in words. */
export class Problem extends Error {
  /** @param {number} status @param {{problem?: string, next_step?: string}} told */
  constructor(status, told) {
    super(`${told.problem ?? "The server said " + status}. ${told.next_step ?? ""}`.replace("..", "."));
    this.status = status;
  }
}

/** @param {Response} answer @returns {Promise<any>} */
async function read(answer) {
  const kind = answer.headers.get("content-type") ?? "";
  const found = kind.includes("json") ? await answer.json() : { problem: (await answer.text()).trim() };
  if (!answer.ok) throw new Problem(answer.status, found);
  return found;
}

const PATIENCE_MS = 60000; // a server that takes a call and never answers must not hold up those that follow

/** @param {string} path @param {Record<string, string | number>} [query] */
export const get = async (path, query = {}) => {
  const words = new URLSearchParams(Object.entries(query).map(([k, v]) => [k, String(v)]));
  return read(await fetch(`${path}?${words}`, { headers: { accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE_MS) }));
};

/** @param {string} path @param {object} body @param {boolean} [quick] whether an answer is due within a minute */
export const post = async (path, body, quick = false) =>
  read(await fetch(path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), ...(quick ? { signal: AbortSignal.timeout(PATIENCE_MS) } : {}),
  }));

/** @param {string} text */
export function tell(text) {
  const place = /** @type {HTMLElement} */ (document.getElementById("told"));
  place.textContent = text;
  if (text) window.setTimeout(() => { if (place.textContent === text) place.textContent = ""; }, 8000);
}

/**
 * An element with properties and children; texts are text, never markup.
 * @param {string} name @param {Record<string, any>} [given] @param {...(Node | string)} children
 * @returns {any}
 */
export function element(name, given = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made && !key.startsWith("aria")) /** @type {any} */ (made)[key] = value;
    else made.setAttribute(key, String(value));
  }
  made.append(...children);
  return made;
}

/** @param {{id: string, mark: string}} image @param {string} size */
export const picture = (image, size) => `/p/${project}/image/${image.id}/${size}?m=${image.mark}`;

/** @param {string} id @returns {any} */
export const at = (id) => document.getElementById(id);

/** The verdict of a set if it decides it; a skipped set is open. @param {any} set */
export const decision = (set) => (set.verdict && set.verdict.action !== "skipped" ? set.verdict : null);

/** What stands on a set, in a word. @param {any} set */
export const standing = (set) => (decision(set) ?? (set.history ? { action: "by history" } : set.verdict))?.action ?? "open";

/** @param {number | null | undefined} value */
export const percent = (value) => (value === null || value === undefined ? "not calibrated" : `${(100 * value).toFixed(1)} %`);

for (const button of document.querySelectorAll("[data-close]"))
  button.addEventListener("click", () => /** @type {HTMLDialogElement} */ (button.closest("dialog")).close());
