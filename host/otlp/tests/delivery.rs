//! Delivery against a receiver that decodes, in good and bad days.
#![allow(clippy::unwrap_used, reason = "a helper of a test may fail it")]

#[expect(dead_code, reason = "other tests use the rest of it")]
mod rig;

use std::time::{Duration, SystemTime};

use rig::{Logs, PAYLOAD, SECRET, block_on, bodies, delivery, exporter, impatient, options, payload, soon};
use skidway_otlp::{Attempt, Exporter, Interrupted, Outcome, RetryPolicy, Status};
use skidway_test_support::eventually;
use skidway_test_support::sink::{Answer, OtlpSink};
use tokio::sync::watch;

const LONG: Duration = Duration::from_secs(20);

fn all(delivered: u64) -> Result<Outcome, Interrupted> {
    Ok(Outcome { delivered, ..Outcome::default() })
}

#[test]
fn records_arrive_with_the_right_headers() {
    let logs = Logs::capture();
    let sink = OtlpSink::start().unwrap();
    let (mut delivery, _stop) = delivery(exporter(&sink));
    assert_eq!(block_on(delivery.deliver(&payload(100))), all(100));
    assert_eq!(sink.bodies(), bodies(100));
    let record = sink.records().swap_remove(7);
    assert_eq!(record.attr("source"), Some("test"));
    assert_eq!(record.resource_attr("host.id"), Some("i-1"));
    assert_eq!(record.headers["content-type"], "application/x-protobuf");
    assert_eq!(record.headers["content-encoding"], "gzip");
    assert_eq!(record.headers["authorization"], SECRET);
    let agent = &record.headers["user-agent"];
    assert!(agent.starts_with("skidway/") && agent.ends_with(')'), "{agent}");
    assert_eq!(logs.text(), "");
}

#[test]
fn a_warning_is_said_once() {
    let logs = Logs::capture();
    let sink = OtlpSink::start().unwrap();
    sink.set_answer(Answer::PartialSuccess { rejected: 0, message: "slow down".into() });
    let (mut delivery, _stop) = delivery(exporter(&sink));
    for _ in 0..3 {
        assert_eq!(block_on(delivery.deliver(&payload(2))), all(2));
    }
    assert_eq!((logs.count("WARN"), logs.count("slow down")), (1, 1));
}

#[test]
fn a_wrong_key_is_said_once_with_the_fix_and_the_data_waits() {
    let logs = Logs::capture();
    let sink = OtlpSink::start().unwrap();
    sink.set_answer(Answer::RequireHeader("authorization".into(), "another key".into()));
    let (mut delivery, _stop) = delivery(exporter(&sink));
    let outcome = block_on(async {
        let sink = &sink;
        let fix = async {
            soon(|| sink.requests() >= 4).await;
            sink.set_answer(Answer::Accept);
        };
        tokio::join!(delivery.deliver(&rig::PAYLOAD), fix).0
    });
    assert_eq!(outcome, all(50));
    let said = logs.text();
    assert_eq!((logs.count("WARN"), logs.count("INFO")), (1, 1), "{said}");
    assert!(said.contains("answers 401") && said.contains("headers.authorization"), "{said}");
    assert!(said.contains("50 lines wait") && said.contains("is back after"), "{said}");
    assert!(!said.contains(SECRET), "{said}");
}

#[test]
fn what_is_too_large_goes_in_halves_and_in_order() {
    let logs = Logs::capture();
    let sink = OtlpSink::start().unwrap();
    let payload = payload(100);
    sink.set_answer(Answer::TooLargeOver(payload.body().len() / 5));
    let (mut delivery, _stop) = delivery(exporter(&sink));
    assert_eq!(block_on(delivery.deliver(&payload)), all(100));
    assert_eq!(sink.bodies(), bodies(100));
    assert_eq!(sink.read(|state| state.answered(200)), 8);
    assert_eq!(sink.records()[99].resource_attr("host.id"), Some("i-1"));
    assert_eq!(block_on(delivery.deliver(&payload)), all(100));
    assert_eq!(logs.count("WARN"), 1, "{}", logs.text());
}

/// Time between the first request and the second.
fn gap(sink: &OtlpSink) -> Duration {
    sink.read(|state| state.requests[1].at.duration_since(state.requests[0].at))
}

#[test]
fn retry_after_in_seconds_is_respected() {
    let sink = OtlpSink::start().unwrap();
    sink.answer_next(1, Answer::status(429).header("retry-after", "1"));
    let (mut delivery, _stop) = delivery(exporter(&sink));
    assert_eq!(block_on(delivery.deliver(&payload(5))), all(5));
    assert!(gap(&sink) >= Duration::from_secs(1), "{:?}", gap(&sink));
}

#[test]
fn retry_after_as_a_date_is_respected() {
    let sink = OtlpSink::start().unwrap();
    // Dates have whole seconds: two from now are more than one.
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    sink.answer_next(1, Answer::status(503).header("retry-after", &date));
    let (mut delivery, _stop) = delivery(exporter(&sink));
    assert_eq!(block_on(delivery.deliver(&payload(5))), all(5));
    assert!(gap(&sink) >= Duration::from_millis(800), "{:?}", gap(&sink));
}

#[test]
fn an_overloaded_backend_is_said_once_and_waited_for() {
    let logs = Logs::capture();
    let sink = OtlpSink::start().unwrap();
    for status in [503, 502, 429, 504, 503] {
        sink.answer_next(2, Answer::status(status).body(vec![b'x'; 1 << 20]));
    }
    let (mut delivery, _stop) = delivery(exporter(&sink));
    assert_eq!(block_on(delivery.deliver(&payload(5))), all(5));
    assert_eq!((sink.requests(), sink.delivered()), (11, 5));
    let said = logs.text();
    assert_eq!((logs.count("WARN"), logs.count("INFO")), (1, 1), "{said}");
    assert!(said.contains("answers 503") && said.contains("10 failed tries"), "{said}");
    assert!(said.len() < 2_000, "{said}");
}

#[test]
fn connections_that_break_are_made_anew() {
    for answer in [Answer::CutBefore, Answer::CutAfter] {
        let logs = Logs::capture();
        let sink = OtlpSink::start().unwrap();
        sink.answer_next(2, answer);
        let (mut delivery, _stop) = delivery(exporter(&sink));
        assert_eq!(block_on(delivery.deliver(&payload(1_000))), all(1_000));
        assert_eq!((sink.requests(), sink.delivered()), (3, 1_000));
        assert_eq!((logs.count("WARN"), logs.count("INFO")), (1, 1), "{}", logs.text());
    }
}

#[test]
fn a_backend_that_hangs_is_given_up_in_time() {
    let logs = Logs::capture();
    let sink = OtlpSink::start().unwrap();
    sink.answer_next(2, Answer::Hang);
    let mut options = options(&sink);
    options.timeout = Duration::from_millis(100);
    let (mut delivery, _stop) = delivery(Exporter::http(&options).unwrap());
    assert_eq!(block_on(delivery.deliver(&payload(5))), all(5));
    assert_eq!(sink.requests(), 3);
    assert!(logs.text().contains("does not answer in time"), "{}", logs.text());
}

#[test]
fn a_backend_that_was_down_gets_everything() {
    let logs = Logs::capture();
    let mut sink = OtlpSink::start().unwrap();
    let (mut delivery, _stop) = delivery(exporter(&sink));
    sink.stop();
    let outcome = block_on(async {
        let back = async {
            soon(|| logs.text().contains("cannot be reached")).await;
            sink.restart().unwrap();
        };
        tokio::join!(delivery.deliver(&rig::PAYLOAD), back).0
    });
    assert_eq!(outcome, all(50));
    assert_eq!(sink.bodies(), bodies(50));
    assert_eq!((logs.count("WARN"), logs.count("INFO")), (1, 1), "{}", logs.text());
}

#[test]
fn another_kind_of_trouble_gets_its_own_line() {
    let logs = Logs::capture();
    let sink = OtlpSink::start().unwrap();
    for status in [503, 401, 503, 401, 404] {
        sink.answer_next(1, Answer::status(status));
    }
    let (mut delivery, _stop) = delivery(exporter(&sink));
    assert_eq!(block_on(delivery.deliver(&payload(5))), all(5));
    assert_eq!((logs.count("WARN"), logs.count("INFO")), (3, 1), "{}", logs.text());
    sink.answer_next(1, Answer::status(503));
    assert_eq!(block_on(delivery.deliver(&payload(5))), all(5));
    assert_eq!((logs.count("WARN"), logs.count("INFO")), (4, 2), "{}", logs.text());
}

#[test]
fn clones_tell_the_same_trouble_once() {
    let logs = Logs::capture();
    let sink = OtlpSink::start().unwrap();
    sink.set_answer(Answer::status(503));
    let (mut one, _stop) = delivery(exporter(&sink));
    let mut two = one.clone();
    let outcomes = block_on(async {
        let back = async {
            soon(|| sink.requests() >= 8).await;
            sink.set_answer(Answer::Accept);
        };
        tokio::join!(one.deliver(&rig::PAYLOAD), two.deliver(&rig::PAYLOAD), back)
    });
    assert_eq!((outcomes.0, outcomes.1), (all(50), all(50)));
    assert_eq!(logs.count("WARN"), 1, "{}", logs.text());
}

/// Servers with a limit answer before they have read it all, and then close.
#[test]
fn an_answer_in_the_middle_of_the_body_is_heard() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (heard, done) = std::sync::mpsc::channel::<()>();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 1 << 16]).unwrap();
        stream
            .write_all(b"HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            .unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        // The socket stays until the client is done, as Go's server leaves it for a while.
        let _ = done.recv();
    });
    let mut options = skidway_otlp::http::Options::new(format!("http://{address}/v1/logs"));
    options.compression = skidway_otlp::Compression::NONE;
    let mut exporter = Exporter::http(&options).unwrap();
    // More than the socket's buffers take.
    let prepared = exporter.prepare(&payload(300_000)).unwrap();
    assert_eq!(block_on(exporter.send(&prepared)), Attempt::TooLarge { status: Status::Http(413) });
    drop(heard);
    server.join().unwrap();
}

#[test]
fn a_redirect_is_not_followed() {
    let other = OtlpSink::start().unwrap();
    let sink = OtlpSink::start().unwrap();
    let location = format!("{}/v1/logs?key=hidden", other.endpoint());
    sink.set_answer(Answer::status(308).header("location", &location));
    let mut exporter = exporter(&sink);
    let prepared = exporter.prepare(&payload(1)).unwrap();
    match block_on(exporter.send(&prepared)) {
        Attempt::Hold { status: Status::Http(308), fix, .. } => {
            assert!(fix.contains(&other.endpoint()) && !fix.contains("hidden"), "{fix}");
        }
        attempt => panic!("{attempt:?}"),
    }
    assert_eq!(other.requests(), 0);
}

#[test]
fn the_stop_signal_ends_a_delivery_at_once() {
    for answer in [Answer::status(503), Answer::Hang] {
        let sink = OtlpSink::start().unwrap();
        sink.set_answer(answer);
        // An hour between tries: only the signal can end this.
        let policy = RetryPolicy { soon: impatient(Duration::from_secs(3_600)), ..RetryPolicy::default() };
        let (stop, stopped) = watch::channel(false);
        let mut delivery = skidway_otlp::Delivery::new(exporter(&sink), policy, stopped);
        let end = block_on(async {
            let signal = async {
                soon(|| sink.requests() == 1).await;
                stop.send(true).unwrap();
            };
            tokio::join!(delivery.deliver(&rig::PAYLOAD), signal).0
        });
        assert_eq!(end, Err(Interrupted { records: 50, settled: Outcome::default() }));
        // And no further one begins.
        let next = block_on(delivery.deliver(&payload(3)));
        assert_eq!(next.unwrap_err().records, 3);
        assert_eq!(sink.requests(), 1);
    }
}

#[test]
fn a_stop_between_halves_says_what_was_settled() {
    let sink = OtlpSink::start().unwrap();
    sink.answer_next(1, Answer::status(413));
    sink.answer_next(1, Answer::Accept);
    sink.set_answer(Answer::status(503));
    let (mut delivery, stop) = delivery(exporter(&sink));
    let end = block_on(async {
        let signal = async {
            soon(|| sink.requests() >= 3).await;
            drop(stop);
        };
        tokio::join!(delivery.deliver(&rig::PAYLOAD), signal).0
    });
    assert_eq!(end.unwrap_err().settled.delivered, 25);
    assert_eq!(sink.bodies(), bodies(25));
}

#[test]
fn each_compression_is_understood() {
    use skidway_otlp::Compression;
    let sink = OtlpSink::start().unwrap();
    for compression in [Compression::NONE, Compression::gzip(6).unwrap(), Compression::zstd(1).unwrap()] {
        let mut options = options(&sink);
        options.compression = compression;
        let (mut delivery, _stop) = delivery(Exporter::http(&options).unwrap());
        assert_eq!(block_on(delivery.deliver(&payload(30))), all(30));
        let encoding = sink.records().last().unwrap().headers.get("content-encoding").cloned();
        assert_eq!(encoding.as_deref(), compression.content_encoding());
    }
    assert!(eventually(LONG, || sink.delivered() == 90));
}

#[test]
fn every_method_arrives() {
    use skidway_otlp::Compression;
    let sink = OtlpSink::start().unwrap();
    let methods = [
        (Compression::NONE, None),
        (Compression::gzip(6).unwrap(), Some("gzip")),
        (Compression::zstd(3).unwrap(), Some("zstd")),
        (Compression::zlib(1).unwrap(), Some("zlib")),
        (Compression::deflate(1).unwrap(), Some("deflate")),
        (Compression::snappy(), Some("snappy")),
        (Compression::snappy_framed(), Some("x-snappy-framed")),
        (Compression::lz4(), Some("lz4")),
    ];
    for (i, (compression, name)) in methods.into_iter().enumerate() {
        let mut options = options(&sink);
        options.compression = compression;
        let (mut delivery, _stop) = delivery(Exporter::http(&options).unwrap());
        assert_eq!(block_on(delivery.deliver(&PAYLOAD)).unwrap().delivered, 50, "{compression:?}");
        let encoding = sink.read(|state| state.requests[i].headers.get("content-encoding").cloned());
        assert_eq!(encoding.as_deref(), name);
    }
    assert_eq!(sink.delivered(), 8 * 50);
}

#[test]
fn json_says_the_same_as_protobuf() {
    use skidway_otlp::http::Encoding;
    let sinks = [OtlpSink::start().unwrap(), OtlpSink::start().unwrap()];
    for (sink, encoding) in sinks.iter().zip([Encoding::Proto, Encoding::Json]) {
        let mut options = options(sink);
        options.encoding = encoding;
        sink.answer_next(1, Answer::PartialSuccess { rejected: 1, message: "one too many".into() });
        let (mut delivery, _stop) = delivery(Exporter::http(&options).unwrap());
        let outcome = block_on(delivery.deliver(&PAYLOAD)).unwrap();
        // The request, and its halves in search of the one.
        assert_eq!((outcome.delivered, outcome.refused(), sink.requests()), (50, 0, 3));
    }
    let described = |sink: &OtlpSink| {
        let strip = |mut record: skidway_test_support::sink::Record| {
            record.headers = Default::default();
            format!("{record:?}")
        };
        sink.records().into_iter().map(strip).collect::<Vec<_>>()
    };
    assert_eq!(described(&sinks[0]), described(&sinks[1]));
    let types = sinks.map(|sink| sink.read(|state| state.requests[0].headers["content-type"].clone()));
    assert_eq!(types, ["application/x-protobuf", "application/json"]);
}

#[test]
fn what_is_to_be_given_up_is_given_up() {
    let _logs = Logs::capture();
    let sink = OtlpSink::start().unwrap();
    sink.set_answer(Answer::status(503));
    let give_up = |after| {
        let backoff = impatient(Duration::from_millis(2));
        let policy = RetryPolicy {
            soon: backoff,
            slow: backoff,
            give_up_after: Some(after),
            ..RetryPolicy::default()
        };
        let (_stop, stopped) = tokio::sync::watch::channel(false);
        let mut delivery = skidway_otlp::Delivery::new(exporter(&sink), policy, stopped);
        block_on(delivery.deliver(&PAYLOAD)).unwrap()
    };
    let outcome = give_up(Duration::ZERO);
    assert_eq!((outcome.delivered, outcome.refused(), sink.requests()), (0, 50, 1));
    assert!(outcome.reasons[0].starts_with("answers 503"), "{:?}", outcome.reasons);
    let before = sink.requests();
    assert_eq!(give_up(Duration::from_secs(1)).refused(), 50);
    assert!(sink.requests() > before + 2, "it tries until then");
}

/// A proxy for plain HTTP gets the whole address in the request line.
#[test]
fn a_proxy_gets_the_requests() {
    let proxy = OtlpSink::start().unwrap();
    let mut options = skidway_otlp::http::Options::new("http://backend.invalid:4318/v1/logs");
    options.proxy = Some(proxy.endpoint());
    let (mut delivery, _stop) = delivery(Exporter::http(&options).unwrap());
    assert_eq!(block_on(delivery.deliver(&PAYLOAD)).unwrap().delivered, 50);
    let host = proxy.read(|state| state.requests[0].headers["host"].clone());
    assert_eq!(host, "backend.invalid:4318");
}
