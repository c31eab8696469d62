// Saves a file and copies a text, once in a page, and says so wherever it is shown.

export default () => {
  const views = new Set();
  const tell = (...told) => views.forEach((view) => view(...told));

  function save(name, type, data) {
    const url = URL.createObjectURL(new Blob([data], { type }));
    const link = make("a", "", "", { href: url, download: name });
    link.hidden = true;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60000); // the browser may still be reading it
    tell("saved", { name });
  }

  /** The clipboard of pages that have none: what is selected is copied. */
  function copySelected(text) {
    const before = document.activeElement;
    const field = make("textarea", "oki-away", "", { readonly: "", "aria-hidden": "true" });
    field.value = text;
    document.body.append(field);
    field.select();
    let copied = false;
    try {
      copied = document.execCommand("copy");
    } catch {
      copied = false;
    }
    field.remove();
    before?.focus?.();
    return copied;
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      if (!copySelected(text)) return tell("by_hand", {}, text);
    }
    tell("copied");
  }

  function initialize({ model }) {
    model.on("msg:custom", (message, buffers) => {
      if (message.kind === "offer") save(message.name, message.type, buffers[0]);
      if (message.kind === "copy") copy(message.text);
    });
  }

  function render({ model, el }) {
    el.classList.add("oki", "oki-actions");
    const said = make("span", "oki-text", "", { role: "status", dir: "auto" });
    const field = make("textarea", "oki-field oki-by-hand", "", { readonly: "", rows: "4" });
    const close = button(say(model, "close"), () => view());
    field.setAttribute("aria-label", say(model, "text"));
    el.append(said, field, close);

    function view(key = "", values = {}, text = "") {
      field.hidden = close.hidden = !text;
      field.value = text;
      said.textContent = ""; // what is said twice is read out twice
      requestAnimationFrame(() => (said.textContent = key && say(model, key, values)));
      if (text) field.select();
    }

    view();
    views.add(view);
    return () => views.delete(view);
  }

  return { initialize, render };
};
