// @ts-check
// Mouse, finger and wheel in the loupe: a click is 100 %, a drag moves the picture, a swipe goes to the next one.
import { at } from "./common.js";
import { isZoomed, pan, point, walk, zoom } from "./loupe.js";

const STILL_PX = 6; // less is a click
const SWIPE_PX = 48;
const LINE_PX = 16;
/** @type {{x: number, y: number, left: number, top: number, moved: boolean} | null} */
let held = null;

const stage = /** @type {HTMLElement} */ (at("loupe-stage"));
const on = (/** @type {MouseEvent} */ event) => { const box = stage.getBoundingClientRect(); return { x: event.clientX - box.left, y: event.clientY - box.top }; };
const isButton = (/** @type {Event} */ event) => event.target instanceof Element && event.target.closest("button") !== null;

stage.addEventListener("pointerdown", (event) => {
  if (isButton(event) || event.button !== 0 || !event.isPrimary) return;
  stage.setPointerCapture(event.pointerId);
  held = { x: event.clientX, y: event.clientY, left: event.clientX, top: event.clientY, moved: false };
});
stage.addEventListener("pointermove", (event) => {
  if (event.pointerType === "mouse") point(on(event));
  if (!held) return;
  if (Math.hypot(event.clientX - held.x, event.clientY - held.y) > STILL_PX) held.moved = true;
  if (!held.moved) return;
  if (isZoomed()) pan(held.left - event.clientX, held.top - event.clientY);
  else if (event.pointerType !== "mouse") at("loupe-box").style.translate = `${event.clientX - held.x}px 0`;
  [held.left, held.top] = [event.clientX, event.clientY];
});
stage.addEventListener("pointerup", (event) => {
  const from = held;
  letGo();
  if (!from) return;
  const [across, down] = [event.clientX - from.x, event.clientY - from.y];
  if (!from.moved) zoom(on(event));
  else if (!isZoomed() && event.pointerType !== "mouse" && Math.abs(across) > SWIPE_PX && Math.abs(across) > 1.5 * Math.abs(down)) walk(across < 0 ? 1 : -1);
});
stage.addEventListener("pointercancel", letGo);
stage.addEventListener("pointerleave", () => point(null));
stage.addEventListener("wheel", (event) => {
  if (!isZoomed() || event.ctrlKey) return;
  event.preventDefault();
  const unit = event.deltaMode === 1 ? LINE_PX : 1;
  pan((event.shiftKey ? event.deltaY : event.deltaX) * unit, (event.shiftKey ? 0 : event.deltaY) * unit);
}, { passive: false });

function letGo() {
  held = null;
  at("loupe-box").style.translate = "";
}
