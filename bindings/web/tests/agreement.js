// How far the package's scores are from the program's, over many verdicts: synthetic signatures, two hundred comparisons with
// one to three references. Needs `make web` and the program; docs/web.md has the figure.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Verifier } from "../../../target/web/package/index.js";

const PROGRAM = process.env.INKPROOF_PROGRAM ?? fileURLToPath(new URL("../../../target/debug/inkproof", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "inkproof-agreement-"));
const run = (...line) => execFileSync(PROGRAM, line, { cwd: folder });
const files = (name) => readdirSync(join(folder, "s", name)).sort().map((file) => `s/${name}/${file}`);

run("synth", "s", "--writers", "20", "--genuine", "8", "--forgeries", "5", "--seed", "77");
const writers = readdirSync(join(folder, "s")).filter((name) => /^\d+$/.test(name)).sort();
const cases = writers.flatMap((writer, index) => {
  const [genuine, other] = [files(writer), files(writers[(index + 1) % writers.length])];
  const references = genuine.slice(0, 1 + (index % 3));
  const questioned = [...genuine.slice(3, 8), ...files(`${writer}_forg`).slice(0, 3), ...other.slice(0, 2)];
  return questioned.map((image) => ({ references, image }));
});
writeFileSync(join(folder, "cases.csv"), ["references,questioned", ...cases.map(({ references, image }) => `${references.join(";")},${image}`)].join("\n"));
run("verify-batch", "cases.csv", "--out", "results.jsonl");
const told = readFileSync(join(folder, "results.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line));

const verifier = await Verifier.load();
const read = (name) => readFileSync(join(folder, name));
let furthest = 0, others = 0;
for (const [row, { references, image }] of cases.entries()) {
  const { decision, score } = await verifier.verify(references.map(read), read(image));
  furthest = Math.max(furthest, Math.abs(score - told[row].score));
  others += decision !== told[row].decision;
}
rmSync(folder, { recursive: true });
console.log(`${cases.length} verdicts: scores differ by at most ${furthest.toExponential(1)}, ${others} decisions differ`);
process.exitCode = furthest > 1e-5 || others > 0 ? 1 : 0;
