// The page in a real Chromium: what a clerk does, with the keyboard too, on both widths and in both themes.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";

import axe from "axe-core";

import { browser, open, service, zip } from "./service.js";

let server, chromium;
const pictures = process.env.INKPROOF_PICTURES;

before(async () => {
  server = await service();
  chromium = await browser();
  if (pictures) mkdirSync(pictures, { recursive: true });
  await server.enrol("K-20417", server.files("001").slice(0, 4));
  await server.enrol("K-20418", server.files("002").slice(0, 3));
});
after(async () => {
  await chromium?.end();
  server?.end();
});

const genuine = () => server.files("001")[6];
const forged = () => server.files("001_forg")[0];

async function choose(page, label, files) {
  await page.getByLabel(label).setInputFiles(files);
}

/** Verifies as a clerk does; the word that is seen. */
async function verify(page, writer, image) {
  await page.goto(`${new URL(page.url()).origin}/#/verify`);
  await choose(page, "Questioned signature: choose a file", image);
  await page.getByLabel("Writer", { exact: true }).fill(writer);
  await page.getByRole("button", { name: "Verify" }).click();
  await page.locator(".verdict h2").waitFor();
  return page.locator(".verdict h2").textContent();
}

/** An image file as one that the browser drew is given. */
const read = (path, name = basename(path)) => ({ name, mimeType: "image/png", buffer: readFileSync(path) });

/** An image that the browser draws of a signature: `draw` gets a canvas and the signature. */
async function drawn(page, name, path, draw) {
  const data = `data:image/png;base64,${readFileSync(path).toString("base64")}`;
  const base64 = await page.evaluate(`(async (draw) => {
    const image = new Image(), canvas = document.createElement("canvas");
    image.src = "${data}";
    await image.decode();
    draw(canvas, image);
    return canvas.toDataURL("image/png").split(",")[1];
  })(${draw})`);
  return { name, mimeType: "image/png", buffer: Buffer.from(base64, "base64") };
}

/** A signature so small that a person has to look. */
const tiny = (page, path) => drawn(page, "small.png", path, (canvas, image) => {
  canvas.width = 70;
  canvas.height = Math.round((70 * image.height) / image.width);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
});

/** A signature in too little light. */
const dim = (page, path) => drawn(page, "dim.png", path, (canvas, image) => {
  canvas.width = image.width;
  canvas.height = image.height;
  const context = canvas.getContext("2d");
  context.filter = "brightness(0.5)";
  context.drawImage(image, 0, 0);
});

/** A white page. */
const blank = (page, name = "blank.png") => drawn(page, name, genuine(), (canvas) => {
  canvas.width = 600;
  canvas.height = 300;
  canvas.getContext("2d").fillStyle = "#fff";
  canvas.getContext("2d").fillRect(0, 0, 600, 300);
});

/** A page with a signature on its side in the upper left, and heavy print in the rest. */
const sideways = (page, path) => drawn(page, "sideways.png", path, (canvas, image) => {
  canvas.width = 2 * image.height;
  canvas.height = 2 * image.width;
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000";
  context.font = "bold 60px sans-serif";
  for (let line = 1; 70 * line < image.width; line += 1) context.fillText("PAID IN FULL 0123456789", 10, image.width + 70 * line);
  context.rotate(-Math.PI / 2);
  context.drawImage(image, -image.width, 0);
});

/** 400 by 200 pixels in two colours: dark red on the left, dark blue on the right. */
const coloured = (page) => drawn(page, "coloured.jpeg", genuine(), (canvas) => {
  canvas.width = 400;
  canvas.height = 200;
  const context = canvas.getContext("2d");
  context.fillStyle = "#800000";
  context.fillRect(0, 0, 200, 200);
  context.fillStyle = "#000080";
  context.fillRect(200, 0, 200, 200);
});

/** An image's pixels in gray. */
async function pixels(page, buffer) {
  const { width, height, base64 } = await page.evaluate(async (data) => {
    const image = new Image(), canvas = document.createElement("canvas");
    image.src = data;
    await image.decode();
    const [width, height] = [(canvas.width = image.naturalWidth), (canvas.height = image.naturalHeight)];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const rgba = context.getImageData(0, 0, width, height).data;
    let text = "";
    for (let at = 0; at < rgba.length; at += 4) text += String.fromCharCode(rgba[at]);
    return { width, height, base64: btoa(text) };
  }, `data:image/png;base64,${buffer.toString("base64")}`);
  return { width, height, gray: Buffer.from(base64, "base64") };
}

/** A document of two scans: a white page, then this one. */
function pdf({ width, height, gray }) {
  const parts = [Buffer.from("%PDF-1.4\n")], places = [];
  const object = (...content) => {
    places.push(Buffer.concat(parts).length);
    parts.push(Buffer.from(`${places.length} 0 obj\n`), ...content.map((part) => Buffer.from(part)), Buffer.from("\nendobj\n"));
  };
  const stream = (facts, data) => [`<<${facts} /Length ${data.length}>>\nstream\n`, data, "\nendstream"];
  const draw = Buffer.from("q 595 0 0 842 0 0 cm /I Do Q");
  const sheet = (image) => `<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources <</XObject <</I ${image} 0 R>>>> /Contents 7 0 R>>`;
  const scan = (data) => stream(`/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceGray /BitsPerComponent 8`, data);
  object("<</Type /Catalog /Pages 2 0 R>>");
  object("<</Type /Pages /Kids [3 0 R 4 0 R] /Count 2>>");
  object(sheet(5));
  object(sheet(6));
  object(...scan(Buffer.alloc(width * height, 255)));
  object(...scan(gray));
  object(...stream("", draw));
  const end = Buffer.concat(parts).length;
  const table = places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("");
  parts.push(Buffer.from(`xref\n0 ${places.length + 1}\n0000000000 65535 f \n${table}trailer\n<</Size ${places.length + 1} /Root 1 0 R>>\nstartxref\n${end}\n%%EOF\n`));
  return Buffer.concat(parts);
}

/** The size of an image that is shown, and what colours are in its corners and its middle. */
async function seen(image) {
  return image.evaluate(async (image) => {
    await image.decode();
    const canvas = document.createElement("canvas");
    const [width, height] = [(canvas.width = image.naturalWidth), (canvas.height = image.naturalHeight)];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const colour = (x, y) => [...context.getImageData(x, y, 1, 1).data].slice(0, 3).map((value) => value.toString(16).padStart(2, "0")).join("");
    return { size: [width, height], corners: [colour(1, 1), colour(width - 2, 1), colour(width - 2, height - 2), colour(1, height - 2)], middle: colour(width >> 1, height >> 1) };
  });
}

/** Presses Tab until what has that name has the focus. */
async function tabTo(page, name) {
  for (let step = 0; step < 60; step += 1) {
    const reached = await page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent.trim());
    if (reached === name) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not reach ${name}`);
}

/** Drags over the image that is cropped, from one place to another, in shares of its size. */
async function drag(page, [fromX, fromY], [toX, toY]) {
  const { x, y, width, height } = await page.locator(".stage").boundingBox();
  await page.mouse.move(x + fromX * width, y + fromY * height);
  await page.mouse.down();
  await page.mouse.move(x + ((fromX + toX) / 2) * width, y + ((fromY + toY) / 2) * height);
  await page.mouse.move(x + toX * width, y + toY * height);
  await page.mouse.up();
}

/** The same with a finger. */
async function swipe(page, [fromX, fromY], [toX, toY]) {
  const { x, y, width, height } = await page.locator(".stage").boundingBox();
  const device = await page.context().newCDPSession(page);
  const touch = (type, ...touchPoints) => device.send("Input.dispatchTouchEvent", { type, touchPoints });
  const at = (share) => ({ x: x + (fromX + share * (toX - fromX)) * width, y: y + (fromY + share * (toY - fromY)) * height });
  await touch("touchStart", at(0));
  for (const share of [0.25, 0.5, 0.75, 1]) await touch("touchMove", at(share));
  await touch("touchEnd");
}

/** Takes what the dialog shows; done once it is in the place of the image before. */
async function use(page) {
  const before = await page.locator(".thumb img").elementHandle();
  await page.getByRole("button", { name: "Use it" }).click();
  await page.waitForFunction((image) => !image.isConnected, before);
}

const isAbout = (wanted, got, by) => wanted.every((value, place) => Math.abs(value - got[place]) <= by);

/** Nothing that axe finds, nothing wider than the window, nothing wrong in the console. */
async function isSound(page, name) {
  await page.evaluate(`${axe.source}; undefined`);
  const found = await page.evaluate(() => window.axe.run(document));
  assert.ok(found.passes.length > 10, "axe looked at something");
  const violations = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`);
  assert.deepEqual(violations, [], name);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(overflow, 0, `${name} is as wide as the window`);
  assert.deepEqual(page.wrong, [], name);
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

test("a genuine signature is accepted, shown and explained", async () => {
  const page = await open(chromium.context, server.address);
  assert.equal(await verify(page, "K-20417", genuine()), "Accepted");
  assert.equal(await page.locator(".sheet img").evaluate((image) => image.naturalWidth > 0), true);
  assert.equal(await page.locator(".pair").count(), 4);
  await page.getByText("of today").waitFor();
  const slide = page.locator(".pair input[type=range]").first();
  await slide.focus();
  for (let step = 0; step < 50; step += 1) await page.keyboard.press("ArrowRight");
  assert.equal(await slide.getAttribute("aria-valuetext"), "the questioned signature");
  assert.equal(await page.locator(".pair .ink.reference").first().evaluate((ink) => getComputedStyle(ink).opacity), "0");
  assert.equal(await page.evaluate(() => document.getElementById("status").textContent.startsWith("accepted")), true);
  const parts = await page.getByText("from the shape of the strokes").textContent();
  const number = "[+−]\\d\\.\\d\\d";
  const interval = `95 % interval ${number} to ${number}`;
  assert.match(parts, new RegExp(`^${number}; ${interval}; ${number} from the shape of the strokes, ${number} from where they are pressed$`));
  assert.match(await page.locator(".card.verdict").innerText(), /by pressure: black where each was pressed most/);
  await page.close();
});

test("references that come with the question, and a stranger", async () => {
  const page = await open(chromium.context, server.address);
  await page.getByText("Images I have").click();
  await choose(page, "Questioned signature: choose a file", server.files("003")[0]);
  await choose(page, "References: choose files", server.files("001").slice(0, 3));
  await page.getByRole("button", { name: "Leave out 001_02.png" }).click();
  await page.getByRole("button", { name: "Verify" }).click();
  await page.locator(".verdict h2").waitFor();
  assert.equal(await page.locator(".verdict h2").textContent(), "Rejected");
  assert.equal(await page.locator(".pair").count(), 2);
  await isSound(page, "rejected-1280-light");
  await page.close();
});

test("an old set of references asks for fresh ones", async () => {
  const form = new FormData();
  form.append("id", "K-20001");
  form.append("written", "2019-05-01");
  form.append("force", "true");
  for (const image of server.files("002").slice(0, 3)) form.append("reference", new Blob([readFileSync(image)]), "old.png");
  assert.equal((await fetch(`${server.address}/v1/writers`, { method: "POST", body: form })).status, 201);
  const page = await open(chromium.context, server.address);
  // A signature that no reference is a copy of, so that no review waits for the tests that follow.
  assert.equal(await verify(page, "K-20001", server.files("002")[3]), "Accepted");
  await page.getByText("ask the writer for fresh ones").waitFor();
  await page.goto(`${server.address}/#/writers/K-20001`);
  await page.getByText(/years old: ask the writer for fresh ones/).waitFor();
  await page.close();
});

test("what is missing or no signature is said", async () => {
  const page = await open(chromium.context, server.address);
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByRole("alert").getByText("Give the questioned signature").waitFor();
  await choose(page, "Questioned signature: choose a file", { name: "no.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await page.getByLabel("Writer", { exact: true }).fill("K-20417");
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByRole("alert").getByText("is text, not an image").waitFor();
  await page.getByLabel("Writer", { exact: true }).fill("nobody");
  await choose(page, "Questioned signature: choose a file", genuine());
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByRole("alert").getByText("there is no writer").waitFor();
  await page.close();
});

test("an undecided signature is settled by a person, and the audit says so", async () => {
  const page = await open(chromium.context, server.address);
  assert.equal(await verify(page, "K-20417", await tiny(page, genuine())), "Undecided");
  await isSound(page, "undecided-1280-light");
  await page.getByRole("link", { name: "open the review" }).click();
  await page.getByLabel("Note").fill("The rhythm is right; scanned too small.");
  await page.locator(".pair").first().waitFor();
  await isSound(page, "review-1280-light");
  await page.getByRole("button", { name: "Accept" }).click();
  await page.getByText("Nothing waits").waitFor();
  await page.getByRole("link", { name: "Audit" }).click();
  await page.getByRole("cell", { name: "settled" }).first().waitFor();
  assert.match(await page.locator("main code").first().textContent(), /^[0-9a-f]{64}$/);
  await isSound(page, "audit-1280-light");
  await page.close();
});

test("a writer is enrolled, shown and erased", async () => {
  const page = await open(chromium.context, server.address);
  await page.getByRole("link", { name: "Writers" }).click();
  await page.getByRole("button", { name: "Enrol a writer" }).click();
  await isSound(page, "enrol-1280-light");
  await page.getByLabel("Id", { exact: true }).fill("K-30001");
  await choose(page, "References: choose files", server.files("003").slice(0, 3));
  await page.getByLabel("Also those that do not fit").check();
  await page.getByRole("dialog").getByRole("button", { name: "Enrol", exact: true }).click();
  await page.getByRole("heading", { name: "K-30001" }).waitFor();
  await page.locator(".pair").nth(2).waitFor();
  await page.getByText("3 references enrolled.").first().waitFor();
  await isSound(page, "writer-1280-light");
  await page.getByRole("button", { name: "Erase" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Erase" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Erase" }).click();
  await page.getByRole("heading", { name: "Writers" }).waitFor();
  await page.locator("main").getByText("K-20417").waitFor();
  assert.equal(await page.locator("main").getByText("K-30001").count(), 0);
  await page.close();
});

test("many at once, with a CSV of the results", async () => {
  const page = await open(chromium.context, server.address);
  await page.getByRole("link", { name: "Bulk" }).click();
  await page.getByRole("heading", { name: "Many at once" }).waitFor();
  await choose(page, "Choose files", [genuine(), forged(), server.files("003")[1]]);
  await page.getByText("All by one writer", { exact: true }).click();
  await page.getByLabel("Writer of all").fill("K-20417");
  await page.getByRole("button", { name: "Verify all" }).click();
  await page.getByText("3 of 3").waitFor();
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as CSV" }).click();
  const csv = readFileSync(await (await saved).path(), "utf8").trim().split("\r\n");
  assert.equal(csv.length, 4);
  assert.equal(csv[0], "file,writer,decision,score,threshold,log10_lr,audit,error");
  assert.ok(csv.some((line) => line.includes("accepted")) && csv.some((line) => line.includes("rejected")), csv.join("\n"));
  await isSound(page, "bulk-1280-light");
  await page.close();
});

test("a job is handed in, comes on, and its table is saved; another is cancelled", async () => {
  const page = await open(chromium.context, server.address);
  await page.getByRole("link", { name: "Jobs" }).click();
  await page.getByRole("heading", { name: "No job yet" }).waitFor();
  const images = [genuine(), forged()].map((path, place) => [`${place}.png`, readFileSync(path)]);
  const job = (rows) => ({ name: "job.zip", mimeType: "application/zip", buffer: zip([["rows.csv", Buffer.from(`writer,questioned\n${rows}`)], ...images]) });
  await choose(page, "Choose a zip archive", job("K-20417,0.png\nK-20417,1.png\nnobody,0.png\n"));
  await page.getByText("1 accepted, 1 rejected, 0 undecided, 1 could not be judged").waitFor();
  await page.getByText("done", { exact: true }).waitFor();
  await page.getByText(/3 of 3 rows, kept until/).waitFor();
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: /Save the table of job/ }).click();
  const table = readFileSync(await (await saved).path(), "utf8").trim().split("\n");
  assert.equal(table[0], "row,writer,questioned,decision,score,threshold,log10_lr,flaws,error");
  assert.match(table[3], /^3,nobody,0.png,.*no writer 'nobody'/);
  await choose(page, "Choose a zip archive", job("K-20417,0.png\n".repeat(2000)));
  await page.getByText(/of 2000 rows, about \d+ \w+ left/).waitFor();
  for (const [width, height] of [[1280, 900], [390, 844]]) {
    await page.setViewportSize({ width, height });
    await isSound(page, `jobs-${width}-light`);
  }
  await page.getByRole("button", { name: /Cancel job/ }).click();
  await page.getByText("cancelled", { exact: true }).waitFor();
  await page.getByRole("button", { name: /Remove job/ }).first().click();
  await page.getByText("cancelled", { exact: true }).waitFor({ state: "detached" });
  await choose(page, "Choose a zip archive", { name: "job.zip", mimeType: "application/zip", buffer: zip(images) });
  await page.getByRole("alert").getByText("it has no table").waitFor();
  await page.close();
});

test("an image is cropped and turned with a mouse", async () => {
  const page = await open(chromium.context, server.address);
  await choose(page, "Questioned signature: choose a file", await coloured(page));
  const thumb = page.locator(".thumb img"), changer = page.getByRole("button", { name: "Crop or turn coloured" });
  await changer.click();
  await drag(page, [0.4, 0.2], [0.9, 0.7]);
  await drag(page, [0.6, 0.45], [0.5, 0.55]);
  await drag(page, [0.8, 0.55], [0.7, 0.55]);
  await use(page);
  assert.equal(await thumb.getAttribute("alt"), "coloured.png");
  let { size, corners } = await seen(thumb);
  assert.ok(isAbout([160, 100], size, 3), `drawn, moved, and its right edge moved: ${size}`);
  assert.deepEqual(corners, ["800000", "000080", "000080", "800000"]);

  await changer.click();
  await page.getByRole("button", { name: "Turn right" }).click();
  await use(page);
  ({ size, corners } = await seen(thumb));
  assert.ok(isAbout([100, 160], size, 3), `turned as it was cropped: ${size}`);
  assert.deepEqual(corners, ["800000", "800000", "000080", "000080"]);

  await changer.click();
  await page.getByRole("button", { name: "As it was" }).click();
  await use(page);
  ({ size, corners } = await seen(thumb));
  assert.deepEqual([size, corners], [[400, 200], ["800000", "000080", "000080", "800000"]]);
  assert.equal(await thumb.getAttribute("alt"), "coloured.jpeg", "the file itself");

  for (const leave of [() => page.keyboard.press("Escape"), () => page.getByRole("button", { name: "Cancel" }).click()]) {
    await changer.click();
    await page.getByRole("img", { name: "coloured.jpeg, turned right by 0 degrees" }).waitFor();
    await page.getByRole("button", { name: "Turn left" }).click();
    await page.getByRole("img", { name: "coloured.jpeg, turned right by 270 degrees" }).waitFor();
    await leave();
    await page.locator("dialog").waitFor({ state: "detached" });
  }
  assert.deepEqual((await seen(thumb)).size, [400, 200]);
  assert.equal(await page.locator("dialog").count(), 0);
  assert.deepEqual(page.wrong, []);
  await page.close();
});

test("an image is cropped with a finger", async () => {
  const page = await open(chromium.context, server.address, { width: 390, height: 844 });
  await choose(page, "Questioned signature: choose a file", await coloured(page));
  const thumb = page.locator(".thumb img"), changer = page.getByRole("button", { name: "Crop or turn coloured" });
  await changer.click();
  await swipe(page, [0.995, 0.5], [0.25, 0.5]);
  await use(page);
  const part = await seen(thumb);
  assert.ok(isAbout([100, 200], part.size, 3), `the right edge is at a quarter: ${part.size}`);
  assert.deepEqual(part.corners, Array(4).fill("800000"));
  await page.close();
});

test("a signature on dim paper is accepted also turned a little: what comes in at the corners is like the paper", async () => {
  const page = await open(chromium.context, server.address);
  await choose(page, "Questioned signature: choose a file", await dim(page, genuine()));
  const thumb = page.locator(".thumb img"), [width, height] = (await seen(thumb)).size;
  await page.getByRole("button", { name: "Crop or turn dim.png" }).click();
  await page.getByLabel("Turn a little").fill("-8");
  await use(page);
  const { size, corners } = await seen(thumb);
  const [cos, sin] = [Math.cos(Math.PI / 22.5), Math.sin(Math.PI / 22.5)];
  assert.ok(isAbout([width * cos + height * sin, width * sin + height * cos], size, 1), `${size}`);
  for (const corner of corners) assert.ok(corner < "909090", `dim, too: ${corner}`);
  await page.getByLabel("Writer", { exact: true }).fill("K-20417");
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByRole("heading", { name: "Accepted" }).waitFor();
  await page.close();
});

for (const width of [1280, 390]) {
  test(`at ${width} pixels a signature on its side, among print, is accepted once it is cropped and turned by keyboard`, async () => {
    const page = await open(chromium.context, server.address, { width, height: 844 });
    assert.notEqual(await verify(page, "K-20417", await sideways(page, genuine())), "Accepted");
    await isSound(page, `flaws-${width}-light`);
    await page.locator(".skip").focus();
    await tabTo(page, "Crop or turn sideways.png");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await tabTo(page, "Right edge");
    for (let step = 0; step < 5; step += 1) await page.keyboard.press("PageDown");
    await tabTo(page, "Bottom edge");
    for (let step = 0; step < 100; step += 1) await page.keyboard.press("ArrowUp");
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-valuetext")), "50 % cut off");
    await tabTo(page, "Turn right");
    await page.keyboard.press("Enter");
    await isSound(page, `crop-${width}-light`);
    await tabTo(page, "Use it");
    const before = await page.locator(".thumb img").elementHandle();
    await page.keyboard.press("Enter");
    await page.waitForFunction((image) => !image.isConnected, before);
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Crop or turn sideways.png", "the focus stays");
    await tabTo(page, "Verify");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Accepted" }).waitFor();
    await page.close();
  });

  for (const dark of [false, true]) {
    test(`at ${width} pixels, ${dark ? "dark" : "light"}, a refusal shows the image that it is about, and a way on`, async () => {
      const page = await open(chromium.context, server.address, { width, height: 844, dark });
      const suffix = `${width}-${dark ? "dark" : "light"}`;
      const [first, second] = server.files("001");
      await page.getByText("Images I have").click();
      await choose(page, "Questioned signature: choose a file", read(genuine(), "same.png"));
      await choose(page, "References: choose files", [read(first, "same.png"), await blank(page, "same.png")]);
      await page.getByRole("button", { name: "Verify" }).click();
      const alert = page.getByRole("alert");
      await alert.getByText("same.png: the image").waitFor();
      assert.deepEqual((await seen(alert.locator("img"))).size, [600, 300], "of three of the same name the one that is blank");
      await isSound(page, `refused-${suffix}`);
      await alert.getByRole("button", { name: "Crop or turn same.png" }).click();
      await page.getByRole("dialog").waitFor();
      await isSound(page, `crop-refused-${suffix}`);
      await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
      await alert.getByLabel("Choose another instead of same.png").setInputFiles(second);
      await alert.getByText("Ready to try again, with 001_02.png.").waitFor();
      await isSound(page, `instead-${suffix}`);
      assert.deepEqual(await page.locator(".thumb img").evaluateAll((images) => images.map(({ alt }) => alt)), ["same.png", "same.png", "001_02.png"]);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Accepted" }).waitFor();
      assert.deepEqual(await page.locator(".pair strong").allTextContents(), ["same.png", "001_02.png"]);
      await page.close();
    });
  }
}

/** A page of lines of print with a signature below them. */
const letter = (page, path) => drawn(page, "letter.png", path, (canvas, image) => {
  canvas.width = 1240;
  canvas.height = 1754;
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#111";
  context.font = "24px serif";
  for (let line = 0; line < 20; line += 1) context.fillText("We confirm the order of the third and will deliver all that was agreed by the end of", 130, 200 + 38 * line);
  context.globalCompositeOperation = "multiply";
  context.drawImage(image, 160, 1050, 520, (520 * image.height) / image.width);
});

for (const width of [1280, 390]) {
  test(`at ${width} pixels a signature is found on a page, chosen and judged`, async () => {
    const page = await open(chromium.context, server.address, { width, height: 844 });
    await choose(page, "Questioned signature: choose a file", await letter(page, genuine()));
    await page.getByLabel("Writer", { exact: true }).fill("K-20417");
    await page.getByRole("button", { name: "Find on page: letter.png" }).click();
    const dialog = page.getByRole("dialog", { name: "Signatures on letter.png" });
    await dialog.getByText("1 signature found.").waitFor();
    await isSound(page, `page-${width}-light`);
    const before = await page.locator(".thumb img").elementHandle();
    await dialog.getByRole("button", { name: /^Signature 1, / }).click();
    await page.waitForFunction((image) => !image.isConnected, before);
    const [cutWidth, cutHeight] = (await seen(page.locator(".thumb img"))).size;
    assert.ok(cutWidth < 800 && cutHeight < 500, `${cutWidth} x ${cutHeight}`);
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Crop or turn letter.png", "the focus stays");
    await page.getByRole("button", { name: "Crop or turn letter.png" }).click();
    assert.notEqual(await page.getByLabel("Top edge").getAttribute("aria-valuetext"), "0 % cut off", "the whole page is still there");
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Verify" }).click();
    await page.locator(".verdict h2").waitFor();
    assert.equal(await page.locator(".verdict h2").textContent(), "Accepted");
    await page.close();
  });
}

test("a document that the browser cannot show is looked at page by page", async () => {
  const page = await open(chromium.context, server.address);
  const { buffer } = await letter(page, genuine());
  await choose(page, "Questioned signature: choose a file", { name: "contract.pdf", mimeType: "application/pdf", buffer: pdf(await pixels(page, buffer)) });
  await page.getByRole("button", { name: "Find on page: contract.pdf" }).click();
  const dialog = page.getByRole("dialog", { name: "Signatures on contract.pdf" });
  await dialog.getByText("1 signature found.").waitFor();
  assert.equal(await dialog.getByLabel("Page, of 2").inputValue(), "2", "the first that is signed");
  await dialog.getByLabel("Page, of 2").selectOption("1");
  await dialog.getByText("No signature was found here.").waitFor();
  await isSound(page, "document-1280-light");
  await dialog.getByLabel("Page, of 2").selectOption("2");
  await dialog.getByRole("button", { name: /^Signature 1, / }).click();
  await page.locator(".thumb img").waitFor();
  await page.getByLabel("Writer", { exact: true }).fill("K-20417");
  await page.getByRole("button", { name: "Verify" }).click();
  await page.locator(".verdict h2").waitFor();
  assert.equal(await page.locator(".verdict h2").textContent(), "Accepted");
  await page.close();
});

test("a refused image is cropped from where that is said", async () => {
  const page = await open(chromium.context, server.address);
  await choose(page, "Questioned signature: choose a file", await blank(page));
  await page.getByLabel("Writer", { exact: true }).fill("K-20417");
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByRole("alert").getByRole("button", { name: "Crop or turn blank.png" }).click();
  await page.getByRole("button", { name: "Turn right" }).click();
  await page.getByRole("button", { name: "Use it" }).click();
  await page.getByRole("alert").getByText("Ready to try again, with blank.png.").waitFor();
  assert.deepEqual((await seen(page.locator(".thumb img"))).size, [300, 600]);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("alert").getByRole("button", { name: "Crop or turn blank.png" }).waitFor();
  await page.close();
});

test("a flaw shows its image, and another can be chosen there", async () => {
  const page = await open(chromium.context, server.address);
  const small = await tiny(page, server.files("001")[1]);
  await page.getByText("Images I have").click();
  await choose(page, "Questioned signature: choose a file", genuine());
  await choose(page, "References: choose files", [...server.files("001").slice(2, 5).map((path) => read(path)), small]);
  await page.getByRole("button", { name: "Verify" }).click();
  const verdict = page.getByRole("region", { name: "Verdict" });
  await verdict.getByText("small.png: the signature is only").waitFor();
  assert.equal((await seen(verdict.locator(".wrong img"))).size[0], 70);
  await isSound(page, "flaw-1280-light");
  await verdict.getByLabel("Choose another instead of small.png").setInputFiles(server.files("001")[1]);
  await verdict.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "Accepted" }).waitFor();
  await page.close();
});

for (const width of [1280, 390]) {
  test(`at ${width} pixels enrolment shows each image that does not fit`, async () => {
    const page = await open(chromium.context, server.address, { width, height: 844 });
    await page.goto(`${server.address}/#/writers`);
    await page.getByRole("button", { name: "Enrol a writer" }).click();
    const dialog = page.getByRole("dialog", { name: "Enrol a writer" }), enrol = dialog.getByRole("button", { name: "Enrol", exact: true });
    await dialog.getByLabel("Id", { exact: true }).fill(`K-4${width}`);
    const good = server.files("002");
    await choose(page, "References: choose files", [read(good[0]), await blank(page), await tiny(page, good[1]), read(good[0])]);
    await enrol.click();
    const alert = dialog.getByRole("alert");
    await alert.getByText("blank.png: the image").waitFor();
    await isSound(page, `enrol-refused-${width}-light`);
    await alert.getByRole("button", { name: "Crop or turn blank.png" }).click();
    const above = page.getByRole("dialog", { name: "Crop or turn blank.png" });
    await above.getByRole("button", { name: "Cancel" }).click();
    await alert.getByLabel("Choose another instead of blank.png").setInputFiles(good[2]);
    await alert.getByRole("button", { name: "Try again" }).click();
    await alert.getByText("small.png is unfit").waitFor();
    await alert.getByText("002_01.png is the same image as 002_01.png").waitFor();
    assert.equal(await alert.locator("img").count(), 2);
    assert.equal((await seen(alert.locator("img").first())).size[0], 70);
    await isSound(page, `enrol-unfit-${width}-light`);
    await alert.getByLabel("Choose another instead of small.png").setInputFiles(good[3]);
    await alert.getByLabel("Choose another instead of 002_01.png").setInputFiles(good[5]);
    await alert.getByRole("button", { name: "Try again" }).last().click();
    await page.getByRole("heading", { name: `K-4${width}` }).waitFor();
    await page.getByText("4 references enrolled.").first().waitFor();
    await page.close();
  });
}

test("an image that the browser cannot show is named, and not offered to be cropped", async () => {
  const page = await open(chromium.context, server.address);
  await choose(page, "Questioned signature: choose a file", { name: "scan.tif", mimeType: "image/tiff", buffer: Buffer.from("II*\0\x08\0\0\0\0\0") });
  const thumb = page.locator(".thumb");
  await thumb.getByText("This browser cannot show it; the service reads it.").waitFor();
  await thumb.getByText("scan.tif").waitFor();
  assert.equal(await thumb.locator("img").count(), 0);
  assert.deepEqual(await thumb.getByRole("button").evaluateAll((buttons) => buttons.map((button) => button.getAttribute("aria-label"))), ["Find on page: scan.tif", "Leave out scan.tif"]);
  await isSound(page, "unseen-1280-light");
  await page.getByLabel("Writer", { exact: true }).fill("K-20417");
  await page.getByRole("button", { name: "Verify" }).click();
  const alert = page.getByRole("alert");
  await alert.getByText("scan.tif: the image").waitFor();
  await alert.getByLabel("Choose another instead of scan.tif").waitFor();
  assert.equal(await alert.getByRole("button", { name: "Crop or turn" }).count(), 0);
  await page.close();
});

test("the keyboard is enough", async () => {
  const page = await open(chromium.context, server.address);
  await page.getByRole("heading", { name: "Is this signature genuine?" }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  const reached = new Set();
  for (let step = 0; step < 25; step += 1) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent.trim() ?? document.activeElement.id));
  }
  for (const name of ["Questioned signature: choose a file", "Questioned signature: photograph", "Verify", "Dark colours"]) assert.ok(reached.has(name), `${name} of ${[...reached]}`);
  await page.close();
});

test("dark or light, as the system or the user has it", async () => {
  const page = await open(chromium.context, server.address, { dark: true });
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  assert.equal(await theme(), "dark");
  await page.getByRole("button", { name: "Light colours" }).click();
  await page.reload();
  assert.equal(await theme(), "light");
  await page.evaluate(() => localStorage.clear());
  await page.close();
});

for (const [width, height] of [[1280, 900], [390, 844]]) {
  for (const dark of [false, true]) {
    test(`every view at ${width} pixels, ${dark ? "dark" : "light"}`, async () => {
      const page = await open(chromium.context, server.address, { width, height, dark });
      const suffix = `${width}-${dark ? "dark" : "light"}`;
      await page.getByRole("heading", { name: "Is this signature genuine?" }).waitFor();
      await isSound(page, `start-${suffix}`);
      assert.equal(await verify(page, "K-20417", genuine()), "Accepted");
      await isSound(page, `accepted-${suffix}`);
      for (const [path, heading] of [["writers", "Writers"], ["writers/K-20417", "K-20417"], ["reviews", "Reviews"], ["bulk", "Many at once"], ["jobs", "Jobs"], ["audit", "Audit"]]) {
        await page.goto(`${server.address}/#/${path}`);
        await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
        await isSound(page, `${path.replace("/", "-")}-${suffix}`);
      }
      await page.close();
    });
  }
}

test("the API can be tried on its page", async () => {
  const page = await open(chromium.context, server.address);
  await page.goto(`${server.address}/docs/`);
  await page.getByText("/v1/writers/{id}/references", { exact: true }).first().waitFor();
  assert.deepEqual(page.wrong, []);
  await page.close();
});

test("with tokens, a clerk signs in and sees what a clerk may", async () => {
  const guarded = await service("--require-tokens");
  try {
    const { secret } = JSON.parse(guarded.run("token", "create", "--role", "clerk", "--store", "office.db", "--json"));
    const page = await open(chromium.context, guarded.address);
    await page.getByLabel("Token").fill("inkproof_wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Token").fill(secret);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Is this signature genuine?" }).waitFor();
    assert.deepEqual(await page.locator("nav a > span:first-of-type").allTextContents(), ["Verify", "Writers", "Reviews", "Bulk", "Jobs"]);
    guarded.run("enroll", "K-1", ...guarded.files("001").slice(0, 3), "--anyway", "--store", "office.db");
    await page.goto(`${guarded.address}/#/writers/K-1`);
    await page.getByText("shown beside a questioned signature").waitFor();
    assert.equal(await page.locator(".pair").count(), 3);
    assert.equal(await page.locator(".ink").count(), 0);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    await page.close();
  } finally {
    guarded.end();
  }
});
