// The signatures on a page: a dialog that shows where they are, and makes an image of the one that is chosen.

import { send } from "./api.js";
import { crop, cutOf } from "./crop.js";
import { field, h, plural, say, spinner, trouble } from "./dom.js";
import { fitting } from "./images.js";

const SIGNED = { yes: "signed", no: "not signed", look: "look at it" };

/** A file of the signature that the user chooses on a page, or crops of it with at most so many pixels; null where none is. */
export async function chooseOnPage(file, most) {
  const sent = await fitting(file);
  const chosen = await ask(file.name, (page) => find(sent, page));
  if (chosen === null) return null;
  const source = await shown(file, chosen.page, chosen.picture);
  return chosen.box ? cutOf(source, chosen.box, png(file, chosen.signature)) : crop(source, most);
}

function find(file, page) {
  return send("/v1/find", [["questioned", file], ["explain", "true"], ["page", page?.toString()]]);
}

/** The file where the browser can show it, which has all its pixels; otherwise the service's picture of the page. */
async function shown(file, page, picture) {
  if (page === 1) {
    try {
      (await createImageBitmap(file)).close();
      return file;
    } catch {
      // A document, or an image of a kind that few browsers read.
    }
  }
  return png(file, picture);
}

/** A picture of the service's, named as the file that it is of. */
function png(file, picture) {
  const bytes = Uint8Array.from(atob(picture), (character) => character.charCodeAt(0));
  return new File([bytes], `${file.name.replace(/\.[^.]*$/, "")}.png`, { type: "image/png" });
}

/** The dialog: the page, and the box of the signature that was chosen with the signature as the service cuts it; without them where the user wants to draw the frame; or null. */
function ask(name, find) {
  const place = h("div", { class: "stack" }), cancel = h("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
  const ways = h("div", { class: "row" }, cancel);
  const dialog = h("dialog", { class: "crop", "aria-label": `Signatures on ${name}` },
    h("div", { class: "stack" },
      h("h2", {}, "Signatures on the page"),
      place,
      ways));
  let chosen = null, pages = [];
  const choose = (choice) => {
    chosen = choice;
    dialog.close();
  };
  async function look(wanted) {
    place.replaceChildren(spinner("Looking for signatures …"));
    ways.replaceChildren(cancel);
    try {
      const answer = await find(wanted);
      // Asked for one page, the service tells of that one alone.
      if (wanted === undefined) pages = answer.pages;
      const page = answer.pages.find(({ pictures }) => pictures);
      if (page) show(page);
      else await look(pages[0].page);
    } catch (problem) {
      place.replaceChildren(trouble(problem));
    }
  }
  function show(page) {
    const { signatures, signed, pictures } = page;
    const words = signatures.length > 0 ? `${plural(signatures.length, "signature")} found. Choose the one in question.` : `No signature was found here${signed.decision === "look" ? ", but something may be one" : ""}.`;
    const drawn = h("button", { type: "button", onclick: () => choose({ page: page.page, picture: pictures.page }) }, "Draw the frame myself");
    const stage = h("div", { class: "page" },
      h("img", { src: `data:image/png;base64,${pictures.page}`, alt: `Page ${page.page} of ${name}` }),
      signatures.map((found, index) => box(page, found, index, (box) => choose({ page: page.page, picture: pictures.page, box, signature: pictures.signatures[index] }))));
    stage.style.setProperty("--ratio", page.width / page.height);
    place.replaceChildren(...[pages.length > 1 && choice(page), h("p", {}, words), h("div", { class: "desk tall" }, stage)].filter(Boolean));
    ways.replaceChildren(drawn, cancel);
    say(words);
    (stage.querySelector("button") ?? drawn).focus();
  }
  function choice({ page }) {
    const option = (other) => h("option", { value: other.page, selected: other.page === page }, `${other.page}: ${SIGNED[other.signed.decision]}`);
    return field(`Page, of ${pages.length}`, null, h("select", { id: "page", onchange: ({ target }) => look(Number(target.value)) }, pages.map(option)));
  }
  document.body.append(dialog);
  dialog.showModal();
  look();
  return new Promise((done) => dialog.addEventListener("close", () => {
    dialog.remove();
    done(chosen);
  }));
}

/** A button over a signature that was found, with a border around its ink. */
function box({ width, height }, { x, y, width: wide, height: tall, confidence }, index, choose) {
  const border = tall / 10 + 2;
  const share = (at, of) => Math.min(1, Math.max(0, at / of));
  const around = { left: share(x - border, width), top: share(y - border, height), right: share(x + wide + border, width), bottom: share(y + tall + border, height) };
  const element = h("button", { class: "found", type: "button", "aria-label": `Signature ${index + 1}, ${Math.round(100 * confidence)} % sure`, onclick: () => choose(around) }, h("span", {}, `${index + 1}`));
  element.style.inset = [around.top, 1 - around.right, 1 - around.bottom, around.left].map((part) => `${100 * part}%`).join(" ");
  return element;
}
