//! What payloads cost on their way to the disk: `cargo run --release -p skidway-spool --example throughput [FOLDER]`.
//!
//! The compressors, on encoded records that look like a host's logs, and then the spool as a whole.
#![allow(clippy::print_stdout, reason = "a measurement that prints its result")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use skidway_spool::{Options, SEGMENT_BYTES, Spool};

const RUNS: u32 = 20;

/// A batch as it goes to a backend: 5,000 records with a body, attributes and times of their own.
fn payload() -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    let units = ["sshd", "systemd", "CRON", "kernel", "dhclient", "amazon-ssm-agent"];
    let mut payload = Vec::new();
    for line in 0..5_000_u64 {
        let unit = units[random.usize(..units.len())];
        let pid = random.u32(300..60_000);
        let message = match random.u8(..3) {
            0 => format!(
                "Accepted publickey for ubuntu from 10.0.{}.{} port {} ssh2",
                random.u8(..),
                random.u8(..),
                pid
            ),
            1 => format!("Started session-{line}.scope - Session {line} of User ubuntu."),
            _ => {
                format!("pam_unix({unit}:session): session closed for user root, took {} us", random.u32(..))
            }
        };
        let mut body = String::new();
        let _ = write!(
            body,
            "2026-11-25T10:{:02}:{:02}.{:06}+00:00 ip-10-0-1-7 {unit}[{pid}]: {message}",
            line / 100 % 60,
            line / 10 % 60,
            random.u32(..1_000_000)
        );
        payload.extend_from_slice(&(1_795_000_000_000_000_000 + line * 7_919_000).to_le_bytes());
        payload.extend_from_slice(body.as_bytes());
        for (key, value) in [
            ("timestamp", &body[..32]),
            ("hostname", "ip-10-0-1-7"),
            ("unit", unit),
            ("message", &message),
            ("source", "ec2-host-logs"),
            ("log.file.name", "syslog"),
        ] {
            payload.push(key.len() as u8);
            payload.extend_from_slice(key.as_bytes());
            payload.push(value.len() as u8);
            payload.extend_from_slice(value.as_bytes());
        }
    }
    payload
}

/// Best of so many runs.
fn measure(name: &str, payload: &[u8], mut run: impl FnMut() -> usize) {
    let (mut best, mut size) = (Duration::MAX, 0);
    for _ in 0..RUNS {
        let begin = Instant::now();
        size = run();
        best = best.min(begin.elapsed());
    }
    let speed = payload.len() as f64 / best.as_secs_f64() / 1e6;
    println!("{name:<16} {speed:>6.0} MB/s   {:>5.1} : 1", payload.len() as f64 / size as f64);
}

fn main() -> Result<(), Box<dyn Error>> {
    let payload = payload();
    println!("a payload of {} bytes", payload.len());
    for level in [-1, 1, 3] {
        measure(&format!("zstd {level}"), &payload, || {
            zstd::bulk::compress(&payload, level).map_or(0, |out| out.len())
        });
    }
    measure("lz4_flex", &payload, || lz4_flex::block::compress(&payload).len());
    let zstd = zstd::bulk::compress(&payload, 1)?;
    measure("zstd 1, back", &payload, || {
        zstd::bulk::decompress(&zstd, payload.len()).map_or(0, |_| zstd.len())
    });
    let lz4 = lz4_flex::block::compress(&payload);
    measure("lz4_flex, back", &payload, || {
        lz4_flex::block::decompress(&lz4, payload.len()).map_or(0, |_| lz4.len())
    });

    let base = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = base.join(format!("skidway-spool-{}", std::process::id()));
    let options =
        Options { folder: folder.clone(), max_bytes: 1 << 30, max_age: None, segment_bytes: SEGMENT_BYTES };
    let (spool, _) = Spool::open(options.clone())?;
    const ENTRIES: u32 = 500;
    let said = |what: &str, begin: Instant| {
        let seconds = begin.elapsed().as_secs_f64();
        let megabytes = payload.len() as f64 * f64::from(ENTRIES) / 1e6;
        println!(
            "{what:<16} {:>6.0} MB/s   {:>5.2} ms each",
            megabytes / seconds,
            seconds * 1e3 / f64::from(ENTRIES)
        );
    };
    let begin = Instant::now();
    for _ in 0..ENTRIES {
        spool.put(&payload, 5_000)?;
    }
    said("put, synced", begin);
    println!("                 {} bytes on disk", spool.bytes());
    drop(spool);
    let begin = Instant::now();
    let (spool, _) = Spool::open(options)?;
    println!("opened in        {:>6.1} ms", begin.elapsed().as_secs_f64() * 1e3);
    let begin = Instant::now();
    while !spool.is_empty() {
        spool.done(&spool.next(4 << 20)?);
    }
    said("next and done", begin);
    drop(spool);
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
