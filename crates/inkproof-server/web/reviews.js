// Reviews: questioned signatures that a person has to decide on.

import { get, post } from "./api.js";
import { ago, field, h, icon, ICONS, moment, say, trouble } from "./dom.js";
import { explanation, ink, odds, pairs, scale } from "./verdict.js";
import { countReviews } from "./waiting.js";

export async function reviewsView(main) {
  const list = h("ul", { class: "list" });
  const more = h("button", { type: "button", hidden: true, onclick: () => load(cursor) }, "Show more");
  let cursor = null;
  main.append(
    h("div", { class: "head" }, h("div", {}, h("h1", {}, "Reviews"), h("p", {}, "Signatures that the evidence could not decide on, the oldest first. What you decide is written down."))),
    h("div", { class: "stack" }, list, more));
  await load(null);

  async function load(after) {
    const page = await get(`/v1/reviews?limit=50${after ? `&cursor=${after}` : ""}`);
    cursor = page.next;
    more.hidden = cursor === null;
    const items = page.reviews.map(item);
    if (after) list.append(...items);
    else list.replaceChildren(...(items.length > 0 ? items : [h("li", { class: "card empty" }, icon(ICONS.accepted, 52), h("h2", {}, "Nothing waits"), h("p", {}, "Undecided signatures will be here."))]));
  }
}

function item({ decision, writer, time, note, details }) {
  return h("li", {}, h("a", { class: "card item", href: `#/reviews/${decision}` },
    h("span", { class: "name" }, writer ?? "a writer who was erased"),
    note && h("span", { class: "tag" }, "noted"),
    typeof details.score === "number" && h("span", { class: "faint" }, `score ${details.score.toFixed(2)} of ${details.threshold.toFixed(2)}`),
    h("span", { class: "faint" }, ago(time))));
}

export async function reviewView(main, { me, id, refresh }) {
  // Who looks at ink is written down; an auditor asks for it on purpose, by the API.
  const review = await get(`/v1/reviews/${encodeURIComponent(id)}${me.role === "auditor" ? "" : "?pictures=true"}`);
  const { details, pictures } = review;
  main.append(
    h("p", { class: "back" }, h("a", { href: "#/reviews" }, "← All reviews")),
    h("div", { class: "head" }, h("div", {}, h("h1", {}, `Did ${review.writer ?? "the writer"} sign this?`), h("p", {}, "Asked ", ago(review.time), ` by ${review.by}`))),
    h("div", { class: "columns" }, review.settled ? settled(review) : decide(), evidence()));

  function evidence() {
    return h("div", { class: "stack" },
      h("section", { class: "card stack", "aria-label": "Evidence" },
        details.flaws?.length > 0 && h("div", { class: "notice" }, h("strong", {}, "The image is not fit to decide on"), h("ul", {}, details.flaws.map((flaw) => h("li", {}, flaw)))),
        typeof details.score === "number" && scale(details),
        odds(details.log10_lr) && h("p", {}, `The evidence is ${odds(details.log10_lr)}.`),
        pictures?.explanation && explanation(pictures)),
      pictures && (pictures.references.length > 0 ? pairs(pictures, null) : alone(pictures.questioned)));
  }
  function decide() {
    const note = h("textarea", { id: "note", maxlength: "4000" });
    const outcome = h("div", { "aria-live": "polite" });
    const settle = async (decision) => {
      try {
        await post(`/v1/reviews/${encodeURIComponent(id)}`, { decision, note: note.value });
        say(decision ? `${decision}, written down` : "noted");
        countReviews();
        if (decision) location.hash = "#/reviews";
        else refresh();
      } catch (problem) {
        outcome.replaceChildren(trouble(problem));
      }
    };
    if (me.role === "auditor") return h("section", { class: "card" }, h("p", { class: "faint" }, "It waits for a clerk."));
    return h("section", { class: "card stack", "aria-label": "Your decision" },
      h("h2", {}, "Your decision"),
      review.note && h("p", { class: "faint" }, "Noted before: ", review.note),
      field("Note", "What you saw; kept with the decision", note),
      h("button", { class: "main wide", type: "button", onclick: () => settle("accepted") }, "Accept: it is genuine"),
      h("button", { class: "wide danger", type: "button", onclick: () => settle("rejected") }, "Reject: it is not"),
      h("button", { type: "button", onclick: () => settle(null) }, "Only keep the note"),
      outcome);
  }
}

/** The questioned signature where no reference of the writer counts any more. */
function alone(png) {
  return h("section", { class: "card stack", "aria-label": "The questioned signature" },
    h("h2", {}, "The questioned signature"),
    h("p", { class: "notice" }, "No reference of the writer can be shown beside it any more."),
    h("div", { class: "overlay", role: "img", "aria-label": "Ink of the questioned signature" }, ink(png, "questioned")));
}

function settled({ outcome, settled, settled_by, note }) {
  return h("section", { class: "card stack tight" }, h("h2", {}, "Settled"), h("p", {}, h("span", { class: `tag ${outcome}` }, outcome)), h("p", { class: "faint" }, "by ", settled_by, ", ", moment(settled)), note && h("p", {}, note));
}
