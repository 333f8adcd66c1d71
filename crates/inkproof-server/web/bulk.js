// Bulk: many questioned signatures at once, with progress, and the results as a CSV file.

import { send } from "./api.js";
import { h, icon, ICONS, plural, say } from "./dom.js";
import { fitting } from "./images.js";
import { writerPicker } from "./picker.js";
import { countReviews } from "./waiting.js";

/** Requests at the same time; the service sends further ones back. */
const TOGETHER = 2;
const IMAGE = /\.(png|jpe?g|webp|bmp|tiff?|p[gpn]m)$/i;

export function bulkView(main) {
  let files = [], stopped = false, results = [];
  const picker = writerPicker({ label: "Writer of all" });
  const chosen = h("p", { class: "faint", role: "status" }, "Nothing is chosen yet.");
  const choose = (extra, text) => h("label", { class: "button" }, text, h("input", { type: "file", multiple: true, class: "unseen", onchange: (event) => take([...event.target.files]), ...extra }));
  const way = (value, text, checked) => h("label", {}, h("input", { type: "radio", name: "by", value, checked, onchange: () => { picker.element.hidden = value !== "one"; } }), text);
  const start = h("button", { class: "main wide", type: "submit", disabled: true }, "Verify all");
  const stop = h("button", { type: "button", hidden: true, onclick: () => { stopped = true; } }, "Stop");
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Progress" });
  const progress = h("p", { class: "faint" });
  const save = h("button", { class: "main", type: "button", hidden: true, onclick: download }, "Save as CSV");
  const body = h("tbody");
  const out = h("div", { class: "stack", hidden: true },
    h("div", { class: "card stack tight" }, h("h2", {}, "Progress"), bar, h("div", { class: "row between" }, progress, h("div", { class: "row" }, stop, save))),
    h("div", { class: "card table", tabindex: "0", role: "region", "aria-label": "Results" }, h("table", { class: "wraps" }, h("thead", {}, h("tr", {}, ["File", "Writer", "Decision", "Score"].map((name) => h("th", { scope: "col" }, name)))), body)));
  const nothingYet = h("div", { class: "card empty" }, icon(ICONS.bulk, 52), h("h2", {}, "Results will be here"), h("p", {}, "One line for each signature, and a CSV file of all."));
  const form = h("form", { class: "card stack", onsubmit: run, novalidate: true },
    h("div", { class: "stack tight" }, h("h2", {}, "Questioned signatures"), h("div", { class: "row" }, choose({ webkitdirectory: true, "aria-label": "Choose a folder" }, "Choose a folder"), choose({ accept: "image/*", "aria-label": "Choose files" }, "Choose files")), chosen),
    h("fieldset", { class: "stack tight" }, h("legend", {}, "Whose they should be"), h("div", { class: "choice" }, way("folder", "A folder each", true), way("one", "All by one writer", false)), picker.element),
    start);
  picker.element.hidden = true;
  main.append(
    h("div", { class: "head" }, h("div", {}, h("h1", {}, "Many at once"), h("p", {}, "A folder of questioned signatures: in a folder for each writer, named by the id, or all by one writer."))),
    h("div", { class: "columns" }, form, h("div", { class: "stack" }, nothingYet, out)));

  function take(list) {
    files = list.filter((file) => IMAGE.test(file.name));
    chosen.textContent = `${plural(files.length, "image")} chosen.`;
    start.disabled = files.length === 0;
  }
  const writerOf = (file) => (form.elements.by.value === "one" ? picker.value() : (file.webkitRelativePath || file.name).split("/").at(-2) ?? "");

  async function run(event) {
    event.preventDefault();
    stopped = false;
    results = [];
    body.replaceChildren();
    out.hidden = stop.hidden = false;
    nothingYet.hidden = true;
    save.hidden = true;
    start.disabled = true;
    bar.max = files.length;
    const waiting = [...files];
    const worker = async () => {
      while (waiting.length > 0 && !stopped) await judge(waiting.shift());
    };
    await Promise.all(Array.from({ length: TOGETHER }, worker));
    stop.hidden = true;
    save.hidden = results.length === 0;
    start.disabled = false;
    say(`${plural(results.length, "signature")} done`);
    countReviews();
  }
  async function judge(file) {
    const writer = writerOf(file);
    const result = { file: file.webkitRelativePath || file.name, writer, decision: "", score: "", threshold: "", log10_lr: "", audit: "", error: "" };
    try {
      if (!writer) throw new Error("no folder says which writer");
      const answer = await send(`/v1/writers/${encodeURIComponent(writer)}/verify`, [["questioned", await fitting(file)]], {}, 30);
      for (const name of ["decision", "score", "threshold", "log10_lr", "audit"]) result[name] = answer[name] ?? "";
    } catch (problem) {
      result.error = problem.detail ?? problem.message;
    }
    results.push(result);
    bar.value = results.length;
    progress.textContent = `${results.length} of ${files.length}: ${summary()}`;
    const cells = [["File", result.file], ["Writer", writer], ["Decision", h("span", { class: `tag ${result.error ? "bad" : result.decision}` }, result.error || result.decision)], ["Score", result.score === "" ? "" : result.score.toFixed(2)]];
    body.append(h("tr", {}, cells.map(([label, cell]) => h("td", { "data-label": label }, cell))));
  }
  function summary() {
    const count = (decision) => results.filter((result) => result.decision === decision).length;
    const failed = results.filter(({ error }) => error).length;
    return `${count("accepted")} accepted, ${count("rejected")} rejected, ${count("undecided")} undecided${failed ? `, ${failed} failed` : ""}`;
  }
  function download() {
    const link = h("a", { href: URL.createObjectURL(new Blob([csv(results)], { type: "text/csv" })), download: "verdicts.csv" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
  return () => { stopped = true; };
}

/** Rows as CSV (RFC 4180). A text that a spreadsheet would compute is kept from it, as by `spreadsheet.rs`. */
export function csv(rows) {
  const names = Object.keys(rows[0] ?? {});
  const cell = (value) => {
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [names, ...rows.map((row) => names.map((name) => row[name]))].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
