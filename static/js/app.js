/* Behaviour of every page, bound by data attributes: nothing inline, so that the page's policy
   (script-src 'self'; style-src 'self') holds. Everything works, plainer, without this file. */
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  const icon = (name, extra = "") => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", `ico ${extra}`);
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${document.body.dataset.icons}#${name}`);
    svg.append(use);
    return svg;
  };

  /* --- theme --- */
  const setTheme = (theme) => {
    document.documentElement.dataset.bsTheme = theme;
    try {
      localStorage.setItem("theme", theme);
    } catch {
      /* then it lasts for this page only */
    }
    document.dispatchEvent(new CustomEvent("themechange"));
  };
  const otherTheme = () =>
    document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";

  /* --- toasts: from the server's messages, from htmx answers, from failures --- */
  const retire = (toast) => {
    const seconds = toast.matches(".bad") ? 12 : 5;
    setTimeout(() => toast.remove(), seconds * 1000);
  };

  const say = ({ text, level = "ok", undo }) => {
    const toast = document.createElement("div");
    toast.className = `toast-x ${level}`;
    const words = document.createElement("span");
    words.textContent = text;
    toast.append(icon(level === "bad" ? "alert-circle" : "circle-check"), words);
    if (undo) {
      const link = document.createElement("a");
      link.href = undo;
      link.textContent = "撤销";
      toast.append(link);
    }
    one("#toasts").append(toast);
    retire(toast);
  };

  /* --- asking first: data-confirm on a form or on its button, hx-confirm on htmx elements --- */
  const ask = (text, verb, go) => {
    const dialog = one("#confirm");
    if (!dialog || !dialog.showModal) {
      if (window.confirm(text)) go();
      return;
    }
    one("[data-confirm-text]", dialog).textContent = text;
    one("[data-confirm-go]", dialog).textContent = verb || "继续";
    dialog.returnValue = "";
    dialog.addEventListener("close", () => dialog.returnValue === "go" && go(), { once: true });
    dialog.showModal();
  };

  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    const verb = event.detail.elt.dataset.confirmVerb;
    ask(event.detail.question, verb, () => event.detail.issueRequest(true));
  });

  /* --- submitting: ask, then once only --- */
  const release = (form) => {
    delete form.dataset.sent;
    all("[aria-busy]", form).forEach((button) => {
      button.removeAttribute("aria-busy");
      button.disabled = false;
    });
  };

  const hold = (form, button) => {
    form.dataset.sent = "yes";
    if (!button) return;
    button.setAttribute("aria-busy", "true");
    setTimeout(() => { button.disabled = true; }); // after the browser has read the button's value
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    const asking = (button && button.dataset.confirm) || form.dataset.confirm;
    if (asking && !form.dataset.agreed) {
      event.preventDefault();
      const verb = (button && button.dataset.confirmVerb) || form.dataset.confirmVerb;
      ask(asking, verb, () => {
        form.dataset.agreed = "yes";
        form.requestSubmit(button);
      });
      return;
    }
    delete form.dataset.agreed;
    if (form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    else hold(form, button);
  });

  addEventListener("pageshow", () => all("form[data-sent]").forEach(release));
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt.closest("form");
    if (form) release(form);
  });
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    const why = status === 403 ? "登录已过期或没有权限，请刷新页面。" : `服务器出错（${status}）`;
    say({ text: `${why} 页面上的内容没有改动。`, level: "bad" });
  });
  document.addEventListener("htmx:sendError", () => {
    say({ text: "没有连上服务器，页面上的内容没有改动。请稍后再试。", level: "bad" });
  });
  document.addEventListener("toast", (event) => say(event.detail));

  /* --- clicks --- */
  const clicks = {
    theme: () => setTheme(otherTheme()),
    print: () => window.print(),
    keys: () => one("#keys").showModal(),
    search: () => {
      const box = one(".srch");
      box.classList.add("open");
      one("input", box).focus();
    },
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) clicks[button.dataset.do]();
    all("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    const dialog = event.target.closest("dialog");
    if (dialog && event.target === dialog) dialog.close();
  });

  document.addEventListener("focusout", (event) => {
    const box = event.target.closest(".srch.open");
    if (box && !box.contains(event.relatedTarget)) box.classList.remove("open");
  });

  /* --- keys: silent while somebody types or an input method composes --- */
  const typing = (target) =>
    target.closest("input:not([type=checkbox]):not([type=radio]),textarea,select,[contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      all("details.menu[open]").forEach((menu) => { menu.open = false; });
      return;
    }
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.body.dataset.keys === "off" || typing(event.target) || one("dialog[open]")) return;
    if (event.key === "/") {
      const box = all("[data-search]").find((input) => input.offsetParent);
      if (box) {
        event.preventDefault();
        box.focus();
        box.select();
      }
    }
    if (event.key === "?") clicks.keys();
  });

  /* --- files dropped on an upload field --- */
  const size = (bytes) =>
    bytes < 1048576 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;

  const listFiles = (drop) => {
    const list = one("[data-files]", drop);
    const files = [...one("input[type=file]", drop).files];
    list.replaceChildren(
      ...files.map((file) => {
        const row = document.createElement("li");
        const name = document.createElement("span");
        const weight = document.createElement("span");
        name.className = "grow ell";
        name.textContent = file.name;
        weight.className = "mut tn";
        weight.textContent = size(file.size);
        row.append(name, weight);
        return row;
      }),
    );
  };

  all("[data-drop]").forEach((drop) => {
    const input = one("input[type=file]", drop);
    input.addEventListener("change", () => listFiles(drop));
    ["dragenter", "dragover"].forEach((kind) =>
      drop.addEventListener(kind, (event) => {
        event.preventDefault();
        drop.classList.add("over");
      }),
    );
    ["dragleave", "drop"].forEach((kind) =>
      drop.addEventListener(kind, () => drop.classList.remove("over")),
    );
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      input.files = event.dataTransfer.files;
      listFiles(drop);
    });
  });

  all("#toasts .toast-x").forEach(retire);
})();
