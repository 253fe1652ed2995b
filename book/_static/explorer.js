// Every measured cell as a chart and a table; the choice stands in the address.
document.addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("explorer"), data = window.explorerData;
  if (!root || !data) return;
  const METRICS = {worst_class: "worst-class accuracy (%)", average: "average accuracy (%)", gap: "best minus worst class (points)"};
  const place = root.querySelector("#explorer-place"), metric = root.querySelector("#explorer-metric");
  const methods = root.querySelector(".methods"), chart = root.querySelector(".chart");
  const result = root.querySelector(".result"), link = root.querySelector("a");
  const option = (value, label) => Object.assign(document.createElement("option"), {value, textContent: label});
  place.append(...Object.entries(data).map(([name, {title}]) => option(name, title ?? name)));
  metric.append(...Object.entries(METRICS).map(([value, label]) => option(value, label)));
  let plot;

  const chosen = () => [...methods.querySelectorAll("input:checked")].map(box => box.value);

  function offer(wanted) {
    methods.replaceChildren(...Object.entries(data[place.value].pruners).map(([pruner, look]) => {
      const label = document.createElement("label"), box = document.createElement("input");
      Object.assign(box, {type: "checkbox", value: pruner, checked: wanted.includes(pruner)});
      const mark = document.createElement("span");
      mark.className = "mark";
      mark.style.background = look.colour;  // currentColor where a method has the ink's
      label.append(box, mark, ` ${look.label}`);
      return label;
    }));
  }

  function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    const first = data["cifar10-laptop"] ? "cifar10-laptop" : place.value;
    place.value = data[given.get("place")] ? given.get("place") : first;
    if (METRICS[given.get("measure")]) metric.value = given.get("measure");
    offer((given.get("methods") ?? "full,random,random+drop,el2n").split(",").map(decodeURIComponent));
  }

  function update() {
    const hash = new URLSearchParams({place: place.value, measure: metric.value, methods: chosen().join(",")});
    history.replaceState(null, "", `#${hash}`);
    const {cells, pruners} = data[place.value], wanted = chosen();
    const rows = cells.filter(cell => wanted.includes(cell.pruner));
    draw(rows.filter(cell => cell.density < 1 || cell.pruner === "full"), pruners);
    list(rows, pruners);
  }

  function draw(rows, pruners) {
    plot?.destroy();
    plot = undefined;
    chart.replaceChildren();
    if (!rows.length) { chart.textContent = "Choose a method."; return; }
    const ink = getComputedStyle(root).color, grid = "rgba(128, 128, 128, 0.25)";
    const x = [...new Set(rows.map(cell => cell.density))].sort((a, b) => a - b);
    const names = [...new Set(rows.map(cell => cell.pruner))];
    const at = name => x.map(d => rows.find(cell => cell.pruner === name && cell.density === d)?.[metric.value] ?? null);
    const values = names.map(at);
    const colour = name => pruners[name].colour === "currentColor" ? ink : pruners[name].colour;
    const bars = u => {
      const ctx = u.ctx;
      names.forEach((name, i) => values[i].forEach((cell, j) => {
        if (!cell || cell.length < 3) return;
        const px = u.valToPos(x[j], "x", true) + (i - (names.length - 1) / 2) * 3 * devicePixelRatio;
        ctx.strokeStyle = colour(name);
        ctx.lineWidth = 1.5 * devicePixelRatio;
        ctx.beginPath();
        ctx.moveTo(px, u.valToPos(cell[1], "y", true));
        ctx.lineTo(px, u.valToPos(cell[2], "y", true));
        ctx.stroke();
      }));
    };
    const axis = label => ({stroke: ink, grid: {stroke: grid}, ticks: {stroke: grid}, label, labelSize: 24, font: "12px system-ui"});
    const all = values.flat().filter(Boolean).flat();
    plot = new uPlot({
      width: Math.max(280, root.clientWidth), height: 360, legend: {show: false}, cursor: {show: false},
      scales: {x: {distr: 3, time: false, range: [Math.min(...x) * 0.85, Math.max(...x) * 1.15]},
               y: {range: [Math.min(...all) - 2, Math.max(...all) + 2]}},
      axes: [{...axis("density: fraction kept"), splits: () => x, values: (_, splits) => splits.map(String), filter: (_, splits) => splits},
             {...axis(METRICS[metric.value]), size: 48}],
      series: [{}, ...names.map(name => ({label: pruners[name].label, stroke: colour(name), width: 2,
                                          spanGaps: true, points: {show: true, size: 7, fill: colour(name)}}))],
      hooks: {draw: [bars]},
    }, [x, ...values.map(line => line.map(cell => cell ? cell[0] : null))], chart);
  }

  function list(rows, pruners) {
    const cell = (tag, content) => Object.assign(document.createElement(tag), {textContent: content});
    const table = document.createElement("table"), heads = ["method", "density", ...Object.values(METRICS), "seeds"];
    const head = table.createTHead().insertRow(), body = table.createTBody();
    head.append(...heads.map(name => Object.assign(cell("th", name), {scope: "col"})));
    const order = [...rows].sort((a, b) => a.density - b.density || b[metric.value][0] - a[metric.value][0]);
    for (const row of order) {
      const line = body.insertRow();
      line.append(Object.assign(cell("th", pruners[row.pruner].label), {scope: "row"}), cell("td", row.density));
      for (const name of Object.keys(METRICS)) {
        const [value, low, high] = row[name], td = cell("td", value.toFixed(1));
        if (low !== undefined) td.append(" ", cell("small", `[${low.toFixed(1)}, ${high.toFixed(1)}]`));
        line.append(td);
      }
      line.append(cell("td", row.seeds));
    }
    result.replaceChildren(table);
    const names = Object.keys(METRICS).flatMap(name => [name, `${name} low`, `${name} high`]);
    const lines = [["method", "density", "seeds", ...names], ...order.map(row =>
      [row.pruner, row.density, row.seeds, ...Object.keys(METRICS).flatMap(name => [0, 1, 2].map(i => row[name][i] ?? ""))])];
    link.href = "data:text/csv;charset=utf-8," + encodeURIComponent(lines.map(line => line.join(",")).join("\n") + "\n");
    link.hidden = !rows.length;
  }

  place.addEventListener("change", () => { offer(chosen()); update(); });
  metric.addEventListener("change", update);
  methods.addEventListener("change", update);
  let width = root.clientWidth;
  new ResizeObserver(() => { if (root.clientWidth !== width) { width = root.clientWidth; update(); } }).observe(root);
  new MutationObserver(update).observe(document.documentElement, {attributes: true, attributeFilter: ["data-theme"]});
  window.addEventListener("hashchange", () => { read(); update(); });
  read();
  update();
});
