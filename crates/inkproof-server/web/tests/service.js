// A service of ours with synthetic signatures, and a real Chromium that looks at its page.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";

import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const PROGRAM = process.env.INKPROOF ?? join(ROOT, "target/debug/inkproof");
const BROWSER = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** A service in a folder of its own; `end()` ends it. */
export async function service(...options) {
  const folder = mkdtempSync(join(tmpdir(), "inkproof-web-"));
  const env = { ...process.env, XDG_CONFIG_HOME: join(folder, "settings") };
  const run = (...line) => execFileSync(PROGRAM, line, { cwd: folder, encoding: "utf8", env });
  run("synth", "signatures", "--writers", "3", "--genuine", "8", "--forgeries", "3", "--seed", "11");
  const child = spawn(PROGRAM, ["serve", "--listen", "127.0.0.1:0", "--store", "office.db", ...options], { cwd: folder, env, stdio: ["ignore", "pipe", "ignore"] });
  const [line] = await new Promise((found, lost) => {
    createInterface({ input: child.stdout }).once("line", (line) => found([line]));
    child.once("exit", (code) => lost(new Error(`the service ended with ${code}`)));
  });
  const address = line.match(/http:\/\/[\d.:]+\d/)[0];
  const end = () => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  const files = (writer) => readdirSync(join(folder, "signatures", writer)).sort().map((name) => join(folder, "signatures", writer, name));
  return { address, folder, run, files, end, enrol: (id, images) => enrol(address, id, images) };
}

async function enrol(address, id, images) {
  const form = new FormData();
  form.append("id", id);
  form.append("force", "true");
  for (const image of images) form.append("reference", new Blob([readFileSync(image)]), "reference.png");
  const response = await fetch(`${address}/v1/writers`, { method: "POST", body: form });
  if (!response.ok) throw new Error(await response.text());
}

/** A browser with a new profile. Every request to another host fails the test. */
export async function browser() {
  const profile = mkdtempSync(join(tmpdir(), "inkproof-chromium-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath: BROWSER, args: FLAGS, chromiumSandbox: false, viewport: { width: 1280, height: 900 } });
  const end = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { context, end };
}

/** A page that notes what goes wrong in it. */
export async function open(context, address, { width = 1280, height = 900, dark = false } = {}) {
  const page = await context.newPage();
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
  page.wrong = [];
  page.on("pageerror", (error) => page.wrong.push(String(error)));
  // Chromium calls a refusal, too, an error; whether one is wanted is each test's to say.
  page.on("console", (message) => message.type() === "error" && !message.text().includes("status of 422") && page.wrong.push(message.text()));
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== address) page.wrong.push(`asks ${origin}`);
  });
  await page.goto(address);
  return page;
}

/** A zip archive of files, each a name and its bytes, stored as they are. */
export function zip(files) {
  const parts = [], list = [];
  let place = 0;
  for (const [name, bytes] of files) {
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt32LE(crc32(bytes), 10);
    facts.writeUInt32LE(bytes.length, 14);
    facts.writeUInt32LE(bytes.length, 18);
    facts.writeUInt16LE(name.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(place, 10);
    list.push(Buffer.from("PK\x01\x02\x14\x00", "latin1"), facts, rest, Buffer.from(name));
    parts.push(Buffer.from("PK\x03\x04", "latin1"), facts, Buffer.from(name), bytes);
    place += 30 + name.length + bytes.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(Buffer.concat(list).length, 8);
  end.writeUInt32LE(place, 12);
  return Buffer.concat([...parts, ...list, Buffer.from("PK\x05\x06", "latin1"), end]);
}
