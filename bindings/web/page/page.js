// The page: images are given, the worker compares them, the verdict is shown.

import { failed, shown, wait } from "./verdict.js";
import { h, say } from "./dom.js";

const MOST_REFERENCES = 10;
const form = document.getElementById("form");
const result = document.getElementById("result");
const references = place("references", MOST_REFERENCES);
const questioned = place("questioned", 1);

const worker = new Worker("worker.js", { type: "module" });
/** Calls of the worker that wait for its answer, by their numbers. */
const waiting = new Map();
let calls = 0;
worker.addEventListener("message", ({ data }) => {
  waiting.get(data.number)(data);
  waiting.delete(data.number);
});
worker.addEventListener("error", () => {
  const error = "The verifier cannot be loaded. Load the page again; it needs a browser of 2023 or newer.";
  for (const [number, done] of waiting) done({ number, error });
  waiting.clear();
});

function judged(images) {
  calls += 1;
  return new Promise((done) => {
    waiting.set(calls, done);
    worker.postMessage({ number: calls, ...images });
  });
}

async function verify() {
  const images = { references: references.files(), questioned: questioned.files()[0] };
  const missing = missingFrom(images);
  if (missing) return show(failed(missing));
  show(wait());
  say("Comparing");
  const answer = await judged(images);
  // What was asked for since is shown when it comes.
  if (answer.number < calls) return;
  if (answer.error) return show(failed(answer.error));
  const card = shown(answer, images);
  show(card);
  say(`${answer.verdict.decision}. ${answer.verdict.support ?? ""}`);
  card.querySelector("h2").focus({ preventScroll: true });
}

function missingFrom({ references, questioned }) {
  if (references.length === 0) return "Give at least one reference: a signature known to be the writer's.";
  if (!questioned) return "Give the questioned signature.";
  return null;
}

function show(element) {
  result.replaceChildren(element);
  result.scrollIntoView({ block: "nearest" });
}

/** A place for so many images; `files()` are those that are in it. */
function place(id, most) {
  const element = document.getElementById(id);
  const [drop, thumbs, input] = [".drop", ".thumbs", "input"].map((part) => element.querySelector(part));
  const name = element.querySelector("h2").textContent;
  let files = [];
  const set = (next) => {
    files = next.slice(-most);
    if (next.length > most && most > 1) show(failed(`${most} references are the most that are compared; the last ${most} are kept.`));
    thumbs.replaceChildren(...files.map(thumb));
  };
  const add = (more) => {
    set(most === 1 ? more : [...files, ...more]);
    say(`${name}: ${more.map((file) => file.name).join(", ")}`);
  };
  const thumb = (file) => {
    const leaveOut = () => {
      set(files.filter((other) => other !== file));
      input.focus();
    };
    return h("li", {}, picture(file), h("button", { type: "button", "aria-label": `Leave out ${file.name}`, onclick: leaveOut }, "×"));
  };
  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = "";
  });
  const over = (is) => (event) => {
    event.preventDefault();
    drop.classList.toggle("over", is);
  };
  drop.addEventListener("dragover", over(true));
  drop.addEventListener("dragleave", over(false));
  drop.addEventListener("drop", (event) => {
    over(false)(event);
    add([...event.dataTransfer.files]);
  });
  return { files: () => files, set };
}

/** The image; of a kind that this browser cannot show, its name. */
function picture(file) {
  const url = URL.createObjectURL(file);
  const image = h("img", { src: url, alt: file.name, onload: () => URL.revokeObjectURL(url) });
  image.addEventListener("error", () => image.replaceWith(h("span", {}, file.name)));
  return image;
}

async function example(name) {
  const fetched = async (name) => new File([await (await fetch(`examples/${name}`)).blob()], name);
  references.set(await Promise.all([1, 2, 3].map((number) => fetched(`reference-${number}.png`))));
  questioned.set([await fetched(name)]);
  await verify();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  verify();
});
for (const chosen of form.querySelectorAll("[data-questioned]")) {
  chosen.addEventListener("click", () => example(chosen.dataset.questioned));
}
// A file that misses its place would be opened instead of the page.
for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("service-worker.js").catch(() => {});
  await navigator.serviceWorker.ready;
  document.getElementById("offline").textContent = "Works without a network from now on";
}
