// A verdict in plain words: the decision, how strong the evidence is, and where the signatures agree.

import { h } from "./dom.js";

const WORDS = { accepted: "Accepted", rejected: "Rejected", undecided: "Undecided" };
/** The scale's ends, in powers of ten. */
const FURTHEST = 3;
/** Below twice as likely the evidence supports neither side. */
const NEITHER = Math.log10(2);

/** The whole card; `images` are the files that were compared. */
export function shown({ verdict, picture }, { references, questioned }) {
  const nameOf = (image) => (image === "questioned" ? questioned : references[image.match(/\d+/)[0] - 1]).name;
  return h("section", { class: `card verdict ${verdict.decision}`, "aria-label": "Verdict" },
    h("div", { class: "word" }, h("h2", { tabindex: "-1" }, WORDS[verdict.decision])),
    h("div", { class: "rest" },
      h("p", { class: "says" }, meaning(verdict)),
      unfit(verdict.flaws, nameOf),
      evidence(verdict),
      comparison(picture),
      details(verdict.sentences)));
}

export function failed(message) {
  return h("div", { class: "notice bad", role: "alert" }, message);
}

export function wait() {
  return h("div", { class: "card" }, h("p", { class: "row faint" }, h("span", { class: "busy" }), "Comparing …"));
}

function meaning({ decision, flaws }) {
  if (decision === "accepted") return "The questioned signature is as similar to the references as a writer's own signatures are.";
  if (decision === "rejected") return "The questioned signature is less similar to the references than a writer's own signatures are.";
  if (flaws.length > 0) return "An image is not fit to decide on, so a person has to look.";
  return "The evidence speaks for neither side, so a person has to look.";
}

function unfit(flaws, nameOf) {
  if (flaws.length === 0) return null;
  const line = ({ image, flaw }) => h("li", {}, `${nameOf(image)}: ${flaw}.`);
  return h("div", { class: "notice" }, h("strong", {}, "Look at the images"), h("ul", { class: "plain" }, flaws.map(line)));
}

/** How many times likelier, on a scale from one proposition to the other with its 95 % interval. */
function evidence({ log10_lr: lr, log10_lr_ci95: interval, support }) {
  if (lr === null) return null;
  const share = (power) => 50 + (50 * Math.max(-FURTHEST, Math.min(FURTHEST, power))) / FURTHEST;
  const mark = h("div", { class: "mark" }, h("b", {}, times(lr)));
  mark.style.left = `${share(lr)}%`;
  const range = interval && h("div", { class: "range" });
  if (range) {
    range.style.left = `${share(interval[0])}%`;
    range.style.width = `${share(interval[1]) - share(interval[0])}%`;
  }
  const who = lr < 0 ? "somebody else" : "the writer";
  const likelier = Math.abs(lr) < NEITHER ? "What is seen is about as likely either way." : `What is seen is ${times(lr)} likelier if ${who} signed.`;
  return h("div", {},
    h("h3", {}, "Strength of the evidence"),
    h("div", { class: "track", role: "img", "aria-label": likelier }, range, mark),
    h("div", { class: "ends faint small", "aria-hidden": "true" }, h("span", {}, "somebody else signed"), h("span", {}, "the writer signed")),
    h("p", { class: "likelier" }, likelier),
    h("p", { class: "faint small" }, `${support[0].toUpperCase()}${support.slice(1)}.`));
}

function times(lr) {
  const factor = 10 ** Math.abs(lr);
  return `${factor < 10 ? factor.toFixed(1) : Math.round(factor)} times`;
}

function comparison(picture) {
  const url = URL.createObjectURL(picture);
  const words = "The questioned signature on the left, then the most similar references. Strokes that agree are blue, strokes that differ are orange.";
  const image = h("img", { src: url, alt: words, onload: () => URL.revokeObjectURL(url) });
  return h("div", { class: "stack tight" },
    h("h3", {}, "Where they agree"),
    h("figure", { class: "sheet" }, image),
    h("p", { class: "legend faint small" },
      h("span", { class: "agrees" }, "agrees"), h("span", { class: "between" }, "in between"), h("span", { class: "differs" }, "differs"),
      "The questioned signature is on the left. A second row, where there is one, shows where each was pressed: black most, pale least."));
}

function details(sentences) {
  return h("details", {}, h("summary", {}, "What it rests on"), h("ul", { class: "plain small" }, sentences.map((sentence) => h("li", {}, sentence))));
}
