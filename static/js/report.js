/* Monthly reports and their assessment: texts that grow, counts, rows, saving before a step, and the
   score sheet's keys. Everything can be typed, saved and sent without this file. */
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const bare = (text) => text.replace(/\s/g, "").length;

  /* --- texts: as high as what is in them, with how many characters are still missing --- */
  const fit = (area) => {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  };
  const count = (area) => {
    const least = Number(area.dataset.least || 0);
    const place = area.form && area.form.querySelector("[data-count]");
    if (!place || !least) return;
    const left = least - bare(area.value);
    place.textContent = left > 0 ? `还差 ${left} 字（不少于 ${least} 字）` : `${bare(area.value)} 字`;
    place.classList.toggle("up", left > 0);
    area.classList.toggle("todo", left > 0);
  };
  all("textarea.narr").forEach((area) => {
    const update = () => { fit(area); count(area); };
    area.addEventListener("input", update);
    update();
  });
  addEventListener("resize", () => all("textarea.narr").forEach(fit));

  /* --- the plan: one more row --- */
  all("[data-add-row]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const rows = button.form.querySelector("[data-rows]");
      const last = all("[data-row]", rows).pop();
      const row = last.cloneNode(true);
      const number = all("[data-row]", rows).length + 1;
      all("input", row).forEach((field) => {
        field.value = "";
        field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+/, number));
      });
      rows.append(row);
      row.querySelector("input").focus();
    });
  });

  /* --- what leaves the page or sends the report first waits for the texts --- */
  const once = () => {
    const waits = [];
    document.dispatchEvent(new CustomEvent("autosave", { detail: waits }));
    return Promise.all(waits);
  };
  /* What was typed during the first save goes with the second. Never at once: while a browser still
     dispatches a submission, it ignores requestSubmit. */
  const flush = () => new Promise((go) => setTimeout(go)).then(once).then(once);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-flush]") || form.dataset.flushed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const button = event.submitter;
    flush().then(() => {
      form.dataset.flushed = "yes";
      form.requestSubmit(button);
      delete form.dataset.flushed;
    });
  }, true);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-flush]");
    if (!link || link.target || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    flush().then(() => { location.href = link.href; });
  });

  /* --- the contents: where one reads --- */
  const toc = () => all(".toc a[href^='#']");
  if ("IntersectionObserver" in window && toc().length) {
    const watch = new IntersectionObserver((seen) => {
      const top = seen.find((one) => one.isIntersecting);
      if (!top) return;
      toc().forEach((link) => {
        if (link.hash === `#${top.target.id}`) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      });
    }, { rootMargin: "-80px 0px -70% 0px" });
    all(".part[id], .annex[id]").forEach((part) => watch.observe(part));
  }

  /* --- the sheet: = takes the suggestion; a row is kept when the cursor leaves it --- */
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest(".sheet .score-in");
    if (!field || event.isComposing) return;
    if (event.key === "=") {
      event.preventDefault();
      field.value = field.dataset.suggested;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    } else if (event.key === "Enter") {
      event.preventDefault(); // not the whole sheet
      const fields = all(".sheet .score-in");
      const next = fields[fields.indexOf(field) + 1];
      if (next) next.focus();
    }
  });
  document.addEventListener("input", (event) => {
    const row = event.target.closest("tr[data-item]");
    if (row) row.dataset.changed = "yes";
  });
  document.addEventListener("focusout", (event) => {
    const row = event.target.closest("tr[data-item]");
    if (!row || !row.dataset.changed || row.contains(event.relatedTarget)) return;
    delete row.dataset.changed;
    if (window.htmx) window.htmx.trigger(row, "leave");
  });
})();
