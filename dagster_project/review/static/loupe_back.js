// @ts-check
// The browser's own way back, as a phone has it: it closes the loupe and does not leave the page.

let open = false;
let leaving = 0; // steps back of the page's own; they arrive later
/** @type {() => void} */
let told = () => undefined;

/** The loupe is open: a step back closes it. @param {() => void} closed */
export function entered(closed) {
  told = closed;
  open = true;
  history.pushState({ loupe: true }, "");
}

/** The loupe was closed by the page. */
export function left() {
  if (!open) return;
  open = false;
  leaving += 1;
  history.back();
}

window.addEventListener("popstate", () => {
  if (leaving) {
    leaving -= 1;
    if (open) history.pushState({ loupe: true }, ""); // it was opened again meanwhile
  } else if (open) {
    open = false;
    told();
  }
});
