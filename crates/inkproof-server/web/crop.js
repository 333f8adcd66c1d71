// Crop or turn: a dialog that makes a file of a part of an image, with the pointer or with the keyboard alone.

import { field, h } from "./dom.js";

/** Pixels of the preview; more would make turning slow on a phone. */
const PREVIEW = 600_000;
/** The least share of the image that is kept, either way. */
const LEAST = 0.04;
/** Pixels around an edge in which a finger gets hold of it. */
const REACH = 22;
const WHOLE = { left: 0, top: 0, right: 1, bottom: 1 };
const AS_IT_WAS = { quarters: 0, tilt: 0, box: WHOLE };
const EDGES = ["left", "top", "right", "bottom"];
const OPPOSITE = { left: "right", top: "bottom", right: "left", bottom: "top" };
const AXIS = { left: "x", top: "y", right: "x", bottom: "y" };

/** What a file was made of, so that it can be cropped otherwise later, with nothing lost. */
const origins = new WeakMap();

/** A file of what the user keeps of an image, with at most so many pixels; null where nothing is to change. */
export async function crop(file, most) {
  const { source, view: begun } = origins.get(file) ?? { source: file, view: AS_IT_WAS };
  const image = await decoded(source);
  const small = h("canvas");
  paint(small, image, AS_IT_WAS, { most: PREVIEW, paper: "#fff" });
  const paper = paperOf(small);
  const view = await ask(small, paper, file.name, begun);
  if (view === null) return null;
  return isAsItWas(view) ? source : made(source, image, view, { most, paper });
}

/** A file that was cut of an image by a box in shares of its sides; it can be cropped otherwise later, too. */
export function cutOf(source, box, file) {
  origins.set(file, { source, view: { ...AS_IT_WAS, box } });
  return file;
}

async function made(source, image, view, { most, paper }) {
  const canvas = h("canvas");
  paint(canvas, image, view, { most, paper });
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const file = new File([blob], `${source.name.replace(/\.[^.]*$/, "")}.png`, { type: "image/png" });
  origins.set(file, { source, view });
  return file;
}

async function decoded(file) {
  const image = h("img", { src: URL.createObjectURL(file), alt: "" });
  await image.decode();
  URL.revokeObjectURL(image.src);
  return image;
}

/** What most of the edge has. Turning leaves corners empty: were they white beside gray paper, the paper would pass for ink. */
function paperOf(canvas) {
  const context = canvas.getContext("2d"), { width, height } = canvas;
  const strips = [[0, 0, width, 1], [0, height - 1, width, 1], [0, 0, 1, height], [width - 1, 0, 1, height]];
  const bytes = strips.flatMap((strip) => [...context.getImageData(...strip).data]);
  const median = (channel) => bytes.filter((_, place) => place % 4 === channel).sort((a, b) => a - b)[bytes.length >> 3];
  return `rgb(${[0, 1, 2].map(median)})`;
}

/** The dialog; how the image is to be seen, or null. */
function ask(small, paper, name, begun) {
  let view = begun;
  const canvas = h("canvas", { role: "img", "aria-label": name });
  const edges = EDGES.map((side) => edge(side, (place) => show({ ...view, box: withEdge(view.box, side, place) })));
  const frame = h("div", { class: "frame" }, edges.map(({ element }) => element));
  const stage = h("div", { class: "stage" }, canvas, frame);
  const tilt = h("input", { type: "range", id: "tilt", min: -15, max: 15, step: 0.5, oninput: () => show({ ...view, tilt: tilt.valueAsNumber }) });
  const degrees = h("span", { class: "faint", "aria-hidden": "true" });
  const button = (text, work) => h("button", { type: "button", onclick: () => show(work()) }, text);
  const dialog = h("dialog", { class: "crop", "aria-label": `Crop or turn ${name}` },
    h("form", { class: "stack", method: "dialog" },
      h("h2", {}, "Crop or turn"),
      h("div", { class: "desk" }, stage),
      h("p", { class: "faint small" }, "Drag over the image or at the frame; with the keyboard, Tab to an edge and press the arrows."),
      h("div", { class: "row" }, button("Turn left", () => turned(view, -1)), button("Turn right", () => turned(view, 1)), button("As it was", () => AS_IT_WAS)),
      field(["Turn a little ", degrees], null, tilt),
      h("div", { class: "row" }, h("button", { class: "main", value: "use" }, "Use it"), h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"))));
  draggable(stage, () => view.box, (box) => show({ ...view, box }));

  function show(next) {
    view = next;
    paint(canvas, small, { ...view, box: WHOLE }, { most: PREVIEW, paper });
    stage.style.setProperty("--ratio", canvas.width / canvas.height);
    canvas.setAttribute("aria-label", `${name}, ${turnInWords(view)}`);
    tilt.value = view.tilt;
    tilt.setAttribute("aria-valuetext", tiltInWords(view.tilt));
    degrees.textContent = `${view.tilt}°`;
    for (const { place } of edges) place(view.box);
    frame.style.inset = `${percent(view.box.top)} ${percent(1 - view.box.right)} ${percent(1 - view.box.bottom)} ${percent(view.box.left)}`;
  }
  show(begun);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => {
    dialog.remove();
    done(dialog.returnValue === "use" ? view : null);
  }));
}

const percent = (share) => `${100 * share}%`;

const isAsItWas = ({ quarters, tilt, box }) => quarters === 0 && tilt === 0 && EDGES.every((side) => box[side] === WHOLE[side]);

function turnInWords({ quarters, tilt }) {
  return `turned right by ${90 * quarters} degrees, and ${tiltInWords(tilt)}`;
}

function tiltInWords(tilt) {
  return `${Math.abs(tilt)} degrees ${tilt < 0 ? "left" : "right"}`;
}

/** An edge of the frame with the range that moves it by keyboard: further right or up is more. */
function edge(side, moved) {
  const isDown = AXIS[side] === "y";
  const range = h("input", { type: "range", class: "unseen", "aria-label": `${side[0].toUpperCase()}${side.slice(1)} edge`, min: 0, max: 100, step: 0.5, oninput: () => moved(isDown ? 1 - range.value / 100 : range.value / 100) });
  const place = (box) => {
    range.value = 100 * (isDown ? 1 - box[side] : box[side]);
    range.setAttribute("aria-valuetext", `${Math.round(100 * Math.abs(box[side] - WHOLE[side]))} % cut off`);
  };
  return { element: h("div", { class: `edge ${side}` }, range), place };
}

/** The box with an edge elsewhere, as far as the edge opposite lets it. */
function withEdge(box, side, place) {
  const opposite = box[OPPOSITE[side]];
  const moved = WHOLE[side] === 0 ? between(0, place, opposite - LEAST) : between(opposite + LEAST, place, 1);
  return { ...box, [side]: moved };
}

const between = (least, value, most) => Math.min(most, Math.max(least, value));

/** The view a quarter turn further, clockwise where `way` is 1; the box goes with the image. */
function turned({ quarters, tilt, box: { left, top, right, bottom } }, way) {
  const box = way === 1 ? { left: 1 - bottom, top: left, right: 1 - top, bottom: right } : { left: top, top: 1 - right, right: bottom, bottom: 1 - left };
  return { quarters: (quarters + way + 4) % 4, tilt, box };
}

/** Lets a pointer draw a box on the stage, move it, or move its edges. */
function draggable(stage, box, moved) {
  const at = ({ clientX, clientY }) => {
    const { left, top, width, height } = stage.getBoundingClientRect();
    return { x: between(0, (clientX - left) / width, 1), y: between(0, (clientY - top) / height, 1) };
  };
  stage.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    stage.setPointerCapture(event.pointerId);
    const drag = hold(box(), at(event), { x: REACH / stage.clientWidth, y: REACH / stage.clientHeight });
    stage.onpointermove = (event) => moved(drag(at(event)));
  });
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => { stage.onpointermove = null; });
}

/** What a pointer does that takes hold of the stage at a point: where it goes gives the box. */
function hold(box, start, reach) {
  const isIn = start.x > box.left - reach.x && start.x < box.right + reach.x && start.y > box.top - reach.y && start.y < box.bottom + reach.y;
  // Of a small box, too, some of the middle is left to move it by.
  const isNear = (side) => Math.abs(start[AXIS[side]] - box[side]) < Math.min(reach[AXIS[side]], Math.abs(box[OPPOSITE[side]] - box[side]) / 3);
  const sides = isIn ? EDGES.filter(isNear) : [];
  if (sides.length > 0) return (point) => sides.reduce((box, side) => withEdge(box, side, point[AXIS[side]]), box);
  const isWhole = EDGES.every((side) => box[side] === WHOLE[side]);
  return isIn && !isWhole ? (point) => shifted(box, start, point) : (point) => spanned(box, start, point);
}

function shifted({ left, top, right, bottom }, start, { x, y }) {
  const across = between(-left, x - start.x, 1 - right), down = between(-top, y - start.y, 1 - bottom);
  return { left: left + across, top: top + down, right: right + across, bottom: bottom + down };
}

/** The box between two points; a press that goes nowhere is none. */
function spanned(before, start, { x, y }) {
  const box = { left: Math.min(start.x, x), top: Math.min(start.y, y), right: Math.max(start.x, x), bottom: Math.max(start.y, y) };
  return box.right - box.left < LEAST || box.bottom - box.top < LEAST ? before : box;
}

/** Draws what is in the box of the turned image, and paper where turning leaves nothing. */
function paint(canvas, image, { quarters, tilt, box }, { most, paper }) {
  const angle = ((90 * quarters + tilt) * Math.PI) / 180;
  const [sin, cos] = [Math.abs(Math.sin(angle)), Math.abs(Math.cos(angle))];
  const width = Math.round(image.width * cos + image.height * sin), height = Math.round(image.width * sin + image.height * cos);
  const [left, top, right, bottom] = [box.left * width, box.top * height, box.right * width, box.bottom * height].map(Math.round);
  const scale = Math.min(1, Math.sqrt(most / ((right - left) * (bottom - top))));
  canvas.width = Math.max(1, Math.floor((right - left) * scale));
  canvas.height = Math.max(1, Math.floor((bottom - top) * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillStyle = paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(scale, scale);
  context.translate(width / 2 - left, height / 2 - top);
  context.rotate(angle);
  context.drawImage(image, -image.width / 2, -image.height / 2);
}
