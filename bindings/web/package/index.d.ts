/**
 * An image of a signature: a file's bytes in any form (PNG, JPEG, TIFF, HEIC, GIF, BMP, WebP, JPEG 2000, PNM), or pixels. Up to
 * 64 MiB and 64 megapixels.
 */
export type Image = Blob | ArrayBuffer | ArrayBufferView | Pixels;

/** Red, green, blue and alpha of each pixel, row by row: `ImageData` is one. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/**
 * An image as the model sees it, from `Verifier.embed`. It is plain data: it can be posted to a worker and kept as long as one
 * likes, and nothing has to be freed. It is biometric data, as the image is. Only the version that made it compares it.
 */
export interface Signature {
  /** The normalised strokes and what the model keeps of them. */
  readonly bytes: Uint8Array;
  /** What makes the image unfit to decide on, in sentences. */
  readonly flaws: readonly string[];
  /** The page of the file that was read, from 1. */
  readonly page: number;
  /** How many pages the file has. */
  readonly pages: number;
}

/** Which image something is about: `"questioned"`, or `"reference 1"` and so on. */
export type ImageName = "questioned" | `reference ${number}`;

/** A threshold for a low rate of accepted forgeries, or why the calibration writers cannot show it; rates are 0..1. */
export type WantedFar = { far: number; threshold: number; frr: number } | { far: number; refused: string };

/** A decision on a questioned signature, and what it rests on. */
export interface Verdict {
  /** `"undecided"` leaves it to a person: an image is unfit, or the evidence supports neither side. */
  decision: "accepted" | "rejected" | "undecided";
  /** Higher is more similar; comparable only within one model. */
  score: number;
  /** The score from which on a signature is accepted with so many references. */
  threshold: number;
  /**
   * The strength of the evidence: 1 says that what is seen is ten times likelier if the writer signed than if somebody else
   * did, -1 the opposite. null where the model is not calibrated for so many references.
   */
  log10_lr: number | null;
  /** The 95 % interval of that over other calibration writers. */
  log10_lr_ci95: [number, number] | null;
  /** What it adds up from; null where the shape alone could be compared. */
  contributions: { shape: number; pressure: number } | null;
  /** The strongest `log10_lr` that the calibration writers support, in either direction. */
  bound: number | null;
  /** The strength in words. */
  support: string | null;
  /** How many writers the model was calibrated on for so many references. */
  calibration_writers: number | null;
  /** What each reference would score alone, in their order. */
  reference_scores: number[];
  /** What makes images unfit to decide on, in sentences. */
  flaws: { image: ImageName; flaw: string }[];
  /** References that show the same signing as an earlier one and count once with it: pairs of indices, from 0. */
  repeated: [reference: number, earlier: number][];
  /** How far the questioned signature was turned to be judged, as `"12 degrees clockwise"`; null where it was not. */
  turned: string | null;
  /** Thresholds for low rates of accepted skilled forgeries. */
  wanted_far: WantedFar[] | null;
  /** The same for other people's signatures. */
  random_far: WantedFar | null;
  /** The model's name. */
  model: string;
  /** The first 64 bits, in hexadecimal, of SHA-256 over its weights. */
  model_digest: string;
  /** What the decision rests on, for a report. */
  sentences: string[];
}

/** What may be asked for instead of the model's own rule. */
export interface VerifyOptions {
  /** Accept from this score on and reject below it; nothing but a copy is left undecided. */
  threshold?: number;
}

/** Which program and model these are. */
export interface About {
  readonly version: string;
  readonly model: string;
  readonly model_digest: string;
}

/** A model, ready to embed and to compare signatures. Methods compute on the thread that calls them. */
export class Verifier {
  private constructor();

  /**
   * Loads the engine with the bundled model, which has seen nobody's real signature.
   * @param source Where inkproof.wasm is, its bytes, or the compiled module; beside this file by default.
   * @throws {InkproofError} `unsupported` where it cannot be read, or WebAssembly has no SIMD.
   */
  static load(source?: string | URL | BufferSource | WebAssembly.Module): Promise<Verifier>;

  /** Which version and model these are. */
  readonly about: About;

  /**
   * Embeds an image once, to compare it many times.
   * @param options.page The page of a TIFF that is read, from 1; by default the only one that has something on it.
   * @throws {InkproofError} `image` for what cannot be read or is too large, `no-ink` for blank paper.
   */
  embed(image: Image, options?: { page?: number }): Promise<Signature>;

  /**
   * Judges a questioned signature against references of a writer; three or more are best.
   * @throws {InkproofError} as `embed`, its `image` says of which; `option` where there is no reference.
   */
  verify(references: (Image | Signature)[], questioned: Image | Signature, options?: VerifyOptions): Promise<Verdict>;

  /**
   * What was compared, as a PNG file: the questioned signature and, right of it, the most similar references; strokes that
   * agree are blue, those that do not orange.
   * @throws {InkproofError} as `verify`.
   */
  picture(references: (Image | Signature)[], questioned: Image | Signature, options?: VerifyOptions): Promise<Uint8Array>;
}

/** What went wrong: `message` is for people, `kind` for programs. */
export class InkproofError extends Error {
  private constructor();

  /**
   * `image`: cannot be read, or is over the limits · `no-ink`: blank · `option`: an argument · `unsupported`: not on this
   * system · `internal`: a fault of ours, or memory has run out; the verifier works on.
   */
  readonly kind: "image" | "no-ink" | "option" | "unsupported" | "internal";
  /** Which image it is about; null where that is clear or none. */
  readonly image: ImageName | null;
}
