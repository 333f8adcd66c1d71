// Writers: who is enrolled, one of them with the references, and enrolment.

import { get, post, remove, send } from "./api.js";
import { ago, field, h, icon, ICONS, plural, say, trouble } from "./dom.js";
import { dropPlace, fitting } from "./images.js";
import { ink } from "./verdict.js";
import { imageTrouble } from "./wrong.js";

/** What the last enrolment said of the references, for the page that comes next. */
let enrolled = null;

const mayEnrol = (me) => me.role === null || me.role === "operator";

export async function writersView(main, { me }) {
  const list = h("ul", { class: "list" });
  const more = h("button", { type: "button", hidden: true, onclick: () => load(cursor) }, "Show more");
  const search = h("input", { type: "search", id: "search", placeholder: "Find by id", "aria-label": "Find a writer by how the id begins", autocomplete: "off", oninput: () => load(null) });
  let cursor = null;
  main.append(
    h("div", { class: "head" },
      h("div", {}, h("h1", {}, "Writers"), h("p", {}, "Everybody whose signatures are enrolled. An id is opaque: a number, never a name.")),
      mayEnrol(me) && h("button", { class: "main", type: "button", onclick: () => enrolDialog(null) }, "Enrol a writer")),
    h("div", { class: "stack" }, search, list, more));
  await load(null);

  async function load(after) {
    const prefix = search.value.trim();
    const page = await get(`/v1/writers?limit=50&prefix=${encodeURIComponent(prefix)}${after ? `&cursor=${after}` : ""}`);
    if (prefix !== search.value.trim()) return;
    cursor = page.next;
    more.hidden = cursor === null;
    const items = page.writers.map(item);
    if (after) list.append(...items);
    else list.replaceChildren(...(items.length > 0 ? items : [nobody(prefix)]));
  }
}

function item({ id, references, waiting, newest }) {
  return h("li", {}, h("a", { class: "card item", href: `#/writers/${encodeURIComponent(id)}` },
    h("span", { class: "name" }, id),
    waiting > 0 && h("span", { class: "tag" }, `${waiting} to approve`),
    h("span", { class: "faint" }, plural(references, "reference")),
    h("span", { class: "faint" }, newest ? `newest ${ago(newest)}` : "no reference")));
}

function nobody(prefix) {
  return h("li", { class: "card empty" }, icon(ICONS.writers, 52), h("h2", {}, prefix ? "No such writer" : "Nobody is enrolled yet"), h("p", {}, prefix ? `No id begins with “${prefix}”.` : "Enrol a writer with three or more signatures known to be genuine."));
}

export async function writerView(main, { me, id, refresh }) {
  const writer = await get(`/v1/writers/${encodeURIComponent(id)}${mayEnrol(me) ? "?pictures=true" : ""}`);
  const path = `/v1/writers/${encodeURIComponent(id)}`;
  const trying = async (work) => {
    try {
      await work();
      refresh();
    } catch (problem) {
      main.prepend(trouble(problem));
      scrollTo({ top: 0 });
    }
  };
  const card = (reference, number) => h("li", { class: "pair card" },
    writer.pictures && h("div", { class: "overlay", role: "img", "aria-label": `Ink of reference ${reference.id}` }, ink(writer.pictures[number], "reference")),
    h("div", { class: "row between" }, h("strong", {}, `Reference ${reference.id}`), reference.approved ? h("span", { class: "tag good" }, "counts") : h("span", { class: "tag" }, "to approve")),
    h("p", { class: "faint small" }, reference.written ? `signed ${ago(reference.written)}, ` : "", `enrolled ${ago(reference.added)} by ${reference.added_by}`),
    mayEnrol(me) && h("div", { class: "row" },
      !reference.approved && h("button", { class: "main", type: "button", onclick: () => trying(() => post(`${path}/references/${reference.id}/approve`, {})) }, "Approve"),
      h("button", { class: "danger", type: "button", onclick: () => confirmed(`Remove reference ${reference.id} of ${id}?`, "Remove", () => trying(() => remove(`${path}/references/${reference.id}`))) }, "Remove")));
  const said = enrolled?.id === id ? enrolled : null;
  enrolled = null;
  main.append(
    h("p", { class: "back" }, h("a", { href: "#/writers" }, "← All writers")),
    h("div", { class: "head" },
      h("div", {}, h("h1", {}, id), h("p", {}, `${plural(writer.references.length, "reference")}, enrolled ${ago(writer.created)}`)),
      mayEnrol(me) && h("div", { class: "row" },
        h("button", { class: "main", type: "button", onclick: () => enrolDialog(id) }, "Add references"),
        h("button", { class: "danger", type: "button", onclick: () => confirmed(`Erase ${id}? All references go, and what connects the audit to this id. This cannot be undone.`, "Erase", erase) }, "Erase"))),
    h("div", { class: "stack" }, said && h("p", { class: "notice good" }, said.text), advice(writer), !writer.pictures && h("p", { class: "faint" }, "References are shown beside a questioned signature, in a verification or a review."), h("ul", { class: "pairs" }, writer.references.map(card))));

  async function erase() {
    try {
      await remove(path);
      say(`${id} is erased`);
      location.hash = "#/writers";
    } catch (problem) {
      main.prepend(trouble(problem));
    }
  }
}

function advice({ advice }) {
  return advice?.length > 0 ? h("div", { class: "notice stack tight" }, advice.map((line) => h("p", {}, line))) : null;
}

/** Enrols images for a new writer, or one who is there. */
function enrolDialog(id) {
  const place = dropPlace({ label: "References", field: "references", many: true });
  const name = h("input", { type: "text", id: "new-writer", autocomplete: "off", spellcheck: "false", autocapitalize: "none", value: id ?? "" });
  const written = h("input", { type: "date", id: "written" });
  const force = h("input", { type: "checkbox" });
  const outcome = h("div", { class: "stack tight", "aria-live": "polite" });
  const button = h("button", { class: "main", type: "submit" }, "Enrol");
  const dialog = h("dialog", { "aria-label": id ? `Add references to ${id}` : "Enrol a writer", onclose: () => dialog.remove() },
    h("form", { class: "stack", onsubmit: submit, novalidate: true },
      h("h2", {}, id ? `Add references to ${id}` : "Enrol a writer"),
      !id && field("Id", "A number or code, never a name", name),
      h("div", { class: "field" }, place.element),
      field("Signed on, if known", null, written),
      h("label", { class: "check" }, force, "Also those that do not fit the others"),
      outcome,
      h("div", { class: "row" }, button, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"))));
  const key = crypto.randomUUID();
  document.body.append(dialog);
  dialog.showModal();

  async function submit(event) {
    event.preventDefault();
    const writer = name.value.trim();
    if (writer === "" || place.files().length === 0) {
      outcome.replaceChildren(trouble({ title: "Something is missing", detail: "Give an id and at least one image." }));
      return;
    }
    button.disabled = true;
    const sent = new Map(place.sent());
    try {
      const fields = [["written", written.value], ["force", force.checked ? "true" : ""]];
      if (!id) fields.push(["id", writer]);
      for (const file of place.files()) fields.push(["reference", await fitting(file)]);
      const path = id ? `/v1/writers/${encodeURIComponent(id)}/references` : "/v1/writers";
      const done = await send(path, fields, { "Idempotency-Key": `${key}-${force.checked}-${place.files().length}` });
      dialog.close();
      const waiting = done.waiting ? " They count once somebody else has approved them." : "";
      enrolled = { id: writer, text: `${plural(done.references.length, "reference")} enrolled.${waiting} ${done.advice ?? ""}` };
      say(enrolled.text);
      location.hash = `#/writers/${encodeURIComponent(writer)}`;
      if (id) dispatchEvent(new Event("hashchange"));
    } catch (problem) {
      outcome.replaceChildren(imageTrouble(problem, sent, () => event.target.requestSubmit()));
      if (problem.images) outcome.append(h("p", { class: "faint small" }, "Nothing was enrolled. Give other images, or tick “Also those that do not fit the others”."));
      outcome.scrollIntoView({ behavior: "smooth", block: "nearest" });
    } finally {
      button.disabled = false;
    }
  }
}

function confirmed(question, word, work) {
  const dialog = h("dialog", { "aria-label": question, onclose: () => dialog.remove() },
    h("form", { class: "stack", method: "dialog", onsubmit: () => work() },
      h("h2", {}, question),
      h("div", { class: "row" }, h("button", { class: "danger", type: "submit" }, word), h("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, "Cancel"))));
  document.body.append(dialog);
  dialog.showModal();
}
