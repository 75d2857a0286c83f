//! How long it takes to encode a record: `cargo run --release -p skidway-otlp --example encode`.
#![allow(clippy::print_stdout, reason = "a measurement that prints its result")]

mod sample;

use std::sync::Arc;
use std::time::Instant;

use skidway_model::{Attribute, Checked, FirstLine, Lineage};
use skidway_otlp::{BatchBuilder, Buffers, Constants, Resource};

fn main() {
    let samples: Vec<_> = (0..6).map(|seed| sample::Sample::new(1_900, seed)).collect();
    let chunks: Vec<_> = samples.iter().map(sample::Sample::records).collect();
    let line = samples[0].text.len() / 1_900;
    println!("lines of {line} bytes");
    let constants = Constants::new([("source", "ec2-host-logs"), ("log.file.name", "syslog")]);
    measure("without uid", &chunks, &constants);
    let located: Vec<_> = chunks
        .into_iter()
        .map(|mut chunk| {
            chunk.locate(|origin| FirstLine { offset: origin as u64, hash: origin as u32, nth: 0 });
            chunk
        })
        .collect();
    measure("with uid", &located, &constants.with_uid(Lineage(0x8594_4171_f739_67e8)));
}

fn measure(what: &str, chunks: &[Checked<'_>], constants: &Constants) {
    let resource = Arc::new(Resource::new(
        &["cloud.provider", "cloud.region", "host.id", "host.name", "host.type", "service.name"]
            .map(|name| Attribute::new(name, "i-0123456789abcdef0")),
    ));
    let buffers = Buffers::new(6 << 20);
    let mut best = f64::MAX;
    let (mut records, mut bytes) = (0, 0);
    for _ in 0..200 {
        let begin = Instant::now();
        let mut batch = BatchBuilder::with_buffers(resource.clone(), &buffers);
        for chunk in chunks {
            batch.append(chunk, 0..chunk.len(), constants, 1_795_000_000_123_456_789);
        }
        let payload = batch.finish();
        let spent = begin.elapsed();
        (records, bytes) = (payload.len(), payload.body().len());
        best = best.min(spent.as_nanos() as f64 / records as f64);
    }
    let (size, speed) = (bytes / records, (bytes / records) as f64 / best);
    println!(
        "{what}: {size} bytes a record, best of 200 batches of {records}: {best:.1} ns a record, {speed:.2} GB/s"
    );
}
