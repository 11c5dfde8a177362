/* SPDX-License-Identifier: MIT */
/* The thin layer over ncurses.
 *
 * Signals that end the program set a flag, and are let in only while it waits: so each way out goes
 * through terminal_close. A crash cannot, and puts back only what can be put back from there. */
#define NCURSES_WIDECHAR 1
#include "cli/top/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#include "cli/top/key.h"

/* ncurses has macros of its calls' names in small letters; those that are ours have other names. */
enum {
    ESCAPE_MS = 25, /* how long an Escape waits for being the start of another key */
    PAIR_MORE = 1,
    PAIR_LESS,
    PAIR_BAD,
    PAIR_DRAWING,
    PAIR_BAR,
    PAIR_CHOSEN,
};

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};
static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

enum {
    N_ENDING = sizeof(ending_signals) / sizeof(ending_signals[0]),
    N_CRASH = sizeof(crash_signals) / sizeof(crash_signals[0]),
};

/* One terminal, since a process has one: what was there before, and what has happened. */
static struct {
    SCREEN *screen;
    bool has_colours;
    struct termios modes;
    char leave[128]; /* what the terminal is told at the end */
    sigset_t mask;
    struct sigaction ending_before[N_ENDING], crash_before[N_CRASH];
    volatile sig_atomic_t is_over;
} own;

static void end_soon(int signal_number) {
    (void)signal_number;
    own.is_over = 1;
}

/* Only calls that a signal handler may make. The signal comes again, and ends the process. */
static void restore_in_crash(int signal_number) {
    if (write(STDOUT_FILENO, own.leave, strlen(own.leave)) < 0) {
        own.is_over = 1;
    }
    tcsetattr(STDIN_FILENO, TCSANOW, &own.modes);
    raise(signal_number);
}

static void note_leaving(const char *name) {
    const char *text = tigetstr(name);
    size_t length = strlen(own.leave);
    if (text != NULL && text != (char *)-1 && length + strlen(text) < sizeof(own.leave)) {
        memcpy(own.leave + length, text, strlen(text) + 1);
    }
}

static void catch_signals(void) {
    sigset_t blocked;
    sigemptyset(&blocked);
    for (size_t i = 0; i < N_ENDING; i++) {
        struct sigaction action = {.sa_handler = end_soon};
        sigaction(ending_signals[i], &action, &own.ending_before[i]);
        sigaddset(&blocked, ending_signals[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, &own.mask);
    for (size_t i = 0; i < N_CRASH; i++) {
        struct sigaction action = {.sa_handler = restore_in_crash, .sa_flags = (int)SA_RESETHAND};
        sigaction(crash_signals[i], NULL, &own.crash_before[i]);
        if (own.crash_before[i].sa_handler == SIG_DFL) {
            sigaction(crash_signals[i], &action, NULL);
        }
    }
}

static void release_signals(void) {
    for (size_t i = 0; i < N_CRASH; i++) {
        sigaction(crash_signals[i], &own.crash_before[i], NULL);
    }
    for (size_t i = 0; i < N_ENDING; i++) {
        sigaction(ending_signals[i], &own.ending_before[i], NULL);
    }
    sigprocmask(SIG_SETMASK, &own.mask, NULL);
}

static void start_colours(void) {
    short back = use_default_colors() == OK ? -1 : COLOR_BLACK;
    init_pair(PAIR_MORE, COLOR_YELLOW, back);
    init_pair(PAIR_LESS, COLOR_GREEN, back);
    init_pair(PAIR_BAD, COLOR_RED, back);
    init_pair(PAIR_DRAWING, COLOR_CYAN, back);
    init_pair(PAIR_BAR, COLOR_BLACK, COLOR_CYAN);
    init_pair(PAIR_CHOSEN, COLOR_WHITE, COLOR_BLUE);
}

int terminal_open(bool has_no_colours) {
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
        tcgetattr(STDIN_FILENO, &own.modes) != 0) {
        return -ENOTTY;
    }
    catch_signals(); /* before ncurses, which leaves signals alone that have a handler */
    own.screen = newterm(NULL, stdout, stdin);
    if (own.screen == NULL) {
        release_signals();
        return -ENOTTY;
    }
    note_leaving("sgr0");
    note_leaving("rmkx");
    note_leaving("rmcup");
    note_leaving("cnorm");
    set_escdelay(ESCAPE_MS);
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    curs_set(0);
    own.has_colours = !has_no_colours && has_colors() && start_color() == OK;
    if (own.has_colours) {
        start_colours();
    }
    return 0;
}

void terminal_close(void) {
    if (own.screen != NULL) {
        endwin();
        delscreen(own.screen);
        own.screen = NULL;
        release_signals();
    }
}

void terminal_size(int *width, int *height) {
    *width = COLS;
    *height = LINES;
}

/* Attributes and the colours' pair of a style. */
static attr_t attributes_of(enum top_style style, short *pair) {
    static const struct {
        attr_t plain;   /* without colours */
        attr_t colours; /* beside the pair */
        short pair;
    } styles[TOP_STYLES] = {
        [TOP_BOLD] = {A_BOLD, A_BOLD, 0},
        [TOP_FAINT] = {A_DIM, A_DIM, 0},
        [TOP_BAR] = {A_REVERSE, A_NORMAL, PAIR_BAR},
        [TOP_BAR_MARK] = {A_REVERSE | A_BOLD, A_BOLD, PAIR_BAR},
        [TOP_CHOSEN] = {A_REVERSE, A_BOLD, PAIR_CHOSEN},
        [TOP_MORE] = {A_BOLD, A_NORMAL, PAIR_MORE},
        [TOP_LESS] = {A_NORMAL, A_NORMAL, PAIR_LESS},
        [TOP_BAD] = {A_BOLD, A_BOLD, PAIR_BAD},
        [TOP_DRAWING] = {A_NORMAL, A_NORMAL, PAIR_DRAWING},
    };
    *pair = own.has_colours ? styles[style].pair : 0;
    return own.has_colours ? styles[style].colours : styles[style].plain;
}

static void show_cell(int x, int y, struct top_cell cell) {
    wchar_t text[2] = {(wchar_t)cell.glyph, L'\0'};
    cchar_t shown;
    short pair;
    attr_t attributes = attributes_of((enum top_style)cell.style, &pair);
    if (setcchar(&shown, text, attributes, pair, NULL) == OK) {
        mvadd_wch(y, x, &shown);
    }
}

void terminal_show(const struct top_grid *grid) {
    erase();
    for (int y = 0; y < grid->height && y < LINES; y++) {
        for (int x = 0; x < grid->width && x < COLS; x++) {
            struct top_cell cell = grid->cells[(size_t)y * (size_t)grid->width + (size_t)x];
            bool is_blank = cell.glyph == ' ' && cell.style == TOP_PLAIN;
            if (cell.glyph != 0 && !is_blank) {
                show_cell(x, y, cell);
            }
        }
    }
    refresh();
}

static uint32_t special(wint_t code) {
    static const struct {
        wint_t code;
        uint32_t key;
    } keys[] = {
        {KEY_UP, TOP_KEY_UP},
        {KEY_DOWN, TOP_KEY_DOWN},
        {KEY_LEFT, TOP_KEY_LEFT},
        {KEY_RIGHT, TOP_KEY_RIGHT},
        {KEY_PPAGE, TOP_KEY_PAGE_UP},
        {KEY_NPAGE, TOP_KEY_PAGE_DOWN},
        {KEY_HOME, TOP_KEY_HOME},
        {KEY_END, TOP_KEY_END},
        {KEY_BACKSPACE, TOP_KEY_BACKSPACE},
        {KEY_BTAB, TOP_KEY_TAB_BACK},
        {KEY_ENTER, TOP_KEY_ENTER},
        {KEY_RESIZE, TOP_KEY_RESIZE},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (keys[i].code == code) {
            return keys[i].key;
        }
    }
    return TOP_KEY_NONE + 1000; /* a key that means nothing here */
}

/* False: there is none. */
static bool read_key(uint32_t *ret) {
    wint_t code;
    int result = get_wch(&code);
    if (result == ERR) {
        return false;
    }
    *ret = result == KEY_CODE_YES         ? special(code)
           : code == '\r'                 ? TOP_KEY_ENTER
           : code == 0x7f || code == '\b' ? TOP_KEY_BACKSPACE
                                          : (uint32_t)code;
    return true;
}

uint32_t terminal_wait(int64_t timeout_ns) {
    uint32_t key;
    if (read_key(&key)) {
        return key;
    }
    timeout_ns = timeout_ns > 0 ? timeout_ns : 0;
    struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    int n = ppoll(&input, 1, &timeout, &own.mask);
    bool is_gone = n > 0 && (input.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
    if (own.is_over || n == 0) {
        return TOP_KEY_NONE;
    }
    if (read_key(&key)) {
        return key;
    }
    /* A terminal that was closed is ready to be read for ever, and has nothing. */
    own.is_over = is_gone;
    return is_gone ? TOP_KEY_NONE : TOP_KEY_RESIZE; /* a signal of the window's, perhaps */
}

bool terminal_is_over(void) {
    return own.is_over != 0;
}
