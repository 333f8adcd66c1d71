// The service's API. The token is kept for this tab alone.

const TOKEN = "inkproof-token";

/** What the service says is wrong (RFC 9457), or that it cannot be reached. */
export class Problem extends Error {
  constructor(facts) {
    super(facts.detail);
    Object.assign(this, facts);
  }
}

export function token(value) {
  if (value === undefined) return sessionStorage.getItem(TOKEN);
  if (value === null) sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, value);
  return value;
}

async function answer(method, path, body, headers = {}) {
  const secret = token();
  if (secret) headers.Authorization = `Bearer ${secret}`;
  let response;
  try {
    response = await fetch(path, { method, body, headers, credentials: "omit" });
  } catch {
    throw new Problem({ status: 0, title: "The service cannot be reached", detail: "Is it running? Nothing was changed; try again." });
  }
  if (response.ok) return response;
  const document = await response.json().catch(() => ({}));
  const retryAfter = Number(response.headers.get("Retry-After") ?? 1);
  throw new Problem({ title: "That did not work", detail: `The service answered ${response.status}.`, ...document, status: response.status, retryAfter });
}

async function call(...request) {
  return (await answer(...request)).json().catch(() => ({}));
}

export const get = (path) => patient(() => call("GET", path), 6, 2);
export const remove = (path) => call("DELETE", path);
export const post = (path, document) => call("POST", path, JSON.stringify(document), { "Content-Type": "application/json" });

/** Hands in a zip archive as a job. */
export const handIn = (archive) => call("POST", "/v1/jobs", archive, { "Content-Type": "application/zip" });

/** What is no JSON document. */
export const file = async (path) => (await answer("GET", path)).blob();

/** Sends images, under a third item's name where a field has one; those that are asked to come later (429) do. */
export async function send(path, fields, headers = {}, tries = 6) {
  const form = new FormData();
  for (const [name, value, called] of fields) {
    if (value instanceof Blob) form.append(name, value, called ?? value.name ?? "image.png");
    else if (value !== undefined && value !== "") form.append(name, value);
  }
  return patient(() => call("POST", path, form, { ...headers }), tries);
}

/** Asks again where it is asked to come later (429), in no more seconds than it has. */
async function patient(ask, tries, longest = Infinity) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (problem) {
      if (problem.status !== 429 || attempt === tries || problem.retryAfter > longest) throw problem;
      await new Promise((resume) => setTimeout(resume, 1000 * problem.retryAfter));
    }
  }
}
