/* tests/images/images.c -- every legal image that a crash may leave of a recorded run, recovered.
 *
 *   images TRACE... [--images N] [--seed N] [--seconds S] [--image POINT.K [--write-image DIR]]
 *
 * TRACE: files of gongjid --io-trace --test-segment 1M, one for each life of the server, in order.
 * Walks the events. After each that may bring new images (the others make a step certain, so their
 * images are among those before) it builds some, recovers each and compares with plain replay. Of
 * some points it lets the process be killed instead: another one recovers, begins a generation, and
 * whatever it wrote is walked in the same way, three levels deep. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/hash.h"
#include "tests/images/choose.h"
#include "tests/images/probe.h"
#include "tests/images/random.h"
#include "tests/images/trace.h"
#include "tests/images/write_image.h"

#define LEVELS_MAX   3u
#define LIFE_EVENTS  512u /* of one start: a new log and a segment at most */
#define KILLS_FEW    3u
#define NESTED_QUOTA 4u  /* images of a point of another life */
#define KILL_IMAGES  42u /* so many come of one kill */
#define NESTED_SHARE 4u  /* one in so many images is of another life */
#define TWICE_EVERY  16u
#define GO_ON_EVERY  64u
#define SEEN_BITS    21u /* so many images are remembered: 2 to the power of this, three quarters */
#define FEW_NEW      10u /* a walk of which less than one in so many is new has seen it all */
#define EXIT_USAGE   64
#define EXIT_TRACE   65

struct arguments {
    char **traces;
    uint32_t trace_count;
    uint64_t images, seed, seconds;
    uint64_t only_point, only_image; /* UINT64_MAX: all */
    const char *write_dir;
};

/* Where in a walk an image is: for the report. */
struct frame {
    const struct event *event;
    const struct crash_disk *disk;
    struct choice choice;
    bool killed;
};

struct walk {
    const struct arguments *arguments;
    struct trace trace;
    uint64_t seed, goal, share; /* images of this walk, and of each of its points */
    uint64_t random;
    uint64_t point, image;  /* number of the event, and of the image of that point */
    uint64_t tries, images; /* built, and of them those that were new */
    uint64_t points, kills, by_kind[IMAGE_KINDS], by_level[LEVELS_MAX];
    struct frame frames[LEVELS_MAX];
};

/* ---- what was seen ---- */

/* An image that was recovered already, when no less had to be found in it, is none again. */
static bool is_new(const struct content *image, const struct expectation *expect)
{
    static uint64_t seen[1u << SEEN_BITS];
    static uint32_t count;
    const uint32_t mask = (1u << SEEN_BITS) - 1;
    const struct group *told = expect->acknowledged;
    uint64_t must = told == NULL ? 0 : XXH3_64bits(told->own, sizeof(told->own));
    uint64_t key = random_mix(content_hash(image) + must) | 1;
    if (count > mask / 4 * 3) {
        memset(seen, 0, sizeof(seen));
        count = 0;
    }
    for (uint32_t at = (uint32_t)(key >> 32) & mask;; at = (at + 1) & mask) {
        if (seen[at] == key) return false;
        if (seen[at] != 0) continue;
        seen[at] = key;
        count++;
        return true;
    }
}

/* ---- a failure ---- */

static void print_step(const struct step *step, enum how how, uint64_t tear)
{
    static const char *const kinds[] = {"write", "size", "make", "rename", "remove"};
    printf("      %s %s%s%s", kinds[step->kind], step->name, step->to[0] != 0 ? " to " : "",
           step->to);
    if (step->kind == STEP_WRITE) {
        printf("of %" PRIu64 " bytes at %" PRIu64 " of file %d", step->size, step->offset,
               step->file);
    }
    printf("%s: ", step->state == STEP_DONE ? " (ended, not flushed)" : "");
    switch (how) {
    case HOW_NOT: printf("not there\n"); return;
    case HOW_WHOLE: printf("there\n"); return;
    case HOW_SECTORS_FIRST: printf("its first %" PRIu64 " sectors\n", tear); return;
    case HOW_SECTORS_LAST: printf("without its first %" PRIu64 " sectors\n", tear); return;
    case HOW_SECTORS_ANY: printf("some sectors\n"); return;
    case HOW_BYTES: printf("its first %" PRIu64 " bytes\n", tear); return;
    }
}

static void report(const struct walk *w, uint32_t level, const char *wrong)
{
    const struct arguments *a = w->arguments;
    printf("not ok: image %" PRIu64 ".%" PRIu64 ": %s\n", w->point, w->image, wrong);
    for (uint32_t l = 0; l <= level; l++) {
        const struct frame *frame = &w->frames[l];
        uint32_t open[STEPS_MAX];
        uint32_t count = crash_disk_open_steps(frame->disk, open);
        printf("    %s ", l == 0 ? "after" : "then after");
        event_print(frame->event);
        printf(", %s\n", frame->killed ? "the process was killed" : "the machine crashed");
        for (uint32_t i = 0; i < count; i++) {
            uint32_t at = open[i];
            print_step(&frame->disk->steps[at], frame->choice.how[at], frame->choice.tear[at]);
        }
    }
    printf("again: images");
    for (uint32_t i = 0; i < a->trace_count; i++) printf(" %s", a->traces[i]);
    printf(" --images %" PRIu64 " --seed %" PRIu64 " --image %" PRIu64 ".%" PRIu64 "\n", w->goal,
           w->seed, w->point, w->image);
    printf("as a directory: the same with --write-image DIR, then gongji log verify DIR\n");
    exit(1);
}

/* ---- images ---- */

static enum depth depth_of(uint64_t image)
{
    if (image % GO_ON_EVERY == 0) return DEPTH_GO_ON;
    return image % TWICE_EVERY == 0 ? DEPTH_TWICE : DEPTH_ONCE;
}

/* Counts the image if it is new; writes it to a directory if it is the one that was asked for. */
static bool begin_image(struct walk *w, uint32_t level, const struct content *c,
                        const struct expectation *expect)
{
    const struct arguments *a = w->arguments;
    w->image++;
    w->tries++;
    if (w->point == a->only_point && w->image == a->only_image && a->write_dir != NULL) {
        if (!write_image(c, a->write_dir)) exit(EXIT_TRACE);
        printf("image %" PRIu64 ".%" PRIu64 " is in %s\n", w->point, w->image, a->write_dir);
        exit(0);
    }
    if (!is_new(c, expect)) return false;
    w->images++;
    w->by_level[level]++;
    return true;
}

static void crash(struct walk *w, uint32_t level, const struct expectation *expect, uint64_t quota)
{
    struct frame *frame = &w->frames[level];
    frame->killed = false;
    for (uint64_t k = 0; k < quota; k++) {
        struct content c;
        enum image_kind kind;
        size_t mark = stack_mark();
        if (!choose(frame->disk, k, quota, &w->random, &frame->choice, &kind)) return;
        crash_disk_image(frame->disk, &frame->choice, &c);
        if (begin_image(w, level, &c, expect)) {
            w->by_kind[kind]++;
            const char *wrong = probe(&c, expect, depth_of(w->image));
            if (wrong != NULL) report(w, level, wrong);
        }
        stack_cut(mark);
    }
}

static void explore(struct walk *w, uint32_t level, const struct event *event,
                    const struct crash_disk *disk, const struct expectation *expect, uint64_t quota,
                    uint64_t kills);

static bool is_point(const struct event *event)
{
    switch ((enum disk_trace_kind)event->head.kind) {
    case DISK_TRACE_OPEN: return (event->head.flags & DISK_TRACE_MADE) != 0;
    case DISK_TRACE_RESIZE:
    case DISK_TRACE_RENAME:
    case DISK_TRACE_REMOVE:
    case DISK_TRACE_WRITE:
    case DISK_TRACE_RECOVERED:
    case DISK_TRACE_RELEASED: return true;
    default: return false;
    }
}

/* From now on `group` and all before it may have been told. */
static void acknowledge(struct expectation *expect, const struct group *group)
{
    if (group != NULL && !group_has_behind(expect->acknowledged, group)) {
        expect->acknowledged = group;
    }
}

/* What stands on the disk for certain; it only ever grows but for cuts. */
static void find_certain(const struct crash_disk *disk, struct expectation *expect)
{
    const struct group *from = expect->certain;
    while (from != NULL && !group_is_there(&disk->durable, from)) from = from->parent;
    expect->certain = groups_walk(&disk->durable, from);
}

/* Follows what a process did after a kill. Its groups: [0] what it recovered, then what it wrote.
 */
static void walk_life(struct walk *w, uint32_t level, struct crash_disk *disk,
                      const struct events *events, const struct group *recovered,
                      struct expectation *expect)
{
    const struct group *written[3] = {recovered, NULL, NULL};
    uint32_t count = 1;
    for (uint32_t i = 0; i < events->count; i++) {
        const struct event *event = &events->list[i];
        struct log_group header;
        const char *wrong = groups_add(event);
        if (wrong == NULL) wrong = crash_disk_apply(disk, event);
        if (wrong != NULL) report(w, level - 1, wrong);
        if (count < ARRAY_COUNT(written) && event_group(event, &header)) {
            written[count++] = groups_find(header.checksum);
        }
        if (event->head.kind == DISK_TRACE_RELEASED) acknowledge(expect, written[event->head.op]);
        if (!is_point(event)) continue;
        find_certain(disk, expect);
        bool deeper = random_below(&w->random, 4) == 0;
        explore(w, level, event, disk, expect, NESTED_QUOTA, deeper ? 1 : 0);
    }
}

/* The process is killed; another one starts. */
static void kill_process(struct walk *w, uint32_t level, const struct expectation *expect)
{
    struct frame *frame = &w->frames[level];
    static struct crash_disk disks[LEVELS_MAX]; /* of the life after the kill */
    struct crash_disk *disk = &disks[level];
    struct content seen;
    struct event list[LIFE_EVENTS];
    struct events events = {.list = list, .max = LIFE_EVENTS};
    struct expectation then = *expect;
    const struct group *recovered;
    size_t mark = stack_mark();
    uint32_t groups = groups_mark();
    choose_landed(frame->disk, &w->random, &frame->choice);
    crash_disk_kill(frame->disk, &frame->choice, disk, &seen);
    frame->killed = true;
    (void)begin_image(w, level, &seen, expect);
    w->kills++;
    const char *wrong = probe_life(&seen, expect, &events, &recovered);
    if (wrong != NULL) report(w, level, wrong);
    walk_life(w, level + 1, disk, &events, recovered, &then);
    groups_cut(groups);
    stack_cut(mark);
}

/* At most `quota` images after `event`, and those of the lives after some kills. */
static void explore(struct walk *w, uint32_t level, const struct event *event,
                    const struct crash_disk *disk, const struct expectation *expect, uint64_t quota,
                    uint64_t kills)
{
    w->frames[level].event = event;
    w->frames[level].disk = disk;
    crash(w, level, expect, quota);
    if (level + 1 == LEVELS_MAX) return;
    for (uint64_t i = 0; i < kills; i++) kill_process(w, level, expect);
}

/* ---- the walk ---- */

/* Events after which a write is on its way: only there the images are many. */
static uint64_t count_points(const struct trace *trace)
{
    static struct crash_disk disk;
    uint64_t count = 0;
    size_t mark = stack_mark();
    disk = (struct crash_disk){.count = 0};
    for (uint32_t i = 0; i < trace->count; i++) {
        if (crash_disk_apply(&disk, &trace->events[i]) != NULL) break; /* the walk says why */
        if (is_point(&trace->events[i]) && crash_disk_has_writes(&disk)) count++;
    }
    stack_cut(mark);
    return count;
}

static int bad_trace(const struct walk *w, uint32_t i, const char *wrong)
{
    printf("images: event %u of the trace (", i);
    event_print(&w->trace.events[i]);
    printf("): %s\n", wrong);
    return EXIT_TRACE;
}

/* What a point gets, the same in every walk with these arguments. */
static void visit(struct walk *w, uint32_t i, const struct crash_disk *disk,
                  const struct expectation *expect)
{
    const struct arguments *a = w->arguments;
    if (a->only_point != UINT64_MAX && a->only_point != i) return;
    uint64_t nested = w->share / NESTED_SHARE;
    w->point = i;
    w->image = 0;
    w->random = random_mix(w->seed ^ random_mix(i));
    w->points++;
    uint32_t open[STEPS_MAX];
    uint64_t kills = (nested + random_below(&w->random, KILL_IMAGES)) / KILL_IMAGES;
    if (crash_disk_open_steps(disk, open) == 0) {
        kills = 0; /* the same as at the point before */
    } else if (!crash_disk_has_writes(disk)) {
        kills = KILLS_FEW; /* names and sizes only: such points are rare */
    }
    explore(w, 0, &w->trace.events[i], disk, expect, w->share - nested, kills);
}

/* Walks the trace once, for about w->goal images. */
static int walk_trace(struct walk *w)
{
    static struct crash_disk disk;
    struct expectation expect = {NULL, NULL};
    uint64_t points = count_points(&w->trace);
    disk = (struct crash_disk){.count = 0};
    w->points = 0;
    w->share = points == 0 ? w->goal : (w->goal + points - 1) / points;
    for (uint32_t i = 0; i < w->trace.count; i++) {
        const struct event *event = &w->trace.events[i];
        const char *wrong = groups_add(event);
        if (wrong == NULL) wrong = crash_disk_apply(&disk, event);
        if (wrong != NULL) return bad_trace(w, i, wrong);
        if (event->head.kind == DISK_TRACE_RELEASED && event->head.op > 0) {
            const struct group *group = groups_latest(event->head.op);
            if (group == NULL) return bad_trace(w, i, "a group that was never written");
            acknowledge(&expect, group);
        }
        if (!is_point(event)) continue;
        find_certain(&disk, &expect);
        visit(w, i, &disk, &expect);
    }
    return 0;
}

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void summary(const struct walk *w, double seconds)
{
    printf("%" PRIu64 " different images (of %" PRIu64 ") of %" PRIu64 " points of %u events:",
           w->images, w->tries, w->points, w->trace.count);
    for (unsigned i = 0; i < IMAGE_KINDS; i++) {
        printf(" %" PRIu64 " %s,", w->by_kind[i], image_kind_names[i]);
    }
    printf(" %" PRIu64 " kills; of lives after a kill %" PRIu64 " and %" PRIu64 "\n", w->kills,
           w->by_level[1], w->by_level[2]);
    printf("%" PRIu64 " recoveries, %" PRIu64 " cut a torn tail; %.1f s, %.0f images/s\n",
           probe_count(), probe_cuts(), seconds, (double)w->images / seconds);
}

/* Walks with one seed after the other until there are as many images as wanted, and as long as
 * asked for, or until there is next to nothing new in the trace. */
static int walk_all(struct walk *w, double begin)
{
    const struct arguments *a = w->arguments;
    w->goal = a->images;
    for (;; w->seed++) {
        size_t mark = stack_mark();
        uint64_t before = w->images, tries = w->tries;
        int code = walk_trace(w);
        groups_cut(0);
        stack_cut(mark);
        if (code != 0 || a->only_point != UINT64_MAX || w->points == 0) return code;
        printf("seed %" PRIu64 ": %" PRIu64 " new images\n", w->seed, w->images - before);
        if ((w->images - before) * FEW_NEW < w->tries - tries) return 0;
        bool enough = w->images >= a->images;
        if (enough && now() - begin >= (double)a->seconds) return 0;
        w->goal = enough ? a->images : a->images - w->images;
    }
}

static int run(const struct arguments *arguments)
{
    struct walk w = {.arguments = arguments, .seed = arguments->seed};
    if (!trace_read(&w.trace, arguments->traces, arguments->trace_count)) return EXIT_TRACE;
    double begin = now();
    int code = walk_all(&w, begin);
    if (code != 0) return code;
    if (w.points == 0) {
        printf("images: there is nothing in this trace, or not at this point\n");
        return EXIT_TRACE;
    }
    groups_state_clear();
    if (!groups_state_is_clear()) {
        printf("not ok: a state wrote where groups_state_clear() does not clear\n");
        return 1;
    }
    summary(&w, now() - begin);
    return 0;
}

/* ---- arguments ---- */

static int usage(void)
{
    (void)fprintf(stderr, "images: TRACE... [--images N] [--seed N] [--seconds S] [--image POINT.K "
                          "[--write-image DIR]]\n");
    return EXIT_USAGE;
}

static bool number(const char *text, uint64_t *ret)
{
    char *end;
    *ret = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == 0;
}

static bool option(struct arguments *a, const char *name, const char *value)
{
    if (strcmp(name, "--images") == 0) return number(value, &a->images) && a->images > 0;
    if (strcmp(name, "--seed") == 0) return number(value, &a->seed);
    if (strcmp(name, "--seconds") == 0) return number(value, &a->seconds);
    if (strcmp(name, "--image") == 0) {
        return sscanf(value, "%" SCNu64 ".%" SCNu64, &a->only_point, &a->only_image) == 2;
    }
    if (strcmp(name, "--write-image") == 0) {
        a->write_dir = value;
        return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    struct arguments a = {
        .images = 100000, .seed = 1, .only_point = UINT64_MAX, .only_image = UINT64_MAX};
    a.traces = argv + 1;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0) {
            if ((uint32_t)i != a.trace_count + 1) return usage();
            a.trace_count++;
        } else if (i + 1 == argc || !option(&a, argv[i], argv[i + 1])) {
            return usage();
        } else {
            i++;
        }
    }
    if (a.trace_count == 0) return usage();
    return run(&a);
}
