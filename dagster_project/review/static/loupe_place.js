// @ts-check
// The place of a picture in the loupe: boxes in CSS pixels, places in shares of the picture.

/** @typedef {{width: number, height: number}} Size */
/** @typedef {{left: number, top: number, width: number, height: number}} Box */
/** @typedef {{x: number, y: number}} Place */

const long = (/** @type {Size} */ one) => Math.max(one.width, one.height);
const between = (/** @type {number} */ value, /** @type {number} */ least, /** @type {number} */ most) => Math.min(most, Math.max(least, value));

/**
 * CSS pixels for a pixel of a picture at 100 %. The largest picture of a set has a device pixel for each of its own; the
 * others are scaled to it, and all show the same detail at the same size.
 * @param {Size} image @param {Size[]} set @param {number} ratio device pixels for a CSS pixel
 */
export const exactScale = (image, set, ratio) => Math.max(...set.map(long)) / long(image) / ratio;

/** The whole picture in the middle of a stage. @param {Size} image @param {Size} stage @returns {Box} */
export function fitted(image, stage) {
  const scale = Math.min(stage.width / image.width, stage.height / image.height);
  const [width, height] = [image.width * scale, image.height * scale];
  return { left: (stage.width - width) / 2, top: (stage.height - height) / 2, width, height };
}

/** A place as near to the middle of the stage as the edges of the picture allow. @param {Place} place @param {Size} size of the enlarged picture @param {Size} stage @returns {Place} */
export function held(place, size, stage) {
  const side = (/** @type {number} */ at, /** @type {number} */ whole, /** @type {number} */ shown) => (whole > shown ? between(at, shown / 2 / whole, 1 - shown / 2 / whole) : 0.5);
  return { x: side(place.x, size.width, stage.width), y: side(place.y, size.height, stage.height) };
}

/**
 * The box of an enlarged picture with a place in the middle of the stage, on whole device pixels.
 * @param {Size} image @param {number} scale @param {Place} place @param {Size} stage @param {number} ratio @returns {Box}
 */
export function enlarged(image, scale, place, stage, ratio) {
  const size = { width: image.width * scale, height: image.height * scale };
  const { x, y } = held(place, size, stage);
  const whole = (/** @type {number} */ value) => Math.round(value * ratio) / ratio;
  return { left: whole(stage.width / 2 - x * size.width), top: whole(stage.height / 2 - y * size.height), ...size };
}

/** The place that is in the middle once the point under the pointer stays where it is. @param {Place} pointer on the stage @param {Box} box before @param {Size} size after @param {Size} stage @returns {Place} */
export function aimedAt(pointer, box, size, stage) {
  const [x, y] = [between((pointer.x - box.left) / box.width, 0, 1), between((pointer.y - box.top) / box.height, 0, 1)];
  return { x: x + (stage.width / 2 - pointer.x) / size.width, y: y + (stage.height / 2 - pointer.y) / size.height };
}
