"use strict";
// The pinyin of a name: offered as the name is typed, as long as nobody has written another; of characters with several readings
// one is chosen below the field. The server knows the readings, and fills what is left empty where no script runs.
(() => {
  const pause = 200; // ms after the last key
  const known = new Map(); // name → what the server offers for it
  const shown = new WeakMap(); // field → the name whose readings stand below it
  const timers = new WeakMap();
  const nothing = { pinyin: "", words: [] };

  const sourceOf = (field) => field.form?.elements[field.name.replace(/[^.]+$/, field.dataset.pinyin)];
  const fieldsOf = (source) =>
    [...(source.form?.querySelectorAll("[data-pinyin]") || [])].filter((field) => sourceOf(field) === source);
  const fieldsAt = (target) => (target.matches?.("[data-pinyin]") ? [target] : fieldsOf(target));

  async function offered(field, name) {
    if (!name.trim()) return nothing;
    if (known.has(name)) return known.get(name);
    const body = new FormData();
    body.append("name", name);
    const headers = { "X-CSRFToken": window.pilot.csrf(), "X-Requested-With": "fetch" };
    try {
      const answer = await fetch(field.dataset.pinyinUrl, { method: "POST", body, headers });
      if (!answer.ok) return nothing;
      known.set(name, await answer.json());
      return known.get(name);
    } catch (error) {
      return nothing; // no network: the field is filled in by hand, or by the server once the form is sent
    }
  }

  // ---- which readings a text is made of ------------------------------------------------------------------------------
  const join = (words, chosen) => words.map((word, w) => word.map((_, s) => word[s][1][chosen[w][s]] || "").join("")).join(" ");
  const first = (words) => words.map((word) => word.map(() => 0));

  /** The readings that a text is made of, a number for each syllable; null where it is made of none. */
  function chosenIn(words, text) {
    const flat = words.flatMap((word, w) => word.map(([, readings], s) => [readings, w > 0 && s === 0 ? " " : "", w, s]));
    const chosen = first(words);
    const rest = (at, left) => {
      if (at === flat.length) return left === "";
      const [readings, blank, w, s] = flat[at];
      return readings.some((reading, number) => {
        if (!left.startsWith(blank + reading)) return false;
        chosen[w][s] = number;
        return rest(at + 1, left.slice(blank.length + reading.length));
      });
    };
    return rest(0, text.trim().toUpperCase()) ? chosen : null;
  }

  function write(field, text) {
    if (field.value === text) return;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true })); // so that drafts keep it
    if (field.matches(".is-invalid")) field.dispatchEvent(new FocusEvent("focusout", { bubbles: true })); // so that it is checked again
  }

  // ---- below the field -----------------------------------------------------------------------------------------------
  function button(char, reading, number, place) {
    const one = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: reading });
    Object.assign(one.dataset, { reading: number, place });
    one.setAttribute("aria-label", `${char}读作 ${reading}`);
    return one;
  }

  function show(field, name, words) {
    const box = document.getElementById(`${field.name}-readings`);
    if (!box) return;
    if (shown.get(field) !== name) {
      shown.set(field, name);
      const parts = words.flatMap((word, w) =>
        word.flatMap(([char, readings], s) => {
          if (readings.length === 1) return [];
          const part = document.createElement("span");
          part.append(readings.length ? `${char}：` : `“${char}”的读音不在字典中，请自行填写拼音`);
          part.append(...readings.map((reading, number) => button(char, reading, number, `${w}.${s}`)));
          return [part];
        }),
      );
      box.replaceChildren(...parts);
      box.hidden = !parts.length;
    }
    const chosen = chosenIn(words, field.value);
    box.querySelectorAll("button").forEach((one) => {
      const [w, s] = one.dataset.place.split(".");
      one.setAttribute("aria-pressed", String(chosen !== null && chosen[w][s] === Number(one.dataset.reading)));
    });
  }

  async function look(field) {
    const source = sourceOf(field);
    if (!source) return;
    const name = source.value;
    const { words } = await offered(field, name);
    if (source.value === name) show(field, name, words);
  }

  async function follow(field, before) {
    const source = sourceOf(field);
    const name = source.value;
    const [old, now] = await Promise.all([offered(field, before), offered(field, name)]);
    if (source.value !== name) return; // typed on meanwhile
    const untouched = field.value.trim() === "" || (old.words.length && chosenIn(old.words, field.value) !== null);
    if (untouched) write(field, now.pinyin);
    field.dataset.follows = name;
    show(field, name, now.words);
  }

  document.addEventListener("focusin", ({ target }) => {
    for (const field of fieldsAt(target)) {
      const source = sourceOf(field);
      if (source && field.dataset.follows === undefined) field.dataset.follows = source.value;
      look(field);
    }
  });

  function typed({ target, isComposing }) {
    if (target.matches?.("[data-pinyin]")) return look(target);
    if (isComposing) return; // the letters of an input method are no name yet
    for (const field of fieldsOf(target)) {
      clearTimeout(timers.get(field));
      timers.set(field, setTimeout(() => follow(field, field.dataset.follows || ""), pause));
    }
  }
  document.addEventListener("input", typed);
  document.addEventListener("compositionend", ({ target }) => typed({ target, isComposing: false }));

  document.addEventListener("click", ({ target }) => {
    const one = target.closest(".readings button");
    const field = one && document.getElementById(one.closest(".readings").id.replace(/^(.*)-readings$/, "f-$1"));
    if (!field) return;
    const name = shown.get(field);
    const { words } = known.get(name) || nothing;
    const chosen = chosenIn(words, field.value) || first(words);
    const [w, s] = one.dataset.place.split(".");
    chosen[w][s] = Number(one.dataset.reading);
    write(field, join(words, chosen));
    show(field, name, words);
  });
})();
