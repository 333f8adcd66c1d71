// Compares signatures beside the page, which so never freezes.

import { Verifier } from "./inkproof/index.js";

const loading = Verifier.load();

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
  const answer = await judge(data).catch(({ message }) => ({ error: message }));
  postMessage({ number: data.number, ...answer });
});
