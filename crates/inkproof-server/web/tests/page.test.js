// The page in a real Chromium: what a clerk does, with the keyboard too, on both widths and in both themes.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import axe from "axe-core";

import { browser, open, service } from "./service.js";

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

const genuine = () => server.files("001")[5];
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

/** A signature so small that a person has to look, made in the browser from another. */
async function tiny(page, path) {
  const data = `data:image/png;base64,${readFileSync(path).toString("base64")}`;
  const small = await page.evaluate(async (data) => {
    const image = new Image();
    image.src = data;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = 70;
    canvas.height = Math.round((70 * image.height) / image.width);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/png").split(",")[1];
  }, data);
  return { name: "small.png", mimeType: "image/png", buffer: Buffer.from(small, "base64") };
}

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
      for (const [path, heading] of [["writers", "Writers"], ["writers/K-20417", "K-20417"], ["reviews", "Reviews"], ["bulk", "Many at once"], ["audit", "Audit"]]) {
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
    assert.deepEqual(await page.locator("nav a > span:first-of-type").allTextContents(), ["Verify", "Writers", "Reviews", "Bulk"]);
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
