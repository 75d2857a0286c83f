use skidway_processor_amazon_linux::AmazonLinux;
use skidway_sdk::{Context, Parser, parse, time::Clock};
fn main() {
    let mut s = String::new();
    let msgs = ["systemd[1]: Finished sysstat-collect.service - system activity accounting tool.", "sshd[4242]: Failed password for invalid user admin from 203.0.113.5 port 4242 ssh2", "kernel: [UFW BLOCK] IN=ens5 OUT= MAC=06:f5 SRC=198.51.100.7 DST=10.0.0.4 LEN=60", "CRON[31051]: (root) CMD (touch /var/run/crond.somecheck) and so on", "amazon-ssm-agent.amazon-ssm-agent[526]: caused by: RequestError: send request failed"];
    let mut n = 0;
    while s.len() < 262000 { s += &format!("Nov 22 11:19:{:02} ip-172-31-10-246 {}\n", n % 60, msgs[n % 5]); n += 1; }
    let p = AmazonLinux::configure("{}").unwrap();
    let c = Context { path: "x".into(), clock: Clock::utc(1_795_348_800_000_000_000), flush: false };
    let t = std::time::Instant::now();
    for _ in 0..500 { std::hint::black_box(parse(&p, std::hint::black_box(s.as_bytes()), &c)); }
    eprintln!("{} ns/line", t.elapsed().as_nanos() as f64 / 500.0 / n as f64);
}
