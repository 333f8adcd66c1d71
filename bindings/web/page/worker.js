// Compares signatures beside the page, which so never freezes.

import { Verifier } from "./inkproof/index.js";

const WARM_UP = 12;

const loading = Verifier.load();
let isAsked = false;

/** A browser compiles well what has run for a while. This runs before anybody has chosen images, on one of the examples. */
async function warmUp() {
  const verifier = await loading;
  const image = await (await fetch("examples/reference-1.png")).blob();
  for (let round = 0; round < WARM_UP && !isAsked; round += 1) {
    const signature = await verifier.embed(image);
    if (!isAsked) await verifier.picture([signature], signature);
  }
}

/** The verdict and its picture, of images that are embedded once. */
async function judge({ references: files, questioned: file }) {
  const verifier = await loading;
  const references = [];
  for (const reference of files) references.push(await verifier.embed(reference));
  const questioned = await verifier.embed(file);
  const verdict = await verifier.verify(references, questioned);
  const picture = new Blob([await verifier.picture(references, questioned)], { type: "image/png" });
  return { verdict, picture };
}

addEventListener("message", async ({ data }) => {
  isAsked = true;
  const answer = await judge(data).catch(({ message }) => ({ error: message }));
  postMessage({ number: data.number, ...answer });
});

// What fails here is said where it is asked for.
warmUp().catch(() => {});
