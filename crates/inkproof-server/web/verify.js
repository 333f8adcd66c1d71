// Verify: a questioned signature against an enrolled writer, or against references that come with it.

import { send } from "./api.js";
import { h, icon, ICONS, say, spinner, trouble } from "./dom.js";
import { dropPlace, fitting } from "./images.js";
import { writerPicker } from "./picker.js";
import { sentence, verdictCard } from "./verdict.js";
import { countReviews } from "./waiting.js";
import { imageTrouble } from "./wrong.js";

export function verifyView(main, { me }) {
  const questioned = dropPlace({ label: "Questioned signature", field: "questioned" });
  const references = dropPlace({ label: "References", field: "references", many: true });
  const picker = writerPicker();
  const result = h("div", { class: "stack" }, nothingYet());
  const button = h("button", { class: "main wide", type: "submit" }, "Verify");
  const ways = {
    enrolled: { label: "An enrolled writer", part: picker.element },
    sent: { label: "Images I have", part: h("div", { class: "field" }, h("p", { class: "faint small" }, `Signatures known to be the writer's, up to ${me.max_images - 1}; three or more are best. They are not kept.`), references.element) },
  };
  const way = (name) => h("label", {}, h("input", { type: "radio", name: "way", value: name, checked: name === "enrolled", onchange: () => choose(name) }), ways[name].label);
  const choose = (name) => {
    for (const [other, { part }] of Object.entries(ways)) part.hidden = other !== name;
    picker.element.querySelector("input").required = name === "enrolled";
  };
  const isSent = () => form.elements.way.value === "sent";
  const form = h("form", { class: "card stack", onsubmit: submit, novalidate: true },
    h("div", { class: "field" }, h("h2", {}, "Questioned signature"), questioned.element),
    h("fieldset", { class: "stack tight" }, h("legend", {}, "Compare with"), h("div", { class: "choice" }, way("enrolled"), way("sent")), ways.enrolled.part, ways.sent.part),
    button);
  choose("enrolled");
  main.append(
    h("div", { class: "head" }, h("div", {}, h("h1", {}, "Is this signature genuine?"), h("p", {}, "Give the signature in question and what to compare it with."))),
    h("div", { class: "columns" }, form, result));

  const paste = (event) => event.clipboardData.files.length > 0 && (isSent() && questioned.files().length > 0 ? references : questioned).add([...event.clipboardData.files]);
  document.addEventListener("paste", paste);

  async function submit(event) {
    event.preventDefault();
    const wanting = missing();
    if (wanting) {
      result.replaceChildren(trouble({ title: "Something is missing", detail: wanting }));
      return;
    }
    button.disabled = true;
    result.replaceChildren(h("div", { class: "card" }, spinner("Looking …")));
    say("Looking");
    const writer = isSent() ? null : picker.value();
    const sent = new Map([...questioned.sent(), ...(writer ? [] : references.sent())]);
    const again = () => form.requestSubmit();
    try {
      // Sent under the name of its field each is what the service means by that name, also where two files have the same.
      const fields = [["explain", "true"]];
      for (const [name, { file, place }] of sent) fields.push([place === questioned ? "questioned" : "reference", await fitting(file), name]);
      const answer = await send(writer ? `/v1/writers/${encodeURIComponent(writer)}/verify` : "/v1/verify", fields);
      const card = verdictCard(answer, { writer, sent, again });
      result.replaceChildren(card.element);
      if (writer && answer.decision === "undecided") {
        card.element.prepend(h("p", { class: "notice" }, "It waits for a person now: ", h("a", { href: `#/reviews/${answer.audit}` }, "open the review"), "."));
        countReviews();
      }
      say(`${answer.decision}. ${sentence(answer, writer)}`);
      card.focus();
      result.scrollIntoView({ behavior: "smooth", block: "nearest" });
    } catch (problem) {
      result.replaceChildren(imageTrouble(problem, sent, again));
      result.scrollIntoView({ behavior: "smooth", block: "nearest" });
    } finally {
      button.disabled = false;
    }
  }
  function missing() {
    if (questioned.files().length === 0) return "Give the questioned signature: drop an image, choose a file, or photograph it.";
    if (isSent() && references.files().length === 0) return "Give at least one reference: a signature known to be the writer's.";
    if (!isSent() && picker.value() === "") return "Say which writer: the id under which the references are enrolled.";
    return null;
  }
  return () => document.removeEventListener("paste", paste);
}

function nothingYet() {
  return h("div", { class: "card empty" }, icon(ICONS.verify, 56), h("h2", {}, "The verdict will be here"), h("p", {}, "Accepted, rejected, or undecided, and what that rests on."));
}
