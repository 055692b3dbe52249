/* fuzz/corpus_main.c -- runs a fuzz target over files without libFuzzer: each as it is, cut at
 * every length, and with every byte changed. Arguments: the files. */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

#define FILE_SIZE_MAX 65536u
#define CHANGES_MAX   128u /* of one file: long ones are changed at every n-th byte */

int main(int argc, char **argv)
{
    static uint8_t data[FILE_SIZE_MAX];
    unsigned long runs = 0;
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (file == NULL) {
            fprintf(stderr, "cannot read %s\n", argv[i]);
            return 1;
        }
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        LLVMFuzzerTestOneInput(data, size);
        runs++;
        size_t step = size / CHANGES_MAX + 1;
        for (size_t at = 0; at < size; at += step) {
            LLVMFuzzerTestOneInput(data, at);
            data[at] ^= (uint8_t)(1u << (at % 8));
            LLVMFuzzerTestOneInput(data, size);
            data[at] ^= (uint8_t)(1u << (at % 8));
            runs += 2;
        }
    }
    printf("%lu inputs\n%d passed, 0 failed\n", runs, argc - 1);
    return argc > 1 ? 0 : 1;
}
