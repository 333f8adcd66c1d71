// How long a verdict takes in Node, in Chromium and on the page, of three references and a questioned signature of the
// examples: the figures of docs/web.md. Needs `make web` and the driver of `make web-test`.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { browser } from "../../../crates/inkproof-server/web/tests/service.js";
import { served } from "./served.js";

const ROUNDS = 41;
/** A person takes longer to choose images; by then the page has warmed up. */
const CHOOSING = 5000;
const PACKAGE = new URL("../../../target/web/package/", import.meta.url);
const PAGE = new URL("../../../target/web/page/", import.meta.url);
const NAMES = ["001/001_01", "001/001_02", "001/001_03", "001/001_04"];
const paths = NAMES.map((name) => fileURLToPath(new URL(`../../../examples/signatures/${name}.png`, import.meta.url)));
const images = paths.map((path) => readFileSync(path));

/** Milliseconds: to load, the first time, and the median of those that follow. Runs in the browser too, so it is whole in itself. */
async function measure(address, images, rounds) {
  const { Verifier } = await import(`${address}index.js`);
  const since = (begun) => performance.now() - begun;
  let begun = performance.now();
  const verifier = await Verifier.load();
  const load = since(begun);
  const times = { embed: [], verify: [], all: [], picture: [] };
  for (let round = 0; round < rounds; round += 1) {
    begun = performance.now();
    const signatures = [];
    for (const image of images) signatures.push(await verifier.embed(new Uint8Array(image)));
    times.embed.push(since(begun));
    const [references, questioned] = [signatures.slice(0, 3), signatures[3]];
    const embedded = performance.now();
    await verifier.verify(references, questioned);
    times.verify.push(since(embedded));
    times.all.push(since(begun));
    const verified = performance.now();
    await verifier.picture(references, questioned);
    times.picture.push(since(verified));
  }
  const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
  const median = Object.fromEntries(Object.entries(times).map(([name, values]) => [name, middle(values.slice(10))]));
  return { load, first: times.all[0], least: Math.min(...times.all), ...median };
}

function print(where, { load, first, least, embed, verify, all, picture }) {
  const ms = (value) => `${value.toFixed(0)} ms`;
  console.log(`${where}: load ${ms(load)}; first verdict ${ms(first)}; then, median: ${ms(all)} (least ${ms(least)}), of that`
    + ` ${ms(embed)} to embed four images, ${ms(verify)} to compare; a picture takes ${ms(picture)}`);
}

print(`Node ${process.version}`, await measure(PACKAGE.href, images, ROUNDS));

/** Milliseconds from the button to the card, the first time and again, on the page. */
async function onPage(page) {
  await page.getByLabel("References: choose files").setInputFiles(paths.slice(0, 3));
  await page.getByLabel("Questioned signature: choose a file").setInputFiles(paths[3]);
  await page.waitForTimeout(CHOOSING);
  const verdict = () => page.evaluate(() => new Promise((done) => {
    const begun = performance.now();
    document.getElementById("form").requestSubmit();
    const seen = new MutationObserver(() => {
      if (!document.querySelector(".verdict h2, .notice.bad")) return;
      seen.disconnect();
      done(performance.now() - begun);
    });
    seen.observe(document.getElementById("result"), { childList: true, subtree: true });
  }));
  const times = [];
  for (let round = 0; round < 10; round += 1) times.push(await verdict());
  return times;
}

const [ofPackage, ofPage] = [await served(fileURLToPath(PACKAGE), "README.md"), await served(fileURLToPath(PAGE))];
const address = `${ofPackage.address}/`;
const chromium = await browser();
const page = await chromium.context.newPage();
await page.goto(address);
const given = JSON.stringify(images.map((image) => [...image]));
print("Chromium", await page.evaluate(`(${measure})(${JSON.stringify(address)}, ${given}, ${ROUNDS})`));
await page.goto(ofPage.address);
const times = await onPage(page);
console.log(`the page, from the button to the verdict with its picture: ${times.map((time) => time.toFixed(0)).join(", ")} ms`);
await chromium.end();
ofPackage.close();
ofPage.close();
