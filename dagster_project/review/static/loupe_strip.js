// @ts-check
// The filmstrip below the loupe: the pictures of the set as buttons, a page of them if they are many.
import { at, element, picture } from "./common.js";
import { badge, wordsOf } from "./marks.js";

const PAGE = 24;
let first = 0;

/** @param {import("./loupe.js").View} view @param {number} index @param {(k: number) => void} chosen */
export function drawStrip(view, index, chosen) {
  first = Math.floor(index / PAGE) * PAGE;
  const focused = at("loupe-strip").contains(document.activeElement);
  at("loupe-strip").replaceChildren(...view.images.slice(first, first + PAGE).map((image, k) => {
    const { words: state, mark } = view.marks(image), number = first + k + 1, words = [...state, ...wordsOf(image.marks)];
    const told = [`Picture ${number} of ${view.total}`, image.file_name, ...words].join(", ");
    return element("button", { type: "button", class: mark, title: told, "aria-label": told, onclick: (/** @type {MouseEvent} */ event) => {
      if (event.detail) /** @type {HTMLElement} */ (event.currentTarget).blur(); // else Space would press it again
      chosen(number - 1);
    } }, element("img", { src: picture(image, "thumb"), alt: "" }), element("span", { class: "number" }, String(number)), ...badge(image.marks, true));
  }));
  markStrip(index);
  if (focused) /** @type {HTMLElement | null} */ (at("loupe-strip").querySelector("[aria-current]"))?.focus({ preventScroll: true });
}

/** Mark the picture that is shown; false if it is on another page. @param {number} index */
export function markStrip(index) {
  const buttons = [...at("loupe-strip").children];
  if (!buttons[index - first]) return false;
  for (const [k, button] of buttons.entries())
    if (first + k === index) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  const box = at("loupe-strip"), one = /** @type {HTMLElement} */ (buttons[index - first]);
  if (box.scrollWidth > box.clientWidth) box.scrollLeft = one.offsetLeft - (box.clientWidth - one.offsetWidth) / 2;
  return true;
}
