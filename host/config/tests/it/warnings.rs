//! What works and is told anyway.

use crate::{config, good_but};

#[test]
fn every_warning_is_the_expected_one() {
    let endpoint = "    endpoint: http://localhost:4318\n";
    let with = |more: &str| vec![(endpoint, format!("{endpoint}    {more}\n"))];
    let storing = |queue: &str, extensions: &str, listed: &str| {
        vec![
            (endpoint, format!("{endpoint}    sending_queue: {queue}\n")),
            ("service:\n", format!("extensions: {extensions}\nservice:\n  extensions: {listed}\n")),
        ]
    };
    let limiter = |settings: &str| {
        vec![
            ("processors:\n", format!("processors:\n  memory_limiter: {settings}\n")),
            ("[resource, batch]", "[memory_limiter, resource, batch]".to_owned()),
        ]
    };
    let table: Vec<(Vec<(&str, String)>, &str)> = vec![
        (
            vec![("[resource, batch]", "[batch]".to_owned())],
            "\
warning: pipeline `logs` sets no `service.name`, which ClickStack groups by
  --> x.yaml:17:19
  hint: add the processor `resource: {attributes: [{key: service.name, value: host-logs, action: insert}]}`

warning: processor `resource` is defined but not used
  --> x.yaml:5:3
  hint: name it in a pipeline of `service`, or remove it",
        ),
        (
            vec![("action: insert", "action: update".to_owned())],
            "\
warning: pipeline `logs` sets no `service.name`, which ClickStack groups by
  --> x.yaml:17:19
  hint: add the processor `resource: {attributes: [{key: service.name, value: host-logs, action: insert}]}`",
        ),
        (
            vec![("service:\n", "extensions: {file_storage: }\nservice:\n".to_owned())],
            "\
warning: extension `file_storage` is defined but not used
  --> x.yaml:13:14
  hint: name it in `service.extensions`, or remove it",
        ),
        (
            with("sending_queue: {enabled: false, queue_size: 1000}"),
            "\
warning: `sending_queue.enabled` has no effect: the log file is the queue
  --> x.yaml:13:30
  hint: `queue_size` with `sizer: bytes` bounds what is read ahead

warning: `queue_size` in requests or items has no effect: up to 8MiB are read ahead, the rest waits in its file
  --> x.yaml:13:49
  hint: write `sizer: bytes` and `queue_size: 8388608`",
        ),
        (
            with("retry_on_failure: {randomization_factor: 0.5, max_elapsed_time: 300s}"),
            "\
warning: lines become dead letters when the backend is away for longer than 5m
  --> x.yaml:13:69
  hint: `max_elapsed_time: 0s` sends a batch again until the backend takes it; its lines wait in their file",
        ),
        (
            with("retry_on_failure: {enabled: false}"),
            "\
warning: without `retry_on_failure`, lines become dead letters when the backend is away for a moment
  --> x.yaml:13:33
  hint: leave it out: a batch is sent again until the backend takes it, its lines wait in their file",
        ),
        (
            with("sending_queue: {block_on_overflow: false, wait_for_result: false}"),
            "\
warning: `block_on_overflow: false` has no effect: reading waits and nothing is dropped
  --> x.yaml:13:40
  hint: leave it out

warning: `wait_for_result: false` has no effect: a file's position moves only with the backend's answer
  --> x.yaml:13:64
  hint: leave it out",
        ),
        (
            with("sending_queue: {storage_limit_mib: 64, storage_max_age: 1h}"),
            "\
warning: `sending_queue.storage_limit_mib` has no effect without `storage`
  --> x.yaml:13:40
  hint: `storage: file_storage` keeps batches on disk while the backend is away

warning: `sending_queue.storage_max_age` has no effect without `storage`
  --> x.yaml:13:61
  hint: `storage: file_storage` keeps batches on disk while the backend is away",
        ),
        (storing("{storage: file_storage}", "{file_storage: }", "[file_storage]"), ""),
        (
            storing("{enabled: false, storage: file_storage}", "{file_storage: }", "[file_storage]"),
            "\
warning: `sending_queue.storage` has no effect with `enabled: false`
  --> x.yaml:13:46
  hint: leave `enabled` out to keep batches on disk while the backend is away",
        ),
        (
            storing(
                "{storage: file_storage/queue}",
                "{file_storage/state: {directory: /a}, file_storage/queue: {directory: /b}}",
                "[file_storage/queue, file_storage/state]",
            ),
            "\
warning: the queue of exporter `otlphttp` is kept in the state folder, /a, not in `directory` of `file_storage/queue`
  --> x.yaml:13:30
  hint: `storage: file_storage/state`",
        ),
        (
            with("write_buffer_size: 1024"),
            "\
warning: `write_buffer_size` has no effect: buffers grow as they need to
  --> x.yaml:13:24
  hint: leave it out",
        ),
        (
            vec![(endpoint, "    endpoint: https://h\n    tls: {insecure: true}\n".to_owned())],
            "\
warning: `tls.insecure` has no effect with an https endpoint
  --> x.yaml:13:21
  hint: write `http://` to send without TLS, or `insecure_skip_verify: true` to believe any certificate",
        ),
        (with("tls: {insecure: true}"), ""),
        (
            vec![("    include: [/var/log/syslog]\n", "    include: [/var/log/syslog]\n    encoding: utf-8-raw\n".to_owned())],
            "\
warning: bytes that are not UTF-8 are replaced by U+FFFD with `utf-8-raw` too
  --> x.yaml:4:15
  hint: OTLP takes nothing but UTF-8 in texts; write `encoding: utf-8`",
        ),
        (with("headers: {authorization: Bearer abc}"), ""),
        (limiter("{limit_mib: 512}"), ""),
        (
            limiter("{check_interval: 1s, limit_mib: 512, spike_limit_mib: 128}"),
            "\
warning: only `limit_mib` of processor `memory_limiter` has an effect, not `check_interval`, `spike_limit_mib`
  --> x.yaml:5:3
  hint: a quarter of it bounds the bytes in flight; the rest of the program needs no bound",
        ),
        (
            limiter("{limit_percentage: 80, spike_limit_percentage: 20}"),
            "\
warning: only `limit_percentage` of processor `memory_limiter` has an effect, not `spike_limit_percentage`
  --> x.yaml:5:3
  hint: a quarter of it bounds the bytes in flight; the rest of the program needs no bound",
        ),
        (
            limiter("{check_interval: 1s}"),
            "\
warning: processor `memory_limiter` has no effect without `limit_mib` or `limit_percentage`
  --> x.yaml:5:3
  hint: `limit_mib: 256` lets a quarter of it, 64 MiB, be in flight",
        ),
        (
            vec![
                ("processors:\n", "processors:\n  resourcedetection: {detectors: [system], ec2: {tags: [a]}}\n".to_owned()),
                ("[resource, batch]", "[resource, resourcedetection, batch]".to_owned()),
            ],
            "\
warning: `ec2.tags` has no effect without the detector `ec2`
  --> x.yaml:5:49
  hint: `detectors: [ec2, system]`",
        ),
    ];
    for (changes, expected) in table {
        let changes: Vec<_> = changes.iter().map(|(from, to)| (*from, to.as_str())).collect();
        let config = config(&good_but(&changes)).unwrap();
        let found: Vec<_> = config.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(found.join("\n\n"), expected);
    }
}

/// The settings of a receiver, from the line below its name on.
fn advice(receiver: &str) -> String {
    let text = good_but(&[("    include: [/var/log/syslog]\n", receiver)]);
    let config = config(&text).unwrap_or_else(|errors| panic!("{errors}"));
    config.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_the_guide_gets_wrong_comes_with_the_line_to_paste() {
    let operator = |settings: &str| format!("    include: [/x]\n    operators:\n      - {settings}\n");
    let table = [
        (
            operator("{type: time_parser, parse_from: attributes.t, layout: '%b %d %H:%M:%S'}"),
            "\
warning: `%d` needs two digits, and syslog pads days of one digit with a blank: `Nov  7` gets no time
  --> x.yaml:5:63
  hint: `layout: '%b %e %H:%M:%S'`",
        ),
        (
            operator("{type: regex_parser, regex: '(?P<t>x)', timestamp: {parse_from: attributes.t, layout: '%Y-%m-%dT%H:%M:%S%z'}}"),
            "\
warning: `%z` takes `+0000` and `Z`, not `+00:00`, which journalctl prints since systemd 255
  --> x.yaml:5:95
  hint: where the files have it: `layout: '%Y-%m-%dT%H:%M:%S%j'`",
        ),
        (
            operator("{type: time_parser, parse_from: attributes.t, layout_type: gotime, layout: '2006-01-02T15:04:05.999999-07:00'}"),
            "\
warning: `-07:00` takes `+00:00`, not `Z`, which rsyslog writes in UTC
  --> x.yaml:5:84
  hint: `layout: '2006-01-02T15:04:05.999999Z07:00'`",
        ),
        (
            operator(r"{type: regex_parser, regex: '^(?P<t>\w+ \d+ \S+)'}"),
            "\
warning: the pattern does not match days of one digit, which syslog pads with a blank: `Nov  7`
  --> x.yaml:5:37
  hint: `regex: '^(?P<t>\\w+ +\\d+ \\S+)'`",
        ),
        (
            "    include: [/var/log/messages, /var/log/**/*.log]\n    exclude: [/var/log/*.log]\n".to_owned(),
            "\
warning: these files of Amazon Linux and RHEL have no ending that `*.log` finds: /var/log/secure, /var/log/cron, /var/log/maillog
  --> x.yaml:3:14
  hint: `include: [/var/log/messages, /var/log/**/*.log, /var/log/secure, /var/log/cron, /var/log/maillog]`",
        ),
        (
            "    include: [/var/log/syslog, /var/log/kern.log, /var/log/auth.log]\n    exclude: [/var/log/k*]\n".to_owned(),
            "\
warning: lines of /var/log/auth.log are in /var/log/syslog as well, and are sent twice
  --> x.yaml:3:14
  hint: `exclude: [/var/log/auth.log]`",
        ),
        ("    include: [/var/log/**/*.log, /var/log/syslog]\n    parser: auto\n".to_owned(), ""),
        (operator("{type: time_parser, parse_from: attributes.t, layout_type: epoch, layout: s}"), ""),
        (operator("{type: time_parser, parse_from: attributes.t, layout: '%b %e'}"), ""),
    ];
    for (receiver, expected) in table {
        assert_eq!(advice(&receiver), expected, "{receiver}");
    }
}
