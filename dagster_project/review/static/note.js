// @ts-check
// The dialog for a note about the tool.
import { at, post, project, tell } from "./common.js";

/** @param {() => string | null} group the set that is shown, if any */
export function offerNote(group) {
  at("note-open").addEventListener("click", () => at("note").showModal());
  at("note-keep").addEventListener("click", async () => {
    try {
      await post("/api/automation/note", { project, note_id: crypto.randomUUID(), kind: at("note-kind").value, text: at("note-text").value, group_id: group() });
      at("note-text").value = "";
      at("note").close();
      tell("The note is saved.");
    } catch (error) { tell(/** @type {Error} */ (error).message); }
  });
}
