// SPDX-License-Identifier: GPL-3.0-or-later
// Figures become interactive when they come into view; without this script the page shows the same figures as SVG.
"use strict";

(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const source = document.getElementById("palette");
  const palette = source ? JSON.parse(source.textContent) : {};

  const toHex = (red, green, blue) => "#" + [red, green, blue].map((c) => Number(c).toString(16).padStart(2, "0")).join("");

  // The colours of the figures are those of paper; the style sheet knows what they are on this screen.
  function onScreen(colour, styles) {
    const known = (hex) => (palette[hex] ? styles.getPropertyValue("--c-" + palette[hex]).trim() : "");
    if (colour.startsWith("#")) return known(colour) || colour;
    const parts = /^rgba\((\d+),(\d+),(\d+),([\d.]+)\)$/.exec(colour);
    const hex = parts && known(toHex(parts[1], parts[2], parts[3]));
    if (!hex) return colour;
    const [red, green, blue] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    return `rgba(${red},${green},${blue},${parts[4]})`;
  }

  function recoloured(node, styles) {
    if (typeof node === "string") return onScreen(node, styles);
    if (Array.isArray(node)) return node.length > 0 && typeof node[0] === "number" ? node : node.map((n) => recoloured(n, styles));
    if (node === null || typeof node !== "object") return node;
    return Object.fromEntries(Object.entries(node).map(([key, value]) =>
      [key, key === "bdata" || key === "colorscale" ? value : recoloured(value, styles)]));
  }

  // Sizes were chosen for the natural width; a narrower screen gets smaller letters, but not tiny ones.
  function scaled(node, factor) {
    if (Array.isArray(node)) return node.map((n) => scaled(n, factor));
    if (node === null || typeof node !== "object") return node;
    return Object.fromEntries(Object.entries(node).map(([key, value]) => {
      const shrinks = typeof value === "number" && ["size", "standoff", "ticklen", "yshift", "thickness"].includes(key);
      return [key, shrinks ? value * factor : scaled(value, factor)];
    }));
  }

  const config = {
    displaylogo: false,
    responsive: false,
    showTips: false,
    modeBarButtonsToRemove: ["lasso2d", "select2d", "toImage", "autoScale2d"],
  };

  // Full figures keep a least width and scroll sideways on a telephone.
  function room(figure) {
    const least = figure.classList.contains("full") ? 600 : 0;
    return Math.max(figure.querySelector(".drawing").clientWidth, least);
  }

  // A model is drawn far things first; dragging or the arrow keys turn it, a double click turns it back.
  function turn(figure, target, plot, width, styles) {
    const model = plot.model, height = Math.round((plot.height * width) / plot.width), head = 26, margin = 16;
    const middle = ["x", "y", "z"].map((a) => (Math.min(...model[a]) + Math.max(...model[a])) / 2);
    const balls = model.x.map((x, i) => ({ at: [x - middle[0], model.y[i] - middle[1], model.z[i] - middle[2]], kind: model.kinds[model.kind[i]] }));
    const edges = [];
    for (let n = 0; n < model.edges.length; n += 6) {
      edges.push([0, 3].map((k) => model.edges.slice(n + k, n + k + 3).map((v, a) => v - middle[a])));
    }
    const far = Math.max(...balls.map((b) => Math.hypot(...b.at) + b.kind.radius), ...edges.flat().map((p) => Math.hypot(...p)));
    const scale = (0.5 * (Math.min(width, height - head) - 2 * margin)) / far;
    const ink = onScreen("#000000", styles), soft = styles.getPropertyValue("--soft").trim();
    const canvas = target.querySelector("canvas") || target.appendChild(document.createElement("canvas"));
    const sharp = window.devicePixelRatio || 1;
    Object.assign(canvas, { width: width * sharp, height: height * sharp, tabIndex: 0, title: "drag to turn" });
    Object.assign(canvas.style, { width: width + "px", height: height + "px", cursor: "grab", touchAction: "none" });
    let view = model.view.slice();
    function paint() {
      const [a, e] = view.map((degrees) => (degrees * Math.PI) / 180), c = canvas.getContext("2d");
      const place = ([x, y, z]) => {
        const along = x * Math.cos(a) + y * Math.sin(a);
        return [width / 2 + scale * (y * Math.cos(a) - x * Math.sin(a)),
          head + (height - head) / 2 - scale * (z * Math.cos(e) - along * Math.sin(e)), along * Math.cos(e) + z * Math.sin(e)];
      };
      c.setTransform(sharp, 0, 0, sharp, 0, 0);
      c.clearRect(0, 0, width, height);
      const line = (p, q, style, thick, dash) => () => {
        c.strokeStyle = style; c.lineWidth = thick; c.setLineDash(dash);
        c.beginPath(); c.moveTo(p[0], p[1]); c.lineTo(q[0], q[1]); c.stroke();
      };
      const ball = ([x, y], kind, radius) => () => {
        const colour = onScreen(kind.colour, styles), shade = c.createRadialGradient(x - 0.3 * radius, y - 0.4 * radius, 0, x, y, radius);
        shade.addColorStop(0, "#ffffff"); shade.addColorStop(0.45, colour); shade.addColorStop(1, colour);
        c.fillStyle = shade; c.strokeStyle = ink; c.lineWidth = 0.4; c.setLineDash([]);
        c.beginPath(); c.arc(x, y, radius, 0, 2 * Math.PI); c.fill(); c.stroke();
      };
      const places = balls.map((b) => place(b.at));
      const things = balls.map((b, i) => [places[i][2], ball(places[i], b.kind, b.kind.radius * scale)]);
      model.from.forEach((from, i) => {
        const [one, two] = [balls[from], balls[model.to[i]]], d = two.at.map((v, k) => v - one.at[k]), length = Math.hypot(...d);
        const at = (t) => place(one.at.map((v, k) => v + t * d[k]));
        const p = at(one.kind.radius / length), q = at(1 - two.kind.radius / length);
        things.push([(p[2] + q[2]) / 2, line(p, q, soft, 0.12 * scale, [])]);
      });
      for (const [p, q] of edges.map((ends) => ends.map(place))) things.push([(p[2] + q[2]) / 2, line(p, q, ink, 0.7, [3, 3])]);
      things.sort((p, q) => p[0] - q[0]).forEach((thing) => thing[1]());
      c.font = "13px Helvetica, Arial, sans-serif";
      let x = margin;
      for (const kind of model.kinds) {
        ball([x + 6, 13], kind, 6)();
        c.fillStyle = ink; c.fillText(kind.name, x + 17, 17.5);
        x += 34 + c.measureText(kind.name).width;
      }
      line([margin, height - 10], [margin + model.bar * scale, height - 10], ink, 2, [])();
      c.fillText(`${model.bar} ${model.unit}`, margin, height - 16);
    }
    const turned = (right, up) => {
      view = [view[0] - right, Math.max(-90, Math.min(90, view[1] + up))];
      paint();
    };
    canvas.onpointerdown = (event) => canvas.setPointerCapture(event.pointerId);
    canvas.onpointermove = (event) => { if (event.buttons) turned(event.movementX * 0.5, event.movementY * 0.5); };
    canvas.ondblclick = () => { view = model.view.slice(); paint(); };
    canvas.onkeydown = (event) => {
      const step = { ArrowLeft: [-5, 0], ArrowRight: [5, 0], ArrowUp: [0, -5], ArrowDown: [0, 5] }[event.key];
      if (step) { event.preventDefault(); turned(...step); }
    };
    paint();
    figure.classList.add("live");
    figure.dataset.width = String(width);
  }

  function draw(figure) {
    const plot = JSON.parse(figure.querySelector("script").textContent);
    const target = figure.querySelector(".interactive");
    const styles = getComputedStyle(document.documentElement);
    const width = room(figure);
    if (plot.model) return Promise.resolve(turn(figure, target, plot, width, styles));
    const factor = Math.min(1, Math.max(0.75, width / plot.width));
    const layout = recoloured(scaled(plot.layout, factor), styles);
    layout.width = width;
    layout.height = Math.round((plot.height * width) / plot.width);
    const paper = styles.getPropertyValue("--paper").trim();
    layout.hoverlabel = { bgcolor: paper, bordercolor: styles.getPropertyValue("--line").trim() };
    layout.modebar = { bgcolor: "rgba(0,0,0,0)", color: styles.getPropertyValue("--soft").trim(), activecolor: styles.getPropertyValue("--accent").trim() };
    return Plotly.react(target, recoloured(plot.data, styles), layout, config).then(() => {
      figure.classList.add("live");
      figure.dataset.width = String(width);
    });
  }

  function watchFigures() {
    const figures = [...document.querySelectorAll("figure.plot")];
    if (figures.length === 0 || typeof Plotly === "undefined") return;
    const keepStatic = (error) => console.error("figure stays static:", error);
    const observer = new IntersectionObserver((entries) => {
      for (const entry of entries.filter((e) => e.isIntersecting)) {
        observer.unobserve(entry.target);
        draw(entry.target).catch(keepStatic);
      }
    }, { rootMargin: "300px" });
    figures.forEach((figure) => observer.observe(figure));
    const redraw = () => figures.filter((f) => f.classList.contains("live")).forEach((f) => draw(f).catch(keepStatic));
    dark.addEventListener("change", redraw);
    let timer = 0;
    window.addEventListener("resize", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const stale = (f) => f.classList.contains("live") && f.dataset.width !== String(room(f));
        figures.filter(stale).forEach((f) => draw(f).catch(keepStatic));
      }, 150);
    });
  }

  // The drawing that is saved is the one for print, in the colours of paper.
  function offerDownloads() {
    for (const button of document.querySelectorAll("button.download")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const svg = button.closest("figure").querySelector(".static > svg");
        const text = new XMLSerializer().serializeToString(svg);
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
        link.download = button.dataset.name;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 1000);
      });
    }
  }

  function foldTables() {
    for (const button of document.querySelectorAll("button.show-all")) {
      button.hidden = false;
      const all = button.textContent;
      button.closest("figure").querySelector("table").classList.add("folded");
      button.addEventListener("click", () => {
        const folded = button.closest("figure").querySelector("table").classList.toggle("folded");
        button.textContent = folded ? all : "Show fewer rows";
        button.setAttribute("aria-expanded", String(!folded));
      });
    }
  }

  function followContents() {
    const links = new Map([...document.querySelectorAll(".contents a")].map((a) => [a.getAttribute("href").slice(1), a]));
    const observer = new IntersectionObserver((entries) => {
      for (const entry of entries) links.get(entry.target.id)?.classList.toggle("here", entry.isIntersecting);
    }, { rootMargin: "-20% 0px -70% 0px" });
    for (const id of links.keys()) {
      const section = document.getElementById(id);
      if (section) observer.observe(section);
    }
  }

  watchFigures();
  offerDownloads();
  foldTables();
  followContents();
})();
