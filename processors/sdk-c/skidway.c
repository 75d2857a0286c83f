/* The other side of skidway.h: wit/v0.1.0 by hand, in the memory layout of the component model's canonical ABI.
 *
 * Memory is one arena. What skidway_configure allocates stays; everything after that is taken back as soon as the agent
 * has read the answer to a call, so nothing is ever freed by itself.
 *
 * Invariants: all record columns are equally long, all attribute columns are; attributes past the last record's
 * attributes_end belong to the record at hand.
 */
#include "skidway.h"

#include <stdarg.h>

#ifndef __wasm_bulk_memory__
#error "compile with -mbulk-memory: memcpy is an instruction then"
#endif
#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

#define EXPORT(name) __attribute__((export_name(name)))
#define LIFECYCLE "skidway:processor/lifecycle@0.1.0#"
#define PARSER "skidway:processor/parser@0.1.0#"

/* === What there is of <string.h> === */

void *memcpy(void *restrict to, const void *restrict from, size_t length) {
    return __builtin_memcpy(to, from, length);
}

void *memmove(void *to, const void *from, size_t length) {
    return __builtin_memmove(to, from, length);
}

void *memset(void *to, int byte, size_t length) {
    return __builtin_memset(to, byte, length);
}

int memcmp(const void *a, const void *b, size_t length) {
    const unsigned char *left = a, *right = b;
    for (size_t i = 0; i < length; i++) {
        if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}

size_t strlen(const char *string) {
    size_t length = 0;
    while (string[length]) length++;
    return length;
}

/* === Memory === */

#define PAGE 65536u

/* The linker's: where its own data ends. */
extern unsigned char __heap_base;
static uintptr_t top;
/* What is below stays. */
static uintptr_t kept;

/* Sizes are far below the 4 GiB of memory, so no sum of two overflows. */
static void *take(size_t size, size_t align) {
    if (top == 0) top = (uintptr_t)&__heap_base;
    uintptr_t at = (top + align - 1) & ~(uintptr_t)(align - 1);
    uintptr_t end = at + size;
    size_t have = __builtin_wasm_memory_size(0) * PAGE;
    if (end < at) __builtin_trap();
    if (end > have && __builtin_wasm_memory_grow(0, (end - have + PAGE - 1) / PAGE) == (size_t)-1) __builtin_trap();
    top = end;
    return (void *)at;
}

void *skidway_allocate(size_t size) {
    return take(size, 16);
}

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    if (size <= old_size) return old_size ? old : (void *)align;
    void *new = take(size, align);
    memcpy(new, old, old_size);
    return new;
}

static void *grow(void *old, size_t old_size, size_t size) {
    return cabi_realloc(old, old_size, 16, size);
}

static void take_back(void) {
    top = kept;
}

const char *skidway_string(skidway_text text) {
    char *string = skidway_allocate(text.length + 1);
    memcpy(string, text.at, text.length);
    string[text.length] = 0;
    return string;
}

const char *skidway_concat(const char *first, ...) {
    va_list list;
    size_t length = 1;
    va_start(list, first);
    for (const char *part = first; part; part = va_arg(list, const char *)) length += strlen(part);
    va_end(list);
    char *all = skidway_allocate(length), *at = all;
    va_start(list, first);
    for (const char *part = first; part; part = va_arg(list, const char *)) {
        memcpy(at, part, strlen(part));
        at += strlen(part);
    }
    va_end(list);
    *at = 0;
    return all;
}

/* === Texts === */

bool skidway_equal(skidway_text a, skidway_text b) {
    return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

bool skidway_starts_with(skidway_text text, const char *start) {
    size_t length = strlen(start);
    return text.length >= length && memcmp(text.at, start, length) == 0;
}

skidway_text skidway_from(skidway_text text, size_t from) {
    if (from > text.length) from = text.length;
    return (skidway_text){text.at + from, text.length - from};
}

size_t skidway_find(skidway_text text, char byte) {
    size_t at = 0;
#ifdef __wasm_simd128__
    v128_t wanted = wasm_i8x16_splat(byte);
    for (; text.length - at >= 16; at += 16) {
        uint32_t hits = wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(text.at + at), wanted));
        if (hits) return at + (size_t)__builtin_ctz(hits);
    }
#endif
    while (at < text.length && text.at[at] != byte) at++;
    return at;
}

bool skidway_cut(skidway_text text, char separator, skidway_text *before, skidway_text *behind) {
    size_t at = skidway_find(text, separator);
    if (at == text.length) return false;
    *before = (skidway_text){text.at, at};
    *behind = skidway_from(text, at + 1);
    return true;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* === Times === */

/* Days since 1970-01-01: years are counted from March, so that the leap day is the last one. */
static int64_t days(int64_t year, unsigned month, unsigned day) {
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t skidway_civil(int64_t year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second) {
    return days(year, month, day) * 86400 + (int64_t)hour * 3600 + minute * 60 + second;
}

int64_t skidway_utc(const skidway_context *context, int64_t local_second) {
    int64_t offset = context->zone_changes ? context->zone[0].utc_offset_second : 0;
    for (size_t i = 1; i < context->zone_changes; i++) {
        if (local_second - offset < context->zone[i].from_unix_second) break;
        offset = context->zone[i].utc_offset_second;
    }
    return local_second - offset;
}

/* `count` digits; -1 where one is none. */
static int32_t digits(const char *at, unsigned count) {
    int32_t number = 0;
    for (unsigned i = 0; i < count; i++) {
        if (!is_digit(at[i])) return -1;
        number = number * 10 + (at[i] - '0');
    }
    return number;
}

static unsigned days_in(int32_t year, int32_t month) {
    if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* A zone at the start of a text: `Z`, `+01:00`, `+0100`, `+01`. Its length, 0 for none. */
static size_t zone(skidway_text text, int32_t *offset_second) {
    if (text.length == 0) return 0;
    char sign = text.at[0];
    *offset_second = 0;
    if (sign == 'Z' || sign == 'z') return 1;
    if ((sign != '+' && sign != '-') || text.length < 3) return 0;
    int32_t hours = digits(text.at + 1, 2), minutes = 0;
    size_t length = 3;
    if (text.length >= 6 && text.at[3] == ':' && digits(text.at + 4, 2) >= 0) {
        minutes = digits(text.at + 4, 2);
        length = 6;
    } else if (text.length >= 5 && digits(text.at + 3, 2) >= 0) {
        minutes = digits(text.at + 3, 2);
        length = 5;
    }
    if (hours < 0 || hours > 23 || minutes > 59) return 0;
    *offset_second = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
    return length;
}

size_t skidway_rfc3339(skidway_text text, uint64_t *unix_nano) {
    const char *at = text.at;
    if (text.length < 20 || at[4] != '-' || at[7] != '-' || at[13] != ':' || at[16] != ':') return 0;
    if (at[10] != 'T' && at[10] != 't' && at[10] != ' ') return 0;
    int32_t year = digits(at, 4), month = digits(at + 5, 2), day = digits(at + 8, 2);
    int32_t hour = digits(at + 11, 2), minute = digits(at + 14, 2), second = digits(at + 17, 2);
    if (year < 0 || month < 1 || month > 12 || day < 1 || (unsigned)day > days_in(year, month)) return 0;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return 0;
    /* A leap second stays in its minute. */
    if (second == 60) second = 59;
    size_t length = 19;
    uint32_t nanos = 0;
    if ((at[19] == '.' || at[19] == ',') && text.length > 20 && is_digit(at[20])) {
        uint32_t unit = 100000000;
        for (length = 20; length < text.length && is_digit(at[length]); length++, unit /= 10) {
            nanos += (uint32_t)(at[length] - '0') * unit;
        }
    }
    int32_t offset;
    size_t zone_length = zone(skidway_from(text, length), &offset);
    if (zone_length == 0) return 0;
    int64_t unix_second = skidway_civil(year, (unsigned)month, (unsigned)day, (unsigned)hour, (unsigned)minute,
                                        (unsigned)second) - offset;
    /* Before 1970 and after 2554 64 bits do not hold it. */
    bool held = unix_second >= 0 && unix_second < 18446744073;
    *unix_nano = held ? (uint64_t)unix_second * 1000000000 + nanos : 0;
    return length + zone_length;
}

/* === Settings === */

static void skip_space(skidway_text *json) {
    while (json->length && is_space(json->at[0])) *json = skidway_from(*json, 1);
}

static bool skip(skidway_text *json, char byte) {
    skip_space(json);
    if (json->length == 0 || json->at[0] != byte) return false;
    *json = skidway_from(*json, 1);
    return true;
}

static size_t utf8(char *to, int32_t c) {
    if (c < 0x80) return to[0] = (char)c, 1;
    if (c < 0x800) return to[0] = (char)(0xc0 | c >> 6), to[1] = (char)(0x80 | (c & 63)), 2;
    if (c >= 0xd800 && c < 0xe000) c = 0xfffd;
    return to[0] = (char)(0xe0 | c >> 12), to[1] = (char)(0x80 | (c >> 6 & 63)), to[2] = (char)(0x80 | (c & 63)), 3;
}

static int32_t hex(const char *at) {
    int32_t number = 0;
    for (int i = 0; i < 4; i++) {
        int32_t c = at[i], lower = c | 32;
        if (!is_digit((char)c) && (lower < 'a' || lower > 'f')) return 0xfffd;
        number = number * 16 + (is_digit((char)c) ? c - '0' : lower - 'a' + 10);
    }
    return number;
}

/* A string at the start, which the opening quote is taken off. */
static bool read_string(skidway_text *json, skidway_text *value) {
    /* No escape is shorter than what it stands for. */
    char *to = skidway_allocate(json->length);
    size_t length = 0, i = 0;
    for (; i < json->length && json->at[i] != '"'; i++) {
        char c = json->at[i];
        if (c == '\\') {
            if (++i == json->length) return false;
            c = json->at[i];
            if (c == 'u') {
                if (json->length - i < 5) return false;
                length += utf8(to + length, hex(json->at + i + 1));
                i += 4;
                continue;
            }
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'b' ? '\b' : c == 'f' ? '\f' : c;
        }
        to[length++] = c;
    }
    *value = (skidway_text){to, length};
    bool closed = i < json->length;
    *json = skidway_from(*json, i + 1);
    return closed;
}

static const char *unknown_setting(skidway_text name, const skidway_setting *settings, size_t count) {
    if (count == 0) return "it has no settings: leave `config` out";
    const char *known = settings[0].name;
    for (size_t i = 1; i < count; i++) known = skidway_concat(known, ", ", settings[i].name, NULL);
    return skidway_concat(skidway_string(name), ": there is no such setting; there are ", known, NULL);
}

const char *skidway_settings(skidway_text json, skidway_setting *settings, size_t count) {
    const char *no_object = "`config` has to be a map of settings";
    if (!skip(&json, '{')) return no_object;
    if (skip(&json, '}')) return NULL;
    do {
        skidway_text name, value;
        if (!skip(&json, '"') || !read_string(&json, &name) || !skip(&json, ':')) return no_object;
        skidway_setting *setting = NULL;
        for (size_t i = 0; i < count; i++) {
            if (skidway_equal(name, (skidway_text){settings[i].name, strlen(settings[i].name)})) setting = settings + i;
        }
        if (!setting) return unknown_setting(name, settings, count);
        if (skip(&json, '"')) {
            if (!read_string(&json, &value)) return no_object;
        } else {
            size_t end = 0;
            while (end < json.length && json.at[end] != ',' && json.at[end] != '}' && !is_space(json.at[end])) end++;
            if (end == 0 || json.at[0] == '[' || json.at[0] == '{') {
                return skidway_concat(setting->name, ": write a text, a number or a boolean", NULL);
            }
            value = (skidway_text){json.at, end};
            json = skidway_from(json, end);
        }
        setting->value = value;
    } while (skip(&json, ','));
    return skip(&json, '}') ? NULL : no_object;
}

/* === The agent's types === */

typedef struct {
    const void *at;
    uint32_t length;
} list;

typedef struct {
    list name;
    uint8_t kind, subject;
} key;

/* `result<parsed, string>`; the list of an error lies where the first one of `records` does. */
typedef struct {
    uint8_t is_error;
    list origin, time, severity, severity_text_start, severity_text_end, body_start, body_end, body_json,
        attributes_end, attribute_key, attribute_start, attribute_end, keys, scratch;
    uint32_t consumed, skipped_lines, dropped, entries;
    list unrecognised, unrecognised_reason;
} parse_result;

_Static_assert(sizeof(key) == 12, "key");
_Static_assert(offsetof(parse_result, origin) == 4 && offsetof(parse_result, consumed) == 116, "parsed");
_Static_assert(sizeof(parse_result) == 148 && sizeof(skidway_zone_change) == 16, "parsed, zone-change");

typedef struct {
    uint8_t is_error;
    list error;
} configure_result;

__attribute__((import_module("skidway:processor/host@0.1.0"), import_name("log"))) void host_log(
    int32_t level, const char *at, size_t length);

void skidway_log(skidway_level level, const char *message) {
    host_log(level, message, strlen(message));
}

/* === Columns === */

/* A line is about 100 bytes long and has about five attributes; columns grow where that is wrong. */
#define BYTES_PER_RECORD 100
#define ATTRIBUTES_PER_RECORD 5
#define NONE UINT32_MAX

/* What is known of a text so far, and the record at hand. */
struct skidway_record {
    skidway_text text;
    uint32_t count, room;
    uint32_t *origin, *body_start, *body_end, *attributes_end;
    uint64_t *times;
    uint8_t *severities;
    uint32_t attributes, attributes_room;
    uint16_t *attribute_key;
    uint32_t *attribute_start, *attribute_end;
    key *keys;
    uint32_t key_count, keys_room;
    char *scratch;
    uint32_t scratch_length, scratch_room;
    uint32_t *unrecognised;
    uint32_t unrecognised_count, unrecognised_room;
    uint32_t skipped;
    /* The record at hand. */
    uint64_t time;
    uint8_t severity;
    uint32_t first_attribute;
    /* It has only keys below this one, so that it and all above are new to it. */
    uint32_t next_key;
    /* The attribute that grows with the entry. */
    uint32_t open_ended;
    /* The last record, while the next line may continue it: that attribute of it. */
    bool is_open;
    uint32_t open_attribute;
};

#define GROW(column, old, new) ((column) = grow((column), (old) * sizeof *(column), (new) * sizeof *(column)))

static void reserve_records(skidway_record *it, uint32_t room) {
    GROW(it->origin, it->count, room);
    GROW(it->body_start, it->count, room);
    GROW(it->body_end, it->count, room);
    GROW(it->attributes_end, it->count, room);
    GROW(it->times, it->count, room);
    GROW(it->severities, it->count, room);
    it->room = room;
}

static void reserve_attributes(skidway_record *it, uint32_t room) {
    GROW(it->attribute_key, it->attributes, room);
    GROW(it->attribute_start, it->attributes, room);
    GROW(it->attribute_end, it->attributes, room);
    it->attributes_room = room;
}

static void start_record(skidway_record *it) {
    it->time = 0;
    it->severity = 0;
    it->first_attribute = it->attributes;
    it->next_key = 0;
    it->open_ended = NONE;
}

static void discard(skidway_record *it) {
    it->attributes = it->first_attribute;
    start_record(it);
}

static void push(skidway_record *it, uint32_t origin, uint32_t start, uint32_t end) {
    if (it->count == it->room) reserve_records(it, it->room * 2);
    uint32_t at = it->count++;
    it->origin[at] = origin;
    it->times[at] = it->time;
    it->severities[at] = it->severity;
    it->body_start[at] = start;
    it->body_end[at] = end;
    it->attributes_end[at] = it->attributes;
    start_record(it);
}

/* Takes back the last record. */
static void pop(skidway_record *it) {
    it->count--;
    it->first_attribute = it->count ? it->attributes_end[it->count - 1] : 0;
    discard(it);
}

static bool is_of_text(const skidway_record *it, skidway_text value) {
    uintptr_t start = (uintptr_t)value.at - (uintptr_t)it->text.at;
    return start <= it->text.length && value.length <= it->text.length - start;
}

static uint32_t place(skidway_record *it, skidway_text value) {
    if (is_of_text(it, value)) return (uint32_t)(value.at - it->text.at);
    if (value.length > it->scratch_room - it->scratch_length) {
        it->scratch_room = (it->scratch_room + (uint32_t)value.length) * 2;
        GROW(it->scratch, it->scratch_length, it->scratch_room);
    }
    memcpy(it->scratch + it->scratch_length, value.at, value.length);
    it->scratch_length += value.length;
    return (uint32_t)(it->text.length + it->scratch_length - value.length);
}

/* The index of a name. Records mostly set the same keys in the same order, and the same name mostly has the same
 * address. */
static uint32_t find_key(skidway_record *it, const char *name, skidway_kind kind) {
    for (uint32_t i = it->next_key; i < it->key_count; i++) {
        if (it->keys[i].name.at == name) return i;
    }
    size_t length = strlen(name);
    for (uint32_t i = 0; i < it->key_count; i++) {
        list known = it->keys[i].name;
        if (known.length == length && memcmp(known.at, name, length) == 0) return i;
    }
    if (it->key_count == it->keys_room) {
        it->keys_room = it->keys_room * 2 + 16;
        GROW(it->keys, it->key_count, it->keys_room);
    }
    it->keys[it->key_count] = (key){{name, length}, kind, 0};
    return it->key_count++;
}

static uint32_t set(skidway_record *it, const char *name, skidway_kind kind, skidway_text value) {
    uint32_t start = place(it, value), key = find_key(it, name, kind), slot = it->attributes;
    if (key >= it->next_key) {
        it->next_key = key + 1;
    } else {
        slot = it->first_attribute;
        while (slot < it->attributes && it->attribute_key[slot] != key) slot++;
    }
    if (slot == it->attributes) {
        if (it->attributes == it->attributes_room) reserve_attributes(it, it->attributes_room * 2);
        it->attributes++;
    }
    it->attribute_key[slot] = (uint16_t)key;
    it->attribute_start[slot] = start;
    it->attribute_end[slot] = start + (uint32_t)value.length;
    return slot;
}

void skidway_time(skidway_record *record, uint64_t unix_nano) {
    record->time = unix_nano;
}

void skidway_severity(skidway_record *record, uint8_t number) {
    record->severity = number;
}

void skidway_attribute(skidway_record *record, const char *key, skidway_text value) {
    set(record, key, SKIDWAY_AS_TEXT, value);
}

void skidway_attribute_as(skidway_record *record, const char *key, skidway_kind kind, skidway_text value) {
    set(record, key, kind, value);
}

void skidway_attribute_to_end(skidway_record *record, const char *key, skidway_text rest) {
    uint32_t slot = set(record, key, SKIDWAY_AS_TEXT, rest);
    record->open_ended = is_of_text(record, rest) ? slot : NONE;
}

/* === Lines === */

static uint32_t leading(skidway_text line) {
    uint32_t count = 0;
    while (count < line.length && is_space(line.at[count])) count++;
    return count;
}

static void push_unrecognised(skidway_record *it, uint32_t start, skidway_text line) {
    discard(it);
    if (it->unrecognised_count == it->unrecognised_room) {
        it->unrecognised_room = it->unrecognised_room * 2 + 16;
        GROW(it->unrecognised, it->unrecognised_count, it->unrecognised_room);
    }
    it->unrecognised[it->unrecognised_count++] = it->count;
    push(it, start, start + leading(line), start + (uint32_t)line.length);
    it->is_open = false;
}

static void read_line(skidway_record *it, uint32_t start, uint32_t end, const skidway_context *context) {
    skidway_text line = {it->text.at + start, end - start};
    while (line.length && is_space(line.at[line.length - 1])) line.length--;
    end = start + (uint32_t)line.length;
    skidway_answer answer = line.length ? skidway_line(line, context, it) : SKIDWAY_SKIP;
    if (answer == SKIDWAY_ENTRY) {
        uint32_t open_ended = it->open_ended;
        push(it, start, start + leading(line), end);
        it->is_open = true;
        it->open_attribute = open_ended;
    } else if (answer == SKIDWAY_CONTINUATION && it->is_open) {
        discard(it);
        it->body_end[it->count - 1] = end;
        if (it->open_attribute != NONE) it->attribute_end[it->open_attribute] = end;
    } else if (answer == SKIDWAY_SKIP) {
        discard(it);
        it->skipped++;
        it->is_open = false;
    } else {
        push_unrecognised(it, start, line);
    }
}

/* === Exports === */

EXPORT(LIFECYCLE "configure") configure_result *configure(const char *json, size_t length) {
    static configure_result result;
    const char *error = skidway_configure((skidway_text){json, length});
    result = (configure_result){error != NULL, {error, error ? strlen(error) : 0}};
    return &result;
}

EXPORT("cabi_post_" LIFECYCLE "configure") void configured(configure_result *result) {
    (void)result;
    kept = top;
}

EXPORT(PARSER "owns-file-attributes") int32_t owns_file_attributes(void) {
    return 0;
}

EXPORT(PARSER "parse") parse_result *parse(const char *at, size_t length, const char *path, size_t path_length,
                                           uint64_t reference_unix_nano, const skidway_zone_change *zone_changes,
                                           size_t zone_count, int32_t flush, uint64_t offset, uint64_t entries_before,
                                           const void *file_attributes, size_t file_attribute_count) {
    (void)entries_before, (void)file_attributes, (void)file_attribute_count;
    static parse_result result;
    skidway_context context = {{path, path_length}, reference_unix_nano, zone_changes, zone_count, offset};
    skidway_record it = {.text = {at, length}};
    reserve_records(&it, (uint32_t)length / BYTES_PER_RECORD + 1);
    reserve_attributes(&it, it.room * ATTRIBUTES_PER_RECORD);
    start_record(&it);
    uint32_t start = 0, consumed;
    for (;;) {
        uint32_t end = start + (uint32_t)skidway_find(skidway_from(it.text, start), '\n');
        if (end == length) break;
        read_line(&it, start, end, &context);
        start = end + 1;
    }
    if (flush && start < length) {
        read_line(&it, start, (uint32_t)length, &context);
        start = (uint32_t)length;
    }
    consumed = start;
    /* Its end may not be there yet: it is offered again with what follows. */
    if (!flush && it.is_open) {
        consumed = it.origin[it.count - 1];
        pop(&it);
    }
    result = (parse_result){
        .origin = {it.origin, it.count},
        .time = {it.times, it.count},
        .severity = {it.severities, it.count},
        .body_start = {it.body_start, it.count},
        .body_end = {it.body_end, it.count},
        .attributes_end = {it.attributes_end, it.count},
        .attribute_key = {it.attribute_key, it.attributes},
        .attribute_start = {it.attribute_start, it.attributes},
        .attribute_end = {it.attribute_end, it.attributes},
        .keys = {it.keys, it.key_count},
        .scratch = {it.scratch, it.scratch_length},
        .consumed = consumed,
        .skipped_lines = it.skipped,
        .entries = it.count,
        .unrecognised = {it.unrecognised, it.unrecognised_count},
    };
    return &result;
}

EXPORT("cabi_post_" PARSER "parse") void parsed(parse_result *result) {
    (void)result;
    take_back();
}
