"use strict";
// Values of a chart under the pointer, and by arrow keys. Without this script the page is complete but for them.
for (const chart of document.querySelectorAll(".chart")) {
  const stops = JSON.parse(chart.dataset.stops); // [x in %, label, value of each legend entry, marks on y in %]
  if (!stops.length) continue;
  const plot = chart.querySelector(".plot");
  const cursor = chart.querySelector(".cursor");
  const [where, ...outputs] = chart.querySelectorAll("output");
  const names = outputs.map((output) => output.parentElement.firstElementChild.nextSibling.textContent.trim());
  const last = stops.length - 1;
  const resting = chart.dataset.rest < 0 ? last : Number(chart.dataset.rest);
  let current = resting;

  const show = (index) => {
    current = Math.min(Math.max(index, 0), last);
    const [x, label, values, marks] = stops[current];
    where.textContent = label;
    outputs.forEach((output, number) => (output.textContent = values[number]));
    cursor.style.left = `${x}%`;
    cursor.replaceChildren(...marks.map((mark) => {
      const dot = document.createElement("i");
      dot.style.bottom = `${mark}%`;
      return dot;
    }));
    plot.setAttribute("aria-valuenow", current);
    plot.setAttribute("aria-valuetext", [label, ...names.map((name, number) => `${name}: ${values[number]}`)].join("; "));
  };
  const rest = (event) => {
    if (event.pointerType === "touch") return; // a finger that is lifted wants to read
    cursor.hidden = document.activeElement !== plot;
    if (cursor.hidden) show(resting);
  };
  const nearest = (x) => {
    let low = 0, high = last;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (stops[middle][0] <= x) low = middle; else high = middle;
    }
    return x - stops[low][0] < stops[high][0] - x ? low : high;
  };
  const follow = (event) => {
    const box = plot.getBoundingClientRect();
    cursor.hidden = false;
    show(nearest(((event.clientX - box.left) / box.width) * 100));
  };
  const page = Math.max(Math.round(stops.length / 10), 1);
  const moves = {
    ArrowLeft: () => current - 1, ArrowDown: () => current - 1, ArrowRight: () => current + 1, ArrowUp: () => current + 1,
    PageDown: () => current - page, PageUp: () => current + page, Home: () => 0, End: () => last,
  };

  for (const [name, value] of Object.entries({
    role: "slider", tabindex: 0, "aria-label": `${chart.dataset.title}: values`, "aria-valuemin": 0, "aria-valuemax": last,
  })) plot.setAttribute(name, value);
  plot.addEventListener("pointermove", follow);
  plot.addEventListener("pointerdown", follow);
  plot.addEventListener("pointerleave", rest);
  plot.addEventListener("focus", () => { cursor.hidden = false; });
  plot.addEventListener("blur", rest);
  plot.addEventListener("keydown", (event) => {
    if (!(event.key in moves)) return;
    event.preventDefault();
    cursor.hidden = false;
    show(moves[event.key]());
  });
  show(resting);
}

// A table that can be sorted: a button in the head of each column. Without this script it stays in the order of its ranks.
for (const table of document.querySelectorAll(".sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const rows = [...body.rows]; // by rank, which decides between equal ones
  const keyOf = (row, column) => row.cells[column].dataset.key;

  const sort = (column, direction) => {
    const keys = rows.map((row) => keyOf(row, column)).filter((key) => key !== "");
    const areNumbers = keys.every((key) => !Number.isNaN(Number(key)));
    const compare = areNumbers ? (a, b) => Number(a) - Number(b) : (a, b) => a.localeCompare(b, "en", { numeric: true });
    const sign = direction === "ascending" ? 1 : -1;
    body.append(...[...rows].sort((one, other) => {
      const [a, b] = [keyOf(one, column), keyOf(other, column)];
      return a === "" || b === "" ? (a === "") - (b === "") : sign * compare(a, b); // nothing goes to the end
    }));
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    heads[column].setAttribute("aria-sort", direction);
  };

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    const first = head.dataset.first || "ascending";
    const second = first === "ascending" ? "descending" : "ascending";
    button.addEventListener("click", () => sort(column, head.getAttribute("aria-sort") === first ? second : first));
  });
}
