// The frame of a crop follows its sliders, and a mouse or a finger moves it. What is sent are the sliders: without this script they work, too.
(() => {
  "use strict";
  const STEPS = 1000;
  document.querySelectorAll("[data-frame]").forEach(start);

  function start(form) {
    const [width, height, least] = [form.dataset.width, form.dataset.height, form.dataset.least].map(Number);
    const [size, x, y] = ["size", "x", "y"].map((name) => form.elements[name]);
    const whole = form.querySelector("[data-whole]");
    const frame = whole.querySelector(".crop");
    const result = form.querySelector("[data-result]");
    const taken = document.querySelector("[data-frame-taken]");
    const widest = Math.min(width, (height * 295) / 413);
    const narrowest = Math.min(least, widest);

    function box() {
      const wide = narrowest + ((widest - narrowest) * size.value) / STEPS;
      const tall = (wide * 413) / 295;
      return { left: ((width - wide) * x.value) / STEPS, top: ((height - tall) * y.value) / STEPS, wide, tall };
    }

    function draw() {
      const { left, top, wide, tall } = box();
      const values = { x: left, y: top, width: wide, height: tall };
      for (const [name, value] of Object.entries(values)) frame.setAttribute(name, value);
      result.setAttribute("viewBox", `${left} ${top} ${wide} ${tall}`);
      if (taken) taken.hidden = true; // what it would take is no longer what is shown
    }

    function move(left, top, { wide, tall }) {
      x.value = width > wide ? Math.round((left / (width - wide)) * STEPS) : 0; // a slider stops at its ends
      y.value = height > tall ? Math.round((top / (height - tall)) * STEPS) : 0;
      draw();
    }

    form.addEventListener("input", draw);
    whole.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      whole.setPointerCapture(event.pointerId);
      const from = box();
      const scale = width / whole.getBoundingClientRect().width; // pixels of the photo for one of the page
      const drag = (now) =>
        move(from.left + (now.clientX - event.clientX) * scale, from.top + (now.clientY - event.clientY) * scale, from);
      whole.addEventListener("pointermove", drag);
      const end = () => whole.removeEventListener("pointermove", drag);
      whole.addEventListener("pointerup", end, { once: true });
      whole.addEventListener("pointercancel", end, { once: true });
    });
    whole.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const before = box();
        size.value = Number(size.value) - Math.sign(event.deltaY) * 25;
        const after = box(); // around the middle of the frame
        move(before.left + (before.wide - after.wide) / 2, before.top + (before.tall - after.tall) / 2, after);
      },
      { passive: false },
    );
  }
})();
