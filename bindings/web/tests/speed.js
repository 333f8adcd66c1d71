// How long a verdict takes in Node and in Chromium, of three references and a questioned signature of the examples: the
// figures of docs/web.md. Needs `make web` and the driver of `make web-test`.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import { browser } from "../../../crates/inkproof-server/web/tests/service.js";

const ROUNDS = 41;
const PACKAGE = new URL("../../../target/web/package/", import.meta.url);
const NAMES = ["001/001_01", "001/001_02", "001/001_03", "001/001_04"];
const images = NAMES.map((name) => readFileSync(new URL(`../../../examples/signatures/${name}.png`, import.meta.url)));

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

const server = createServer((request, response) => {
  const kind = { "/index.js": "text/javascript", "/inkproof.wasm": "application/wasm" }[request.url];
  response.writeHead(200, { "content-type": kind ?? "text/html" }).end(kind && readFileSync(new URL(`.${request.url}`, PACKAGE)));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const address = `http://127.0.0.1:${server.address().port}/`;
const chromium = await browser();
const page = await chromium.context.newPage();
await page.goto(address);
const given = JSON.stringify(images.map((image) => [...image]));
print("Chromium", await page.evaluate(`(${measure})(${JSON.stringify(address)}, ${given}, ${ROUNDS})`));
await chromium.end();
server.close();
