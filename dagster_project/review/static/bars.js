// @ts-check
// The two bars above a set: how far the batch and the project are.
import { at, decision } from "./common.js";

/** @param {any} progress of the project @param {import("./review_state.js").ReviewSet[]} batch */
export function drawBars(progress, batch) {
  at("all-bar").max = progress.total || 1;
  at("all-bar").value = progress.decided;
  at("all-text").textContent = progress.text;
  const done = batch.filter((s) => decision(s) || s.history).length;
  at("batch-bar").max = batch.length || 1;
  at("batch-bar").value = done;
  at("batch-text").textContent = `${done}/${batch.length}`;
}
