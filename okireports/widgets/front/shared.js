// What all parts share: elements, words, letters to search by, and the kernel, which may go.

const DELAY = 300; // ms, before which work is not worth a word

/** An element; text is only ever text. */
function make(tag, className = "", text = "", attributes = {}) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** A button, which stays in the order of Tab even where it cannot be used. */
function button(text, pressed, attributes = {}) {
  const made = make("button", "oki-button", text, { type: "button", ...attributes });
  made.addEventListener("click", () => usable(made) && pressed());
  return made;
}

const usable = (control) => control.getAttribute("aria-disabled") !== "true";

const enable = (control, yes) => control.setAttribute("aria-disabled", String(!yes));

/** A sentence in the widget's language. */
function say(model, key, values = {}) {
  return (model.get("words")[key] ?? "").replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

const number = (model, value) => value.toLocaleString(model.get("language"));

/** A text as it is searched: small letters without marks. */
function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/ł/g, "l");
}

/** Plain keys pressed in a widget are not the notebook's, such as X for cutting a cell; those with Ctrl are, but in a list.
 *  It is said at the control that has the keyboard, where the notebook looks first. Gives what ends it. */
function keepKeys(el) {
  const look = ({ target, ctrlKey, metaKey, altKey }) => {
    if (!(el.closest(".okireports") ?? el).contains(target)) return;
    const ours = !(ctrlKey || metaKey || altKey) || target.closest("[role=listbox]");
    target.toggleAttribute("data-lm-suppress-shortcuts", Boolean(ours));
  };
  addEventListener("keydown", look, true); // before the notebook, which listens at the document
  return () => removeEventListener("keydown", look, true);
}

const GONE = ["restarting", "autorestarting", "dead"]; // states of a kernel that knows nothing of this widget any more

/** Tells that the kernel is gone, once: a cell that is run again makes another widget. Gives what ends the listening. */
function onGone(model, el, told) {
  const kernel = model.widget_manager?.kernel;
  let gone = false;
  const lost = () => {
    if (!gone) told();
    gone = true;
  };
  const look = () => GONE.includes(kernel.status) && lost();
  model.on("comm_live_update", lost); // it is alive from the start, so this is its end
  kernel?.statusChanged?.connect(look);
  kernel?.disposed?.connect(lost);
  if (el.closest(".jupyter-widgets-disconnected") || kernel?.isDisposed) lost();
  return () => {
    kernel?.statusChanged?.disconnect(look);
    kernel?.disposed?.disconnect(lost);
  };
}

/** Does something once an element is in the page; gives what ends the waiting. */
function attached(el, then) {
  let waits;
  const look = () => (el.isConnected ? then() : (waits = requestAnimationFrame(look)));
  look();
  return () => cancelAnimationFrame(waits);
}
