/* Lists: ticking rows (kept by id over pages and sorting), the bulk bar, and J K X Enter A C. */
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const bar = document.querySelector("[data-bulk]");
  const place = `picked:${location.pathname}`;

  const recall = () => {
    try {
      return new Set(JSON.parse(sessionStorage.getItem(place) || "[]"));
    } catch {
      return new Set();
    }
  };
  const picked = recall();
  const remember = () => {
    try {
      sessionStorage.setItem(place, JSON.stringify([...picked]));
    } catch {
      /* then the ticks last for this page only */
    }
  };

  const boxes = () => all("[data-row] input[data-pick]");
  const free = () => boxes().filter((box) => !box.disabled);

  const show = () => {
    boxes().forEach((box) => {
      box.checked = picked.has(box.value);
      box.closest("[data-row]").classList.toggle("sel", box.checked);
    });
    const every = document.querySelector("[data-pick-all]");
    if (every) {
      const ticked = free().filter((box) => box.checked).length;
      every.checked = ticked > 0 && ticked === free().length;
      every.indeterminate = ticked > 0 && !every.checked;
    }
    if (bar) {
      bar.hidden = picked.size === 0;
      bar.querySelector("[data-count]").textContent = picked.size;
    }
  };

  const pick = (box, on) => {
    if (on) picked.add(box.value);
    else picked.delete(box.value);
  };

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick]")) pick(event.target, event.target.checked);
    else if (event.target.matches("[data-pick-all]"))
      free().forEach((box) => pick(box, event.target.checked));
    else return;
    remember();
    show();
  });

  document.addEventListener("click", (event) => {
    const every = event.target.closest("[data-pick-every]");
    if (every) free().forEach((box) => pick(box, true));
    else if (event.target.closest("[data-pick-none]")) picked.clear();
    else return;
    remember();
    show();
  });

  if (bar) {
    bar.addEventListener("submit", (event) => {
      if (event.defaultPrevented) return;
      const here = new Set(boxes().map((box) => box.value));
      [...picked].filter((code) => !here.has(code)).forEach((code) => {
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name: "codes", value: code });
        bar.append(field);
      });
      picked.clear();
      remember();
    });
  }

  /* --- keys --- */
  const rows = () => all("[data-row]");
  const current = () => document.querySelector("[data-row].at");
  const stand = (row) => {
    all("[data-row].at").forEach((old) => old.classList.remove("at"));
    row.classList.add("at");
    (row.querySelector("a") || row.querySelector("input"))?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const move = (by) => {
    const list = rows();
    const at = list.indexOf(current());
    const next = list[Math.min(list.length - 1, Math.max(0, at + by))];
    if (next) stand(next);
  };
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    x: () => {
      const box = current() && current().querySelector("[data-pick]");
      if (box) box.click();
    },
    Enter: () => {
      const link = current() && current().querySelector("a");
      if (link && document.activeElement !== link) link.click();
    },
    a: () => act("a"),
    c: () => act("c"),
  };
  const act = (key) => {
    const button = bar && bar.querySelector(`[data-key=${key}]`);
    if (!button) return;
    if (picked.size === 0) keys.x();
    if (!bar.hidden) button.click();
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.body.dataset.keys === "off" || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input:not([type=checkbox]),textarea,select,button")) return;
    const press = keys[event.key] || keys[event.key.toLowerCase()];
    if (press) press();
  });

  document.addEventListener("htmx:afterSwap", show);
  show();
})();
