#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]
use std::time::{Duration, Instant};
use skidway_tail::*;
fn cpu() -> (Duration, String) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let f: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let t: u64 = f[11].parse::<u64>().unwrap() + f[12].parse::<u64>().unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    (Duration::from_millis(t * 10), status.lines().filter(|l| l.starts_with("VmHWM") || l.starts_with("VmRSS")).collect::<Vec<_>>().join(" "))
}
fn main() {
    let mut args = std::env::args().skip(1);
    let glob = args.next().unwrap();
    let seconds: u64 = args.next().unwrap().parse().unwrap();
    let notify = args.next().is_none();
    let t0 = Instant::now();
    let mut tailer = Tailer::new(Options { include: vec![glob], start_at: StartAt::Beginning, notify, ..Options::default() }, |_: &Found<'_>| None).unwrap();
    println!("new: {:?} files {}", t0.elapsed(), tailer.files().count());
    let (mut bytes, mut chunks, mut waits) = (0u64, 0u64, 0u64);
    let mut buffer = Vec::new();
    let end = t0 + Duration::from_secs(seconds);
    let mut last = t0;
    while Instant::now() < end {
        tailer.wait(end);
        waits += 1;
        while tailer.take_notice().is_some() {}
        while let Some(file) = tailer.next() {
            while tailer.take_notice().is_some() {}
            let Some(chunk) = tailer.read(file, &mut buffer) else { continue };
            let n = chunk.span.len();
            bytes += n; chunks += 1; last = Instant::now();
            tailer.consume(file, n);
        }
    }
    println!("bytes {bytes} chunks {chunks} waits {waits} last byte at {:?}; cpu {:?}", last - t0, cpu());
}
