//! Log lines in any number, the same ones every time.
//!
//! The mix is that of a small web host: cron and units most of all, then logins, the firewall, the kernel and
//! an application; about 134 bytes a line over both formats.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use fastrand::Rng;

/// How a line begins.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    /// RFC 3339 with microseconds.
    Ubuntu,
    /// Month, day and time.
    AmazonLinux,
    /// The same, on a day of two digits: the only ones that the guide's pattern takes.
    TwoDigitDay,
}

/// Writes `lines` entries of one line each over one day, and gives their bytes.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write(path: &Path, form: Form, lines: u64) -> io::Result<u64> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut rng = Rng::with_seed(match form {
        Form::Ubuntu => 2404,
        Form::AmazonLinux | Form::TwoDigitDay => 2,
    });
    let (mut bytes, mut line) = (0, Vec::new());
    for i in 0..lines {
        line.clear();
        let micros = i * 86_000_000_000 / lines.max(1) + rng.u64(0..50);
        stamp(&mut line, form, micros)?;
        message(&mut line, form, &mut rng)?;
        line.push(b'\n');
        bytes += line.len() as u64;
        out.write_all(&line)?;
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(bytes)
}

fn stamp(line: &mut Vec<u8>, form: Form, micros: u64) -> io::Result<()> {
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match form {
        Form::Ubuntu => {
            write!(line, "2026-11-17T{hour:02}:{minute:02}:{second:02}.{micros:06}+00:00 ip-10-0-1-23 ")
        }
        Form::TwoDigitDay => write!(line, "Nov 17 {hour:02}:{minute:02}:{second:02} ip-10-0-1-42 "),
        Form::AmazonLinux => write!(line, "Nov  7 {hour:02}:{minute:02}:{second:02} ip-10-0-1-42 "),
    }
}

fn message(line: &mut Vec<u8>, form: Form, rng: &mut Rng) -> io::Result<()> {
    const USERS: [&str; 6] = ["root", "admin", "deploy", "postgres", "ubuntu", "ec2-user"];
    const UNITS: [&str; 5] = ["sysstat-collect", "logrotate", "apt-daily", "fwupd-refresh", "man-db"];
    let pid = rng.u32(300..65_000);
    let user = USERS[rng.usize(..USERS.len())];
    let unit = UNITS[rng.usize(..UNITS.len())];
    let (address, port) = (rng.u8(1..=254), rng.u16(1024..));
    let init = match form {
        Form::Ubuntu => "systemd[1]",
        Form::AmazonLinux | Form::TwoDigitDay => "systemd",
    };
    match rng.u8(..20) {
        0..=3 => write!(line, "{init}: Starting {unit}.service - scheduled work of {unit}..."),
        4..=5 => write!(line, "{init}: {unit}.service: Deactivated successfully."),
        6..=8 => {
            write!(
                line,
                "CRON[{pid}]: (root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 {} 1)",
                pid % 9
            )
        }
        9..=11 => write!(
            line,
            "sshd[{pid}]: Failed password for invalid user {user} from 203.0.113.{address} port {port} ssh2"
        ),
        12 => write!(
            line,
            "sshd[{pid}]: Accepted publickey for {user} from 192.0.2.{address} port {port} ssh2: \
             ED25519 SHA256:{:016x}{:016x}",
            rng.u64(..),
            rng.u64(..)
        ),
        13..=14 => write!(
            line,
            "kernel: [UFW BLOCK] IN=ens5 OUT= MAC=02:00:5e:10:00:17:02:00:5e:10:00:01:08:00 \
             SRC=198.51.100.{address} DST=192.0.2.23 LEN=60 TOS=0x00 PREC=0x00 TTL=47 ID={port} PROTO=TCP \
             SPT={port} DPT={} WINDOW=1024 RES=0x00 SYN URGP=0 ",
            pid % 10_000
        ),
        15 => write!(
            line,
            "sudo: {user:>8} : TTY=pts/0 ; PWD=/home/{user} ; USER=root ; COMMAND=/usr/bin/systemctl restart \
             {unit}"
        ),
        16 => write!(
            line,
            "fail2ban.filter[655]: INFO    [sshd] Found 203.0.113.{address} - 2026-11-17 06:41:09"
        ),
        17 => write!(
            line,
            "amazon-ssm-agent.amazon-ssm-agent[702]: 2026-11-17 06:41:09.{:04} INFO [MessageService] health ping \
             {port} answered in {address} ms",
            port % 10_000
        ),
        18 => write!(
            line,
            "orderdesk[{pid}]: level=info msg=\"order {port} für {user} bezahlt\" total=\"{address},00 €\" \
             took={address}ms"
        ),
        _ => write!(
            line,
            "dockerd: time=\"2026-11-07T06:41:09.{pid:06}Z\" level=warning msg=\"health check {port} took \
             {address} s\""
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, write};

    #[test]
    fn lines_are_the_same_every_time_and_as_long_as_real_ones() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        let mut bytes = 0;
        for form in [Form::Ubuntu, Form::AmazonLinux] {
            bytes += write(&one, form, 5000).unwrap();
            write(&two, form, 5000).unwrap();
            let text = std::fs::read_to_string(&one).unwrap();
            assert_eq!(text, std::fs::read_to_string(&two).unwrap());
            assert_eq!(text.lines().count(), 5000);
            assert!(text.lines().all(|line| !line.is_empty() && !line.starts_with(' ')));
        }
        let mean = bytes as f64 / 10_000.0;
        assert!((130.0..138.0).contains(&mean), "{mean} bytes a line");
    }
}
