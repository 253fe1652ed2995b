// The movable figure of "Why class densities matter": the closed forms of drop/mixture.py, and a drawing that follows four sliders.
// A test compares `solve` with drop.mixture; no library, no network.
(function () {
  "use strict";

  // ---- The mathematics: two normal classes, parameters as in GaussianMixture ----

  function ndtr(z) {
    const a = Math.abs(z), density = Math.exp(-a * a / 2) / Math.sqrt(2 * Math.PI);
    let tail;
    if (a < 3) { // a series of positive terms
      let term = a, sum = a;
      for (let k = 1; term > 1e-18 * sum; k++) { term *= a * a / (2 * k + 1); sum += term; }
      tail = 0.5 - density * sum;
    } else { // Laplace's continued fraction, from its far end
      let fraction = a;
      for (let k = 120; k > 0; k--) fraction = a + k / fraction;
      tail = a > 40 ? 0 : density / fraction;
    }
    return z > 0 ? 1 - tail : tail;
  }

  function risks(m, t) {
    return [ndtr((m.means[0] - t) / m.stds[0]), ndtr((t - m.means[1]) / m.stds[1])];
  }

  function averageRisk(m, t) {
    const r = risks(m, t);
    return m.priors[0] * r[0] + m.priors[1] * r[1];
  }

  function stationaryThreshold(m) {
    const [m0, m1] = m.means, [s0, s1] = m.stds, [p0, p1] = m.priors;
    if (s0 > s1) return -stationaryThreshold({ means: [-m1, -m0], stds: [s1, s0], priors: [p1, p0] });
    if (p0 <= 0 || p1 <= 0) return NaN;
    const gap = m1 - m0, log = Math.log(p0 / p1) + Math.log1p((s1 - s0) / s0);
    const root = Math.sqrt(gap * gap + 2 * (s1 - s0) * (s1 + s0) * log);
    return m0 + s0 * (gap * gap + 2 * s1 * s1 * log) / (s1 * root + s0 * gap);
  }

  function averageOptimalThreshold(m) {
    const t = stationaryThreshold(m);
    if (!isNaN(t) && averageRisk(m, t) <= Math.min(...m.priors)) return t;
    return m.priors[0] <= m.priors[1] ? -Infinity : Infinity;
  }

  function densitiesOf(priors, weights, density) {
    const total = weights[0] * priors[0] + weights[1] * priors[1];
    if (!(total > 0)) return [density, density];
    return [0, 1].map((k) => {
      const free = density * weights[k] / total, other = density * weights[1 - k] / total;
      return Math.min(1, Math.max(0, other > 1 ? (density - priors[1 - k]) / priors[k] : free));
    });
  }

  function pruned(m, densities) {
    const kept = [m.priors[0] * densities[0], m.priors[1] * densities[1]], sum = kept[0] + kept[1];
    return { means: m.means, stds: m.stds, priors: [kept[0] / sum, kept[1] / sum] };
  }

  // Everything the figure shows: densities, threshold and class risks of three ways to prune, and t̂.
  function solve(m, density) {
    const learn = (densities) => {
      const threshold = averageOptimalThreshold(pruned(m, densities));
      return { densities, threshold, risks: risks(m, threshold) };
    };
    const [s0, s1] = m.stds, [p0, p1] = m.priors, worst = (m.means[0] * s1 + m.means[1] * s0) / (s0 + s1);
    const random = learn([density, density]);
    return {
      random,
      drop: learn(densitiesOf(m.priors, random.risks, density)),
      best: learn(densitiesOf(m.priors, [s0 * p1, s1 * p0], density)),
      worstClassThreshold: worst,
      minimaxRisk: risks(m, worst)[0],
      feasibleDensity: Math.min(p0 * (s0 + s1) / s0, p1 * (s0 + s1) / s1),
    };
  }

  // ---- The drawing ----

  const RULES = { random: "Random", drop: "DRoP", best: "Minimax quotas" };
  const SLIDERS = [ // name, label, least, largest, step, start, how the value reads
    ["gap", "Distance of the means, Δ", 0.2, 4, 0.05, 2, (v) => v.toFixed(2)],
    ["ratio", "Ratio of the widths, σ₁/σ₀", -2, 2, 0.05, 1, (v) => (2 ** v).toFixed(2)],
    ["prior", "Prior of class 0, φ₀", 0.05, 0.95, 0.01, 0.5, (v) => v.toFixed(2)],
    ["density", "Density kept, d", 0.05, 1, 0.01, 0.3, (v) => v.toFixed(2)],
  ];

  function mixtureOf(values) { // the wider class has σ = 1, the means lie around 0
    const ratio = 2 ** values.ratio;
    return {
      means: [-values.gap / 2, values.gap / 2],
      stds: [Math.min(1, 1 / ratio), Math.min(1, ratio)],
      priors: [values.prior, 1 - values.prior],
    };
  }

  function number(x, digits) {
    if (x === -Infinity) return "−∞";
    if (x === Infinity) return "∞";
    return x.toFixed(digits).replace("-", "−");
  }

  function drawing(m, result, chosen, width) {
    const height = 300, top = 78, bottom = 30, side = 14, reach = 4.6;
    const x = (v) => side + (v + reach) / (2 * reach) * (width - 2 * side);
    const curve = (k, share, t) => share * m.priors[k] * Math.exp(-(((t - m.means[k]) / m.stds[k]) ** 2) / 2) / m.stds[k] / 2.5066282746;
    const peak = Math.max(curve(0, 1, m.means[0]), curve(1, 1, m.means[1]));
    const y = (v) => height - bottom - v / peak * (height - top - bottom);
    const grid = Array.from({ length: 241 }, (_, i) => -reach + i * reach / 120);
    const path = (k, share) => grid.map((t, i) => `${i ? "L" : "M"}${x(t).toFixed(1)} ${y(curve(k, share, t)).toFixed(1)}`).join("");
    const parts = [];
    for (const k of [0, 1]) {
      parts.push(`<path class="area class${k}" d="${path(k, result[chosen].densities[k])}L${x(reach)} ${y(0)}L${x(-reach)} ${y(0)}Z"/>`);
      parts.push(`<path class="curve class${k}" d="${path(k, 1)}"/>`);
    }
    parts.push(`<path class="axis" d="M${side} ${y(0)}H${width - side}"/>`);
    for (let t = -4; t <= 4; t += 2) parts.push(`<text class="tick" x="${x(t)}" y="${height - 10}">${number(t, 0)}</text>`);
    const marks = Object.keys(RULES).map((rule) => [rule, RULES[rule], result[rule].threshold]);
    marks.push(["hat", "t̂, equal risks", result.worstClassThreshold]);
    const placed = marks.map(([kind, label, t]) => [kind, `${label} ${number(t, 2)}`, x(Math.max(-reach, Math.min(reach, t)))]);
    const room = 140, right = placed.every(([, , at]) => at + room < width);
    placed.sort((a, b) => (right ? 1 : -1) * (a[2] - b[2])); // so that no line crosses a label below it
    placed.forEach(([kind, text, at], row) => {
      const line = 14 + 18 * row, left = !right && at > room;
      parts.push(`<path class="mark ${kind}" d="M${at} ${line - 8}V${y(0)}"/>`);
      parts.push(`<text class="label ${kind}" x="${at + (left ? -6 : 6)}" y="${line + 3}" text-anchor="${left ? "end" : "start"}">${text}</text>`);
    });
    [0, 1].forEach((k) => {
      const at = Math.max(-3.9, Math.min(3.9, m.means[k] + (k ? 1 : -1) * 1.5 * m.stds[k]));
      const anchor = k ? "start" : "end";
      parts.push(`<text class="name class${k}" x="${x(at)}" y="${y(curve(k, 1, at)) - 8}" text-anchor="${anchor}">class ${k}</text>`);
    });
    return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true">${parts.join("")}</svg>`;
  }

  function sentence(m, result, density) {
    const worst = (rule) => Math.max(...result[rule].risks), random = worst("random"), drop = worst("drop");
    const verdict = drop < random - 5e-4 ? "lowers" : drop > random + 5e-4 ? "raises" : "leaves";
    const text = `DRoP ${verdict} the risk of the worst class${verdict === "leaves" ? " at" : ` from ${number(random, 3)} to`} ${number(drop, 3)}; `;
    const least = `no threshold brings it below ${number(result.minimaxRisk, 3)}`;
    if (density > result.feasibleDensity + 1e-12) return `${text}${least}, and quotas reach that only up to density ${number(result.feasibleDensity, 2)}.`;
    if (!isFinite(result.best.threshold)) return `${text}${least}, but the learner would rather predict one class everywhere.`;
    return `${text}${least}, which the minimax quotas reach.`;
  }

  function rows(result) {
    return Object.keys(RULES).map((rule) => {
      const { densities, threshold, risks: r } = result[rule], worst = r[0] > r[1] ? 0 : 1;
      const risk = (k) => `<td${k === worst ? ' class="worst"' : ""}>${number(r[k], 3)}</td>`;
      return `<tr><th scope="row" class="${rule}">${RULES[rule]}</th><td>${number(densities[0], 3)}</td><td>${number(densities[1], 3)}</td>` +
        `<td>${number(threshold, 3)}</td>${risk(0)}${risk(1)}</tr>`;
    }).join("");
  }

  function mount(place) {
    const values = {}, id = "mixture-" + Math.random().toString(36).slice(2, 8);
    const sliders = SLIDERS.map(([name, label, low, high, step, start, read]) => {
      values[name] = start;
      return `<label for="${id}-${name}">${label}</label>` +
        `<input id="${id}-${name}" type="range" data-name="${name}" min="${low}" max="${high}" step="${step}" value="${start}">` +
        `<output for="${id}-${name}">${read(start)}</output>`;
    }).join("");
    const choices = Object.keys(RULES).map((rule) =>
      `<label class="${rule}"><input type="radio" name="${id}-shade" value="${rule}"${rule === "drop" ? " checked" : ""}>${RULES[rule]}</label>`).join("");
    place.innerHTML = `<div class="drawing" role="img"></div><fieldset class="shade"><legend>Shaded: what is kept by</legend>${choices}</fieldset>` +
      `<div class="sliders">${sliders}</div><table><thead><tr><th scope="col">Pruning</th><th scope="col">d₀</th><th scope="col">d₁</th>` +
      `<th scope="col">t</th><th scope="col">R₀</th><th scope="col">R₁</th></tr></thead><tbody></tbody></table><p aria-live="polite"></p>`;
    const canvas = place.querySelector(".drawing");

    function update() {
      const m = mixtureOf(values), result = solve(m, values.density);
      const width = Math.max(280, Math.min(720, canvas.clientWidth || 720));
      canvas.innerHTML = drawing(m, result, place.querySelector("input[type=radio]:checked").value, width);
      place.querySelector("tbody").innerHTML = rows(result);
      const words = sentence(m, result, values.density);
      place.querySelector("p").textContent = words;
      canvas.setAttribute("aria-label", "Densities of the two classes, what is kept of them, and the thresholds. " + words);
    }

    place.addEventListener("input", (event) => {
      const spec = SLIDERS.find(([name]) => name === event.target.dataset.name);
      if (spec) {
        values[spec[0]] = Number(event.target.value);
        const shown = spec[6](values[spec[0]]);
        event.target.nextElementSibling.textContent = shown;
        event.target.setAttribute("aria-valuetext", shown);
      }
      update();
    });
    new ResizeObserver(update).observe(place);
    update();
  }

  if (typeof module !== "undefined" && module.exports) module.exports = { ndtr, solve, stationaryThreshold };
  if (typeof document !== "undefined") {
    const all = () => document.querySelectorAll(".mixture-lab:not([data-ready])").forEach((place) => {
      place.dataset.ready = "1";
      mount(place);
    });
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", all);
    else all();
  }
})();
