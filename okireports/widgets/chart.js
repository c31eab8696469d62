// The page's part of a chart. `followed` stands before it in the same module.
const AGAIN = 5000; // ms, after which a chart that still lacks the library asks for it once more

// The library, unpacked into the page once; whoever asks first is answered, and the others find it there.
async function library(model, signal) {
  const page = globalThis;
  while (!page.vegaEmbed && !signal.aborted) {
    if (!(performance.now() - page.okireportsAsked < AGAIN)) {
      page.okireportsAsked = performance.now();
      model.send({ kind: "library" });
    }
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function unpack(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const text = await new Response(stream).text();
  if (!globalThis.vegaEmbed) new Function("define", "module", "exports", text)();
}

function render({ model, el }) {
  const gone = new AbortController();
  const box = document.createElement("div");
  el.append(box);
  let chart, turn = 0;
  const received = (message, buffers) => {
    if (message.kind === "library") unpack(buffers[0]);
  };
  const note = (key) => {
    const words = document.createElement("p");
    words.textContent = model.get("said")[key];
    box.removeAttribute("role");
    box.removeAttribute("aria-label");
    box.replaceChildren(words);
  };
  const show = async () => {
    const mine = ++turn;
    const { spec, dark, words } = model.get("drawn");
    if (!spec) {
      chart?.stop();
      chart = undefined;
      box.removeAttribute("role");
      box.removeAttribute("aria-label");
      return box.replaceChildren();
    }
    if (!globalThis.vegaEmbed) note("waiting");
    await library(model, gone.signal);
    if (mine !== turn || gone.signal.aborted) return;
    chart?.stop();
    const made = followed(box, spec, dark, model.get("theme"));
    chart = made;
    try {
      await made.drawn;
      if (mine !== turn) return;
      box.setAttribute("role", "img");
      box.setAttribute("aria-label", words);
    } catch (error) {
      console.error(error);
      made.stop();
      if (mine === turn) note("failed");
    }
  };
  model.on("msg:custom", received);
  model.on("change:drawn", show);
  show();
  return () => {
    gone.abort();
    turn += 1;
    chart?.stop();
    model.off("msg:custom", received);
    model.off("change:drawn", show);
  };
}

export default { render };
