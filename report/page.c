/* SPDX-License-Identifier: MIT */
/* The page around a report. */
#include "report/page.h"

#include <mempool/mempool.h>

#include "report/assets.h"

static void put_asset(FILE *stream, const struct asset *asset) {
    fwrite(asset->bytes, 1, asset->n, stream);
}

void page_begin(FILE *stream, const char *title, const char *subtitle) {
    html_raw(stream, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    fprintf(stream,
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
            "script-src '%s' '%s'; style-src 'unsafe-inline'; base-uri 'none'; "
            "form-action 'none'\">\n",
            asset_plot_program.hash, asset_page_program.hash);
    html_raw(stream, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    html_text(stream, title);
    html_raw(stream, " \342\200\224 mempool report</title>\n<style>");
    put_asset(stream, &asset_plot_style);
    html_raw(stream, "</style>\n<style>\n");
    put_asset(stream, &asset_page_style);
    html_raw(stream,
             "</style>\n</head>\n<body>\n<header><p class=\"brand\">mempool report</p><h1>");
    html_text(stream, title);
    html_raw(stream, "</h1><p class=\"subtitle\">");
    html_text(stream, subtitle);
    html_raw(stream, "</p></header>\n<main>\n<noscript><p class=\"note\">The charts are drawn by a "
                     "program, which is switched off here; the tables have the figures.</p>"
                     "</noscript>\n");
}

void page_tiles(FILE *stream, const struct page_tile *tiles, size_t n) {
    html_raw(stream, "<dl class=\"tiles\">");
    for (size_t i = 0; i < n; i++) {
        html_raw(stream, "<div><dt>");
        html_text(stream, tiles[i].title);
        html_raw(stream, "</dt><dd>");
        html_text(stream, tiles[i].value);
        html_raw(stream, "</dd><dd class=\"small\">");
        html_text(stream, tiles[i].note);
        html_raw(stream, "</dd></div>");
    }
    html_raw(stream, "</dl>\n");
}

void page_section_begin(FILE *stream, const char *id, const char *title, const char *explanation) {
    fprintf(stream, "<section id=\"%s\"><h2>", id);
    html_text(stream, title);
    html_raw(stream, "</h2>\n");
    if (explanation) {
        html_raw(stream, "<p class=\"note\">");
        html_text(stream, explanation);
        html_raw(stream, "</p>\n");
    }
}

void page_section_end(FILE *stream) {
    html_raw(stream, "</section>\n");
}

void page_chart(FILE *stream, const char *id, const char *title, const char *explanation) {
    fprintf(stream, "<figure class=\"chart\" id=\"chart-%s\"><figcaption><h2>", id);
    html_text(stream, title);
    html_raw(stream, "</h2><p class=\"note\">");
    html_text(stream, explanation);
    html_raw(stream, "</p></figcaption><div class=\"plot\"></div></figure>\n");
}

int page_end(FILE *stream, const struct charts *charts) {
    html_raw(stream, "</main>\n<footer>Made by mempool ");
    html_text(stream, mempool_version());
    html_raw(stream, ". Charts by uPlot, whose licence is in this page.</footer>\n"
                     "<script type=\"application/json\" id=\"data\">");
    int result = charts_write(charts, stream);
    html_raw(stream, "</script>\n<!--\n");
    put_asset(stream, &asset_plot_licence);
    html_raw(stream, "-->\n<script>");
    put_asset(stream, &asset_plot_program);
    html_raw(stream, "</script>\n<script>");
    put_asset(stream, &asset_page_program);
    html_raw(stream, "</script>\n</body>\n</html>\n");
    return result;
}
