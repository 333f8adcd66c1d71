/*
 * Is a questioned signature by the writer of some references?
 *
 *   cc verify.c -I ../include -L ../../../target/c/lib -linkproof -o verify
 *   ./verify REFERENCE... QUESTIONED PICTURE.png
 *
 * Prints the decision and what it rests on, and writes where the signatures agree. The exit code is 0 for accepted, 1
 * for rejected, 3 for undecided, 2 when something is wrong.
 */
#include <inkproof.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the program where something is wrong: the system frees what it had. */
static void require(inkproof_status status, char **error) {
    if (status != INKPROOF_STATUS_OK) {
        fprintf(stderr, "verify: %s\n", *error);
        exit(2);
    }
}

static void write_picture(const inkproof_verdict *verdict, const char *path) {
    inkproof_bytes *png;
    char *error;
    require(inkproof_verdict_png(verdict, &png, &error), &error);
    FILE *file = fopen(path, "wb");
    size_t length = inkproof_bytes_length(png);
    if (file == NULL || fwrite(inkproof_bytes_data(png), 1, length, file) != length || fclose(file) != 0) {
        perror(path);
        exit(2);
    }
    inkproof_bytes_free(png);
}

static int exit_code(inkproof_decision decision) {
    switch (decision) {
    case INKPROOF_DECISION_ACCEPTED:
        puts("accepted");
        return 0;
    case INKPROOF_DECISION_REJECTED:
        puts("rejected");
        return 1;
    default:
        puts("undecided: a person has to look");
        return 3;
    }
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: verify REFERENCE... QUESTIONED PICTURE.png\n");
        return 2;
    }
    char *error;
    inkproof_verifier *verifier;
    require(inkproof_verifier_bundled(&verifier, &error), &error);

    /* The last signature is the questioned one. */
    size_t signatures = (size_t)argc - 2, count = signatures - 1;
    inkproof_signature **embedded = calloc(signatures, sizeof *embedded);
    if (embedded == NULL) {
        perror("verify");
        return 2;
    }
    for (size_t i = 0; i < signatures; i++) {
        require(inkproof_embed_file(verifier, argv[i + 1], 0, &embedded[i], &error), &error);
    }

    inkproof_verdict *verdict;
    const inkproof_signature *const *references = (const inkproof_signature *const *)embedded;
    require(inkproof_verify(verifier, references, count, embedded[count], NULL, &verdict, &error), &error);
    int code = exit_code(inkproof_verdict_decision(verdict));
    puts(inkproof_verdict_sentences(verdict));
    write_picture(verdict, argv[argc - 1]);

    inkproof_verdict_free(verdict);
    for (size_t i = 0; i < signatures; i++) {
        inkproof_signature_free(embedded[i]);
    }
    free(embedded);
    inkproof_verifier_free(verifier);
    return code;
}
