/*
 * inkproof: is this questioned signature by the writer of these references? docs/c.md has it by example.
 *
 * Written by `make c-header` from bindings/c/src; not to be edited.
 *
 * Errors. A function that can fail returns an inkproof_status and takes the address of a pointer for what it makes, and
 * last that of a pointer for a text that says what is wrong and what to do. On success the text is NULL, on failure
 * what it makes is. What the pointers held before is overwritten. Free the text with inkproof_string_free; where it is
 * not wanted, give NULL instead of an address. The text comes this way, and not from the last error of a thread, since
 * Go, Java and C# may go on in another thread between two calls.
 *
 * Pointers. A NULL that a function does not allow is an error and no crash; any other pointer has to be what its
 * function says: a handle that is not freed, an array of so many items, a string that ends with a zero byte. Strings
 * are UTF-8; paths on Unix are any bytes.
 *
 * Memory. Every handle is freed once, by the function of its name; NULL is allowed there. No handle needs another one
 * to live on: a verdict keeps what it needs. A `const char *` that is returned belongs to the handle and lives as long.
 *
 * Threads. Handles never change: any number of threads may use one at once, as long as none of them frees it. Work is
 * shared by as many threads as there are cores (RAYON_NUM_THREADS says how many); they are begun at the first use and
 * stay, so the library is never unloaded. A process may fork and use the library in both.
 *
 * Within one minor version (0.1) functions and constants may be added, and none is changed or taken away. Statuses may
 * become more: take one that you do not know for a failure.
 */


#ifndef INKPROOF_H
#define INKPROOF_H

#include <stddef.h>
#include <stdint.h>

// Whether a function did what it was asked for, or why not.
typedef enum {
  // It did.
  INKPROOF_STATUS_OK = 0,
  // An argument that cannot be: NULL, no reference, a threshold that is no number, bytes that are not a signature.
  INKPROOF_STATUS_INVALID_ARGUMENT = 1,
  // A file that is not there, may not be read, or is a folder or a device.
  INKPROOF_STATUS_UNREADABLE = 2,
  // No image, or one of a kind that is not read, or a damaged one.
  INKPROOF_STATUS_NOT_AN_IMAGE = 3,
  // More bytes or pixels than are looked at.
  INKPROOF_STATUS_TOO_LARGE = 4,
  // A page that the file does not have, or several with something on them and none was named.
  INKPROOF_STATUS_WHICH_PAGE = 5,
  // Nothing in the image can be distinguished from the paper.
  INKPROOF_STATUS_NO_INK = 6,
  // A model file that cannot be used, or a signature that another model embedded.
  INKPROOF_STATUS_WRONG_MODEL = 7,
  // A fault of inkproof itself; please report it.
  INKPROOF_STATUS_INTERNAL = 8,
} inkproof_status;

// What is said of a questioned signature. Zero is none of the answers, so that memory that was only cleared accepts
// nobody.
typedef enum {
  // There is no verdict: NULL was given.
  INKPROOF_DECISION_NONE = 0,
  // It counts as signed by the writer of the references.
  INKPROOF_DECISION_ACCEPTED = 1,
  // It does not count as signed by the writer of the references.
  INKPROOF_DECISION_REJECTED = 2,
  // A person has to look: an image is unfit, or the evidence supports neither side.
  INKPROOF_DECISION_UNDECIDED = 3,
} inkproof_decision;

// Bytes that were made for the caller: a PNG file, or a signature for keeping.
typedef struct inkproof_bytes inkproof_bytes;

// One image of a signature as a model sees it. Embedding takes time, comparing hardly any.
typedef struct inkproof_signature inkproof_signature;

// A decision on a questioned signature, and what it rests on.
typedef struct inkproof_verdict inkproof_verdict;

// A model, ready to embed and to compare.
typedef struct inkproof_verifier inkproof_verifier;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the library, as "0.1.0". It is never freed.
const char *inkproof_version(void);

// Loads the model that comes with the library, whose weights have seen nobody's real signature.
inkproof_status inkproof_verifier_bundled(inkproof_verifier **verifier, char **error);

// Loads a model file, as `inkproof train` writes it.
inkproof_status inkproof_verifier_load(const char *file, inkproof_verifier **verifier, char **error);

// The model's digest, 16 hexadecimal digits that change with its weights; valid until the verifier is freed. NULL for
// NULL.
const char *inkproof_verifier_model(const inkproof_verifier *verifier);

// Frees a verifier; NULL is allowed. Signatures and verdicts live on.
void inkproof_verifier_free(inkproof_verifier *verifier);

// Reads an image file and embeds the signature that it shows: PNG, JPEG, TIFF, HEIC, GIF, BMP, WebP, JPEG 2000, PNM or
// a page of a PDF, of at most 64 MiB and 64 megapixels.
//
// `page` is the number of the page, from 1, of a TIFF or PDF with several; 0 takes the only one that has something on
// it.
inkproof_status inkproof_embed_file(const inkproof_verifier *verifier,
                                    const char *file,
                                    uint32_t page,
                                    inkproof_signature **signature,
                                    char **error);

// The same of an image file's `length` bytes in memory.
inkproof_status inkproof_embed_bytes(const inkproof_verifier *verifier,
                                     const uint8_t *bytes,
                                     size_t length,
                                     uint32_t page,
                                     inkproof_signature **signature,
                                     char **error);

// The same of pixels in memory: rows from the top, 8 bits a sample, 0 is black.
//
// `channels` is 1 for gray, 2 for gray and alpha, 3 for red, green and blue, 4 for these and alpha. `stride` is the
// number of bytes from the beginning of a row to that of the next; 0 where rows follow each other without a gap.
inkproof_status inkproof_embed_pixels(const inkproof_verifier *verifier,
                                      const uint8_t *pixels,
                                      size_t width,
                                      size_t height,
                                      size_t channels,
                                      size_t stride,
                                      inkproof_signature **signature,
                                      char **error);

// What makes the image unfit to decide on, a line for each; "" where nothing does. Valid until the signature is freed;
// NULL for NULL.
const char *inkproof_signature_flaws(const inkproof_signature *signature);

// The digest of the model that embedded it; valid until the signature is freed. NULL for NULL.
const char *inkproof_signature_model(const inkproof_signature *signature);

// The signature as bytes for keeping: its ink, embedding, flaws and fingerprint, those of Python's
// `Signature.to_bytes`. Keep `inkproof_signature_model` with them, and both as you keep what identifies a person.
inkproof_status inkproof_signature_to_bytes(const inkproof_signature *signature, inkproof_bytes **bytes, char **error);

// What `inkproof_signature_to_bytes` made; `model` is the digest that `inkproof_signature_model` gave then. Of bytes
// that are not a signature's nothing is taken.
inkproof_status inkproof_signature_from_bytes(const uint8_t *bytes,
                                              size_t length,
                                              const char *model,
                                              inkproof_signature **signature,
                                              char **error);

// Frees a signature; NULL is allowed. Verdicts on it live on.
void inkproof_signature_free(inkproof_signature *signature);

// Judges a questioned signature against `count` references of a writer, all embedded by this verifier's model.
//
// `threshold` is NULL for the model's own rule, which knows the number of references, the strength of the evidence and
// what makes images unfit. With a threshold a score from there on is accepted and one below is rejected, whatever the
// images are like, and only a copy of a reference is left undecided.
inkproof_status inkproof_verify(const inkproof_verifier *verifier,
                                const inkproof_signature *const *references,
                                size_t count,
                                const inkproof_signature *questioned,
                                const double *threshold,
                                inkproof_verdict **verdict,
                                char **error);

// Accepted, rejected, or left to a person.
inkproof_decision inkproof_verdict_decision(const inkproof_verdict *verdict);

// How similar the signatures are: higher is more similar, comparable only within one model. NaN for NULL.
double inkproof_verdict_score(const inkproof_verdict *verdict);

// The score from which on a signature is accepted with so many references. NaN for NULL.
double inkproof_verdict_threshold(const inkproof_verdict *verdict);

// The strength of the evidence: the base-10 logarithm of the likelihood ratio. 1 says that the score is ten times
// likelier if the writer signed than if somebody else did, -1 the opposite. NaN where the model is not calibrated for
// so many references, and for NULL.
double inkproof_verdict_log10_lr(const inkproof_verdict *verdict);

// The same in words, on the scale of the ENFSI guideline; valid until the verdict is freed. NULL where the model is
// not calibrated for so many references, and for NULL.
const char *inkproof_verdict_support(const inkproof_verdict *verdict);

// What the decision rests on, a sentence a line; valid until the verdict is freed. NULL for NULL.
const char *inkproof_verdict_sentences(const inkproof_verdict *verdict);

// Everything of the verdict but its picture as one JSON document, the same that Python's `Verdict.to_dict` gives;
// valid until the verdict is freed. NULL for NULL.
const char *inkproof_verdict_json(const inkproof_verdict *verdict);

// What was compared as a PNG file: the questioned signature and, right of it, the most similar references; by the
// bundled model strokes that agree are blue and those that do not orange.
inkproof_status inkproof_verdict_png(const inkproof_verdict *verdict, inkproof_bytes **bytes, char **error);

// Frees a verdict; NULL is allowed.
void inkproof_verdict_free(inkproof_verdict *verdict);

// Where they begin; valid until they are freed. NULL for NULL.
const uint8_t *inkproof_bytes_data(const inkproof_bytes *bytes);

// How many there are; 0 for NULL.
size_t inkproof_bytes_length(const inkproof_bytes *bytes);

// Frees bytes; NULL is allowed.
void inkproof_bytes_free(inkproof_bytes *bytes);

// Frees the text of an error; NULL is allowed.
void inkproof_string_free(char *string);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* INKPROOF_H */
