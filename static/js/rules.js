/* Sliders beside the number fields of rules: <input type="range" data-slides="id-of-the-number">.
   Without this file they stay hidden and the numbers are typed. */
(() => {
  "use strict";
  document.querySelectorAll("[data-slides]").forEach((slider) => {
    const field = document.getElementById(slider.dataset.slides);
    const line = slider.closest(".line");
    const before = field.value;
    const mark = () => line.classList.toggle("on", field.value !== before || line.dataset.on === "1");
    if (line.classList.contains("on")) line.dataset.on = "1";
    slider.hidden = false;
    slider.addEventListener("input", () => {
      field.value = slider.value;
      mark();
    });
    field.addEventListener("input", () => {
      slider.value = field.value === "" ? field.placeholder : field.value;
      mark();
    });
  });
})();
