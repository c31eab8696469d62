// A listbox of which several can be chosen, with a search.

const DRAWN = 200; // rows at most; a search finds the others

function render({ model, el }) {
  el.classList.add("oki", "oki-picker");
  el.setAttribute("role", "group");
  const label = make("span", "oki-label");
  const search = make("input", "oki-field", "", { type: "search", autocomplete: "off", spellcheck: "false" });
  const all = button(say(model, "all"), () => choose(found, true));
  const none = button(say(model, "none"), () => choose(found, false));
  const count = make("span", "oki-count", "", { role: "status" });
  const list = make("div", "oki-list", "", { role: "listbox", "aria-multiselectable": "true" });
  const more = make("p", "oki-more", "", { role: "status" });
  const bar = make("div", "oki-bar");
  const buttons = make("span", "oki-buttons");
  buttons.append(all, none);
  bar.append(label, search, buttons, count);
  el.append(bar, list, more);

  let options = []; // [id, name, name as it is searched]
  let found = [];
  let rows = new Map(); // id -> row
  let gone = false;

  const off = () => gone || model.get("disabled");
  const chosen = () => new Set(model.get("value"));

  function set(ids) {
    if (off()) return;
    model.set("value", options.map(([id]) => id).filter((id) => ids.has(id)));
    model.save_changes();
  }

  function choose(which, yes) {
    const ids = chosen();
    for (const [id] of which) yes ? ids.add(id) : ids.delete(id);
    set(ids);
  }

  function toggle(row) {
    const ids = chosen();
    const id = Number(row.dataset.id);
    if (!ids.delete(id)) ids.add(id);
    set(ids);
  }

  /** Of all rows only one is in the order of Tab. */
  function turnTo(row, focus = true) {
    for (const each of list.querySelectorAll("[tabindex='0']")) each.tabIndex = -1;
    list.tabIndex = row ? -1 : 0;
    if (!row) return;
    row.tabIndex = 0;
    if (focus) row.focus();
  }

  function drawn([id, name], place) {
    const row = make("div", "oki-option", "", {
      role: "option",
      title: name,
      "aria-setsize": found.length,
      "aria-posinset": place + 1,
    });
    row.dataset.id = id;
    row.tabIndex = -1;
    row.append(make("bdi", "oki-name", name));
    rows.set(id, row);
    return row;
  }

  /** What is said below the list. */
  function below(left) {
    if (gone) return say(model, "gone");
    if (left) return say(model, "more", { count: number(model, left) });
    return found.length ? "" : say(model, options.length ? "nothing" : "empty");
  }

  function draw() {
    const within = list.contains(document.activeElement) ? Number(document.activeElement.dataset.id) : null;
    const wanted = plain(search.value.trim());
    found = options.filter(([, , name]) => name.includes(wanted));
    rows = new Map();
    list.replaceChildren(...found.slice(0, DRAWN).map(drawn));
    list.hidden = !found.length; // a listbox without options is none
    more.textContent = below(found.length - rows.size);
    more.hidden = !more.textContent;
    for (const [control, word] of [[all, "all_found"], [none, "none_found"]]) {
      control.title = wanted ? say(model, word) : "";
    }
    mark();
    if (within !== null) turnTo(rows.get(within) ?? entrance());
  }

  /** The row to which the keyboard comes: the first that is chosen. */
  function entrance() {
    const ids = chosen();
    return [...rows].find(([id]) => ids.has(id))?.[1] ?? list.querySelector("[role=option]");
  }

  function mark() {
    const ids = chosen();
    for (const [id, row] of rows) row.setAttribute("aria-selected", String(ids.has(id)));
    if (!list.contains(document.activeElement)) turnTo(entrance(), false);
    count.textContent = say(model, "count", { chosen: number(model, ids.size), all: number(model, options.length) });
    list.setAttribute("aria-disabled", String(off()));
    search.disabled = off();
    enable(all, !off());
    enable(none, !off());
  }

  function name() {
    const text = model.get("label");
    label.textContent = text;
    el.setAttribute("aria-label", text);
    list.setAttribute("aria-label", text);
    search.setAttribute("aria-label", say(model, "search", { label: text }));
    search.placeholder = say(model, "hint");
  }

  function read() {
    options = model.get("options").map(([id, text]) => [id, text, plain(text)]);
    draw();
  }

  function steps(row) {
    return {
      ArrowDown: row.nextElementSibling,
      ArrowUp: row.previousElementSibling,
      Home: list.firstElementChild,
      End: list.lastElementChild,
    };
  }

  list.addEventListener("click", (event) => {
    const row = event.target.closest("[role=option]");
    if (!row) return;
    turnTo(row);
    toggle(row);
  });

  list.addEventListener("keydown", (event) => {
    const row = event.target.closest("[role=option]");
    const everything = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a";
    if (everything) {
      const ids = chosen();
      choose(found, !found.every(([id]) => ids.has(id)));
    } else if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    } else if (event.key === " ") {
      if (row) toggle(row);
    } else if (row && event.key in steps(row)) {
      const next = steps(row)[event.key];
      if (next) turnTo(next);
      if (next && event.shiftKey && event.key.startsWith("Arrow")) toggle(next);
    } else if (event.key === "Escape" && search.value) {
      search.value = "";
      draw();
    } else if (event.key.length === 1) {
      search.focus(); // the letter goes there
      return;
    } else {
      return;
    }
    event.preventDefault();
  });

  search.addEventListener("input", draw);
  search.addEventListener("keydown", (event) => {
    const first = list.querySelector("[role=option]");
    if (event.key === "ArrowDown" && first) turnTo(first);
    else if (event.key === "Enter" && found.length === 1) toggle(first);
    else if (event.key === "Escape" && search.value) {
      search.value = "";
      draw();
    } else return;
    event.preventDefault();
  });

  model.on("change:options", read);
  model.on("change:value", mark);
  model.on("change:disabled", mark);
  model.on("change:label", name);
  name();
  read();
  const ends = [keepKeys(el)];
  ends.push(attached(el, () => ends.push(foldable(el))));
  ends.push(onGone(model, el, () => {
    gone = true;
    draw();
  }));
  return () => ends.forEach((end) => end());
}

/** The heading of an accordion of ipywidgets is for a pointer alone: here it becomes a button. Gives what ends that. */
function foldable(el) {
  const fold = el.closest(".jupyter-widget-Collapse");
  const head = fold?.querySelector(".jupyter-widget-Collapse-header");
  if (!head) return () => {};
  const open = () => fold.classList.contains("jupyter-widget-Collapse-open");
  const look = () => head.setAttribute("aria-expanded", String(open()));
  const pressed = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    head.click();
  };
  head.setAttribute("role", "button");
  head.tabIndex = 0;
  head.addEventListener("keydown", pressed);
  const watch = new MutationObserver(look);
  watch.observe(fold, { attributeFilter: ["class"] });
  look();
  const give = keepKeys(head);
  return () => {
    give();
    watch.disconnect();
    head.removeEventListener("keydown", pressed);
  };
}

export default { render };
