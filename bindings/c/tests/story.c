/*
 * A story of the C library, through its header alone: what a program does with it, and what it says of everything that
 * is wrong. Prints the verdict's JSON document for tests/run.sh to compare; a broken promise ends it with its line.
 *
 *   story SIGNATURES TEXT      the folder examples/signatures, and a file that is not an image
 */
#include <inkproof.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(holds)                                                      \
    do {                                                                  \
        if (!(holds)) {                                                   \
            fprintf(stderr, "story.c:%d: not so: %s\n", __LINE__, #holds); \
            exit(1);                                                      \
        }                                                                 \
    } while (0)

enum { REFERENCES = 2, THREADS = 4 };

static inkproof_verifier *verifier;
static inkproof_signature *references[REFERENCES];
static inkproof_signature *questioned;

static const inkproof_signature *const *known(void) { return (const inkproof_signature *const *)references; }

static const char *path_of(const char *folder, const char *name) {
    static char path[4096];
    CHECK(snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path);
    return path;
}

static inkproof_signature *embed(const char *folder, const char *name) {
    inkproof_signature *signature;
    char *error;
    inkproof_status status = inkproof_embed_file(verifier, path_of(folder, name), 0, &signature, &error);
    if (status != INKPROOF_STATUS_OK) {
        fprintf(stderr, "story: %s\n", error);
        exit(1);
    }
    CHECK(error == NULL && signature != NULL);
    return signature;
}

static inkproof_verdict *verify(const double *threshold) {
    inkproof_verdict *verdict;
    CHECK(inkproof_verify(verifier, known(), REFERENCES, questioned, threshold, &verdict, NULL) == INKPROOF_STATUS_OK);
    return verdict;
}

/* That a call failed as it should, made nothing, and said so in words that name the thing. */
static void check_failed(int line, inkproof_status status, inkproof_status expected, void *made, char *error,
                         const char *words) {
    if (status != expected || made != NULL || error == NULL || strstr(error, words) == NULL) {
        fprintf(stderr, "story.c:%d: status %d instead of %d, '%s' without '%s'\n", line, (int)status, (int)expected,
                error == NULL ? "(no text)" : error, words);
        exit(1);
    }
    inkproof_string_free(error);
}
#define FAILS(call, expected, made, words)                                \
    do {                                                                  \
        inkproof_status got = call;                                       \
        check_failed(__LINE__, got, expected, made, error, words);        \
    } while (0)

/* A verdict on files, and everything that it says. */
static void a_verdict(void) {
    inkproof_verdict *verdict = verify(NULL);
    CHECK(inkproof_verdict_decision(verdict) == INKPROOF_DECISION_ACCEPTED);
    CHECK(inkproof_verdict_score(verdict) >= inkproof_verdict_threshold(verdict));
    CHECK(inkproof_verdict_log10_lr(verdict) > 0.3);
    CHECK(strstr(inkproof_verdict_support(verdict), "support for the proposition") != NULL);
    CHECK(strncmp(inkproof_verdict_sentences(verdict), "The score ", 10) == 0);
    puts(inkproof_verdict_json(verdict));

    inkproof_bytes *png;
    CHECK(inkproof_verdict_png(verdict, &png, NULL) == INKPROOF_STATUS_OK);
    CHECK(inkproof_bytes_length(png) > 1000 && memcmp(inkproof_bytes_data(png), "\x89PNG", 4) == 0);
    inkproof_bytes_free(png);
    inkproof_verdict_free(verdict);

    double out_of_reach = 1000;
    verdict = verify(&out_of_reach);
    CHECK(inkproof_verdict_decision(verdict) == INKPROOF_DECISION_REJECTED);
    CHECK(inkproof_verdict_threshold(verdict) == out_of_reach);
    inkproof_verdict_free(verdict);
}

/* A verdict needs no other handle, and neither does a signature that was kept as bytes. */
static void kept_and_read(void) {
    inkproof_bytes *bytes;
    CHECK(inkproof_signature_to_bytes(questioned, &bytes, NULL) == INKPROOF_STATUS_OK);
    const uint8_t *data = inkproof_bytes_data(bytes);
    size_t length = inkproof_bytes_length(bytes);
    const char *model = inkproof_signature_model(questioned);
    CHECK(strcmp(model, inkproof_verifier_model(verifier)) == 0);

    inkproof_signature *again, *none;
    CHECK(inkproof_signature_from_bytes(data, length, model, &again, NULL) == INKPROOF_STATUS_OK);
    inkproof_verdict *verdict = verify(NULL), *same;
    CHECK(inkproof_verify(verifier, known(), REFERENCES, again, NULL, &same, NULL) == INKPROOF_STATUS_OK);
    inkproof_signature_free(again);
    CHECK(strcmp(inkproof_verdict_json(verdict), inkproof_verdict_json(same)) == 0);
    inkproof_verdict_free(verdict);
    inkproof_bytes *png;
    CHECK(inkproof_verdict_png(same, &png, NULL) == INKPROOF_STATUS_OK);
    inkproof_bytes_free(png);
    inkproof_verdict_free(same);

    char *error;
    FAILS(inkproof_signature_from_bytes(data, length / 2, model, &none, &error), INKPROOF_STATUS_INVALID_ARGUMENT, none,
          "these bytes are not");
    FAILS(inkproof_signature_from_bytes((const uint8_t *)"what", 4, model, &none, &error),
          INKPROOF_STATUS_INVALID_ARGUMENT, none, "these bytes are not a signature");
    FAILS(inkproof_signature_from_bytes(data, length, "\xff", &none, &error), INKPROOF_STATUS_INVALID_ARGUMENT, none,
          "model is not UTF-8");

    inkproof_signature *of_another;
    inkproof_verdict *no_verdict;
    CHECK(inkproof_signature_from_bytes(data, length, "0123456789abcdef", &of_another, NULL) == INKPROOF_STATUS_OK);
    FAILS(inkproof_verify(verifier, known(), REFERENCES, of_another, NULL, &no_verdict, &error),
          INKPROOF_STATUS_WRONG_MODEL, no_verdict, "questioned was embedded by the model 0123456789abcdef");
    inkproof_signature_free(of_another);
    inkproof_bytes_free(bytes);
}

/* A page with a wave on it, of `channels` samples a pixel; what lies in the gaps is no part of it. */
enum { WIDTH = 400, HEIGHT = 120, GAP = 13 };

static uint8_t *wave(size_t channels, size_t stride) {
    uint8_t *pixels = malloc(HEIGHT * stride);
    CHECK(pixels != NULL);
    memset(pixels, 0x55, HEIGHT * stride);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            double middle = 60 + 30 * sin(x / 17.0) + 10 * sin(x / 5.0);
            int is_ink = x > 40 && x < 360 && fabs(y - middle) < 3;
            memset(pixels + (size_t)y * stride + (size_t)x * channels, is_ink ? 0 : 255, channels);
        }
    }
    return pixels;
}

static void pixels(void) {
    uint8_t *tight = wave(3, 3 * WIDTH), *gaps = wave(3, 3 * WIDTH + GAP);
    inkproof_signature *one, *other;
    CHECK(inkproof_embed_pixels(verifier, tight, WIDTH, HEIGHT, 3, 0, &one, NULL) == INKPROOF_STATUS_OK);
    CHECK(inkproof_embed_pixels(verifier, gaps, WIDTH, HEIGHT, 3, 3 * WIDTH + GAP, &other, NULL) == INKPROOF_STATUS_OK);
    CHECK(strcmp(inkproof_signature_flaws(one), "") == 0);
    inkproof_bytes *bytes, *same;
    CHECK(inkproof_signature_to_bytes(one, &bytes, NULL) == INKPROOF_STATUS_OK);
    CHECK(inkproof_signature_to_bytes(other, &same, NULL) == INKPROOF_STATUS_OK);
    CHECK(inkproof_bytes_length(bytes) == inkproof_bytes_length(same));
    CHECK(memcmp(inkproof_bytes_data(bytes), inkproof_bytes_data(same), inkproof_bytes_length(same)) == 0);
    inkproof_bytes_free(bytes);
    inkproof_bytes_free(same);
    inkproof_signature_free(one);
    inkproof_signature_free(other);

    inkproof_signature *none;
    char *error;
    FAILS(inkproof_embed_pixels(verifier, tight, WIDTH, HEIGHT, 3, 10, &none, &error), INKPROOF_STATUS_INVALID_ARGUMENT,
          none, "stride is 10 bytes");
    FAILS(inkproof_embed_pixels(verifier, tight, WIDTH, HEIGHT, 3, SIZE_MAX / 2, &none, &error),
          INKPROOF_STATUS_INVALID_ARGUMENT, none, "stride");
    FAILS(inkproof_embed_pixels(verifier, tight, WIDTH, HEIGHT, 9, 0, &none, &error), INKPROOF_STATUS_INVALID_ARGUMENT,
          none, "9 channel(s)");
    FAILS(inkproof_embed_pixels(verifier, tight, 0, HEIGHT, 1, 0, &none, &error), INKPROOF_STATUS_INVALID_ARGUMENT,
          none, "at least one pixel");
    FAILS(inkproof_embed_pixels(verifier, tight, SIZE_MAX, SIZE_MAX, 4, 0, &none, &error), INKPROOF_STATUS_TOO_LARGE,
          none, "no side may have more");
    FAILS(inkproof_embed_pixels(verifier, tight, 60000, 60000, 4, 0, &none, &error), INKPROOF_STATUS_TOO_LARGE, none,
          "more than the limit");
    memset(tight, 255, WIDTH * HEIGHT);
    FAILS(inkproof_embed_pixels(verifier, tight, WIDTH, HEIGHT, 1, 0, &none, &error), INKPROOF_STATUS_NO_INK, none,
          "pixels: has no ink");
    free(tight);
    free(gaps);
}

static void bytes_of_a_file(const char *folder) {
    static uint8_t content[1 << 20];
    FILE *file = fopen(path_of(folder, "001/001_04.png"), "rb");
    CHECK(file != NULL);
    size_t length = fread(content, 1, sizeof content, file);
    CHECK(length > 0 && length < sizeof content && fclose(file) == 0);
    inkproof_signature *signature, *none;
    CHECK(inkproof_embed_bytes(verifier, content, length, 0, &signature, NULL) == INKPROOF_STATUS_OK);
    inkproof_signature_free(signature);

    char *error;
    FAILS(inkproof_embed_bytes(verifier, content, length / 2, 0, &none, &error), INKPROOF_STATUS_NOT_AN_IMAGE, none,
          "bytes: is a PNG image that cannot be decoded");
    FAILS(inkproof_embed_bytes(verifier, content, 0, 0, &none, &error), INKPROOF_STATUS_NOT_AN_IMAGE, none, "is empty");
    FAILS(inkproof_embed_bytes(verifier, content, length, 2, &none, &error), INKPROOF_STATUS_WHICH_PAGE, none,
          "there is no page 2");
    FAILS(inkproof_embed_bytes(verifier, content, SIZE_MAX, 0, &none, &error), INKPROOF_STATUS_INVALID_ARGUMENT, none,
          "bytes cannot have");
}

static void wrong_files(const char *folder, const char *text) {
    inkproof_signature *none;
    inkproof_verifier *no_verifier;
    char *error;
    FAILS(inkproof_embed_file(verifier, "no/such/file.png", 0, &none, &error), INKPROOF_STATUS_UNREADABLE, none,
          "no/such/file.png: cannot be read");
    FAILS(inkproof_embed_file(verifier, folder, 0, &none, &error), INKPROOF_STATUS_UNREADABLE, none, "is a folder");
    FAILS(inkproof_embed_file(verifier, text, 0, &none, &error), INKPROOF_STATUS_NOT_AN_IMAGE, none, text);
    FAILS(inkproof_verifier_load("no/such/model", &no_verifier, &error), INKPROOF_STATUS_UNREADABLE, no_verifier,
          "no/such/model: cannot be read");
    FAILS(inkproof_verifier_load(text, &no_verifier, &error), INKPROOF_STATUS_WRONG_MODEL, no_verifier,
          "is not a model that can be used");
}

/* NULL wherever a pointer goes. */
static void null_pointers(void) {
    const inkproof_status invalid = INKPROOF_STATUS_INVALID_ARGUMENT;
    const inkproof_signature *with_a_gap[2] = {references[0], NULL};
    inkproof_signature *none;
    inkproof_verifier *no_verifier;
    inkproof_verdict *no_verdict;
    inkproof_bytes *no_bytes;
    double not_a_number = NAN;
    char *error;
    FAILS(inkproof_verifier_load(NULL, &no_verifier, &error), invalid, no_verifier, "file is NULL");
    FAILS(inkproof_embed_file(NULL, "x", 0, &none, &error), invalid, none, "verifier is NULL");
    FAILS(inkproof_embed_file(verifier, NULL, 0, &none, &error), invalid, none, "file is NULL");
    FAILS(inkproof_embed_bytes(NULL, (const uint8_t *)"x", 1, 0, &none, &error), invalid, none, "verifier is NULL");
    FAILS(inkproof_embed_bytes(verifier, NULL, 1, 0, &none, &error), invalid, none, "bytes is NULL");
    FAILS(inkproof_embed_pixels(NULL, (const uint8_t *)"x", 1, 1, 1, 0, &none, &error), invalid, none,
          "verifier is NULL");
    FAILS(inkproof_embed_pixels(verifier, NULL, 1, 1, 1, 0, &none, &error), invalid, none, "pixels is NULL");
    FAILS(inkproof_signature_to_bytes(NULL, &no_bytes, &error), invalid, no_bytes, "signature is NULL");
    FAILS(inkproof_signature_from_bytes(NULL, 9, "x", &none, &error), invalid, none, "bytes is NULL");
    FAILS(inkproof_signature_from_bytes((const uint8_t *)"x", 1, NULL, &none, &error), invalid, none, "model is NULL");
    FAILS(inkproof_verify(NULL, known(), 1, questioned, NULL, &no_verdict, &error), invalid, no_verdict,
          "verifier is NULL");
    FAILS(inkproof_verify(verifier, NULL, 1, questioned, NULL, &no_verdict, &error), invalid, no_verdict,
          "references is NULL");
    FAILS(inkproof_verify(verifier, with_a_gap, 2, questioned, NULL, &no_verdict, &error), invalid, no_verdict,
          "references[1] is NULL");
    FAILS(inkproof_verify(verifier, known(), 1, NULL, NULL, &no_verdict, &error), invalid, no_verdict,
          "questioned is NULL");
    FAILS(inkproof_verify(verifier, NULL, 0, questioned, NULL, &no_verdict, &error), invalid, no_verdict,
          "there is no reference");
    FAILS(inkproof_verify(verifier, known(), 1, questioned, &not_a_number, &no_verdict, &error), invalid, no_verdict,
          "cannot be a threshold");
    FAILS(inkproof_verdict_png(NULL, &no_bytes, &error), invalid, no_bytes, "verdict is NULL");
    FAILS(inkproof_verify(verifier, known(), 1, questioned, NULL, NULL, &error), invalid, NULL, "the result is NULL");
    CHECK(inkproof_verifier_bundled(NULL, NULL) == invalid);

    CHECK(inkproof_verifier_model(NULL) == NULL && inkproof_signature_model(NULL) == NULL);
    CHECK(inkproof_signature_flaws(NULL) == NULL);
    CHECK(inkproof_verdict_decision(NULL) == INKPROOF_DECISION_NONE);
    CHECK(isnan(inkproof_verdict_score(NULL)) && isnan(inkproof_verdict_threshold(NULL)));
    CHECK(isnan(inkproof_verdict_log10_lr(NULL)));
    CHECK(inkproof_verdict_support(NULL) == NULL && inkproof_verdict_sentences(NULL) == NULL);
    CHECK(inkproof_verdict_json(NULL) == NULL);
    CHECK(inkproof_bytes_data(NULL) == NULL && inkproof_bytes_length(NULL) == 0);
    inkproof_verifier_free(NULL);
    inkproof_signature_free(NULL);
    inkproof_verdict_free(NULL);
    inkproof_bytes_free(NULL);
    inkproof_string_free(NULL);
}

/* Embeds and judges with the handles that all threads share; gives the verdict. */
static void *in_a_thread(void *folder) {
    char name[4096];
    snprintf(name, sizeof name, "%s/001/001_04.png", (const char *)folder);
    inkproof_signature *own;
    CHECK(inkproof_embed_file(verifier, name, 0, &own, NULL) == INKPROOF_STATUS_OK);
    inkproof_verdict *verdict;
    CHECK(inkproof_verify(verifier, known(), REFERENCES, own, NULL, &verdict, NULL) == INKPROOF_STATUS_OK);
    inkproof_signature_free(own);
    return verdict;
}

static void threads(const char *folder) {
    pthread_t thread[THREADS];
    inkproof_verdict *alone = verify(NULL);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&thread[i], NULL, in_a_thread, (void *)folder) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *verdict;
        CHECK(pthread_join(thread[i], &verdict) == 0);
        CHECK(strcmp(inkproof_verdict_json(verdict), inkproof_verdict_json(alone)) == 0);
        inkproof_verdict_free(verdict);
    }
    inkproof_verdict_free(alone);
}

/*
 * A process that was forked has none of its parent's threads, and begins its own. It ends as another program, or
 * valgrind would take what its parent's threads had for leaks.
 */
static void forked(const char *folder) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        inkproof_verdict_free(in_a_thread((void *)folder));
        execlp("true", "true", (char *)NULL);
        _exit(1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    CHECK(strchr(inkproof_version(), '.') != NULL);
    CHECK(inkproof_verifier_bundled(&verifier, NULL) == INKPROOF_STATUS_OK);
    references[0] = embed(argv[1], "001/001_01.png");
    references[1] = embed(argv[1], "001/001_02.png");
    questioned = embed(argv[1], "001/001_04.png");
    a_verdict();
    kept_and_read();
    pixels();
    bytes_of_a_file(argv[1]);
    wrong_files(argv[1], argv[2]);
    null_pointers();
    threads(argv[1]);
    forked(argv[1]);
    inkproof_signature_free(references[0]);
    inkproof_signature_free(references[1]);
    inkproof_signature_free(questioned);
    inkproof_verifier_free(verifier);
    return 0;
}
