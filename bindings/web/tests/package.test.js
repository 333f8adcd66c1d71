// The npm package in Node: what the program says, errors, memory.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { InkproofError, Verifier } from "../../../target/web/package/index.js";

const ROOT = new URL("../../../", import.meta.url);
const path = (name) => fileURLToPath(new URL(name, ROOT));
const program = process.env.INKPROOF_PROGRAM ?? path("target/debug/inkproof");
const signature = (name) => path(`examples/signatures/${name}.png`);
const read = (name) => readFileSync(signature(name));

const REFERENCES = ["001/001_01", "001/001_02", "001/001_03"];
const verifier = await Verifier.load();
const references = await Promise.all(REFERENCES.map((name) => verifier.embed(read(name))));

/** An error of ours of this kind whose message has these words. */
const refusal = (kind, words, image = null) => (error) => {
  assert.ok(error instanceof InkproofError, error);
  assert.equal(error.kind, kind);
  assert.match(error.message, words);
  assert.equal(error.image, image);
  return true;
};

test("the version is the workspace's", () => {
  const [, version] = readFileSync(path("Cargo.toml"), "utf8").match(/^version = "(.*)"$/m);
  const manifest = JSON.parse(readFileSync(path("bindings/web/package/package.json"), "utf8"));
  assert.deepEqual([manifest.version, verifier.about.version], [version, version]);
});

for (const questioned of ["001/001_04", "001_forg/0007001_04", "002/002_01", "003/003_01"]) {
  test(`${questioned} is judged as the program judges it`, async () => {
    const line = ["verify", "--json", ...REFERENCES.flatMap((name) => ["--reference", signature(name)]), signature(questioned)];
    const told = JSON.parse(run(line));
    const verdict = await verifier.verify(references, read(questioned));
    assert.equal(verdict.decision, told.decision);
    assert.equal(verdict.support, told.support);
    assert.equal(verdict.threshold, told.threshold);
    const numbers = [[verdict.score, told.score], [verdict.log10_lr, told.log10_lr]];
    verdict.reference_scores.forEach((score, index) => numbers.push([score, told.references[index].score]));
    for (const [ours, its] of numbers) assert.ok(Math.abs(ours - its) <= 1e-5, `${ours} and ${its}`);
  });
}

/** What the program prints; that it rejects is no failure. */
function run(line) {
  try {
    return execFileSync(program, line, { encoding: "utf8" });
  } catch (failure) {
    return failure.stdout;
  }
}

test("what docs/web.md does in Node prints what it says", () => {
  const [, block] = readFileSync(path("docs/web.md"), "utf8").match(/^```js\n(import \{ readFile \}.*?)^```/ms);
  const code = block.replace('"inkproof"', JSON.stringify(new URL("target/web/package/index.js", ROOT)));
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", code], { cwd: ROOT, encoding: "utf8" }).split("\n");
  const told = [...block.matchAll(/console\.log.*\/\/ (.*)$/gm)].map(([, words]) => words.replace(/ \.\.\.$/, ""));
  assert.equal(told.length, 2);
  for (const [line, words] of told.entries()) assert.ok(printed[line].startsWith(words), `${printed[line]}: ${words}`);
});

test("an image is given as a Blob, bytes, a signature or pixels", async () => {
  const bytes = read("001/001_04");
  const { score } = await verifier.verify(references, bytes);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  for (const image of [new Blob([bytes]), buffer, new DataView(buffer), await verifier.embed(bytes)]) {
    assert.equal((await verifier.verify(references, image)).score, score);
  }
  const [width, height] = [300, 120];
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let x = 40; x < 260; x += 1) {
    const y = 60 + Math.round(30 * Math.sin(x / 12));
    for (let pen = y; pen < y + 4; pen += 1) data.fill(0, 4 * (pen * width + x), 4 * (pen * width + x) + 3);
  }
  const drawn = await verifier.embed({ width, height, data });
  assert.equal((await verifier.verify([drawn], structuredClone(drawn))).decision, "undecided", "a copy");
});

test("formats that browsers seldom show are read", async () => {
  for (const name of ["heic.heic", "tiff_deflate_gray.tif", "jpeg2000.jp2"].map((name) => path(`tests/golden/formats/${name}`))) {
    const { page, pages, bytes } = await verifier.embed(readFileSync(name));
    assert.ok(page === 1 && pages === 1 && bytes.length > 1000, name);
  }
});

test("a threshold of one's own leaves nothing undecided", async () => {
  const questioned = await verifier.embed(read("001/001_04"));
  const { score } = await verifier.verify(references, questioned);
  assert.equal((await verifier.verify(references, questioned, { threshold: score })).decision, "accepted");
  assert.equal((await verifier.verify(references, questioned, { threshold: score + 0.001 })).decision, "rejected");
});

test("a picture is a PNG that is as wide as what it shows", async () => {
  const picture = await verifier.picture(references, read("001/001_04"));
  assert.deepEqual([...picture.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
  const alone = await verifier.picture([references[0]], read("001/001_04"));
  const width = (png) => Buffer.from(png).readUInt32BE(16);
  assert.ok(width(picture) > 1.5 * width(alone));
});

test("what is wrong is said, and of which image", async () => {
  const good = references[0];
  const blank = { width: 200, height: 100, data: new Uint8ClampedArray(80_000).fill(255) };
  await assert.rejects(verifier.embed(Buffer.from("no picture")), refusal("image", /^the image: is text, not an image/));
  await assert.rejects(verifier.embed(new Uint8Array()), refusal("image", /is empty/));
  await assert.rejects(verifier.embed(new Uint8Array(65 << 20)), refusal("image", /more than the limit/));
  await assert.rejects(verifier.embed(pgm(9000, 9000)), refusal("image", /9000 x 9000 pixels, more than the limit/));
  await assert.rejects(verifier.embed(read("001/001_01").subarray(0, 3000)), refusal("image", /cut off or damaged/));
  await assert.rejects(verifier.embed(blank), refusal("no-ink", /has no ink/));
  await assert.rejects(verifier.embed(read("001/001_01"), { page: 2 }), refusal("image", /no page 2/));
  await assert.rejects(verifier.embed("signature.png"), refusal("option", /is no image/));
  await assert.rejects(verifier.verify([], good), refusal("option", /there is no reference/));
  await assert.rejects(verifier.verify(good, good), refusal("option", /give an array/));
  await assert.rejects(verifier.verify([good], good, { threshold: Infinity }), refusal("option", /cannot be a threshold/));
  await assert.rejects(verifier.verify([good, blank], good), refusal("no-ink", /^reference 2: has no ink/, "reference 2"));
  await assert.rejects(verifier.verify([good], new File(["%PDF-1.7"], "letter.pdf")), refusal("image", /^letter.pdf: is a PDF/, "questioned"));
  const broken = { ...good, bytes: good.bytes.slice(0, 500) };
  await assert.rejects(verifier.verify([good, broken], good), refusal("option", /^reference 2: these bytes are not/, "reference 2"));
  assert.equal((await verifier.verify([good], read("001/001_04"))).decision, "accepted", "it works on");
});

test("a module that is not there or none is refused", async () => {
  await assert.rejects(Verifier.load(new Uint8Array(8)), refusal("unsupported", /WebAssembly/));
  await assert.rejects(Verifier.load(new URL("no.wasm", import.meta.url)), refusal("unsupported", /cannot be read/));
});

test("a panic leaves its message, and memory that runs out is an error after which the verifier works on", async () => {
  const wasm = readFileSync(path("target/web/package/inkproof.wasm"));
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(wasm));
  assert.equal(exports.inkproof_start(), 1);
  assert.throws(() => exports.inkproof_input(2 ** 31), WebAssembly.RuntimeError);
  const said = Buffer.from(exports.memory.buffer, exports.inkproof_output(), exports.inkproof_output_len()).toString();
  assert.match(said, /capacity overflow/);

  const small = await Verifier.load(withMemory(wasm, 1024));
  const kept = await small.embed(read("001/001_01"));
  await assert.rejects(small.embed(pgm(7000, 7000, Buffer.alloc(49_000_000, 255))), refusal("internal", /not enough memory/));
  assert.equal((await small.verify([kept], read("001/001_04"))).decision, "accepted");
});

test("a thousand images take no more memory than a few", async () => {
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(readFileSync(path("target/web/package/inkproof.wasm"))));
  exports.inkproof_start();
  const images = ["001/001_01", "002/002_01", "003/003_01"].map(read);
  const embed = (image) => {
    new Uint8Array(exports.memory.buffer, exports.inkproof_input(image.length), image.length).set(image);
    assert.equal(exports.inkproof_embed(0), 1);
  };
  for (let round = 0; round < 60; round += 1) embed(images[round % 3]);
  const before = exports.memory.buffer.byteLength;
  for (let round = 0; round < 1000; round += 1) embed(images[round % 3]);
  assert.equal(exports.memory.buffer.byteLength, before);
});

/** A gray image without its pixels, or with them. */
function pgm(width, height, pixels = Buffer.alloc(0)) {
  return Buffer.concat([Buffer.from(`P5 ${width} ${height} 255\n`), pixels]);
}

/** The module, whose memory may grow to so many pages of 64 KiB only. */
function withMemory(wasm, most) {
  for (let at = 8; at < wasm.length; ) {
    const [length, content] = number(wasm, at + 1);
    if (wasm[at] === 5) {
      const [least] = number(wasm, content + 2);
      const memory = [1, 1, ...leb(least), ...leb(most)];
      return Buffer.concat([wasm.subarray(0, at + 1), Buffer.from([memory.length, ...memory]), wasm.subarray(content + length)]);
    }
    at = content + length;
  }
  throw new Error("the module has no memory");
}

/** A number of variable length, and where it ends. */
function number(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7, at += 1) {
    value |= (bytes[at] & 127) << shift;
    if (bytes[at] < 128) return [value, at + 1];
  }
}

function leb(value) {
  const bytes = [];
  for (; value > 127; value >>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}
