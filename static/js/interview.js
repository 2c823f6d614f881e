/* The page of a telephone interview: differences at once, "now" buttons, the clock of the call, and
   keys: 1–9 answers, J K moves, N next shop, B not reached, Ctrl+Enter submits. */
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  /* --- received against ordered --- */
  const judge = (input) => {
    const row = input.closest("tr");
    const verdict = one("[data-verdict]", row);
    const said = input.value !== "";
    const difference = Math.round((Number(input.value) - Number(input.dataset.ordered)) * 100) / 100;
    verdict.hidden = !said;
    one("[data-same]", row).hidden = said;
    verdict.className = `tag ${difference === 0 ? "ok" : "red"}`;
    verdict.textContent =
      difference === 0 ? "一致" : `${difference < 0 ? "少" : "多"} ${Math.abs(difference)} 条`;
  };
  const same = (input) => {
    input.value = input.dataset.ordered;
    judge(input);
  };

  const goods = one("[data-goods]");
  if (goods) {
    goods.addEventListener("input", (event) => {
      if (event.target.matches("[data-ordered]")) judge(event.target);
    });
    goods.addEventListener("click", (event) => {
      if (event.target.closest("[data-all-same]"))
        all("[data-ordered]", goods).filter((input) => input.value === "").forEach(same);
      const button = event.target.closest("[data-same]");
      if (button) same(one("[data-ordered]", button.closest("tr")));
    });
    all("[data-ordered]", goods).filter((input) => input.value !== "").forEach(judge);
  }

  /* --- words that only an answer out of order wants --- */
  const ask = (question) => {
    const words = one("[data-words]", question);
    if (words) words.hidden = !one(".bad:checked", question) && one("input", words).value === "";
  };
  all("[data-q]").forEach(ask);
  document.addEventListener("change", (event) => {
    const question = event.target.closest("[data-q]");
    if (question) ask(question);
  });

  /* --- times --- */
  const two = (number) => String(number).padStart(2, "0");
  // as the server counts, wherever the device believes to be
  const said = (at) => at.toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" }).split(" ");
  const day = (at) => said(at)[0];
  const hour = (at) => said(at)[1];

  all("[data-now]").forEach((button) =>
    button.addEventListener("click", () => {
      const field = document.getElementById(button.dataset.now);
      const at = new Date();
      field.value = field.type === "time" ? hour(at) : `${day(at)}T${hour(at)}`;
    }),
  );

  all("[data-since]").forEach((place) => {
    const since = new Date(place.dataset.since);
    const clock = one("[data-clock]", place);
    const tick = () => {
      const seconds = Math.max(0, Math.floor((Date.now() - since) / 1000));
      clock.textContent = `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
    };
    tick();
    setInterval(tick, 1000);
  });

  /* Reached: the time of connecting is now, unless it was written already. */
  const call = one("[data-call]");
  if (call) {
    call.addEventListener("change", (event) => {
      const field = one("#id_connected_at", call);
      if (event.target.name !== "result") return;
      if (event.target.value !== "reached") field.value = "";
      else if (field.value === "") field.value = hour(new Date());
    });
  }

  /* --- keys --- */
  const questions = () => all("[data-q]");
  const mark = (question) => {
    all("[data-q].on").forEach((old) => old.classList.remove("on"));
    if (question) question.classList.add("on");
  };
  const stand = (question) => {
    mark(question);
    if (question) question.scrollIntoView({ block: "nearest" });
  };
  const unanswered = (question) => !one("input[type=radio]:checked", question);
  const current = () => one("[data-q].on") || questions().find(unanswered) || questions()[0];
  const move = (by) => {
    const list = questions();
    const at = list.indexOf(one("[data-q].on"));
    stand(list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + by))]);
  };
  const answer = (number) => {
    const question = current();
    const choice = question && all("input[type=radio]", question)[number - 1];
    if (!choice) return;
    choice.click();
    const list = questions();
    const next = list.slice(list.indexOf(question) + 1).find(unanswered);
    const words = one("input.form-control:not([type=number])", question);
    stand(next || question);
    if (choice.matches(".bad") && words) {
      stand(question);
      words.focus();
    }
  };
  const press = (key) => {
    const button = one(`[data-key=${key}]`);
    if (button) button.click();
  };
  const notReached = () => {
    const choice = call && one("input[name=result][value=no_answer]", call);
    if (!choice) return;
    choice.click();
    one("button[type=submit]", call).focus();
  };
  const keys = { j: () => move(1), k: () => move(-1), n: () => press("n"), b: notReached };

  document.addEventListener("focusin", (event) => {
    const question = event.target.closest("[data-q]");
    if (question) stand(question);
  });

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || one("dialog[open]")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      press("submit");
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.body.dataset.keys === "off") return;
    if (event.target.closest("input:not([type=checkbox]):not([type=radio]),textarea,select")) return;
    if (/^[1-9]$/.test(event.key)) answer(Number(event.key));
    else if (keys[event.key.toLowerCase()]) keys[event.key.toLowerCase()]();
  });

  mark(questions().find(unanswered)); // the page itself stays where it opened
})();
