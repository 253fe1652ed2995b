// Quotas in the browser, as drop/quotas.py computes them; a test holds the two together.
const NOISE = 1e-6;
const sum = values => values.reduce((a, b) => a + b, 0);

// Class densities min(1, c w_k) that use up the budget (Algorithm 1 of the paper for w = 1 - recall).
function fill(sizes, weights, density) {
  const total = sum(sizes);
  if (density === 1) return sizes.map(() => 1);
  const densities = sizes.map(() => 0);
  let active = weights.map(w => w > 0), left = density * total;
  while (active.some(Boolean)) {
    const most = Math.max(...weights.filter((_, k) => active[k]));
    const share = weights.map((w, k) => active[k] ? w / most : 0);
    const c = Math.max(left, 0) / sum(sizes.map((n, k) => n * share[k]));
    const whole = share.map(s => c * s >= 1);
    if (!whole.some(Boolean)) {
      share.forEach((s, k) => { if (active[k]) densities[k] = c * s; });
      return densities;
    }
    whole.forEach((w, k) => { if (w) densities[k] = 1; });
    active = active.map((a, k) => a && !whole[k]);
    left = density * total - sum(sizes.filter((_, k) => densities[k] === 1));
  }
  if (left > NOISE) {
    const rest = weights.map(w => w === 0);
    const d = Math.min(1, left / sum(sizes.filter((_, k) => rest[k])));
    rest.forEach((r, k) => { if (r) densities[k] = d; });
  }
  return densities;
}

// To the nearest whole number, halves to even, as Python rounds.
function roundEven(x) {
  const low = Math.floor(x), rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
}

// Whole samples a class, by largest remainder; equal remainders go to the lower class.
function counts(sizes, weights, density) {
  const ideal = fill(sizes, weights, density).map((d, k) => roundEven(d * sizes[k] * 1e6) / 1e6);
  const kept = ideal.map((x, k) => Math.min(Math.floor(x), sizes[k]));
  let missing = roundEven(density * sum(sizes)) - sum(kept);
  const order = ideal.map((_, k) => k).sort((a, b) => (kept[a] - ideal[a]) - (kept[b] - ideal[b]) || a - b);
  for (const k of order.filter(k => kept[k] < sizes[k])) {
    if (missing-- <= 0) break;
    kept[k] += 1;
  }
  return kept;
}

const RULES = {
  "Random": ({sizes}) => sizes.map(() => 1),
  "Balanced": ({sizes}) => sizes.map(n => 1 / n),
  "DRoP": ({recalls}) => recalls.map(r => 1 - r),
  "DRoP, exponent 0.7": ({recalls}) => recalls.map(r => (1 - r) ** 0.7),
  "Released code (size rule)": ({sizes, recalls}) => recalls.map((r, k) => (1 - r) / sizes[k]),
  "Half DRoP, half random": null,
  "drop.prune": null,
};
const ASSUMED = 30;  // validation samples behind a recall, for the smoothing of drop.prune

// The halves of the mixed rules, as class densities.
const HALVES = {
  "Half DRoP, half random": (given, density) => [fill(given.sizes, RULES.DRoP(given), density), given.sizes.map(() => density)],
  "drop.prune": ({sizes, recalls}, density) => [
    fill(sizes, recalls.map(r => 1 - (r * ASSUMED + 1) / (ASSUMED + 2)), density), fill(sizes, sizes.map(n => 1 / n), density)],
};

function quotas(rule, given, density) {
  if (RULES[rule]) return counts(given.sizes, RULES[rule](given), density);
  const [one, other] = HALVES[rule](given, density);
  return counts(given.sizes, one.map((d, k) => (d + other[k]) / 2), density);
}

// Lines "name, size, recall", or a square confusion matrix (rows: true classes) whose row sums are validation sizes.
function parse(text) {
  const rows = text.trim().split(/\n+/).map(line => line.trim().split(/[,;\t]\s*|\s{2,}/).map(cell => cell.trim()));
  if (!text.trim()) throw new Error("There is nothing to read: paste one line a class, such as cat, 5000, 0.46.");
  const numeric = rows.every(row => row.every(cell => cell !== "" && Number.isFinite(Number(cell))));
  if (numeric && rows.length > 1 && rows.every(row => row.length === rows.length)) {
    const matrix = rows.map(row => row.map(Number));
    const sizes = matrix.map(sum);
    sizes.forEach((n, k) => { if (!(n > 0)) throw new Error(`Row ${k + 1} of the confusion matrix is empty.`); });
    return {names: sizes.map((_, k) => `class ${k}`), sizes, recalls: matrix.map((row, k) => row[k] / sizes[k]),
            note: "Read as a confusion matrix: its row sums stand for the class sizes."};
  }
  const head = rows.length > 1 && !Number.isFinite(Number(rows[0][1])) ? rows.shift() : null;
  const names = [], sizes = [], recalls = [];
  rows.forEach((row, i) => {
    const line = i + 1 + (head ? 1 : 0);
    if (row.length !== 3) throw new Error(`Line ${line} has ${row.length} parts; it needs three: class, size, recall.`);
    const [name, size, recall] = [row[0], Number(row[1]), Number(row[2])];
    if (!Number.isInteger(size) || size < 1) throw new Error(`Line ${line}: the size is ${row[1]}, but must be a whole number from 1.`);
    if (!(recall >= 0 && recall <= 1) || row[2] === "") throw new Error(`Line ${line}: the recall is ${row[2]}, but must lie between 0 and 1.`);
    if (names.includes(name)) throw new Error(`Line ${line}: class ${name} appears twice.`);
    names.push(name); sizes.push(size); recalls.push(recall);
  });
  return {names, sizes, recalls, note: ""};
}

window.dropQuotas = {fill, counts, quotas, parse, rules: Object.keys(RULES)};

document.addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("calculator");
  if (!root) return;
  const text = root.querySelector("textarea"), density = root.querySelector("input[type=range]");
  const shown = root.querySelector("output"), file = root.querySelector("input[type=file]");
  const result = root.querySelector(".result"), message = root.querySelector(".message"), link = root.querySelector("a");
  const cell = (tag, content) => Object.assign(document.createElement(tag), {textContent: content});

  function update() {
    const d = Number(density.value) / 100;
    shown.textContent = `${density.value} %`;
    result.replaceChildren();
    link.hidden = true;
    let given;
    try { given = parse(text.value); } catch (error) { message.textContent = error.message; return; }
    const rules = Object.keys(RULES), made = rules.map(rule => quotas(rule, given, d));
    const table = document.createElement("table"), head = table.createTHead().insertRow();
    head.append(...["class", "size", "recall", ...rules].map(name => Object.assign(cell("th", name), {scope: "col"})));
    const body = table.createTBody();
    given.names.forEach((name, k) => {
      const row = body.insertRow();
      row.append(Object.assign(cell("th", name), {scope: "row"}), cell("td", given.sizes[k]), cell("td", given.recalls[k].toFixed(3)));
      made.forEach(n => {
        const kept = cell("td", `${n[k]} `);
        kept.append(cell("small", `${(100 * n[k] / given.sizes[k]).toFixed(0)} %`));
        row.append(kept);
      });
    });
    result.append(table);
    const gone = rules.flatMap((rule, i) => given.names.filter((_, k) => made[i][k] === 0).map(name => `${rule} keeps nothing of ${name}`));
    message.textContent = [given.note, ...gone.map(words => `${words}.`)].filter(Boolean).join(" ");
    const quote = value => /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
    const lines = [["class", "size", "recall", ...rules], ...given.names.map((name, k) => [name, given.sizes[k], given.recalls[k], ...made.map(n => n[k])])];
    link.href = "data:text/csv;charset=utf-8," + encodeURIComponent(lines.map(row => row.map(v => quote(String(v))).join(",")).join("\n") + "\n");
    link.hidden = false;
  }
  text.addEventListener("input", update);
  density.addEventListener("input", update);
  file.addEventListener("change", async () => { if (file.files[0]) { text.value = await file.files[0].text(); update(); } });
  update();
});
