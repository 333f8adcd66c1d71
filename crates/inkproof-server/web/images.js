// Images to be sent: dropped, pasted, chosen or photographed, and made small enough first.

import { crop } from "./crop.js";
import { h, icon, ICONS, say } from "./dom.js";
import { chooseOnPage } from "./pages.js";

/** Pixels that a signature needs at most; photographs have more than the service takes. */
const MOST_PIXELS = 4_000_000;
const TYPES = "image/*,.png,.jpg,.jpeg,.jfif,.webp,.bmp,.tif,.tiff,.gif,.heic,.heif,.jp2,.pgm,.pnm,.pdf";
/** Read by the service, and by few browsers. */
const SELDOM_SHOWN = /\.(tiff?|hei[cf]|jp2|p[gpn]m|pdf)$/i;

/** The image, scaled down where it is larger than needed; what the browser cannot read is sent as it is. */
export async function fitting(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return file;
  }
  const share = Math.sqrt(MOST_PIXELS / (bitmap.width * bitmap.height));
  if (share >= 1) return file;
  const canvas = h("canvas", { width: Math.floor(bitmap.width * share), height: Math.floor(bitmap.height * share) });
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  return new File([blob], file.name, { type: "image/png" });
}

/** The image; where the browser cannot show it, words, and `tool`, which needs to see it, is taken away. */
export function picture(file, tool) {
  const instead = () => {
    image.replaceWith(unseen(file));
    tool?.remove();
  };
  const url = URL.createObjectURL(file);
  const image = h("img", { src: url, alt: file.name, onload: () => URL.revokeObjectURL(url), onerror: instead });
  return image;
}

function unseen({ name }) {
  const why = SELDOM_SHOWN.test(name) ? "This browser cannot show it; the service reads it." : "This browser cannot show it; it may be damaged.";
  return h("p", { class: "unseen-image small" }, h("strong", {}, name), why);
}

/** A button that chooses an image. */
export function chooser(text, properties) {
  return h("label", { class: "button" }, text, h("input", { type: "file", accept: TYPES, ...properties }));
}

/** A place for one image or several; `files()` gives them, `sent()` those with the fields that the service names them by. */
export function dropPlace({ label, field, many = false }) {
  let files = [];
  const thumbs = h("ul", { class: "thumbs" });
  const choose = chooser(many ? "Choose files" : "Choose a file", { multiple: many, onchange: take, "aria-label": `${label}: choose ${many ? "files" : "a file"}` });
  const photograph = chooser("Photograph", { capture: "environment", accept: "image/*", onchange: take, "aria-label": `${label}: photograph` });
  const hint = h("p", { class: "faint small" }, many ? "Drop images here, or paste one" : "Drop an image here, or paste one");
  const place = h("div", { class: "drop", role: "group", "aria-label": label, tabindex: "-1" }, h("div", { class: "icon-and-hint" }, icon(ICONS.image, 34), hint), h("div", { class: "row" }, choose, photograph), thumbs);

  function take(event) {
    add([...event.target.files]);
    event.target.value = "";
  }
  function add(more) {
    const images = more.filter((file) => file.type.startsWith("image/") || /\.(png|jpe?g|jfif|webp|bmp|tiff?|gif|hei[cf]|jp2|p[gpn]m|pdf)$/i.test(file.name));
    if (more.length > 0 && images.length === 0) say("That is not an image.");
    if (images.length === 0) return;
    files = many ? [...files, ...images] : images.slice(0, 1);
    say(`${label}: ${images.map((file) => file.name).join(", ")}`);
    show();
  }
  /** Puts an image in the place of another, which the user may have left out since. */
  function replace(old, next) {
    if (files.includes(old)) files = files.map((file) => (file === old ? next : file));
    else files = many ? [...files, next] : [next];
    say(`${label}: ${next.name} instead of ${old.name}`);
    show();
  }
  /** What the user made of an image, which is in its place then; null where nothing was to change. */
  async function cropped(file, how = crop) {
    const next = await how(file, MOST_PIXELS);
    if (next === null || next === file) return null;
    replace(file, next);
    return next;
  }
  function show() {
    thumbs.replaceChildren(...files.map(thumb));
    place.classList.toggle("full", files.length > 0);
  }
  function thumb(file) {
    const drop = () => {
      files = files.filter((other) => other !== file);
      show();
      choose.querySelector("input").focus();
    };
    const change = (how) => async () => {
      const next = await cropped(file, how);
      if (next) thumbs.children[files.indexOf(next)].querySelector(".change").focus();
    };
    const changer = h("button", { class: "change", type: "button", "aria-label": `Crop or turn ${file.name}`, onclick: change(crop) }, "Crop or turn");
    const finder = h("button", { class: "change", type: "button", "aria-label": `Find on page: ${file.name}`, onclick: change(chooseOnPage) }, "Find on page");
    return h("li", { class: many ? "thumb" : "thumb large" }, picture(file, changer), changer, finder, h("button", { class: "leave-out", type: "button", "aria-label": `Leave out ${file.name}`, onclick: drop }, "×"));
  }

  place.addEventListener("dragover", (event) => {
    event.preventDefault();
    place.classList.add("over");
  });
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("over");
    add([...event.dataTransfer.files]);
  });
  place.paste = (event) => add([...event.clipboardData.files]);
  const sent = () => files.map((file, index) => [many ? `${field}[${index}]` : field, { file, place: self }]);
  const self = { element: place, files: () => files, sent, add, replace, crop: cropped };
  return self;
}
