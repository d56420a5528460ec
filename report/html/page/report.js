// Read-outs: a crosshair with the values under the pointer, the finger or the arrow keys. Charts over time share it.
(() => {
  "use strict";
  const plots = [...document.querySelectorAll("figure .plot")].map(prepare);

  function make(parent, tag, className, text) {
    const el = document.createElement(tag);
    el.className = className || "";
    if (text !== undefined) el.textContent = text;
    parent.append(el);
    return el;
  }

  // heights maps the x of every point of a line to its y, both 0…1000.
  function heights(path) {
    const map = new Map();
    for (const [, x, y] of path.getAttribute("d").matchAll(/[ML]([\d.]+) ([\d.]+)/g)) map.set(+x, +y);
    return map;
  }

  function prepare(el) {
    const figure = el.closest("figure");
    const data = JSON.parse(figure.querySelector("script").textContent);
    const lines = new Map([...el.querySelectorAll("path.line")].map((p) => [p.dataset.name, heights(p)]));
    const hit = el.querySelector(".hit");
    const cross = make(hit, "div", "cross");
    const dots = data.series.map((s) => make(hit, "div", "dot " + s.class));
    const tip = make(hit, "div", "tip");
    const plot = { data, lines, hit, cross, dots, tip, at: -1 };
    hide(plot);
    hit.tabIndex = 0;
    hit.setAttribute("role", "slider");
    hit.setAttribute("aria-label", figure.querySelector("h3").textContent + ": values");
    hit.setAttribute("aria-valuemin", 0);
    hit.setAttribute("aria-valuemax", data.x.length - 1);
    say(plot, 0);
    const point = (e) => {
      const box = hit.getBoundingClientRect();
      show(plot, nearest(data.x, ((e.clientX - box.left) / box.width) * 1000));
    };
    hit.addEventListener("pointermove", point);
    hit.addEventListener("pointerdown", point);
    hit.addEventListener("pointerleave", () => plots.forEach(hide));
    hit.addEventListener("blur", () => plots.forEach(hide));
    hit.addEventListener("keydown", (e) => step(plot, e));
    return plot;
  }

  function nearest(xs, x) {
    let best = 0;
    for (let i = 1; i < xs.length; i++) if (Math.abs(xs[i] - x) < Math.abs(xs[best] - x)) best = i;
    return best;
  }

  function step(plot, e) {
    const last = plot.data.x.length - 1;
    const to = { ArrowRight: plot.at + 1, ArrowLeft: plot.at - 1, Home: 0, End: last }[e.key];
    if (e.key === "Escape") plots.forEach(hide);
    if (to === undefined) return;
    e.preventDefault();
    show(plot, Math.min(Math.max(to, 0), last));
  }

  function show(plot, i) {
    for (const p of plots) {
      if (p === plot || (p.data.group && p.data.group === plot.data.group)) mark(p, i);
      else hide(p);
      p.tip.hidden = p !== plot;
    }
    fill(plot, i);
    say(plot, i);
  }

  // mark puts crosshair and dots on place i.
  function mark(p, i) {
    const x = p.data.x[i];
    p.at = i;
    p.cross.hidden = false;
    p.cross.style.left = x / 10 + "%";
    p.data.series.forEach((s, k) => {
      const y = p.lines.get(s.name)?.get(x);
      p.dots[k].hidden = y === undefined;
      p.dots[k].style.left = x / 10 + "%";
      p.dots[k].style.top = y / 10 + "%";
    });
  }

  function fill(p, i) {
    p.tip.replaceChildren();
    const table = make(p.tip, "table");
    make(table, "caption", "", p.data.where[i]);
    for (const s of p.data.series) {
      const row = make(table, "tr");
      const name = make(row, "th");
      make(name, "i", s.class);
      name.append(s.name);
      make(row, "td", "", s.values[i] || "–");
    }
    for (const text of notes(p, i)) make(p.tip, "p", "", text);
    // Beside the crosshair, on the side that has room, and inside the plot.
    const width = p.hit.clientWidth, x = (p.data.x[i] / 1000) * width, w = p.tip.offsetWidth;
    const left = x < width / 2 ? x + 12 : x - 12 - w;
    p.tip.style.left = Math.min(Math.max(left, 0), Math.max(width - w, 0)) + "px";
  }

  // notes are the events at place i.
  function notes(p, i) {
    return p.data.notes?.[i] || [];
  }

  function say(p, i) {
    const values = p.data.series.map((s) => s.name + " " + (s.values[i] || "none")).join(", ");
    p.hit.setAttribute("aria-valuenow", i);
    p.hit.setAttribute("aria-valuetext", [p.data.where[i] + ": " + values, ...notes(p, i).map((text) => "event " + text)].join(". "));
  }

  function hide(p) {
    p.at = -1;
    for (const el of [p.cross, p.tip, ...p.dots]) el.hidden = true;
  }
})();
