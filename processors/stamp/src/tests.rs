use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

/// 2026-11-22T12:00:00Z.
const NOW: u64 = 1_795_348_800_000_000_000;

fn nano(text: &str) -> i128 {
    text.parse::<Timestamp>().unwrap().as_nanosecond()
}

fn strptime(layout: &str, stamp: &str) -> Option<i128> {
    Layout::strptime(layout).unwrap().parse(stamp.as_bytes(), &Zone::utc(), NOW).ok()
}

fn gotime(layout: &str, stamp: &str) -> Option<i128> {
    Layout::gotime(layout).parse(stamp.as_bytes(), &Zone::utc(), NOW).ok()
}

#[test]
fn the_guides_layouts_take_what_they_take_in_the_collector() {
    let modern = "2006-01-02T15:04:05.999999-07:00";
    let table = [
        ("2025-11-17T20:55:44.826796+00:00", Some("2025-11-17T20:55:44.826796Z")),
        ("2025-11-17T20:55:44+00:00", Some("2025-11-17T20:55:44Z")),
        ("2025-11-17T20:55:44.8+00:00", Some("2025-11-17T20:55:44.8Z")),
        ("2025-11-17T20:55:44.826796123+09:00", Some("2025-11-17T11:55:44.826796123Z")),
        ("2025-11-17T20:55:44,826796+00:00", Some("2025-11-17T20:55:44.826796Z")),
        ("2025-11-17T20:55:44.826796Z", None),
        ("2025-11-17T20:55:44.826796+0000", None),
        ("2025-11-31T20:55:44+00:00", None),
        ("2025-11-17T24:55:44+00:00", None),
        ("2025-11-17T20:55:44+00:00 ", None),
        ("", None),
    ];
    for (stamp, expected) in table {
        assert_eq!(gotime(modern, stamp), expected.map(nano), "{stamp}");
    }
    let demo = "%Y-%m-%dT%H:%M:%S%z";
    let table = [
        ("2025-11-17T20:55:44+0000", Some("2025-11-17T20:55:44Z")),
        ("2025-11-17T20:55:44Z", Some("2025-11-17T20:55:44Z")),
        ("2025-11-17T20:55:44-0500", Some("2025-11-18T01:55:44Z")),
        ("2025-11-17T20:55:44.123456+0000", Some("2025-11-17T20:55:44.123456Z")),
        ("2025-11-17T20:55:44+00:00", None),
    ];
    for (stamp, expected) in table {
        assert_eq!(strptime(demo, stamp), expected.map(nano), "{stamp}");
    }
    let legacy = "%b %d %H:%M:%S";
    let table = [
        ("Nov 17 20:55:44", Some("2026-11-17T20:55:44Z")),
        ("Nov 07 20:55:44", Some("2026-11-07T20:55:44Z")),
        ("nov 07 20:55:44", Some("2026-11-07T20:55:44Z")),
        ("Nov  17 20:55:44", Some("2026-11-17T20:55:44Z")),
        ("Nov  7 20:55:44", None),
        ("Nov 7 20:55:44", None),
        ("Dec 01 20:55:44", Some("2025-12-01T20:55:44Z")),
        ("Nov 29 12:00:00", Some("2026-11-29T12:00:00Z")),
        ("Nov 29 12:00:01", Some("2025-11-29T12:00:01Z")),
        ("Feb 29 12:00:00", Some("2026-03-01T12:00:00Z")),
    ];
    for (stamp, expected) in table {
        assert_eq!(strptime(legacy, stamp), expected.map(nano), "{stamp}");
    }
    assert_eq!(strptime("%b %e %H:%M:%S", "Nov  7 20:55:44"), Some(nano("2026-11-07T20:55:44Z")));
    assert_eq!(strptime("%b %e %H:%M:%S", "Nov 17 20:55:44"), Some(nano("2026-11-17T20:55:44Z")));
}

#[test]
fn gos_layouts_have_many_parts() {
    let expected = Some(nano("2025-03-04T17:06:07Z"));
    let table = [
        ("Monday, January 2, 2006 3:04:05 PM", "Tuesday, March 4, 2025 5:06:07 PM"),
        ("Mon Jan _2 15:04:05 2006", "tue mar  4 17:06:07 2025"),
        ("02/01/06 03:04:05pm", "04/03/25 05:06:07pm"),
        ("2006-002T15:04:05", "2025-063T17:06:07"),
        ("2006-__2T15:4:5", "2025- 63T17:6:7"),
        ("2006_2006-1-2 15:04:05", "2025_2025-3-4 17:06:07"),
        ("2006-01-02 15:04:05 MST", "2025-03-04 17:06:07 UTC"),
        ("2006-01-02 15:04:05 MST", "2025-03-04 20:06:07 GMT+3"),
        ("2006-01-02 15:04:05 -07", "2025-03-04 18:06:07 +01"),
        ("2006-01-02 15:04:05 -070000", "2025-03-04 18:06:08 +010001"),
        ("2006-01-02 15:04:05 -07:00:00", "2025-03-04 18:06:08 +01:00:01"),
        ("2006-01-02 15:04:05Z07:00", "2025-03-04 17:06:07Z"),
        ("2006-01-02 15:04:05Z0700", "2025-03-04 16:06:07-0100"),
        ("2006-01-02  15:04:05", "2025-03-04 17:06:07"),
    ];
    for (layout, stamp) in table {
        assert_eq!(gotime(layout, stamp), expected, "{layout} on {stamp}");
    }
    let broken = [
        ("15:04:05.000", "17:06:07.12"),
        ("2006-01-02 15:04:05 MST", "2025-03-04 17:06:07 utc"),
        ("2006-01-02", "2025-3-04"),
        ("2006-002", "2025-366"),
        ("3 PM", "5 pm"),
        ("3 PM", "13 PM"),
        ("2006-01-02 15:04", "2025-03-04 17:60"),
        ("Jan", "Xyz"),
        ("2006 02", "2025  4"),
        ("2006-01-02 15:04:05-07:00", "2025-03-04 17:06:07*01:00"),
    ];
    for (layout, stamp) in broken {
        assert_eq!(gotime(layout, stamp), None, "{layout} on {stamp}");
    }
    assert_eq!(
        gotime("2006-01-02 15:04:05.000", "2025-03-04 17:06:07.125"),
        Some(nano("2025-03-04T17:06:07.125Z"))
    );
}

#[test]
fn layouts_that_cannot_be_are_refused() {
    let table = [
        (
            "%Q",
            "`%Q` is no directive; there are %Y %y %m %b %B %d %e %a %A %H %I %l %M %S %p %L %f %s %z %j %Z %F %T %D %c and some more",
        ),
        (
            "%Y 5",
            "`%Y 5` has the digit 5, which stands for itself nowhere; with Go's notation write `layout_type: gotime`",
        ),
        ("%S%L", "`%L` must follow a point or a comma, as in `%S.%L`"),
        ("%", "`%` ends in `%`; a percent sign is `%%`"),
    ];
    for (layout, expected) in table {
        assert_eq!(Layout::strptime(layout).unwrap_err().to_string(), expected);
    }
    assert!(Layout::strptime("%S.%L,%f").is_ok());
    assert!(Layout::strptime("%Y-%m-%dZ").unwrap().is_utc());
}

#[test]
fn local_time_is_read_as_go_reads_it() {
    let second = |text: &str| (nano(text) / 1_000_000_000) as i64;
    let berlin = Zone::new([
        (second("2025-10-26T01:00:00Z"), 3600, "CET".to_owned()),
        (second("2026-03-29T01:00:00Z"), 7200, "CEST".to_owned()),
        (second("2026-10-25T01:00:00Z"), 3600, "CET".to_owned()),
    ]);
    let read = |stamp: &str| {
        Layout::strptime("%Y-%m-%d %H:%M:%S").unwrap().parse(stamp.as_bytes(), &berlin, NOW).unwrap()
    };
    assert_eq!(read("2026-07-01 12:00:00"), nano("2026-07-01T10:00:00Z"));
    assert_eq!(read("2026-12-01 12:00:00"), nano("2026-12-01T11:00:00Z"));
    // Twice there, and never there.
    assert_eq!(read("2026-10-25 02:30:00"), nano("2026-10-25T01:30:00Z"));
    assert_eq!(read("2026-03-29 02:30:00"), nano("2026-03-29T01:30:00Z"));
    assert_eq!(read("2020-01-01 00:00:00"), nano("2019-12-31T23:00:00Z"));
    let named = Layout::strptime("%b %d %H:%M:%S %Z").unwrap();
    let named = |stamp: &str| named.parse(stamp.as_bytes(), &berlin, NOW).unwrap();
    assert_eq!(named("Jul 01 12:00:00 CEST"), nano("2026-07-01T10:00:00Z"));
    assert_eq!(named("Jul 01 12:00:00 CET"), nano("2026-07-01T11:00:00Z"));
    assert_eq!(named("Jul 01 12:00:00 EDT"), nano("2026-07-01T12:00:00Z"));
}

#[test]
fn years_come_from_the_local_calendar() {
    let new_year = nano("2026-12-31T23:30:00Z") as u64;
    let east = Zone::new([(0, 3600, String::new())]);
    let layout = Layout::strptime("%b %d %H:%M:%S").unwrap();
    assert_eq!(layout.parse(b"Jan 01 00:30:00", &east, new_year), Ok(nano("2026-12-31T23:30:00Z")));
    let january = nano("2026-01-03T00:00:00Z") as u64;
    let read = |stamp: &[u8]| layout.parse(stamp, &Zone::utc(), january).unwrap();
    assert_eq!(read(b"Jan 10 00:00:00"), nano("2026-01-10T00:00:00Z"));
    assert_eq!(read(b"Jan 11 00:00:00"), nano("2025-01-11T00:00:00Z"));
}

#[test]
fn epochs_are_numbers_of_many_kinds() {
    let read = |layout: &str, stamp: &str| Epoch::new(layout).unwrap().parse(stamp).ok();
    assert_eq!(read("s", "1136214245"), Some(1_136_214_245_000_000_000));
    assert_eq!(read("ms", "1136214245123"), Some(1_136_214_245_123_000_000));
    assert_eq!(read("us", "-5"), Some(-5_000));
    assert_eq!(read("ns", "7"), Some(7));
    assert_eq!(read("s.ms", "1.250"), Some(1_250_000_000));
    assert_eq!(read("s.us", "1.5"), Some(1_000_005_000));
    assert_eq!((read("s", "1.5"), read("s.ns", "1"), read("s", "x")), (None, None, None));
    assert_eq!(Epoch::new("s.ns").unwrap().parse_float(1.5), Ok(1_500_000_000));
    assert_eq!(Epoch::new("ms").unwrap().parse_float(1.5), Ok(2_000_000));
    assert_eq!(Epoch::new("s.ms").unwrap().parse_integer(3), Ok(3_000_000_000));
    assert!(Epoch::new("h").unwrap_err().to_string().contains("s, ms, us"));
}

#[test]
fn words_are_severities() {
    use severity::{Mapping, Preset};
    let mut mapping = Mapping::new(Preset::Default);
    let found = ["Warning", "ERR", "13", "info2", "what", ""].map(|word| mapping.find(word));
    assert_eq!(found, [13, 17, 13, 10, 0, 0]);
    mapping.word("Oops", severity::number("fatal").unwrap());
    mapping.range(599, 500, 17).unwrap();
    assert_eq!([mapping.find("OOPS"), mapping.find("503")], [21, 17]);
    assert_eq!(Mapping::new(Preset::Otel).find("warning"), 0);
    assert_eq!(Mapping::new(Preset::None).find("warn"), 0);
    assert!(mapping.range(0, 100_000, 1).is_err());
    assert_eq!(
        (severity::number("Error3"), severity::number("9"), severity::number("nope")),
        (Some(19), Some(9), None)
    );
}

proptest! {
    #[test]
    fn what_jiff_prints_is_read_back(second in 0i64..4_000_000_000, nanos in 0i32..1_000_000_000) {
        let time = Timestamp::new(second, nanos).unwrap();
        let text = time.strftime("%Y-%m-%dT%H:%M:%S.%9f+00:00").to_string();
        prop_assert_eq!(gotime("2006-01-02T15:04:05.999999-07:00", &text), Some(time.as_nanosecond()));
        let text = time.strftime("%a %b %e %I:%M:%S %p %Y").to_string();
        let whole = i128::from(second) * 1_000_000_000;
        prop_assert_eq!(strptime("%a %b %e %I:%M:%S %p %Y", &text), Some(whole));
        let text = time.strftime("%Y %j %T").to_string();
        prop_assert_eq!(gotime("2006 002 15:04:05", &text), Some(whole));
    }

    #[test]
    fn anything_is_read_or_refused(layout in "[ 0-9JanMonSTPMpZ:.,_-]{0,20}", stamp in "[ 0-9A-Za-z:.,+-]{0,24}") {
        let _ = gotime(&layout, &stamp);
    }
}
