// The book's few scripts: tables that sort, one switch for all code, search that works from a disk.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll(".drop-table table")) sortable(table);
  codeSwitch();
  document.addEventListener("keydown", event => {
    if (event.key === "Escape") document.activeElement?.blur?.();
  });
});

// A head cell of the last head row sorts its column: numbers by their value, words by the alphabet; again: backwards.
function sortable(table) {
  const heads = table.tHead ? [...table.tHead.rows].at(-1).cells : [];
  const value = row => index => {
    const cell = row.cells[index];
    const text = (cell.querySelector("span, b") || cell).firstChild?.textContent ?? "";
    const number = parseFloat(text.replace("−", "-").replace(/,/g, ""));
    return Number.isNaN(number) ? text : number;
  };
  [...heads].forEach((head, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.title = "Sort by this column";
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "descending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows].map(row => [value(row)(index), row]);
      const numeric = rows.filter(([v]) => typeof v === "number").length > 0;
      rows.sort(([a], [b]) => numeric
        ? (typeof a === "number" ? a : -Infinity) - (typeof b === "number" ? b : -Infinity)
        : String(a).localeCompare(String(b)));
      if (!down) rows.reverse();
      table.tBodies[0].append(...rows.map(([, row]) => row));
    });
  });
}

// One switch at the top of a page opens or closes all its code.
function codeSwitch() {
  const folds = [...document.querySelectorAll("details.hide, details.below-input, details.above-input")];
  const title = document.querySelector(".bd-article h1");
  if (!folds.length || !title) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "code-switch";
  const label = () => {
    const open = folds.some(fold => fold.open);
    button.textContent = open ? "Hide all code" : "Show all code";
    button.setAttribute("aria-pressed", String(open));
  };
  button.addEventListener("click", () => {
    const open = !folds.some(fold => fold.open);
    for (const fold of folds) fold.open = open;
    label();
  });
  for (const fold of folds) fold.addEventListener("toggle", label);
  label();
  title.after(button);
}

// From a disk a page may not be fetched: the texts that search quotes stand in one script.
if (location.protocol === "file:" && /search\.html$/.test(location.pathname)) {
  const fetched = window.fetch;
  window.fetch = (url, ...rest) => {
    const page = String(url).match(/book\/[\w.-]+(?=\.html)/)?.[0];
    const text = page && window.bookTexts?.[page];
    if (!text) return fetched(url, ...rest);
    const body = `<article role="main"><p>${text.replace(/[&<]/g, c => ({"&": "&amp;", "<": "&lt;"})[c])}</p></article>`;
    return Promise.resolve({text: () => Promise.resolve(body), ok: true});
  };
}
