// @ts-check
// The colours that somebody chose with the switch in the header; read before the page is painted.

const saved = localStorage.getItem("theme");
if (saved) document.documentElement.dataset.theme = saved;

document.addEventListener("DOMContentLoaded", () => {
  const choice = document.getElementById("theme");
  if (!(choice instanceof HTMLSelectElement)) return;
  choice.value = document.documentElement.dataset.theme ?? "";
  choice.addEventListener("change", () => {
    if (choice.value) {
      document.documentElement.dataset.theme = choice.value;
      localStorage.setItem("theme", choice.value);
    } else {
      delete document.documentElement.dataset.theme;
      localStorage.removeItem("theme");
    }
    choice.blur(); // the next key is one of the page
  });
});
