/* Write a line function in C, get a sandboxed log parser for Skidway.
 *
 *   const char *skidway_configure(skidway_text json) { return skidway_settings(json, NULL, 0); }
 *
 *   skidway_answer skidway_line(skidway_text line, const skidway_context *context, skidway_record *out) {
 *       skidway_text rest;
 *       if (!skidway_cut(line, ' ', &line, &rest)) return SKIDWAY_UNRECOGNISED;
 *       skidway_attribute(out, "level", line);
 *       skidway_attribute_to_end(out, "message", rest);
 *       return SKIDWAY_ENTRY;
 *   }
 *
 *   clang --target=wasm32-unknown-unknown -O3 -msimd128 -mbulk-memory -ffreestanding -nostdlib \
 *       -Wl,--no-entry -Wl,--strip-all -o mine.core.wasm mine.c skidway.c
 *   skidway componentize mine.core.wasm -o mine.wasm
 *
 * There is no C library: a parser is a function of its lines, which needs none of the system. skidway.c splits and
 * joins lines, keeps the books and hands columns to the agent; it implements wit/v0.1.0.
 *
 * The rules of lines are those of the SDK for Rust:
 * - White space (space, tab, CR, LF) is trimmed off both ends of an entry; a line of nothing else is skipped and ends
 *   the entry before it.
 * - A continuation belongs to the entry right before it; without one it is a record of its own, unrecognised.
 * - A parser must not remember anything from line to line: texts are cut anywhere, and parsed again after a failure.
 */
#ifndef SKIDWAY_H
#define SKIDWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes, which end nowhere but at their length. */
typedef struct {
    const char *at;
    size_t length;
} skidway_text;

/* Of a string literal. */
#define SKIDWAY_TEXT(literal) ((skidway_text){("" literal), sizeof(literal) - 1})

/* What a line turned out to be. */
typedef enum {
    /* The first line of an entry. */
    SKIDWAY_ENTRY,
    /* A further line of the entry before it. What was set in the record is dropped. */
    SKIDWAY_CONTINUATION,
    /* Nothing, on purpose: it is counted and not delivered. */
    SKIDWAY_SKIP,
    /* A line that this parser does not know. It is delivered as it stands, what was set in the record is dropped. */
    SKIDWAY_UNRECOGNISED,
} skidway_answer;

/* How an attribute is delivered; what does not parse as its kind is delivered as text. */
typedef enum {
    SKIDWAY_AS_TEXT,
    SKIDWAY_AS_INTEGER,
    SKIDWAY_AS_FLOAT,
    SKIDWAY_AS_BOOLEAN,
    SKIDWAY_AS_JSON,
} skidway_kind;

/* From this second since 1970 on, local time is UTC plus so many seconds. */
typedef struct {
    int64_t from_unix_second;
    int32_t utc_offset_second;
} skidway_zone_change;

/* What a line does not say by itself. */
typedef struct {
    skidway_text path;
    /* No line was written later than this: the year of stamps that have none. */
    uint64_t reference_unix_nano;
    const skidway_zone_change *zone;
    size_t zone_changes;
    /* Where the text that the line is of begins in the file. */
    uint64_t offset;
} skidway_context;

/* The record that a line becomes. */
typedef struct skidway_record skidway_record;

/* === What you write === */

/* Called once, before the first line, with the user's `config` as JSON, `{}` without one. NULL, or what is wrong and
 * what to write instead. What it allocates stays; skidway_settings reads it. */
const char *skidway_configure(skidway_text json);

/* Reads one line: never empty, without its line end and trailing white space, valid UTF-8. Leading white space is still
 * there: it often marks a continuation. */
skidway_answer skidway_line(skidway_text line, const skidway_context *context, skidway_record *out);

/* === The record === */

/* Nanoseconds since 1970-01-01T00:00:00Z; 0: unknown. */
void skidway_time(skidway_record *record, uint64_t unix_nano);
/* OpenTelemetry's number, 1 (TRACE) to 24 (FATAL4); 0: unspecified. */
void skidway_severity(skidway_record *record, uint8_t number);
/* Sets an attribute; one that is set twice has its last value. `key` has to outlive the call: a literal, or of
 * skidway_configure. A part of the line costs an offset, other bytes are copied and must be valid UTF-8. Cut the line
 * at ASCII characters: the agent refuses an answer with half a character in it. */
void skidway_attribute(skidway_record *record, const char *key, skidway_text value);
/* The same for what is to be delivered as a number and so on. The first use of a key settles the kind of all. */
void skidway_attribute_as(skidway_record *record, const char *key, skidway_kind kind, skidway_text value);
/* Sets an attribute to everything from `rest`, the end of the line, to the end of the entry: it grows when lines are
 * joined to the entry. One entry has one such attribute. */
void skidway_attribute_to_end(skidway_record *record, const char *key, skidway_text rest);

/* === Texts === */

bool skidway_equal(skidway_text a, skidway_text b);
bool skidway_starts_with(skidway_text text, const char *start);
/* `text` from its byte `from` on; nothing where it is shorter. */
skidway_text skidway_from(skidway_text text, size_t from);
/* The place of a byte; text.length where it is missing. */
size_t skidway_find(skidway_text text, char byte);
/* What stands before and behind the first `separator`; false where there is none. */
bool skidway_cut(skidway_text text, char separator, skidway_text *before, skidway_text *behind);

/* === Times === */

/* Reads `2026-11-22T11:19:23.08+01:00` (or a space for `T`, a comma for `.`, `Z`, `+0100`, `+01`) at the start of a
 * text. How many bytes it takes; 0 where there is no such stamp. */
size_t skidway_rfc3339(skidway_text text, uint64_t *unix_nano);
/* Seconds since 1970-01-01T00:00:00 of a date and time of the Gregorian calendar, which has to exist. */
int64_t skidway_civil(int64_t year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second);
/* The UTC second at which the clocks of the file's host showed this one. */
int64_t skidway_utc(const skidway_context *context, int64_t local_second);

/* === Settings === */

typedef struct {
    const char *name;
    /* The default, then what the user wrote: a text without its quotes, a number or a boolean as it stands. */
    skidway_text value;
} skidway_setting;

/* Reads a flat JSON object into `settings`. NULL, or a complaint for skidway_configure to return: also about a
 * setting that is not among them. */
const char *skidway_settings(skidway_text json, skidway_setting *settings, size_t count);

/* === Memory and messages === */

/* In skidway_configure it lasts, in skidway_line until all of the text is parsed. Never NULL: an instance without
 * memory ends, and the agent starts another one. */
void *skidway_allocate(size_t size);
/* One string of several, the last of which is NULL. */
const char *skidway_concat(const char *first, ...);
/* A string of a text. */
const char *skidway_string(skidway_text text);

typedef enum { SKIDWAY_DEBUG, SKIDWAY_INFO, SKIDWAY_WARN, SKIDWAY_ERROR } skidway_level;
/* A line to the agent's own log, marked there with the parser's name; their number is bounded. */
void skidway_log(skidway_level level, const char *message);

/* What there is of <string.h>. */
void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
size_t strlen(const char *string);

#endif
