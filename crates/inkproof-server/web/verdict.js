// A verdict in plain words: the decision, how strong the evidence is, where signatures agree, the same for each reference.

import { h, icon, ICONS, plural } from "./dom.js";
import { wrongImages } from "./wrong.js";

const WORDS = { accepted: "Accepted", rejected: "Rejected", undecided: "Undecided" };

/** What the decision means. */
export function sentence(verdict, writer) {
  const whose = writer ? `of ${writer}` : "that came with it";
  const references = `the ${verdict.references.length === 1 ? "reference" : plural(verdict.references.length, "reference")} ${whose}`;
  if (verdict.flaws?.length > 0 && verdict.decision === "undecided") {
    return "An image is not fit to decide on, so a person has to look.";
  }
  switch (verdict.decision) {
    case "accepted": return `The questioned signature is similar enough to ${references} to be by the same writer.`;
    case "rejected": return `The questioned signature is not similar enough to ${references} to be by the same writer.`;
    default: return `The evidence speaks neither for nor against the writer of ${references}. A person has to look.`;
  }
}

/** How many times more likely the evidence is under one proposition. */
export function odds(lr) {
  if (lr === null || lr === undefined) return null;
  const times = 10 ** Math.abs(lr);
  if (times < 2) return "about as likely either way";
  const rounded = times < 10 ? times.toFixed(1) : Math.round(times).toLocaleString("en-GB");
  return `${rounded} times likelier if ${lr > 0 ? "the same writer" : "somebody else"} signed`;
}

/** The whole card. `sent` has the images by what the answer calls them; `again` asks once more. */
export function verdictCard(answer, { writer, sent, again }) {
  const { decision, pictures } = answer;
  const references = answer.references.map((reference) => ({ ...reference, path: nameOf(sent, reference.path) }));
  const heading = h("h2", { tabindex: "-1" }, WORDS[decision]);
  const card = h("section", { class: `card verdict ${decision}`, "aria-label": "Verdict" },
    h("div", { class: "word" }, icon(ICONS[decision], 64), heading),
    h("div", { class: "rest" },
      h("p", { class: "says" }, sentence(answer, writer)),
      flaws(answer, sent, again),
      notes(answer),
      answer.age?.old && h("p", { class: "notice" }, "The references are old, and signatures change over the years: ask the writer for fresh ones."),
      scale(answer),
      facts(answer),
      pictures?.explanation && explanation(pictures)));
  const parts = h("div", { class: "stack" }, card, pictures && pairs(pictures, references));
  return { element: parts, focus: () => heading.focus({ preventScroll: true }) };
}

/** What the user calls an image. */
const nameOf = (sent, path) => sent.get(path)?.file.name ?? path;

function flaws({ flaws }, sent, again) {
  if (!flaws?.length) return null;
  const sentences = flaws.map(({ path, flaw }) => [path, `${nameOf(sent, path)}: ${flaw}.`]);
  return h("div", { class: "notice" }, h("strong", {}, "Look at the images"), wrongImages(sentences, sent, again));
}

function notes({ notes }) {
  if (!notes?.length) return null;
  const asSentence = (note) => `${note[0].toUpperCase()}${note.slice(1)}.`;
  return h("ul", { class: "notes" }, notes.map((note) => h("li", {}, asSentence(note))));
}

/** The score on a line whose middle is the threshold. */
export function scale({ score, threshold }) {
  const half = threshold > 0 ? threshold : 1;
  const share = Math.min(1, Math.max(0, 0.5 + (score - threshold) / (2 * half)));
  const mark = h("div", { class: "mark" }, h("b", {}, score.toFixed(2)));
  mark.style.left = `${100 * share}%`;
  const label = `Score ${score.toFixed(2)}, threshold ${threshold.toFixed(2)}: ${score >= threshold ? "at or above" : "below"} the threshold`;
  return h("div", { class: "scale" },
    h("div", { class: "track", role: "img", "aria-label": label }, h("div", { class: "limit" }), mark),
    h("div", { class: "ends" }, h("span", {}, "less similar"), h("span", {}, `threshold ${threshold.toFixed(2)}`), h("span", {}, "more similar")));
}

/** The evidence as a number with its interval, and what it adds up from. */
function powers({ log10_lr: lr, log10_lr_ci95: interval, contributions }) {
  if (lr === null) return null;
  const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
  const around = interval && `95 % interval ${interval.map(signed).join(" to ")}`;
  const parts = contributions && `${signed(contributions.shape)} from the shape of the strokes, ${signed(contributions.pressure)} from where they are pressed`;
  return [signed(lr), around, parts].filter(Boolean).join("; ");
}

function facts(answer) {
  const fact = (name, value) => value && h("div", {}, h("dt", {}, name), h("dd", {}, value));
  const bound = answer.bound ? `at most ${Math.round(10 ** answer.bound).toLocaleString("en-GB")} to 1` : null;
  return h("dl", { class: "facts" },
    fact("Evidence", odds(answer.log10_lr)),
    fact("In powers of ten", powers(answer)),
    fact("The model's calibration supports", bound),
    fact("Threshold", answer.calibration && `that of the writers enrolled here (number ${answer.calibration} in the audit)`),
    fact("Newest reference", answer.age && (answer.age.newest_days < 1 ? "of today" : `${plural(answer.age.newest_days, "day")} old`)),
    fact("Model", `${answer.model.name} ${answer.model.digest.slice(0, 8)}`),
    fact("Number in the audit", answer.audit?.toString()));
}

export function explanation({ explanation: png, pressure }) {
  const words = "The questioned signature and the references that are most similar. Strokes that agree are blue, strokes that differ are orange.";
  const pressed = "Below, the same signatures by pressure: black where each was pressed most, pale where least. What counts is whether the same places are dark.";
  return h("div", { class: "stack tight" },
    h("h3", {}, "Where they agree"),
    h("figure", { class: "sheet" }, h("img", { src: `data:image/png;base64,${png}`, alt: pressure ? `${words} ${pressed}` : words })),
    h("p", { class: "legend" }, h("span", { class: "agrees" }, "agrees"), h("span", { class: "other" }, "in between"), h("span", { class: "differs" }, "differs"), "The questioned signature is on the left."),
    pressure && h("p", { class: "legend" }, pressed));
}

/** Each reference with the questioned signature laid over it. */
export function pairs(pictures, references) {
  const pair = (png, number) => {
    const { path, reference, score } = references?.[number] ?? {};
    const name = path ?? `Reference ${reference ?? number + 1}`;
    const under = ink(png, "reference"), over = ink(pictures.questioned, "questioned");
    const slide = h("input", { type: "range", min: "0", max: "100", value: "50", "aria-label": `${name} or the questioned signature`, "aria-valuetext": "both" });
    const blend = () => {
      const share = slide.value / 100;
      under.style.opacity = Math.min(1, 2 - 2 * share);
      over.style.opacity = Math.min(1, 2 * share);
      slide.setAttribute("aria-valuetext", share < 0.25 ? "the reference" : share > 0.75 ? "the questioned signature" : "both");
    };
    slide.addEventListener("input", blend);
    blend();
    return h("li", { class: "pair" },
      h("div", { class: "row between small" }, h("strong", {}, name), score !== undefined && h("span", { class: "faint" }, `alone ${score.toFixed(2)}`)),
      h("div", { class: "overlay", role: "img", "aria-label": `${name} and the questioned signature, one over the other` }, under, over),
      slide,
      h("div", { class: "sides", "aria-hidden": "true" }, h("span", {}, "reference"), h("span", {}, "questioned")));
  };
  return h("section", { class: "card stack", "aria-label": "References" },
    h("h2", {}, "Beside each reference"),
    h("ul", { class: "pairs" }, pictures.references.map(pair)));
}

/** An ink, which is black on nothing, in the colour of its kind. */
export function ink(png, kind) {
  const element = h("div", { class: `ink ${kind}` });
  element.style.maskImage = `url(data:image/png;base64,${png})`;
  element.style.webkitMaskImage = element.style.maskImage;
  return element;
}
