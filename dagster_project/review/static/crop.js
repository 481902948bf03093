// @ts-check
// Editing a crop: a picture with handles, and four numbers that say the same.
import Cropper from "./vendor/cropperjs/cropper.esm.min.js";
import { at, picture } from "./common.js";

const SIDES = ["x1", "y1", "x2", "y2"];
const TEMPLATE = `<cropper-canvas background><cropper-image initial-center-size="contain"></cropper-image><cropper-shade hidden></cropper-shade>
<cropper-handle action="select" plain></cropper-handle><cropper-selection initial-coverage="0.8" movable resizable outlined>
<cropper-grid role="grid" bordered covered></cropper-grid><cropper-handle action="move" theme-color="rgba(255,255,255,0.2)"></cropper-handle>
${["n", "e", "s", "w", "ne", "nw", "se", "sw"].map((s) => `<cropper-handle action="${s}-resize"></cropper-handle>`).join("")}</cropper-selection></cropper-canvas>`;

/**
 * @param {{id: string, mark: string, file_name: string}} image @param {number[] | null} crop
 * @returns {Promise<number[] | null | undefined>} the box in 0..1, null for no crop, undefined if cancelled
 */
export async function editCrop(image, crop) {
  const dialog = at("crop"), place = at("crop-place"), problem = at("crop-problem");
  const shown = document.createElement("img");
  shown.src = picture(image, "preview");
  shown.alt = image.file_name;
  place.replaceChildren(shown);
  problem.hidden = true;
  dialog.showModal();
  await shown.decode();
  const cropper = new Cropper(shown, { container: place, template: TEMPLATE });
  const canvas = cropper.getCropperCanvas(), selection = cropper.getCropperSelection(), inner = cropper.getCropperImage();
  await inner.$ready();
  for (let k = 0; k < 2; k++) await new Promise((done) => requestAnimationFrame(done)); // until the picture has its final place
  inner.$center("contain");
  /** Where the picture lies on the canvas, in pixels. */
  const lies = () => {
    const [a, b] = [inner.getBoundingClientRect(), canvas.getBoundingClientRect()];
    return { x: a.left - b.left, y: a.top - b.top, width: a.width, height: a.height };
  };
  const numbers = () => SIDES.map((s) => Number(at(`crop-${s}`).value));
  const write = (/** @type {number[]} */ box) => SIDES.forEach((s, k) => { at(`crop-${s}`).value = String(Math.round(box[k] * 1000) / 1000); });
  let ours = false;
  const show = (/** @type {number[]} */ box) => {
    const p = lies();
    ours = true;
    selection.$change(p.x + box[0] * p.width, p.y + box[1] * p.height, (box[2] - box[0]) * p.width, (box[3] - box[1]) * p.height);
    ours = false;
  };
  const limit = (/** @type {number} */ v) => Math.min(1, Math.max(0, v));
  const change = (/** @type {any} */ event) => {
    if (ours) return;
    const p = lies(), d = event.detail;
    write([(d.x - p.x) / p.width, (d.y - p.y) / p.height, (d.x + d.width - p.x) / p.width, (d.y + d.height - p.y) / p.height].map(limit));
  };
  const first = crop ?? [0.1, 0.1, 0.9, 0.9];
  write(first);
  show(first);
  selection.addEventListener("change", change);
  const typed = () => { if (fits(numbers())) show(numbers()); };
  SIDES.forEach((s) => at(`crop-${s}`).addEventListener("input", typed));
  return new Promise((resolve) => {
    /** @type {number[] | null | undefined} */
    let answer;
    const keep = () => {
      if (!fits(numbers())) {
        problem.hidden = false;
        problem.textContent = "Left must be less than right, top less than bottom, all between 0 and 1.";
        return;
      }
      answer = numbers();
      dialog.close();
    };
    const none = () => { answer = null; dialog.close(); };
    at("crop-keep").addEventListener("click", keep);
    at("crop-none").addEventListener("click", none);
    dialog.addEventListener("close", () => {
      at("crop-keep").removeEventListener("click", keep);
      at("crop-none").removeEventListener("click", none);
      SIDES.forEach((s) => at(`crop-${s}`).removeEventListener("input", typed));
      place.replaceChildren();
      resolve(answer);
    }, { once: true });
  });
}

/** @param {number[]} box */
const fits = (box) => box.every((v) => Number.isFinite(v) && v >= 0 && v <= 1) && box[0] < box[2] && box[1] < box[3];
