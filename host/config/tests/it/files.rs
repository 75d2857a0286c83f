//! What says which files are followed and what they are made of.

use skidway_config::{Config, Encoding, FileCompression, FileLog, LongLine, Ordering, SortBy, SortType};

use crate::{config, good_but};

/// The config with more settings for its receiver.
fn with(settings: &str) -> Config {
    let receiver = format!("    include: [/x]\n{settings}");
    let text = good_but(&[("    include: [/var/log/syslog]\n", &receiver)]);
    config(&text).unwrap_or_else(|errors| panic!("{errors}"))
}

fn receiver(config: &Config) -> &FileLog {
    &config.pipelines[0].receivers[0]
}

#[test]
fn what_is_not_written_has_the_collectors_defaults() {
    let config = with("");
    let receiver = receiver(&config);
    assert_eq!((receiver.compression, receiver.max_concurrent_files), (FileCompression::None, 1024));
    assert_eq!((receiver.on_long_line, &receiver.ordering_criteria), (LongLine::Split, &None));
    let facts = [
        receiver.include_file_owner_name,
        receiver.include_file_owner_group_name,
        receiver.include_file_permissions,
    ];
    assert_eq!(facts, [false; 3]);
    assert!(receiver.include_record_uid, "an addition to the collector's");
}

#[test]
fn every_option_of_files_arrives_and_is_printed() {
    let config = with(
        "    include_file_owner_name: true
    include_file_owner_group_name: true
    include_file_permissions: true
    include_record_uid: false
    compression: auto
    max_concurrent_files: 7
    max_log_size_behavior: truncate
    encoding: utf-16be
    ordering_criteria:
      regex: '(?P<app>\\w+)\\.(?P<day>\\d+)'
      group_by: '/(\\w+)'
      top_n: 2
      sort_by:
        - {sort_type: timestamp, regex_key: day, layout: '%Y%m%d', location: Europe/Berlin, ascending: true}
        - {sort_type: mtime}
",
    );
    assert_eq!(config.warnings, []);
    let found = receiver(&config);
    assert_eq!((found.compression, found.max_concurrent_files), (FileCompression::Auto, 7));
    assert_eq!((found.on_long_line, found.encoding.to_string()), (LongLine::Truncate, "UTF-16BE".to_owned()));
    assert!(found.include_file_owner_name && found.include_file_owner_group_name);
    assert!(found.include_file_permissions && !found.include_record_uid);
    let by_day = SortBy {
        sort_type: SortType::Timestamp,
        regex_key: "day".to_owned(),
        ascending: true,
        layout: "%Y%m%d".to_owned(),
        location: "Europe/Berlin".to_owned(),
    };
    let by_change = SortBy {
        sort_type: SortType::Mtime,
        regex_key: String::new(),
        ascending: false,
        layout: String::new(),
        location: String::new(),
    };
    let wanted = Ordering {
        regex: Some(r"(?P<app>\w+)\.(?P<day>\d+)".to_owned()),
        group_by: Some(r"/(\w+)".to_owned()),
        top_n: 2,
        sort_by: vec![by_day, by_change],
    };
    assert_eq!(found.ordering_criteria, Some(wanted));
    let printed = crate::config(&config.to_yaml()).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(printed, config);
}

/// The collector's default is one, which who leaves it out may not expect.
#[test]
fn the_number_of_files_in_an_order_is_one_by_default_and_that_is_said() {
    let config = with("    ordering_criteria: {sort_by: [{sort_type: mtime}]}\n");
    let ordering = receiver(&config).ordering_criteria.as_ref().unwrap();
    assert_eq!(ordering.top_n, 1);
    let said: Vec<_> = config.warnings.iter().map(ToString::to_string).collect();
    let wanted = "\
warning: without `top_n` only the first file of the order is followed
  --> x.yaml:4:24
  hint: write `top_n: 1` if that is meant, otherwise how many to follow";
    assert_eq!(said, [wanted]);
    let zero = with("    ordering_criteria: {top_n: 0, sort_by: [{sort_type: mtime}]}\n");
    assert_eq!(receiver(&zero).ordering_criteria.as_ref().unwrap().top_n, 1, "as in the collector");
}

#[test]
fn utf_16_has_several_names() {
    let encoding = |name: &str| receiver(&with(&format!("    encoding: {name}\n"))).encoding;
    for name in ["utf-16", "UTF16", "utf-16le", "utf16le"] {
        assert_eq!(encoding(name), Encoding::Other(encoding_rs::UTF_16LE), "{name}");
    }
    for name in ["UTF-16BE", "utf16be"] {
        assert_eq!(encoding(name), Encoding::Other(encoding_rs::UTF_16BE), "{name}");
    }
}

#[test]
fn what_is_wrong_with_an_order_has_its_place() {
    let config = with("    ordering_criteria:\n      top_n: 1\n      sort_by: [{sort_type: mtime}]\n");
    let problem = config.receiver_problem(receiver(&config), "ordering_criteria.sort_by.layout: no");
    assert_eq!(problem.at.unwrap().to_string(), "x.yaml:6:7");
    assert_eq!(problem.message, "receiver `filelog`: ordering_criteria.sort_by.layout: no");
}
