/* A visit's pages: counting with differences at once, photographs one by one, where the device is.
   Everything works, plainer, without this file. */
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const number = (input) => (input && input.value.trim() !== "" ? Number(input.value) : null);
  const tidy = (value) => String(Math.round(value * 10) / 10);

  /* --- where the device is: fills lat, lon, accuracy of forms that ask for it --- */
  const wait = { enableHighAccuracy: true, timeout: 20000, maximumAge: 60000 };
  const say = (form, text) => {
    const place = one("[data-geo-said] span", form);
    if (place) place.textContent = text;
  };
  const asking = all("form[data-geo]");
  if (asking.length && navigator.geolocation) {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => asking.forEach((form) => {
        form.elements.lat.value = coords.latitude;
        form.elements.lon.value = coords.longitude;
        form.elements.accuracy.value = coords.accuracy;
        say(form, `已取得定位，精度 ±${Math.round(coords.accuracy)} 米。`);
      }),
      () => asking.forEach((form) => say(form, "没有取得定位，可以照常进行。")),
      wait,
    );
  } else {
    asking.forEach((form) => say(form, "这台设备不提供定位，可以照常进行。"));
  }

  /* --- the stock sheet --- */
  const sheet = one("form[data-stock]");

  const count = (line) => {
    const part = (name) => number(one(`[data-part=${name}]`, line)) || 0;
    const boxes = [
      one("[data-counted]", line), one("[data-counted-packs]", line),
      one("[data-part=store]", line), one("[data-part=store_packs]", line),
    ].map(number);
    const expected = part("opening") + Number(line.dataset.bought) - part("returned") - part("sold");
    if (boxes.every((value) => value === null)) return { expected, counted: null };
    const [counter, packs, store, storePacks] = boxes.map((value) => value || 0);
    return { expected, counted: counter + store + (packs + storePacks) / 10 };
  };

  const show = (line) => {
    const { expected, counted } = count(line);
    const place = one("[data-difference]", line);
    const gap = counted === null ? null : Math.round((counted - expected) * 10) / 10;
    one("[data-expected]", line).textContent = tidy(expected);
    place.textContent = gap === null ? "—" : gap === 0 ? "相符" : `${gap > 0 ? "+" : "−"}${Math.abs(gap)}`;
    place.classList.toggle("up", Boolean(gap));
    place.classList.toggle("mut", !gap);
    return { expected, counted };
  };

  const sum = () => {
    const lines = all("[data-line]", sheet).map(show).filter((line) => line.counted !== null);
    const expected = lines.reduce((total, line) => total + line.expected, 0);
    const counted = lines.reduce((total, line) => total + line.counted, 0);
    one("[data-sum-expected]", sheet).textContent = tidy(expected);
    one("[data-sum-counted]", sheet).textContent = tidy(counted);
    one("[data-sum-difference]", sheet).textContent = tidy(counted - expected);
    one("[data-sum]", sheet).classList.toggle("bad", Math.abs(counted - expected) >= 0.05);
  };

  if (sheet) {
    sheet.addEventListener("input", sum);
    sheet.addEventListener("click", (event) => {
      const button = event.target.closest("[data-by]");
      if (!button) return;
      const input = one("input", button.parentElement);
      input.value = Math.max(0, (number(input) || 0) + Number(button.dataset.by));
      sum();
    });
    const zero = one("[data-zero]", sheet);
    zero?.addEventListener("click", () => {
      all("[data-line]", sheet).filter((line) => count(line).counted === null)
        .forEach((line) => { one("[data-counted]", line).value = 0; });
      sum();
    });
    sum();
  }

  /* --- photographs: each file alone, with its own progress; a failed one can be sent again --- */
  const form = one("form[data-upload]");

  const row = (name) => {
    const item = document.createElement("li");
    const title = document.createElement("span");
    const bar = document.createElement("progress");
    const said = document.createElement("span");
    item.className = "row-c s13";
    title.className = "grow ell";
    title.textContent = name;
    bar.className = "w-bar";
    bar.max = 100;
    bar.value = 0;
    bar.setAttribute("aria-label", `${name} 上传进度`);
    said.className = "mut";
    item.append(title, bar, said);
    one("[data-uploads]").append(item);
    return { item, bar, said };
  };

  const parcel = (file) => {
    const data = new FormData(form);
    data.set("uuid", newId());
    data.set("file", file, file.name);
    return data;
  };

  // crypto.randomUUID is there on HTTPS only
  const newId = () =>
    "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
      (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16));

  const retry = (parts, data, words) => {
    parts.said.textContent = words;
    parts.said.className = "up";
    const again = document.createElement("button");
    again.type = "button";
    again.className = "btn btn-d btn-s";
    again.textContent = "重传";
    again.addEventListener("click", () => {
      again.remove();
      send(parts, data);
    });
    parts.item.append(again);
  };

  const tick = (kind) => {
    const item = one(`[data-wanted=${kind}]`);
    if (!item || !item.matches(".mut")) return;
    item.classList.remove("mut");
    one("span", item).remove();
    one("use", item).setAttribute("href", `${document.body.dataset.icons}#circle-check`);
  };

  const arrived = (parts, html, kind) => {
    parts.item.remove();
    tick(kind);
    const tile = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
    one("[data-pics]").append(tile);
    const total = one("[data-photo-count]");
    total.textContent = Number(total.textContent) + 1;
  };

  const send = (parts, data) => {
    const request = new XMLHttpRequest();
    parts.said.className = "mut";
    parts.said.textContent = "上传中";
    request.open("POST", form.action || location.href);
    request.setRequestHeader("X-One-File", "1");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) parts.bar.value = (100 * event.loaded) / event.total;
    });
    request.addEventListener("load", () => {
      if (request.status === 201) arrived(parts, request.responseText, data.get("kind"));
      else retry(parts, data, request.status === 400 ? request.responseText : "没有传上去");
    });
    request.addEventListener("error", () => retry(parts, data, "没有连上服务器"));
    request.send(data);
  };

  if (form) {
    all("[data-shoot], [data-choose]", form).forEach((input) => {
      input.multiple = input.matches("[data-choose]");
      input.addEventListener("change", () => {
        const files = [...input.files];
        const parcels = files.map((file) => [row(file.name), parcel(file)]);
        input.value = "";
        parcels.forEach(([parts, data]) => send(parts, data));
      });
    });
  }
})();
