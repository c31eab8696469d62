// A line about what is going on, which is read out; the seconds beside it are not.

function render({ model, el }) {
  el.classList.add("oki", "oki-status");
  const spinner = make("span", "oki-spinner", "", { "aria-hidden": "true" });
  const calm = make("span", "oki-text", "", { role: "status", dir: "auto" });
  const alarm = make("span", "oki-text oki-failed", "", { role: "alert", dir: "auto" });
  const elapsed = make("span", "oki-elapsed", "", { "aria-hidden": "true" });
  const lost = make("p", "oki-gone oki-failed", "", { role: "alert" });
  el.append(spinner, calm, alarm, elapsed, lost);

  let waits, ticks;
  let since = model.get("since") * 1000;
  let gone = false;

  function stop() {
    clearTimeout(waits);
    clearInterval(ticks);
  }

  function tick() {
    const seconds = Math.max(0, Math.floor((Date.now() - since) / 1000));
    elapsed.textContent = say(model, "elapsed", { seconds: number(model, seconds) });
  }

  function draw() {
    stop();
    const state = gone ? "idle" : model.get("state");
    const busy = state === "busy";
    const text = state === "idle" ? "" : model.get("text") || say(model, state);
    el.dataset.state = state;
    spinner.hidden = elapsed.hidden = !busy;
    calm.textContent = state === "failed" ? "" : text;
    alarm.textContent = state === "failed" ? text : "";
    if (busy) {
      tick();
      ticks = setInterval(tick, 1000);
    }
  }

  /** Work is shown when it lasts; all else at once. */
  function changed() {
    const busy = model.get("state") === "busy";
    if (busy && el.dataset.state === "busy") return draw();
    stop();
    if (!busy) return draw();
    waits = setTimeout(draw, DELAY);
  }

  model.on("change:since", () => (since = Date.now())); // by the page's own clock
  model.on("change:state change:text change:since", changed);
  draw();
  const end = onGone(model, el, () => {
    gone = true;
    lost.textContent = say(model, "gone");
    draw();
  });
  const give = keepKeys(el);
  return () => {
    stop();
    give();
    end();
  };
}

export default { render };
