// @ts-check
// A histogram of red, green and blue, drawn from a preview, with the share of clipped pixels.

const STEP = 2; // every second pixel of a row and of a column: shares stay, time does not
const BRIGHT = 250;
const DARK = 5;
const SEEN = 0.001; // a smaller share gets no mark

/** Draw into a canvas; gives the clipped shares in words. @param {HTMLCanvasElement} canvas @param {HTMLImageElement} image */
export function drawHistogram(canvas, image) {
  const [width, height] = [Math.floor(image.naturalWidth / STEP), Math.floor(image.naturalHeight / STEP)];
  if (!width || !height) return "The preview cannot be read: the histogram is unknown.";
  const work = new OffscreenCanvas(width, height);
  const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (work.getContext("2d", { willReadFrequently: true }));
  pen.imageSmoothingEnabled = false; // mixed pixels would hide what is clipped
  pen.drawImage(image, 0, 0, width, height);
  const { counts, bright, dark } = counted(pen.getImageData(0, 0, width, height).data);
  const all = width * height;
  paint(canvas, counts, bright / all >= SEEN, dark / all >= SEEN);
  const share = (/** @type {number} */ some) => (some && some / all < SEEN ? "under 0.1 %" : `${((100 * some) / all).toFixed(1)} %`);
  return `Clipped in the preview: highlights ${share(bright)}, shadows ${share(dark)}`;
}

/** Pixels of each level by channel; those that are clipped in every channel. @param {Uint8ClampedArray} pixels */
export function counted(pixels) {
  const counts = [new Uint32Array(256), new Uint32Array(256), new Uint32Array(256)];
  let [bright, dark] = [0, 0];
  for (let k = 0; k < pixels.length; k += 4) {
    const [r, g, b] = [pixels[k], pixels[k + 1], pixels[k + 2]];
    counts[0][r]++; counts[1][g]++; counts[2][b]++;
    if (r >= BRIGHT && g >= BRIGHT && b >= BRIGHT) bright++;
    if (r <= DARK && g <= DARK && b <= DARK) dark++;
  }
  return { counts, bright, dark };
}

function paint(/** @type {HTMLCanvasElement} */ canvas, /** @type {Uint32Array[]} */ counts, /** @type {boolean} */ bright, /** @type {boolean} */ dark) {
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const { width, height } = canvas;
  pen.fillStyle = "#101012";
  pen.fillRect(0, 0, width, height);
  const middle = counts.flatMap((c) => [...c.slice(1, 255)]).sort((a, b) => a - b);
  const top = Math.max(1, middle[Math.floor(middle.length * 0.995)]); // a single tone does not flatten the rest
  pen.globalCompositeOperation = "lighter";
  for (const [k, colour] of ["#a33", "#3a3", "#44b"].entries()) {
    pen.fillStyle = colour;
    for (let level = 0; level < 256; level++) {
      const tall = Math.min(1, counts[k][level] / top) * (height - 2);
      pen.fillRect((level * width) / 256, height - tall, width / 256, tall);
    }
  }
  pen.globalCompositeOperation = "source-over";
  pen.fillStyle = "#fbbf24";
  if (dark) pen.fillRect(0, 0, 8, 8);
  if (bright) pen.fillRect(width - 8, 0, 8, 8);
}
