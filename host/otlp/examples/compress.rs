//! What each compressor makes of encoded records:
//! `cargo run --release -p skidway-otlp --example compress`.
#![allow(clippy::print_stdout, reason = "a measurement that prints its result")]

mod sample;

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use skidway_model::Attribute;
use skidway_otlp::{BatchBuilder, Compression, Compressor, Constants, Payload, Resource};

fn payload() -> Payload {
    let resource = Arc::new(Resource::new(&[Attribute::new("host.id", "i-0123456789abcdef0")]));
    let constants = Constants::new([("source", "ec2-host-logs"), ("log.file.name", "syslog")]);
    let mut batch = BatchBuilder::new(resource, 6 << 20);
    for seed in 0..6 {
        let sample = sample::Sample::new(1_900, seed);
        batch.append(&sample.records(), 0..1_900, &constants, 1_795_000_000_123_456_789);
    }
    batch.finish()
}

/// Best of ten runs.
fn measure(name: &str, input: &Bytes, mut run: impl FnMut(&Bytes) -> usize) {
    let mut best = Duration::MAX;
    let mut size = 0;
    for _ in 0..10 {
        let begin = Instant::now();
        size = run(input);
        best = best.min(begin.elapsed());
    }
    let speed = input.len() as f64 / best.as_secs_f64() / 1e6;
    let ratio = input.len() as f64 / size as f64;
    println!("{name:<22} {speed:>6.0} MB/s   {ratio:>5.1} : 1   {:>5.2} s per 450 MB", 450.0 / speed);
}

fn main() {
    let payload = payload();
    let body = payload.body();
    println!("{} records, {} bytes", payload.len(), body.len());
    measure("crc32", body, |input| {
        std::hint::black_box(libdeflater::crc32(input));
        input.len()
    });
    let mut ours = Compressor::new(Compression::default());
    measure("gzip 1 (ours)", body, |input| ours.compress(input).expect("room for the output").len());
    for level in [1, 2, 6] {
        let level_of = libdeflater::CompressionLvl::new(level).expect("a level of libdeflate");
        let mut general = libdeflater::Compressor::new(level_of);
        let mut out = vec![0; general.gzip_compress_bound(body.len())];
        measure(&format!("gzip {level} (libdeflate)"), body, |input| {
            general.gzip_compress(input, &mut out).expect("room for the output")
        });
    }
    for level in [1, 2, 6] {
        let mut out = Vec::with_capacity(body.len());
        measure(&format!("gzip {level} (zlib-rs)"), body, |input| {
            out.clear();
            let mut encoder = flate2::write::GzEncoder::new(&mut out, flate2::Compression::new(level));
            encoder.write_all(input).and_then(|()| encoder.finish()).map_or(0, |out| out.len())
        });
    }
    for level in [1, 3] {
        let mut compressor = Compressor::new(Compression::zstd(level).expect("a level of zstd"));
        measure(&format!("zstd {level}"), body, |input| {
            compressor.compress(input).expect("room for the output").len()
        });
    }
}
