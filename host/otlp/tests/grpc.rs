//! Delivery over gRPC to a server that somebody else wrote.
#![allow(clippy::unwrap_used, reason = "a helper of a test may fail it")]

#[expect(dead_code, reason = "other tests use the rest of it")]
mod rig;

use std::time::Duration;

use rig::{Logs, PAYLOAD, SECRET, block_on, bodies, delivery, grpc, payload_of};
use skidway_otlp::grpc::{Keepalive, Options};
use skidway_otlp::{Attempt, Compression, Exporter, Status};
use skidway_test_support::sink::{Answer, OtlpSink, RpcStatus};
use tonic::Code;

const LONG: Duration = Duration::from_secs(20);

/// Delivers the payload once, through an exporter with these options.
fn deliver(options: &Options) -> skidway_otlp::Outcome {
    block_on(async {
        let (mut delivery, _stop) = delivery(Exporter::grpc(options).unwrap());
        delivery.deliver(&PAYLOAD).await.unwrap()
    })
}

fn attempt(options: &Options) -> Attempt {
    block_on(async {
        let mut exporter = Exporter::grpc(options).unwrap();
        let prepared = exporter.prepare(&PAYLOAD).unwrap();
        exporter.send(&prepared).await
    })
}

#[test]
fn every_method_arrives_with_the_headers() {
    let sink = OtlpSink::start_grpc().unwrap();
    for compression in [Compression::NONE, Compression::gzip(1).unwrap(), Compression::zstd(3).unwrap()] {
        let keepalive = Keepalive { time: LONG, timeout: Duration::from_secs(1), while_idle: true };
        let options = Options { compression, keepalive: Some(keepalive), ..grpc(&sink) };
        assert_eq!(deliver(&options).delivered, 50, "{compression:?}");
    }
    assert_eq!(sink.bodies()[100..], bodies(50));
    let record = &sink.records()[0];
    assert_eq!(record.headers["authorization"], SECRET);
    assert!(record.headers["user-agent"].starts_with("skidway/"), "{:?}", record.headers);
    assert_eq!(record.headers["grpc-timeout"], "5000m");
}

#[test]
fn one_connection_serves_many_batches() {
    let sink = OtlpSink::start_grpc().unwrap();
    block_on(async {
        let (mut delivery, _stop) = delivery(Exporter::grpc(&grpc(&sink)).unwrap());
        for _ in 0..20 {
            assert_eq!(delivery.deliver(&PAYLOAD).await.unwrap().delivered, 50);
        }
    });
    assert_eq!(sink.delivered(), 1000);
}

#[test]
fn what_passes_is_tried_again() {
    let logs = Logs::capture();
    let sink = OtlpSink::start_grpc().unwrap();
    sink.answer_next(3, Answer::status(503));
    assert_eq!(deliver(&grpc(&sink)).delivered, 50);
    assert_eq!(sink.requests(), 4);
    assert!(logs.text().contains("answers UNAVAILABLE (so the test wants it)"), "{}", logs.text());
    assert!(!logs.text().contains(SECRET));
}

#[test]
fn answers_have_their_meaning() {
    let sink = OtlpSink::start_grpc().unwrap();
    sink.answer_next(1, Answer::PartialSuccess { rejected: 3, message: "no room".into() });
    assert_eq!(attempt(&grpc(&sink)), Attempt::Delivered { rejected: 3, message: "no room".into() });
    sink.answer_next(1, Answer::status(400));
    let refused = Status::Grpc(Code::InvalidArgument);
    let reason = "so the test wants it".to_owned();
    assert_eq!(attempt(&grpc(&sink)), Attempt::Refused { status: refused, reason });
    sink.answer_next(1, Answer::RequireHeader("authorization".into(), "another".into()));
    match attempt(&grpc(&sink)) {
        Attempt::Hold { status: Status::Grpc(Code::Unauthenticated), fix, .. } => {
            assert!(fix.contains("not accepted"), "{fix}");
        }
        other => panic!("{other:?}"),
    }
    // Whatever is in the details.
    let details = RpcStatus { code: 8, message: String::new() };
    sink.answer_next(1, Answer::status(429).body(prost::Message::encode_to_vec(&details)));
    assert!(matches!(attempt(&grpc(&sink)), Attempt::Hold { .. }));
}

#[test]
fn what_is_too_large_goes_in_halves() {
    let sink = OtlpSink::start_grpc().unwrap();
    sink.set_answer(Answer::TooLargeOver(2000));
    let outcome = deliver(&grpc(&sink));
    assert_eq!((outcome.delivered, outcome.refused()), (50, 0));
    assert_eq!(sink.bodies(), bodies(50), "in order");
}

#[test]
fn a_server_that_hangs_is_left_in_time() {
    let sink = OtlpSink::start_grpc().unwrap();
    sink.set_answer(Answer::Hang);
    let options = Options { timeout: Duration::from_millis(200), ..grpc(&sink) };
    match attempt(&options) {
        Attempt::Retry { reason, .. } => assert!(reason.contains("in time"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_that_comes_back_is_found() {
    let mut sink = OtlpSink::start_grpc().unwrap();
    block_on(async {
        let (mut delivery, _stop) = delivery(Exporter::grpc(&grpc(&sink)).unwrap());
        assert_eq!(delivery.deliver(&PAYLOAD).await.unwrap().delivered, 50);
        sink.stop();
        let mut other = delivery.clone();
        let away = tokio::spawn(async move { other.deliver(&PAYLOAD).await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!away.is_finished());
        sink.restart().unwrap();
        assert_eq!(away.await.unwrap().unwrap().delivered, 50);
    });
}

/// The most frequent mistake: the port of the other protocol.
#[test]
fn the_wrong_port_is_pointed_out() {
    let http = OtlpSink::start().unwrap();
    match attempt(&grpc(&http)) {
        Attempt::Retry { reason, .. } => assert!(reason.contains("4317"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_may_be_large() {
    let sink = OtlpSink::start_grpc().unwrap();
    // More than the 4 MiB that a gRPC client or server takes by default.
    let lines = vec!["x".repeat(100_000); 50];
    let outcome = block_on(async {
        let (mut delivery, _stop) = delivery(Exporter::grpc(&grpc(&sink)).unwrap());
        delivery.deliver(&payload_of(&lines)).await.unwrap()
    });
    assert_eq!(outcome.delivered, 50);
}
