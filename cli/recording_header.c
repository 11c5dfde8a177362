/* SPDX-License-Identifier: MIT */
/* The header of the trace that a recording becomes, and its file. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <mempool/mempool.h>

#include "cli/recording_trace.h"

/* A text of one line as the header takes it. */
static void print_info(FILE *out, const char *key, const char *text) {
    fprintf(out, "info %s ", key);
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        fputc(byte < ' ' || byte >= 0x7f ? '?' : byte, out);
    }
    fputc('\n', out);
}

static void print_infos(FILE *out, const struct recording_sums *sums) {
    print_info(out, "process", sums->program);
    fprintf(out, "info pid %" PRId64 "\n", sums->pid);
    fprintf(out, "info software recorded by mempool %s\n", mempool_version());
    fprintf(out, "info live-before %" PRIu64 "\n", sums->live_before);
    fprintf(out,
            "info checks lost=%" PRIu64 " unknown-puts=%" PRIu64 " added-puts=%" PRIu64
            " cut-sizes=%" PRIu64 " cut-waits=%" PRIu64 "\n",
            sums->lost, sums->unknown, sums->mended, sums->cut_sizes, sums->cut_waits);
    print_info(out, "end",
               sums->limit != NULL ? sums->limit
               : sums->is_ended    ? "as it was ended"
                                   : "the process was ended, or was not recorded any more");
}

static void print_lists(FILE *out, const struct recording_trace *trace) {
    for (size_t i = 0; i < trace->sums.threads; i++) {
        fprintf(out, "thread %zu %s\n", i, trace->threads[i]);
    }
    for (size_t i = 0; i < trace->n_classes; i++) {
        const struct recorded_class *class = &trace->classes[i];
        if (class->is_site) {
            fprintf(out, "site %zu %s 0 0 %u\n", i, class->name, class->slots);
        } else {
            /* An object has a byte at least, and so have pools. */
            fprintf(out, "pool %zu %s %u %u %u\n", i, class->name, class->object_bytes,
                    class->count, class->slots);
        }
    }
}

static void print_header(FILE *out, const struct recording_trace *trace) {
    fputs("mempool-trace 1\n", out);
    print_infos(out, &trace->sums);
    if (trace->first_recorded > 0 && trace->first_recorded <= trace->sums.events) {
        fprintf(out, "phase 0 before\nphase %" PRIu64 " recorded\n", trace->first_recorded);
    }
    fprintf(out, "events %" PRIu64 "\ntick_ns %d\n", trace->sums.events, TICK_NS);
    fprintf(out, "columns op:u8 thread:u16 class:u16 slot:u32 dt:u32%s\n",
            trace->sums.sites > 0 ? " size:u32" : "");
    print_lists(out, trace);
    fputs("end\n", out);
}

int recording_trace_finish(struct recording_trace *trace) {
    char *header = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&header, &bytes);
    if (out == NULL) {
        return -ENOMEM;
    }
    print_header(out, trace);
    int result = fclose(out) == 0 ? 0 : -ENOMEM;
    if (result == 0) {
        result = trace_writer_finish(trace->writer, header, bytes, trace->sums.sites > 0,
                                     &trace->sums.file_bytes);
    }
    free(header);
    return result;
}
