/* Runs before the page is painted, so that a dark page never flashes white. */
(() => {
  "use strict";
  const root = document.documentElement;
  let stored = null;
  try {
    stored = localStorage.getItem("theme");
  } catch {
    /* storage may be switched off; the system's choice then holds */
  }
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.bsTheme = stored || system;
  root.classList.add("js");
})();
