// Verifies handwritten signatures: a thin layer over inkproof.wasm, which does the work.

/** From so much memory on, which a photograph of many megapixels takes, the instance is given up after its answer. */
const LARGE = 512 << 20;

/** What went wrong. `kind` is for programs, `message` for people; `image` says which image it is about. */
export class InkproofError extends Error {
  constructor(message, kind, image = null) {
    super(message);
    this.name = "InkproofError";
    this.kind = kind;
    this.image = image;
  }
}

/** A model, ready to embed and to compare signatures. */
export class Verifier {
  #engine;

  constructor(engine) {
    this.#engine = engine;
  }

  static async load(source = new URL("./inkproof.wasm", import.meta.url)) {
    return new Verifier(new Engine(await compiled(source)));
  }

  get about() {
    return this.#engine.about;
  }

  async embed(image, options = {}) {
    return this.#embed(image, null, options.page);
  }

  async verify(references, questioned, options = {}) {
    const answer = await this.#compare("inkproof_verify", references, questioned, options);
    return JSON.parse(text(answer));
  }

  async picture(references, questioned, options = {}) {
    return this.#compare("inkproof_picture", references, questioned, options);
  }

  async #embed(image, role, page = 0) {
    if (isSignature(image)) return image;
    const subject = image?.name ?? role ?? "the image";
    if (isPixels(image)) {
      const { width, height, data } = image;
      return signature(this.#engine.call(data, (engine) => engine.inkproof_embed_pixels(width, height), subject, role));
    }
    const bytes = await this.#bytes(image, subject, role);
    return signature(this.#engine.call(bytes, (engine) => engine.inkproof_embed(page), subject, role));
  }

  async #bytes(image, subject, role) {
    const length = image?.size ?? image?.byteLength;
    if (!Number.isFinite(length)) {
      throw new InkproofError(`${subject}: is no image; give a Blob, its bytes, ImageData, or what embed() gave`, "option", role);
    }
    this.#engine.call(NOTHING, (engine) => engine.inkproof_check_len(length), subject, role);
    if (ArrayBuffer.isView(image)) return new Uint8Array(image.buffer, image.byteOffset, image.byteLength);
    if (typeof image.arrayBuffer !== "function") return new Uint8Array(image);
    try {
      return new Uint8Array(await image.arrayBuffer());
    } catch (error) {
      throw new InkproofError(`${subject}: cannot be read (${error.message})`, "image", role);
    }
  }

  async #compare(name, references, questioned, { threshold = NaN }) {
    if (!Array.isArray(references)) throw new InkproofError("references: give an array of images", "option");
    if (typeof threshold !== "number") throw new InkproofError("threshold: give a number", "option");
    const signatures = [];
    for (const [index, reference] of references.entries()) {
      signatures.push(await this.#embed(reference, `reference ${index + 1}`));
    }
    signatures.push(await this.#embed(questioned, "questioned"));
    return this.#engine.call(joined(signatures), (engine) => engine[name](threshold));
  }
}

/** An instance of the module, and another one where that has ended. */
class Engine {
  #module;
  #exports = null;

  constructor(module) {
    this.#module = module;
    this.about = Object.freeze(JSON.parse(text(this.call(NOTHING))));
  }

  /** Lets the engine work on an input; a copy of its answer. The start's own answer without `work`. */
  call(input, work = null, subject = null, role = null) {
    try {
      return this.#call(input, work, subject, role);
    } catch (error) {
      if (error instanceof InkproofError) throw error;
      // A panic, or no memory: the instance may be in any state. A signature's bytes are ours, so another one knows them.
      const why = error instanceof WebAssembly.RuntimeError && this.#exports ? text(output(this.#exports)) : error.message;
      this.#exports = null;
      throw new InkproofError(`internal error: ${why || "there is not enough memory"}`, "internal", role);
    } finally {
      if (this.#exports?.memory.buffer.byteLength > LARGE) this.#exports = null;
    }
  }

  #call(input, work, subject, role) {
    if (!this.#exports) {
      this.#exports = new WebAssembly.Instance(this.#module, {}).exports;
      this.#answer(this.#exports.inkproof_start());
    }
    if (!work) return output(this.#exports);
    const place = this.#exports.inkproof_input(input.length) >>> 0;
    new Uint8Array(this.#exports.memory.buffer, place, input.length).set(input);
    return this.#answer(work(this.#exports), subject, role);
  }

  #answer(isAnswer, subject, role) {
    const answer = output(this.#exports);
    if (isAnswer) return answer;
    const { message, kind, image } = JSON.parse(text(answer));
    const about = subject ?? image;
    throw new InkproofError(about ? `${about}: ${message}` : message, kind, role ?? image);
  }
}

const NOTHING = new Uint8Array();
const text = (bytes) => new TextDecoder().decode(bytes);
const output = ({ memory, inkproof_output, inkproof_output_len }) =>
  new Uint8Array(memory.buffer, inkproof_output() >>> 0, inkproof_output_len()).slice();

const isSignature = (image) => image?.bytes instanceof Uint8Array && Array.isArray(image.flaws);
const isPixels = (image) => image?.data instanceof Uint8ClampedArray && image.width > 0 && image.height > 0;

/** What the engine says of a signature in a line of JSON, and the signature. */
function signature(answer) {
  const end = answer.indexOf(10);
  return Object.freeze({ ...JSON.parse(text(answer.subarray(0, end))), bytes: answer.slice(end + 1) });
}

/** Each signature with its length before it, as the engine reads several. */
function joined(signatures) {
  const all = new Uint8Array(signatures.reduce((sum, { bytes }) => sum + 4 + bytes.length, 0));
  let at = 0;
  for (const { bytes } of signatures) {
    new DataView(all.buffer).setUint32(at, bytes.length, true);
    all.set(bytes, at + 4);
    at += 4 + bytes.length;
  }
  return all;
}

async function compiled(source) {
  if (source instanceof WebAssembly.Module) return source;
  try {
    const found = await opened(source);
    // So compiled, browsers keep what they made of it for the next visit.
    const isStream = found instanceof Response && found.headers.get("content-type")?.startsWith("application/wasm");
    if (isStream) return await WebAssembly.compileStreaming(found);
    return await WebAssembly.compile(found instanceof Response ? await found.arrayBuffer() : found);
  } catch (error) {
    if (error instanceof InkproofError) throw error;
    const known = error instanceof WebAssembly.CompileError ? "this browser, or Node, has no WebAssembly with SIMD" : "inkproof.wasm cannot be read";
    throw new InkproofError(`${known} (${error.message})`, "unsupported");
  }
}

/** The module's bytes, or the response that brings them. */
async function opened(source) {
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return source;
  const url = new URL(source, globalThis.location?.href ?? import.meta.url);
  if (url.protocol === "file:") {
    const { readFile } = await import(/* webpackIgnore: true */ /* @vite-ignore */ "node:fs/promises");
    return readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new InkproofError(`${url} cannot be read (status ${response.status})`, "unsupported");
  return response;
}
