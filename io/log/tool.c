/* io/log/tool.c -- `gongji log dump` and `gongji log verify`. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/format/codes.h"
#include "core/format/op_traits.h"
#include "io/log/reader.h"
#include "io/log/tool.h"

typedef void (*group_fn)(const struct log_reader *reader, const struct log_group *group, FILE *out);

/* What is asked of a log, and who is told. */
struct walk {
    const char *dir;
    group_fn each; /* NULL = nothing */
    const struct log_progress *progress;
    FILE *out;
};

static const char *kind_name(uint32_t kind)
{
    switch (kind) {
    case LOG_GROUP_START: return "START";
    case LOG_GROUP_DATA: return "DATA";
    case LOG_GROUP_SEAL: return "SEAL";
    default: return "?"; /* log_group_verify() accepts no other */
    }
}

static const char *op_name(uint8_t type)
{
    const char *name = gj_op_name(type);
    return name != NULL ? name : "?"; /* record_size() accepts no other */
}

static void dump_rid(const char *what, const struct gj_rid *rid, FILE *out)
{
    fprintf(out, " %s ", what);
    for (unsigned i = 0; i < sizeof(rid->bytes); i++) fprintf(out, "%02x", rid->bytes[i]);
}

/* Amounts are yuan, as everywhere in the tool: " WHAT -12.30". */
static void dump_yuan(const char *what, int64_t fen, FILE *out)
{
    uint64_t size = fen < 0 ? -(uint64_t)fen : (uint64_t)fen;
    fprintf(out, "%s %s%" PRIu64 ".%02u", what, fen < 0 ? "-" : "", size / 100,
            (unsigned)(size % 100));
}

static void dump_sources(const char *what, const int64_t fen[GJ_SOURCES_MAX], FILE *out)
{
    fprintf(out, " %s", what);
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) dump_yuan("", fen[i], out);
}

/* What gj_op.amount means depends on the operation. */
static void dump_amount(const struct gj_op *op, FILE *out)
{
    if (op->type == GJ_OP_SET_REGION)
        fprintf(out, " version %" PRId64, op->amount);
    else if (op->amount == -1 && (op->type == GJ_OP_BIND || op->type == GJ_OP_SET_CAP))
        fputs(" cap none", out);
    else if (op->type == GJ_OP_BIND || op->type == GJ_OP_SET_CAP)
        dump_yuan(" cap", op->amount, out);
    else if (op->amount != 0)
        dump_yuan(" amount", op->amount, out);
}

static void dump_hold(const void *record, FILE *out)
{
    const struct gj_effect_hold *hold = record_hold(record);
    fprintf(out, " hold %u", hold->entry);
    dump_yuan(" amount", hold->amount, out);
    fprintf(out, " due %" PRIu64 "%s", hold->due_ms,
            record_effect(record)->flags & EFFECT_ENDS ? " ends" : "");
}

static void dump_original(const void *record, FILE *out)
{
    static const struct gj_rid zero;
    const struct gj_effect_original *original = record_original(record);
    fprintf(out, " undoes %s amended %" PRIu64, op_name(original->type), original->amended);
    if (memcmp(&original->root, &zero, sizeof(zero)) == 0) return;
    dump_rid("payment", &original->root, out);
    dump_sources("refunded", original->refunded, out);
}

static void dump_record(const void *record, FILE *out)
{
    const struct gj_op *op = record_op(record);
    const struct gj_effect *effect = record_effect(record);
    const char *code = gj_code_name(effect->code);
    fprintf(out, "  seq %" PRIu64 " %s", effect->seq, op_name(op->type));
    dump_rid("rid", &op->rid, out);
    fprintf(out, " person %" PRIu64, op->person);
    if (op_is(op->type, GJ_OP_ORIGINAL)) dump_rid("original", record_original_rid(record), out);
    if (op->other != 0) fprintf(out, " other %" PRIu64, op->other);
    dump_amount(op, out);
    fprintf(out, " -> %u %s", effect->code, code != NULL ? code : "?");
    dump_yuan(" balance", effect->balance, out);
    if (effect->flags & EFFECT_SOURCES) {
        const struct gj_effect_sources *sources = record_sources(record);
        dump_sources("taken", sources->taken, out);
        dump_yuan(" remainder", sources->remainder, out);
    }
    if (effect->flags & EFFECT_HOLD) dump_hold(record, out);
    if (effect->flags & EFFECT_ORIGINAL) dump_original(record, out);
    fprintf(out, "\n");
}

static void dump_group(const struct log_reader *reader, const struct log_group *group, FILE *out)
{
    fprintf(out,
            "group %" PRIu64 " %s position %" PRIu64 " size %u generation %" PRIu64 " time %" PRIu64
            " first_seq %" PRIu64 " records %u durable_through %" PRIu64 "\n",
            group->number, kind_name(group->kind), group->position, group->size, group->generation,
            group->time_ms, group->first_seq, group->count, group->durable_through);
    for (uint32_t i = 0; i < reader->count; i++) {
        dump_record((const uint8_t *)group + reader->offsets[i], out);
    }
}

static int print_fault(const struct log_fault *fault, FILE *out)
{
    fprintf(out, "%s\n", fault->line);
    return fault->exit_code;
}

static int print_end(struct log_reader *reader, FILE *out)
{
    struct recover_tail facts;
    uint64_t end, at = reader->position, segment = reader->files->sizes.segment;
    log_reader_tail(reader, &facts, &end);
    if (reader->stopped) {
        fprintf(out, "stopped at group %" PRIu64 ", which is good like all before it\n",
                reader->number);
        return 75;
    }
    fprintf(out,
            "%" PRIu64 " groups, %" PRIu64 " records, %" PRIu64 " bytes, %" PRIu64
            " generations, last log time %" PRIu64 " ms\n",
            reader->number, reader->records, reader->end, reader->generation, reader->time_ms);
    enum recover_verdict verdict = recover_tail(&facts);
    switch (verdict) {
    case RECOVER_CONTINUE:
        fprintf(out, "good: the log ends cleanly%s\n",
                reader->kind == LOG_GROUP_SEAL ? ", sealed" : "");
        break;
    case RECOVER_CUT:
        fprintf(out,
                "good up to a torn tail: group %" PRIu64 " at byte %" PRIu64
                " is not whole and nothing shows that it ever was; the next start cuts %" PRIu64
                " bytes\n",
                facts.bad_group, at, end - at);
        break;
    case RECOVER_REFUSE_NEWER:
        fprintf(out, "group %" PRIu64 " at byte %" PRIu64 " or one behind it has a newer format\n",
                facts.bad_group, at);
        break;
    case RECOVER_REFUSE_SEGMENT_MISSING:
        fprintf(out, "MISSING: the newest segments, from log-%016" PRIx64 ".seg on\n",
                reader->files->first + reader->files->segments);
        break;
    case RECOVER_REFUSE_UNREADABLE:
        fprintf(out, "UNREADABLE: log-%016" PRIx64 ".seg gives a read error at byte %" PRIu64 "\n",
                reader->unreadable / segment, reader->unreadable % segment);
        break;
    case RECOVER_REFUSE_SEAL_MISSING:
        fprintf(out,
                "MISSING: the log ends with group %" PRIu64
                ", but its last clean stop sealed it with group %" PRIu64 "\n",
                reader->number, reader->files->sealed.number);
        break;
    case RECOVER_REFUSE_FOREIGN:
        fprintf(out, "at byte %" PRIu64 " or behind it stand groups of another log\n", at);
        break;
    default:
        fprintf(out,
                "DAMAGED: group %" PRIu64 " at byte %" PRIu64 " (log-%016" PRIx64
                ".seg, offset %" PRIu64 ")%s\n",
                facts.bad_group, at, at / segment, at % segment,
                facts.malformed
                    ? " verifies but does not continue the log or its records cannot be "
                      "read"
                    : "; later groups prove that it was durable");
        break;
    }
    return recover_exit_code(verdict);
}

static int walk_groups(const struct walk *w, const struct log_files *files,
                       struct log_reader *reader)
{
    struct log_fault fault;
    if (!log_reader_open(reader, files, &fault)) return print_fault(&fault, w->out);
    reader->progress = w->progress;
    const struct log_group *group;
    while ((group = log_reader_next(reader)) != NULL) {
        if (w->each != NULL) w->each(reader, group, w->out);
    }
    int code = print_end(reader, w->out);
    log_reader_close(reader);
    return code;
}

static int walk_files(const struct walk *w, struct log_files *files, struct log_reader *reader)
{
    struct log_fault fault;
    struct recover_directory facts;
    if (!log_files_open_read_only(files, w->dir, &fault)) return print_fault(&fault, w->out);
    if (!log_files_facts(files, &facts, &fault)) return print_fault(&fault, w->out);
    enum recover_verdict verdict = recover_directory(&facts);
    if (verdict == RECOVER_FRESH) {
        fprintf(w->out, "%s holds no log\n", w->dir);
        return 0;
    }
    if (verdict != RECOVER_SCAN) {
        (void)log_files_refuse(files, verdict, &facts, &fault);
        return print_fault(&fault, w->out);
    }
    if (!log_files_open_segments(files, facts.segments, &fault)) {
        return print_fault(&fault, w->out);
    }
    return walk_groups(w, files, reader);
}

static int walk(const struct walk *w)
{
    struct log_files *files = calloc(1, sizeof(*files));
    struct log_reader *reader = calloc(1, sizeof(*reader));
    int code = 75;
    if (files == NULL || reader == NULL) {
        fprintf(w->out, "no memory to read the log with\n");
    } else {
        code = walk_files(w, files, reader);
        log_files_close(files);
    }
    free(reader);
    free(files);
    return code;
}

int log_dump(const char *dir, FILE *out)
{
    return walk(&(struct walk){.dir = dir, .each = dump_group, .out = out});
}

int log_verify(const char *dir, FILE *out, const struct log_progress *progress)
{
    return walk(&(struct walk){.dir = dir, .progress = progress, .out = out});
}
