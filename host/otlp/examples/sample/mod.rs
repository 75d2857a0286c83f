//! Host log lines of about 135 bytes, the same at every run, as a parser answers
//! them: time, body and five attributes.

use skidway_model::{Checked, Key, Records};

const PROGRAMS: [&str; 6] = ["systemd", "sshd-session", "CRON", "kernel", "fail2ban.actions", "snapd"];
const HOST: &str = "ip-172-31-20-9";

/// One chunk: its text and the columns over it.
pub(crate) struct Sample {
    pub(crate) text: String,
    pub(crate) columns: Records,
}

impl Sample {
    /// `lines` lines. Another `seed` gives other numbers in them.
    pub(crate) fn new(lines: usize, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut text = String::new();
        let mut columns = Records::default();
        for name in ["timestamp", "hostname", "unit", "pid", "message"] {
            columns.keys.push(Key::text(name));
        }
        for line in 0..lines {
            let program = PROGRAMS[random.usize(..PROGRAMS.len())];
            let (minute, second, micro) = (line / 600 % 60, line / 10 % 60, random.u32(..1_000_000));
            let stamp = format!("2026-11-23T08:{minute:02}:{second:02}.{micro:06}+00:00");
            let pid = random.u32(300..99_999).to_string();
            let message = message(&mut random);
            let start = text.len();
            let mut spans = Vec::new();
            for (part, after) in
                [(stamp.as_str(), " "), (HOST, " "), (program, "["), (&pid, "]: "), (&message, "\n")]
            {
                spans.push((text.len() as u32, (text.len() + part.len()) as u32));
                text.push_str(part);
                text.push_str(after);
            }
            columns.origin.push(start as u32);
            columns.time_unix_nano.push(1_795_000_000_000_000_000 + line as u64 * 1_000_000);
            columns.severity_number.push(9);
            columns.body_start.push(start as u32);
            columns.body_end.push(text.len() as u32 - 1);
            for (key, (from, to)) in spans.into_iter().enumerate() {
                columns.attribute_key.push(key as u16);
                columns.attribute_start.push(from);
                columns.attribute_end.push(to);
            }
            columns.attributes_end.push(columns.attribute_key.len() as u32);
        }
        Self { text, columns }
    }

    /// The records, checked.
    pub(crate) fn records(&self) -> Checked<'_> {
        Checked::new(&self.text, self.columns.clone()).expect("a sample is well formed")
    }
}

fn message(random: &mut fastrand::Rng) -> String {
    let (a, b) = (random.u8(1..255), random.u8(1..255));
    let (port, id) = (random.u16(1024..), random.u32(..));
    match random.u8(..6) {
        0 => format!("Failed password for invalid user admin from 203.0.{a}.{b} port {port} ssh2"),
        1 => format!(
            "Accepted publickey for ubuntu from 198.51.{a}.{b} port {port} ssh2: ED25519 SHA256:{id:08x}"
        ),
        2 => format!(
            "[UFW BLOCK] IN=ens5 OUT= SRC=192.0.{a}.{b} DST=172.31.20.9 LEN=40 TTL=244 ID={port} PROTO=TCP DPT=23"
        ),
        3 => format!("(root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1) #{id}"),
        4 => format!(
            "session-{port}.scope: Deactivated successfully. Consumed {a}.{b}s CPU time, {id} bytes peak"
        ),
        _ => format!(
            "Started unit-{id:08x}.service - Rotate and collect what the host wrote today, run {port}."
        ),
    }
}
