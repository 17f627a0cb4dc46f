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

  function draw(figure) {
    const plot = JSON.parse(figure.querySelector("script").textContent);
    const target = figure.querySelector(".interactive");
    const styles = getComputedStyle(document.documentElement);
    const width = room(figure);
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
