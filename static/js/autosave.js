/* Drafts: a <form data-autosave> sends itself every ten seconds when it changed, and on leaving;
   with data-unsaved (what it shows was refused) also when it did not change.
   It posts to its own address (or the one in data-autosave) with the header X-Autosave: 1.
   204: kept; X-Saved has the time, X-Version (optional) what [name=version] becomes.
   409: somebody else wrote meanwhile; the answer's text says so and nothing more is sent.
   400, 422: something typed cannot be kept; the answer's text says what.
   Where it stands is said in [data-saved]. The event "autosaved" on the form tells of each save. */
(() => {
  "use strict";
  const EVERY = 10000;
  const place = document.querySelector("[data-saved]");
  const say = (text, bad = false) => {
    if (!place) return;
    place.textContent = text;
    place.classList.toggle("up", bad);
  };

  const why = async (answer) => {
    if (answer.status === 400 || answer.status === 422) return `草稿没有存上：${(await answer.text()).trim()}`;
    if (answer.type === "opaqueredirect" || answer.status === 403) {
      return "草稿没有存上：登录已过期，或这一页已有变动。请先复制刚才填写的内容，刷新页面后再填。";
    }
    return "草稿没有存上，内容还在页面上，稍后再试。";
  };

  const contents = (form) => {
    const data = new FormData(form);
    [...data.entries()].forEach(([name, value]) => value instanceof File && data.delete(name));
    return new URLSearchParams(data);
  };
  const fingerprint = (form) => {
    const data = contents(form);
    data.delete("csrfmiddlewaretoken");
    data.delete("version");
    return data.toString();
  };

  const keep = (form) => {
    let known = "unsaved" in form.dataset ? null : fingerprint(form); // refused: not kept yet
    let sending = null; // the promise of the save under way
    let stopped = false; // told that the page is stale, or about to leave for good

    const taken = (answer) => {
      const version = answer.headers.get("X-Version");
      const field = form.elements.namedItem("version");
      if (version && field) field.value = version;
      say(`草稿已自动保存 ${answer.headers.get("X-Saved") || ""}`);
      form.dispatchEvent(new CustomEvent("autosaved", { bubbles: true }));
    };

    const send = async (now) => {
      const before = known;
      known = now;
      try {
        const answer = await fetch(form.dataset.autosave || form.action || location.href, {
          method: "POST",
          headers: { "X-Autosave": "1" },
          body: contents(form),
          keepalive: true,
          credentials: "same-origin",
          redirect: "manual",
        });
        if (answer.status === 204) taken(answer);
        else if (answer.status === 409) {
          stopped = true;
          say(`没有保存：${(await answer.text()).trim()}`, true);
        } else {
          known = before;
          say(await why(answer), true);
        }
      } catch {
        known = before;
        say("没有连上服务器，内容还在页面上，稍后再试。", true);
      }
    };

    const save = () => {
      const now = fingerprint(form);
      if (stopped || sending || now === known) return sending;
      sending = send(now).finally(() => { sending = null; });
      return sending;
    };

    setInterval(save, EVERY);
    addEventListener("pagehide", save);
    document.addEventListener("visibilitychange", () => document.hidden && save());
    document.addEventListener("autosave", (event) => event.detail.push(save())); // asked to, now

    form.addEventListener("submit", (event) => {
      if (!sending) return;
      event.preventDefault(); // first let the save arrive: it moves the version on
      event.stopPropagation();
      const button = event.submitter;
      sending.finally(() => form.requestSubmit(button));
    });
    document.addEventListener("submit", (event) => {
      // what is really submitted, not held back by a question, needs no draft
      if (event.target === form && !event.defaultPrevented) known = fingerprint(form);
    });
  };

  document.querySelectorAll("form[data-autosave]").forEach(keep);
})();
