// The static page in a real Chromium: from examples and from files, without a network, on both widths and in both themes.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

// Playwright and axe are those of the service's page.
import { browser, open } from "../../../crates/inkproof-server/web/tests/service.js";
import { served } from "./served.js";

const SERVICE = new URL("../../../crates/inkproof-server/web/tests/", import.meta.url);
const { source: axe } = createRequire(SERVICE)("axe-core");
const PAGE = fileURLToPath(new URL("../../../target/web/page", import.meta.url));
const SIGNATURES = fileURLToPath(new URL("../../../examples/signatures", import.meta.url));
const pictures = process.env.INKPROOF_PICTURES;

let chromium, server, address;
const asked = [];

before(async () => {
  server = await served(PAGE, "index.html", asked);
  address = server.address;
  chromium = await browser();
  if (pictures) mkdirSync(pictures, { recursive: true });
});
after(async () => {
  await chromium?.end();
  server?.close();
});

const signature = (name) => join(SIGNATURES, `${name}.png`);
const REFERENCES = ["001/001_01", "001/001_02", "001/001_03"].map(signature);

async function give(page, references, questioned) {
  await page.getByLabel("References: choose files").setInputFiles(references);
  await page.getByLabel("Questioned signature: choose a file").setInputFiles(questioned);
}

const verify = (page) => page.getByRole("button", { name: "Verify" }).click();
const word = (page, text) => page.locator(".verdict h2").getByText(text).waitFor();

/** Nothing that axe finds, nothing wider than the window, nothing wrong in the console. */
async function isSound(page, name) {
  await page.evaluate(`${axe}; undefined`);
  const found = await page.evaluate(() => window.axe.run(document));
  assert.ok(found.passes.length > 10, "axe looked at something");
  assert.deepEqual(found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target)}`), [], name);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, name);
  assert.deepEqual(page.wrong, [], name);
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

test("examples and files are judged without a network, after the first visit", async () => {
  const page = await open(chromium.context, address);
  await isSound(page, "empty-1280-light");
  await page.getByText("Works without a network").waitFor();
  await chromium.context.setOffline(true);
  try {
    const before = asked.length;
    await page.reload();
    await page.getByRole("button", { name: "By the writer" }).click();
    await word(page, "Accepted");
    await page.getByText(/What is seen is \d+ times likelier if the writer signed/).waitFor();
    assert.match(await page.locator("#status").textContent(), /^accepted\. moderate support for the proposition/);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Accepted");
    assert.equal(await page.locator(".sheet img").evaluate((image) => image.decode().then(() => image.naturalWidth > 500)), true);
    await isSound(page, "accepted-1280-light");
    await page.getByRole("button", { name: "By somebody else" }).click();
    await word(page, "Rejected");
    await page.getByRole("button", { name: "A skilled forgery" }).click();
    await word(page, "Rejected");
    await isSound(page, "forged-1280-light");
    await page.reload();
    await give(page, REFERENCES, signature("001/001_05"));
    await verify(page);
    await word(page, "Accepted");
    // The browser itself, which is not offline, looks for a newer one of this.
    const reached = asked.slice(before).filter((request) => request !== "GET /service-worker.js");
    assert.deepEqual(reached, [], "nothing reaches the server");
  } finally {
    await chromium.context.setOffline(false);
  }
  await page.close();
});

test("nothing of an image is sent, also where there is a network", async () => {
  const page = await open(chromium.context, address);
  await give(page, REFERENCES, signature("002/002_02"));
  await verify(page);
  await word(page, "Rejected");
  assert.ok(asked.every((request) => request.startsWith("GET /") && !request.includes("00")), asked.join());
  const blocked = await page.evaluate(() => fetch("https://example.org").then(() => "sent", () => "blocked"));
  assert.equal(blocked, "blocked");
  await page.close();
});

test("wrong and missing images are said, by keyboard", async () => {
  const page = await open(chromium.context, address, { width: 390, height: 844 });
  await page.getByRole("button", { name: "Verify" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("Give at least one reference").waitFor();
  const file = (name, text) => ({ name, mimeType: "image/png", buffer: Buffer.from(text) });
  await give(page, [REFERENCES[0]], signature("001/001_04"));
  await page.getByLabel("References: choose files").setInputFiles([file("list.xlsx", "no picture")]);
  await page.getByRole("button", { name: "Verify" }).press("Enter");
  await page.getByRole("alert").getByText("list.xlsx: is text, not an image").waitFor();
  await isSound(page, "wrong-390-light");
  await page.getByRole("button", { name: "Leave out list.xlsx" }).press("Enter");
  await page.getByRole("button", { name: "Verify" }).press("Enter");
  await word(page, "Accepted");
  await page.getByLabel("References: choose files").setInputFiles(Array(11).fill(REFERENCES[1]));
  await page.getByRole("alert").getByText("10 references are the most").waitFor();
  assert.equal(await page.locator("#references li").count(), 10);
  await page.close();
});

test("a copy of a reference is left to a person, on a phone in the dark", async () => {
  const page = await open(chromium.context, address, { width: 390, height: 844, dark: true });
  await give(page, REFERENCES, REFERENCES[1]);
  await verify(page);
  await word(page, "Undecided");
  await page.getByText("001_02.png: it is the same signing as reference 2").waitFor();
  await page.getByText("What it rests on").click();
  await isSound(page, "undecided-390-dark");
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.getByRole("button", { name: "By somebody else" }).click();
  await word(page, "Rejected");
  await isSound(page, "rejected-1280-dark");
  await page.close();
});
