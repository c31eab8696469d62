// Draws a chart into a box in the reader's colours: Jupyter's theme where the page has one, else the system's.
// `repaint` lists what makes the light specification a dark one: [place, colour]. It is drawn anew when they change.
function followed(box, spec, repaint, theme) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => {
    if (theme) return theme === "dark";
    const light = document.body.dataset.jpThemeLight;
    return light ? light === "false" : system.matches;
  };
  const painted = (dark) => {
    const made = structuredClone(spec);
    for (const [place, colour] of dark ? repaint : []) {
      place.slice(0, -1).reduce((at, key) => at[key], made)[place.at(-1)] = colour;
    }
    return made;
  };
  let dark, view, turn = 0;
  const stop = () => {
    turn += 1;
    watch.disconnect();
    seen.disconnect();
    system.removeEventListener("change", draw);
    view?.finalize();
  };
  const draw = async () => {
    if (dark === isDark() || (view && !box.isConnected)) return; // what is away is drawn when it is seen again
    dark = isDark();
    const mine = ++turn;
    const fresh = document.createElement("div");
    fresh.setAttribute("aria-hidden", "true"); // the box says in words what it shows
    const tooltip = { theme: dark ? "dark" : "light" };
    const made = await vegaEmbed(fresh, painted(dark), { actions: false, tooltip });
    if (mine !== turn) return made.finalize();
    const picture = fresh.querySelector("svg, canvas");
    if (picture?.localName === "svg") Object.assign(picture.style, { maxWidth: "100%", height: "auto" });
    box.replaceChildren(fresh);
    view?.finalize();
    view = made;
  };
  const watch = new MutationObserver(draw);
  watch.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  system.addEventListener("change", draw);
  const seen = new IntersectionObserver(draw);
  seen.observe(box);
  return { drawn: draw(), stop };
}
