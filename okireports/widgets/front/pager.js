// A table of which only one page is here; each question has a number, and an answer to an older one is dropped.

const LETTERS = 200; // of a search

function render({ model, el }) {
  el.classList.add("oki", "oki-pager");
  const search = make("input", "oki-field", "", {
    type: "search", autocomplete: "off", spellcheck: "false", maxlength: LETTERS,
  });
  const size = make("select", "oki-field");
  const box = make("div", "oki-box", "", { role: "region", tabindex: "0" });
  const table = make("table", "oki-table");
  const caption = table.createCaption();
  const head = table.createTHead();
  const body = table.createTBody();
  const feet = table.createTFoot();
  const place = make("input", "oki-field oki-place", "", { type: "number", min: "1" });
  const pages = make("span", "oki-of");
  const said = make("span", "oki-text", "", { role: "status" });
  const alarm = make("p", "oki-text oki-failed", "", { role: "alert", dir: "auto" });
  const spinner = make("span", "oki-spinner", "", { "aria-hidden": "true" });

  const first = button(say(model, "first"), () => ask({ page: 0 }));
  const previous = button(say(model, "previous"), () => ask({ page: asked.page - 1 }));
  const next = button(say(model, "next"), () => ask({ page: asked.page + 1 }));
  const last = button(say(model, "last"), () => ask({ page: lastPage() }));
  const bar = make("div", "oki-bar");
  const nav = make("div", "oki-bar", "", { role: "navigation" });
  const foot = make("div", "oki-bar");
  const sized = make("label", "oki-label", say(model, "size"));
  const placed = make("label", "oki-label", say(model, "page"));
  sized.append(size);
  placed.append(place);
  bar.append(search, sized);
  nav.append(first, previous, placed, pages, next, last);
  foot.append(spinner, said);
  box.append(table);
  el.append(bar, box, nav, foot, alarm);

  const view = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER); // of several places that show this table
  const wholly = () => ({ page: 0, size: Number(size.value), sort: null, desc: false, search: "" });
  let asked; // what was asked last
  let shown; // what stands in the table: the answer, and what it was asked by
  let seq = 0;
  let waits, typed;
  let gone = false;

  const total = () => shown?.total ?? model.get("total");
  const lastPage = () => Math.max(0, Math.ceil(total() / asked.size) - 1);

  function ask(change) {
    clearTimeout(typed);
    asked = { ...asked, ...change };
    asked.page = Math.min(Math.max(0, asked.page), lastPage());
    if (gone) return;
    seq += 1;
    clearTimeout(waits);
    waits = setTimeout(() => busy(true), DELAY);
    model.send({ kind: "page", view, seq, ...asked });
  }

  function busy(yes) {
    clearTimeout(waits);
    box.setAttribute("aria-busy", String(yes));
    spinner.hidden = !yes;
    if (yes) said.textContent = say(model, "loading");
  }

  /** An answer, or why there is none; then the controls say again what stands in the table. */
  function answered(message) {
    if (message.view !== view || message.seq !== seq || gone) return;
    busy(false);
    alarm.textContent = message.kind === "failed" ? message.text : "";
    if (message.kind === "page") {
      shown = { ...message, asked };
      if (!message.rows.length && asked.page > lastPage()) return ask({ page: lastPage() });
      fill();
    } else if (shown) {
      asked = shown.asked;
      search.value = asked.search;
      size.value = asked.size;
    }
    mark();
  }

  // ---- the table ----------------------------------------------------------------------------------------------------
  function begin() {
    caption.textContent = model.get("label");
    box.setAttribute("aria-label", model.get("label"));
    nav.setAttribute("aria-label", say(model, "pages", { label: model.get("label") }));
    search.setAttribute("aria-label", say(model, "search", { label: model.get("label") }));
    search.placeholder = say(model, "hint");
    search.value = "";
    alarm.textContent = "";
    size.replaceChildren(...model.get("sizes").map((rows) => make("option", "", String(rows), { value: rows })));
    size.value = asked?.size ?? model.get("page_size");
    asked = wholly();
    shown = undefined;
    const row = make("tr");
    row.append(...model.get("columns").map(headed));
    if (model.get("openable")) row.append(make("th", "", say(model, "open"), { scope: "col" }));
    head.replaceChildren(row);
    feet.replaceChildren(...summed());
    body.replaceChildren();
    const columns = model.get("columns").length > 0;
    for (const part of [bar, box, nav, foot]) part.hidden = !columns;
    mark();
    if (columns) ask({});
    else clearTimeout(waits);
  }

  /** The row that stands under all pages. */
  function summed() {
    const totals = model.get("totals");
    if (!totals.length) return [];
    const row = make("tr");
    row.append(...totals.map((value, at) => at || value
      ? celled(value, model.get("columns")[at]) : make("th", "", say(model, "sum"), { scope: "row" })));
    if (model.get("openable")) row.append(make("td"));
    return [row];
  }

  function headed({ name, title, unit, align, sortable }) {
    const cell = make("th", align === "right" ? "oki-right" : "", "", { scope: "col" });
    const text = unit ? `${title} (${unit})` : title;
    if (sortable) {
      cell.dataset.name = name;
      cell.append(button(text, () => ask({ page: 0, ...turned(name) })));
    } else cell.textContent = text;
    return cell;
  }

  /** Upwards first, then downwards, then as it was. */
  function turned(name) {
    if (asked.sort !== name) return { sort: name, desc: false };
    return asked.desc ? { sort: null, desc: false } : { sort: name, desc: true };
  }

  function fill() {
    const columns = model.get("columns");
    const within = body.contains(document.activeElement);
    const before = shown.page * asked.size;
    body.replaceChildren(...shown.rows.map((values, i) => {
      const row = make("tr", "", "", { "aria-rowindex": before + i + 2 });
      row.append(...values.map((value, at) => celled(value, columns[at])));
      if (model.get("openable")) row.append(opening(i, before + i + 1));
      return row;
    }));
    table.setAttribute("aria-rowcount", total() + 1);
    feet.hidden = Boolean(asked.search); // it is of all rows
    box.scrollTop = 0;
    const opener = body.querySelector("button");
    if (opener) opener.tabIndex = 0;
    if (within) (opener ?? box).focus();
  }

  function celled(value, column) {
    const right = column?.align === "right";
    const cell = make("td", right ? "oki-right" : "", value, right ? {} : { dir: "auto" });
    if (value.length > 40) cell.title = value;
    return cell;
  }

  function opening(row, place) {
    const cell = make("td");
    const label = say(model, "open_row", { number: number(model, place) });
    const opener = button(say(model, "open"), () => open(row), { "aria-label": label });
    opener.tabIndex = -1; // of all rows only one is in the order of Tab
    cell.append(opener);
    return cell;
  }

  function open(row) {
    if (shown) model.send({ kind: "open", view, seq: shown.seq, row });
  }

  const rowOf = (event) => [...body.rows].indexOf(event.target.closest("tr"));

  body.addEventListener("dblclick", (event) => {
    if (model.get("openable") && !event.target.closest("button")) open(rowOf(event));
  });

  body.addEventListener("keydown", (event) => {
    const openers = [...body.querySelectorAll("button")];
    const here = openers.indexOf(event.target);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: openers.length - 1 }[event.key];
    if (here < 0 || !openers[to]) return;
    event.preventDefault();
    openers[here].tabIndex = -1;
    openers[to].tabIndex = 0;
    openers[to].focus();
  });

  // ---- the controls -------------------------------------------------------------------------------------------------
  function mark() {
    for (const cell of head.querySelectorAll("[data-name]")) {
      const sorted = asked.sort === cell.dataset.name;
      cell.setAttribute("aria-sort", sorted ? (asked.desc ? "descending" : "ascending") : "none");
    }
    const from = asked.page * asked.size;
    const rows = shown?.rows.length ?? 0;
    const values = { first: number(model, from + 1), last: number(model, from + rows), all: number(model, total()) };
    said.textContent = shown ? say(model, rows ? "rows" : "nothing", values) : "";
    place.value = asked.page + 1;
    place.max = lastPage() + 1;
    pages.textContent = say(model, "of", { count: number(model, lastPage() + 1) });
    for (const control of [first, previous]) enable(control, shown && asked.page > 0);
    for (const control of [next, last]) enable(control, shown && asked.page < lastPage());
  }

  const searched = () => ask({ page: 0, search: search.value });

  search.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(searched, DELAY);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") searched();
  });
  size.addEventListener("change", () => {
    const top = asked.page * asked.size; // the first row that stands there is on the new page, too
    ask({ page: Math.floor(top / Number(size.value)), size: Number(size.value) });
  });
  const turn = () => {
    const wanted = Math.floor(Number(place.value)) - 1;
    if (place.value && Number.isFinite(wanted) && wanted !== asked.page) ask({ page: wanted });
    else mark();
  };
  place.addEventListener("change", turn);
  place.addEventListener("keydown", (event) => {
    if (event.key === "Enter") turn();
  });

  model.on("msg:custom", answered);
  model.on("change:turn", begin);
  busy(false);
  begin();
  const end = onGone(model, el, () => {
    gone = true;
    busy(false);
    mark();
    alarm.textContent = say(model, "gone");
  });
  const give = keepKeys(el);
  return () => {
    clearTimeout(waits);
    clearTimeout(typed);
    give();
    end();
  };
}

export default { render };
