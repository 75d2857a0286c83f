use std::io::Cursor;

use super::*;
use proptest::prelude::*;

fn zones() -> [TimeZone; 3] {
    ["UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0"]
        .map(|zone| TimeZone::posix(zone).unwrap())
}

fn second(time: &str) -> i64 {
    time.parse::<Timestamp>().unwrap().as_second()
}

/// Lines of these seconds, as local time without a year.
fn text(seconds: &[i64], zone: &TimeZone) -> String {
    let stamp = |second: &i64| Timestamp::from_second(*second).unwrap().to_zoned(zone.clone());
    seconds.iter().map(|second| stamp(second).strftime("%b %e %H:%M:%S host unit: x\n").to_string()).collect()
}

/// What a parser makes of a stamp: the latest time that is not so much later.
fn parse(line: &str, reference: u64, tolerance: u64, zone: &TimeZone) -> i64 {
    let latest = timestamp(reference + tolerance);
    let year = latest.to_zoned(zone.clone()).year();
    let in_year = |ago: i16| {
        let text = format!("{} {}", year - ago, &line[..15]);
        let shown = jiff::civil::DateTime::strptime("%Y %b %e %H:%M:%S", text).ok()?;
        zone.to_timestamp(shown).ok().filter(|time| *time <= latest)
    };
    (0..9).find_map(in_year).unwrap().as_second()
}

/// A file that is read: its text so far, and how far that was read.
struct Reading<'t> {
    years: Years,
    text: &'t str,
    at: usize,
    tolerance: u64,
    zone: &'t TimeZone,
    found: Vec<i64>,
}

impl Reading<'_> {
    fn chunk(&mut self, length: usize, modified: u64) {
        let (from, rest) = (self.at, &self.text[self.at..]);
        let length = rest[..length.min(rest.len())].rfind('\n').or_else(|| rest.find('\n')).unwrap() + 1;
        let part = Part {
            bytes: &rest.as_bytes()[..length],
            start: from as u64,
            more: length < rest.len(),
            modified,
        };
        let ahead =
            |at: u64| Some(Rest { text: Cursor::new(&self.text.as_bytes()[at as usize..]), resumes: true });
        while !self.years.look(&part, ahead, &mut Vec::new()) {}
        for stretch in self.years.stretches(&part, self.zone) {
            for line in self.text[self.at..from + stretch.end].lines() {
                self.found.push(parse(line, stretch.reference, self.tolerance, self.zone));
            }
            self.at = from + stretch.end;
        }
        assert_eq!(self.at, from + length);
    }
}

fn read(seconds: &[i64], modified: i64, chunk: usize, zone: &TimeZone) -> Vec<i64> {
    let text = text(seconds, zone);
    let [one_day, one_week] = [1, 7].map(|days| {
        let mut reading = Reading {
            years: Years::default(),
            text: &text,
            at: 0,
            tolerance: days * DAY,
            zone,
            found: Vec::new(),
        };
        while reading.at < text.len() {
            reading.chunk(chunk, modified as u64 * SECOND);
        }
        reading.found
    });
    assert_eq!(one_day, one_week);
    one_day
}

fn assert_read(times: &[&str], modified: &str) {
    let seconds: Vec<_> = times.iter().map(|time| second(time)).collect();
    for chunk in [1, 100, 1 << 20] {
        for zone in zones() {
            let found = read(&seconds, second(modified), chunk, &zone);
            let found: Vec<_> =
                found.iter().map(|&at| Timestamp::from_second(at).unwrap().to_string()).collect();
            assert_eq!(found, times, "in chunks of {chunk}, {zone:?}");
        }
    }
}

#[test]
fn a_backlog_of_years_has_them() {
    let times = [
        "2024-02-29T12:00:00Z",
        "2024-06-30T12:00:00Z",
        "2024-11-02T12:00:00Z",
        "2025-01-02T12:00:00Z",
        "2025-05-05T12:00:00Z",
        "2025-10-03T12:00:00Z",
        "2025-12-31T12:00:00Z",
        "2026-01-01T12:00:00Z",
        "2026-05-20T12:00:00Z",
        "2026-11-22T12:00:00Z",
    ];
    assert_read(&times, "2026-11-22T12:00:01Z");
    assert_read(&times[..7], "2026-01-01T00:00:00Z");
    assert_read(&times[..8], "2025-12-31T23:00:00Z");
}

#[test]
fn lines_that_are_late_at_new_year_keep_their_year() {
    assert_read(
        &[
            "2025-03-01T12:00:00Z",
            "2025-08-20T12:00:00Z",
            "2026-01-01T12:00:00Z",
            "2025-12-30T12:00:00Z",
            "2026-01-02T12:00:00Z",
            "2026-05-02T12:00:00Z",
            "2026-10-02T12:00:00Z",
        ],
        "2026-11-22T12:00:01Z",
    );
}

#[test]
fn a_leap_day_puts_its_year_back_where_the_last_change_is_another_ones() {
    let times =
        ["2023-12-31T12:00:00Z", "2024-02-28T12:00:00Z", "2024-02-29T12:00:00Z", "2024-03-01T12:00:00Z"];
    assert_read(&times, "2026-11-22T12:00:01Z");
}

#[test]
fn what_a_followed_file_gets_needs_no_look() {
    let zone = &zones()[1];
    let seconds: Vec<_> = (0..1000).map(|day| second("2024-01-15T12:00:00Z") + day * 86_400).collect();
    let text = text(&seconds, zone);
    let mut reading =
        Reading { years: Years::default(), text: &text, at: 0, tolerance: 7 * DAY, zone, found: Vec::new() };
    let line = text.find('\n').unwrap() + 1;
    for line_second in &seconds {
        reading.text = &text[..reading.at + line];
        reading.chunk(1 << 20, *line_second as u64 * SECOND);
        assert!(reading.at == line || matches!(reading.years.known, Known::Text { days: None, .. }));
    }
    assert_eq!(reading.found, seconds);
}

#[test]
fn a_clock_that_goes_back_takes_no_year_along() {
    let zone = &zones()[0];
    let (before, after) = (second("2026-11-25T10:00:00Z"), second("2026-11-20T10:00:00Z"));
    let text = text(&[before, before + 1, after], zone);
    let mut reading =
        Reading { years: Years::default(), text: &text, at: 0, tolerance: DAY, zone, found: Vec::new() };
    reading.text = &text[..text.len() / 3];
    reading.chunk(100, before as u64 * SECOND);
    reading.text = &text;
    reading.chunk(100, after as u64 * SECOND);
    assert_eq!(reading.found, [before, before + 1, after]);
    // Set to 1970 by a boot: of the year in which the lines before it are.
    let text = super::tests::text(&[5], zone);
    reading.text = &text;
    reading.at = 0;
    reading.chunk(100, 5 * SECOND);
    assert_eq!(reading.found[3], second("2026-01-01T00:00:05Z"));
}

#[test]
fn a_text_without_stamps_is_not_looked_through() {
    let line = "2026-11-22T10:15:30+00:00 host unit: x\n".repeat(100);
    let part = Part { bytes: line.as_bytes(), start: 0, more: true, modified: 1_795_000_000 * SECOND };
    let mut years = Years::default();
    let nothing = |_| -> Option<Rest<Cursor<Vec<u8>>>> { panic!("it is looked through") };
    assert!(years.look(&part, nothing, &mut Vec::new()));
    let whole = Stretch { end: line.len(), reference: part.modified };
    assert_eq!(years.stretches(&part, &TimeZone::UTC), [whole]);
}

#[test]
fn a_chunk_is_not_cut_into_more_pieces_than_that() {
    let lines = "Mar  1 00:00:00 x\nSep  1 00:00:00 x\nJan 20 00:00:00 x\n".repeat(MOST_PIECES);
    let part = Part { bytes: lines.as_bytes(), start: 0, more: false, modified: 1_795_000_000 * SECOND };
    let mut years = Years::default();
    assert!(years.look(&part, |_| None::<Rest<Cursor<Vec<u8>>>>, &mut Vec::new()));
    let stretches = years.stretches(&part, &TimeZone::UTC);
    assert_eq!((stretches.len(), stretches.last().unwrap().end), (MOST_PIECES + 1, lines.len()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Three years at the most, never silent for five months, cut anywhere, read on by
    /// another run in the middle, and written to meanwhile.
    #[test]
    fn years_are_the_true_ones(
        begin in 1_000_000_000i64..1_900_000_000,
        pauses in prop::collection::vec(prop_oneof![3 => 0i64..3600, 1 => 0i64..150 * 86_400], 1..120),
        chunks in prop::collection::vec(1usize..2000, 1..20),
        restart: prop::sample::Index, written: prop::sample::Index,
        silence in 0i64..100 * 86_400, zone in 0usize..3, one_week: bool,
    ) {
        let zone = &zones()[zone];
        let mut seconds = vec![begin];
        for pause in pauses {
            let next = seconds[seconds.len() - 1] + pause;
            if next < begin + 3 * 365 * 86_400 {
                seconds.push(next);
            }
        }
        let all = text(&seconds, zone);
        let line = all.find('\n').unwrap() + 1;
        let first = (1 + written.index(seconds.len())) * line;
        let restart = restart.index(seconds.len()) * line;
        let tolerance = if one_week { 7 * DAY } else { DAY };
        let mut reading = Reading { years: Years::default(), text: &all[..first], at: 0, tolerance, zone, found: Vec::new() };
        let mut chunks = chunks.iter().cycle();
        while reading.at < all.len() {
            let modified = seconds[reading.text.len() / line - 1];
            reading.chunk(*chunks.next().unwrap(), modified as u64 * SECOND);
            if reading.at >= restart && reading.text.len() < all.len() {
                // The rest is written while nobody looks.
                (reading.text, reading.years) = (&all, Years::default());
            }
            if reading.at == reading.text.len() {
                reading.text = &all;
            }
        }
        for (found, second) in reading.found.iter().zip(&seconds) {
            // An hour may be there twice.
            prop_assert!((found - second).abs() <= 3600, "{} is {}", second, found);
        }
        // The same once all is silent.
        let again = read(&seconds, seconds[seconds.len() - 1] + silence, *chunks.next().unwrap(), zone);
        for (found, second) in again.iter().zip(&seconds) {
            prop_assert!((found - second).abs() <= 3600, "{} is {}", second, found);
        }
    }
}

/// More than is looked at in one go, with a New Year in it.
fn long(zone: &TimeZone) -> String {
    let seconds =
        [second("2024-11-01T12:00:00Z"), second("2025-02-01T12:00:00Z"), second("2025-06-01T12:00:00Z")];
    let lines = text(&seconds, zone);
    let filler = "y".repeat(1 << 20) + "\n";
    lines.split_inclusive('\n').map(|line| line.trim_end().to_owned() + &filler.repeat(30)).collect()
}

#[test]
fn a_long_text_is_looked_through_in_turns() {
    let text = long(&TimeZone::UTC);
    let part = Part {
        bytes: &text.as_bytes()[..2 << 20],
        start: 0,
        more: true,
        modified: second("2025-06-02T00:00:00Z") as u64 * SECOND,
    };
    for (resumes, turns) in [(true, 2), (false, 1)] {
        let mut years = Years::default();
        let mut taken = 1;
        let mut buffer = Vec::new();
        let rest = |at: u64| Some(Rest { text: Cursor::new(&text.as_bytes()[at as usize..]), resumes });
        while !years.look(&part, rest, &mut buffer) {
            taken += 1;
        }
        assert_eq!(taken, turns);
        // What cannot be looked through to its end is of the last change's year, as far as
        // a parser can tell.
        let Known::Text { days, .. } = &years.known else { panic!("{years:?}") };
        assert_eq!(days.as_ref().map(|days| days.turns.len()), resumes.then_some(1));
        let stretches = years.stretches(&part, &TimeZone::UTC);
        let expected = if resumes {
            part.modified.min(second("2024-12-03T00:00:00Z") as u64 * SECOND)
        } else {
            part.modified
        };
        assert_eq!(stretches, [Stretch { end: 2 << 20, reference: expected }]);
    }
}
