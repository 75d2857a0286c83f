//! What a component's instances cost: `cargo run --release -p skidway-plugin --example instance_cost -- X.wasm FILE`.
//!
//! Prints how long it takes to load the component, to make an instance, and to parse FILE with a kept instance and
//! with a fresh one; and the smallest limit of memory, in MiB, with which it starts and parses FILE.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for measuring: a failure ends it")]

use std::time::{Duration, Instant};

use skidway_plugin::{Component, Context, Engine, Limits, Parser, Program};

fn main() {
    let [path, log] = &std::env::args().skip(1).collect::<Vec<_>>()[..] else { panic!("X.wasm FILE") };
    let (bytes, text) = (std::fs::read(path).unwrap(), std::fs::read_to_string(log).unwrap());
    let cache = std::env::temp_dir().join("skidway-instance-cost");
    let engine = Engine::new(Some(&cache), Program::this(&[])).unwrap();

    let start = Instant::now();
    let component = engine.load_bundled("measured", &bytes).unwrap();
    println!("load            {:>12.3?}", start.elapsed());
    let engine = Engine::new(Some(&cache), Program::this(&[])).unwrap();
    let start = Instant::now();
    let component_again = engine.load_bundled("measured", &bytes).unwrap();
    println!("load, cached    {:>12.3?}", start.elapsed());
    drop(component_again);

    let limits =
        |memory: usize| Limits { memory: memory << 20, cpu: Duration::from_secs(60), ..Limits::default() };
    println!("instance        {:>12.3?}", best(|| _ = Parser::new(&component, "{}", limits(1024)).unwrap()));
    let flush = Context { zone: vec![(0, 0)], flush: true, ..Context::default() };
    let mut parser = Parser::new(&component, "{}", limits(1024)).unwrap();
    println!("kept, parse     {:>12.3?}", best(|| _ = parser.parse(&text, &flush).unwrap()));
    let fresh = best(|| {
        parser.let_go();
        parser.parse(&text, &flush).unwrap();
    });
    println!("fresh, parse    {fresh:>12.3?}");
    println!("starts with     {:>8} MiB", smallest(|mib| starts(&component, limits(mib)).is_some()));
    let parses =
        |mib| starts(&component, limits(mib)).is_some_and(|mut parser| parser.parse(&text, &flush).is_ok());
    println!("parses with     {:>8} MiB", smallest(parses));
}

fn starts(component: &Component, limits: Limits) -> Option<Parser> {
    Parser::new(component, "{}", limits).ok()
}

fn best(mut work: impl FnMut()) -> Duration {
    let mut once = || {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..20).map(|_| once()).min().unwrap()
}

fn smallest(works: impl Fn(usize) -> bool) -> usize {
    let (mut fails, mut enough) = (0usize, 1024);
    while enough - fails > 1 {
        let middle = fails.midpoint(enough);
        if works(middle) { enough = middle } else { fails = middle }
    }
    enough
}
