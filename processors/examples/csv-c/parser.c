/* Parses CSV: a line of fields, of which those that have a comma or a quote in them are quoted, quotes doubled.
 *
 *   time,level,host,user,message
 *   2026-11-22T11:19:23Z,WARN,pos-7,"Karlsson, Åsa","paid with ""the other"" card"
 *
 * Settings, all optional:
 *   columns    the names of the fields, separated by commas; default: time,level,host,user,message
 *   delimiter  what separates fields; default: a comma
 *   time       the column with the time, as RFC 3339 has it; default: time
 *   severity   the column with the level; default: level
 *
 * A field becomes an attribute by the name of its column, unless it is empty. A line of the columns' names is a header,
 * which is left out. A line with another number of fields, with a quote that does not end, or with a time that is none,
 * is not recognised.
 */
#include "skidway.h"

#define MAX_COLUMNS 256

static const char *columns[MAX_COLUMNS];
static size_t column_count, time_column, severity_column;
static char delimiter;

/* The number of columns where there is none of that name. */
static size_t column(skidway_text name) {
    for (size_t i = 0; i < column_count; i++) {
        if (skidway_equal(name, (skidway_text){columns[i], strlen(columns[i])})) return i;
    }
    return column_count;
}

const char *skidway_configure(skidway_text json) {
    skidway_setting settings[] = {
        {"columns", SKIDWAY_TEXT("time,level,host,user,message")},
        {"delimiter", SKIDWAY_TEXT(",")},
        {"time", SKIDWAY_TEXT("time")},
        {"severity", SKIDWAY_TEXT("level")},
    };
    const char *wrong = skidway_settings(json, settings, 4);
    if (wrong) return wrong;

    skidway_text rest = settings[0].value;
    for (bool more = true; more;) {
        skidway_text name = rest;
        more = skidway_cut(rest, ',', &name, &rest);
        if (name.length == 0) return "columns: a name is empty; write names with a comma between them";
        if (column(name) < column_count) return skidway_concat("columns: ", skidway_string(name), " is there twice", NULL);
        if (column_count == MAX_COLUMNS) return "columns: there are more than 256";
        columns[column_count++] = skidway_string(name);
    }
    if (settings[1].value.length != 1 || settings[1].value.at[0] == '"') {
        return "delimiter: write one ASCII character, which is no quote";
    }
    delimiter = settings[1].value.at[0];
    time_column = column(settings[2].value);
    severity_column = column(settings[3].value);
    return NULL;
}

/* OpenTelemetry's numbers, by a level's first letter in any case; 0: unspecified. */
static uint8_t severity(skidway_text level) {
    switch (level.length ? level.at[0] | 32 : 0) {
    case 't': return 1;
    case 'd': return 5;
    case 'i': return 9;
    case 'w': return 13;
    case 'e': return 17;
    case 'f': return 21;
    default: return 0;
    }
}

/* Takes the field at the start, and the delimiter behind it unless it is the last one. */
static bool take_field(skidway_text *rest, skidway_text *field, bool *last) {
    size_t end;
    if (rest->length && rest->at[0] == '"') {
        const char *at = rest->at + 1;
        size_t length = rest->length - 1, doubled = 0, i = 0;
        for (;; i++) {
            i += skidway_find((skidway_text){at + i, length - i}, '"');
            if (i >= length) return false;
            if (i + 1 == length || at[i + 1] != '"') break;
            doubled++, i++;
        }
        *field = (skidway_text){at, i};
        if (doubled) {
            char *plain = skidway_allocate(i);
            size_t to = 0;
            for (size_t from = 0; from < i; from++) {
                plain[to++] = at[from];
                if (at[from] == '"') from++;
            }
            *field = (skidway_text){plain, to};
        }
        end = i + 2;
        if (end < rest->length && rest->at[end] != delimiter) return false;
    } else {
        end = skidway_find(*rest, delimiter);
        *field = (skidway_text){rest->at, end};
    }
    *last = end >= rest->length;
    *rest = skidway_from(*rest, end + 1);
    return true;
}

skidway_answer skidway_line(skidway_text line, const skidway_context *context, skidway_record *out) {
    (void)context;
    size_t count = 0;
    uint64_t time;
    bool last = false, is_header = true, has_time = true;
    while (!last) {
        skidway_text field;
        if (count == column_count || !take_field(&line, &field, &last)) return SKIDWAY_UNRECOGNISED;
        is_header = is_header && skidway_equal(field, (skidway_text){columns[count], strlen(columns[count])});
        if (count == time_column) {
            has_time = field.length && skidway_rfc3339(field, &time) == field.length;
            if (has_time) skidway_time(out, time);
        }
        if (count == severity_column) skidway_severity(out, severity(field));
        if (field.length) skidway_attribute(out, columns[count], field);
        count++;
    }
    if (count != column_count) return SKIDWAY_UNRECOGNISED;
    if (is_header) return SKIDWAY_SKIP;
    return has_time ? SKIDWAY_ENTRY : SKIDWAY_UNRECOGNISED;
}
