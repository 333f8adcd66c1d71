// Images to be sent: dropped, pasted, chosen or photographed, and made small enough first.

import { h, icon, ICONS, say } from "./dom.js";

/** Pixels that a signature needs at most; photographs have more than the service takes. */
const MOST_PIXELS = 4_000_000;
const TYPES = "image/*,.png,.jpg,.jpeg,.jfif,.webp,.bmp,.tif,.tiff,.gif,.heic,.heif,.jp2,.pgm,.pnm";

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

/** A place for one image or several; `files()` gives them. */
export function dropPlace({ label, many = false, onchange = () => {} }) {
  let files = [];
  const thumbs = h("ul", { class: "thumbs" });
  const input = (extra) => h("input", { type: "file", accept: TYPES, multiple: many, onchange: take, ...extra });
  const choose = h("label", { class: "button" }, many ? "Choose files" : "Choose a file", input({ "aria-label": `${label}: choose ${many ? "files" : "a file"}` }));
  const photograph = h("label", { class: "button" }, "Photograph", input({ capture: "environment", multiple: false, accept: "image/*", "aria-label": `${label}: photograph` }));
  const hint = h("p", { class: "faint small" }, many ? "Drop images here, or paste one" : "Drop an image here, or paste one");
  const place = h("div", { class: "drop", role: "group", "aria-label": label, tabindex: "-1" }, h("div", { class: "icon-and-hint" }, icon(ICONS.image, 34), hint), h("div", { class: "row" }, choose, photograph), thumbs);

  function take(event) {
    add([...event.target.files]);
    event.target.value = "";
  }
  function add(more) {
    const images = more.filter((file) => file.type.startsWith("image/") || /\.(png|jpe?g|jfif|webp|bmp|tiff?|gif|hei[cf]|jp2|p[gpn]m)$/i.test(file.name));
    if (more.length > 0 && images.length === 0) say("That is not an image.");
    if (images.length === 0) return;
    files = many ? [...files, ...images] : images.slice(0, 1);
    say(`${label}: ${images.map((file) => file.name).join(", ")}`);
    show();
  }
  function show() {
    for (const image of thumbs.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    thumbs.replaceChildren(...files.map(thumb));
    place.classList.toggle("full", files.length > 0);
    onchange(files);
  }
  function thumb(file) {
    const drop = () => {
      files = files.filter((other) => other !== file);
      show();
      choose.querySelector("input").focus();
    };
    const image = h("img", { src: URL.createObjectURL(file), alt: file.name });
    return h("li", { class: many ? "thumb" : "thumb large" }, image, h("button", { type: "button", "aria-label": `Leave out ${file.name}`, onclick: drop }, "×"));
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
  return { element: place, files: () => files, add, clear: () => { files = []; show(); } };
}
