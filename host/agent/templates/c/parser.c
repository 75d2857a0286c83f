/* Parses what this application writes:
 *
 *   2026-11-22T11:19:23.080Z WARN billing: card 4711 was declined
 *       an indented line belongs to the entry before it
 */
#include "skidway.h"

const char *skidway_configure(skidway_text json) {
    return skidway_settings(json, NULL, 0);
}

/* OpenTelemetry's numbers; 0 for a word that is no level. */
static uint8_t severity(skidway_text level) {
    static const struct {
        skidway_text name;
        uint8_t number;
    } levels[] = {
        {SKIDWAY_TEXT("TRACE"), 1}, {SKIDWAY_TEXT("DEBUG"), 5},  {SKIDWAY_TEXT("INFO"), 9},
        {SKIDWAY_TEXT("WARN"), 13}, {SKIDWAY_TEXT("ERROR"), 17}, {SKIDWAY_TEXT("FATAL"), 21},
    };
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (skidway_equal(level, levels[i].name)) return levels[i].number;
    }
    return 0;
}

/* `STAMP LEVEL COMPONENT: message`. */
skidway_answer skidway_line(skidway_text line, const skidway_context *context, skidway_record *out) {
    (void)context;
    if (line.at[0] == ' ' || line.at[0] == '\t') return SKIDWAY_CONTINUATION;

    uint64_t time;
    skidway_text level, component, message;
    size_t stamp = skidway_rfc3339(line, &time);
    if (stamp == 0) return SKIDWAY_UNRECOGNISED;
    if (!skidway_cut(skidway_from(line, stamp + 1), ' ', &level, &message)) return SKIDWAY_UNRECOGNISED;
    if (!skidway_cut(message, ':', &component, &message)) return SKIDWAY_UNRECOGNISED;
    if (severity(level) == 0) return SKIDWAY_UNRECOGNISED;
    if (skidway_starts_with(message, " ")) message = skidway_from(message, 1);

    skidway_time(out, time);
    skidway_severity(out, severity(level));
    skidway_attribute(out, "component", component);
    /* To the end of the entry: it grows with the lines that follow. */
    skidway_attribute_to_end(out, "message", message);
    return SKIDWAY_ENTRY;
}
