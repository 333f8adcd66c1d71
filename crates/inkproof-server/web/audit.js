// The audit: who did what, when, with which model and which outcome.

import { get } from "./api.js";
import { h, moment } from "./dom.js";

export async function auditView(main) {
  const body = h("tbody");
  const head = h("code");
  const more = h("button", { type: "button", hidden: true, onclick: () => load(cursor) }, "Show older");
  const columns = ["Number", "When", "Who", "What", "Outcome", "Writer", "Model"];
  let cursor = null;
  main.append(
    h("div", { class: "head" }, h("div", {}, h("h1", {}, "Audit"), h("p", {}, "Every entry is chained to the one before. Writers have pseudonyms here, which nothing connects to an id once a writer is erased."))),
    h("div", { class: "stack" },
      h("div", { class: "card stack tight" }, h("h2", {}, "Head"), h("p", { class: "small faint" }, "Note this elsewhere; inkproof store check --head shows that nothing was cut off since."), head),
      h("div", { class: "card table", tabindex: "0", role: "region", "aria-label": "Entries of the audit" }, h("table", { class: "wraps" }, h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col" }, name)))), body)),
      more));
  await load(null);

  async function load(before) {
    const page = await get(`/v1/audit?limit=50${before ? `&cursor=${before}` : ""}`);
    cursor = page.next;
    more.hidden = cursor === null;
    head.textContent = page.head.hash;
    body.append(...page.entries.map(row));
  }
  function row(entry) {
    const cells = [entry.sequence, moment(entry.time), entry.actor, entry.event.replace("-", " "), h("span", { class: `tag ${tone(entry)}`, title: JSON.stringify(entry.details) }, told(entry)), short(entry.writer), short(entry.model)];
    return h("tr", {}, cells.map((cell, number) => h("td", { class: number < 2 ? "number" : null, "data-label": columns[number] }, cell)));
  }
}

const tone = ({ event, outcome }) => (event === "refused" ? "refused" : outcome);
const told = ({ outcome, details }) => (details.count > 1 ? `${outcome}, ${details.count} times` : outcome);
const short = (hash) => (hash ? h("code", { title: hash }, hash.slice(0, 8)) : "–");
