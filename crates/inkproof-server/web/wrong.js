// What is wrong with images that were sent: the picture of each, a sentence, and a way on.

import { h, notice, trouble } from "./dom.js";
import { chooser, picture } from "./images.js";

/** What went wrong, with the images that it is about. `sent` has them by field; `again` asks once more. */
export function imageTrouble(problem, sent, again) {
  const first = sent.get(problem.field);
  if (!first) return trouble(problem);
  const sentences = problem.images?.map(({ field, detail }) => [field, `${detail}.`]) ?? [[problem.field, `${first.file.name}: ${problem.detail}.`]];
  return notice("bad", h("strong", {}, problem.title), wrongImages(sentences, sent, again));
}

/** Sentences by the field that they are about: each image once, with all that is said of it. */
export function wrongImages(sentences, sent, again) {
  const fields = [...new Set(sentences.map(([field]) => field))];
  const saidOf = (field) => sentences.filter(([other]) => other === field).map(([, sentence]) => h("p", {}, sentence));
  return h("ul", { class: "wrong" }, fields.map((field) => (sent.has(field) ? wrongImage(sent.get(field), saidOf(field), again) : h("li", {}, saidOf(field)))));
}

function wrongImage({ file, place }, said, again) {
  const element = h("li", {});
  const changed = (next) => {
    const retry = h("button", { class: "main", type: "button", onclick: again }, "Try again");
    element.replaceChildren(picture(next), h("div", { class: "stack tight" }, h("p", {}, `Ready to try again, with ${next.name}.`), h("div", { class: "row" }, retry)));
    retry.focus();
  };
  const change = async () => {
    const next = await place.crop(file);
    if (next) changed(next);
  };
  const choose = ({ target: { files: [next] } }) => {
    place.replace(file, next);
    changed(next);
  };
  const changer = h("button", { type: "button", "aria-label": `Crop or turn ${file.name}`, onclick: change }, "Crop or turn");
  const other = chooser("Choose another", { "aria-label": `Choose another instead of ${file.name}`, onchange: choose });
  element.append(picture(file, changer), h("div", { class: "stack tight" }, said, h("div", { class: "row" }, changer, other)));
  return element;
}
