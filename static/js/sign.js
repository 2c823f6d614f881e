/* Signing: a pad per signer, its strokes and picture sent together; redrawn when the page is resized. */
(() => {
  "use strict";
  const one = (selector, root) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const INK = "#131819"; // on paper it must be dark, whatever the page's theme

  const fit = (canvas, pad) => {
    const ratio = Math.max(window.devicePixelRatio || 1, 1);
    const { offsetWidth, offsetHeight } = canvas;
    if (!offsetWidth) return; // hidden now; it is fitted when it is shown
    const strokes = pad.toData();
    const before = canvas.width / ratio || offsetWidth;
    canvas.width = offsetWidth * ratio;
    canvas.height = offsetHeight * ratio;
    canvas.getContext("2d").scale(ratio, ratio);
    pad.clear();
    const shrink = Math.min(1, offsetWidth / before);
    strokes.forEach((stroke) => stroke.points.forEach((point) => {
      point.x *= shrink;
      point.y *= shrink;
    }));
    pad.fromData(strokes);
  };

  const begin = (form) => {
    const canvas = one("canvas", form);
    const pad = new SignaturePad(canvas, { penColor: INK, minWidth: 1.2, maxWidth: 3.2 });
    const refit = () => fit(canvas, pad);
    const way = () => form.elements.method.value;
    const show = () => {
      all("[data-way]", form).forEach((part) => { part.hidden = part.dataset.way !== way(); });
      refit();
    };

    all("input[name=method]", form).forEach((input) => input.addEventListener("change", show));
    one("[data-clear]", form).addEventListener("click", () => pad.clear());
    form.closest("details").addEventListener("toggle", refit);
    addEventListener("resize", refit);

    form.addEventListener("submit", (event) => {
      if (way() !== "drawn") return;
      if (pad.isEmpty()) {
        event.preventDefault();
        event.stopImmediatePropagation();
        canvas.scrollIntoView({ block: "center" });
        document.dispatchEvent(new CustomEvent("toast", {
          detail: { text: "签名区还是空的，请先手写签名。", level: "bad" },
        }));
        return;
      }
      form.elements.strokes.value = JSON.stringify(pad.toData());
      form.elements.picture.value = pad.toDataURL("image/png");
    }, true);
    show();
  };

  all("form[data-sign]").forEach(begin);
})();
