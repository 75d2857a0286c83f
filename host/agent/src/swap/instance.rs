//! One instance of a component, whatever its role, and what it is tried on before it gets to see a log.

use anyhow::{Result, bail};
use skidway_plugin::{Component, Context, Enricher, LoadError, Parser, Role, raw_records};

use super::slot::Spec;

/// An instance that is configured.
#[derive(Debug)]
pub(crate) enum Instance {
    Parser(Parser),
    Enricher(Enricher),
}

/// Lines as loggers write them, and some that nobody would: a component that fails on these will fail on others.
const SAMPLE: &str = "\
2026-03-04T05:06:07.891011+00:00 web-1 sshd[1234]: Accepted publickey for admin from 10.0.0.1 port 50022 ssh2
Mar  4 05:06:07 ip-10-0-0-1 systemd: Started Session 42 of user ec2-user.
10.0.0.1 - - [04/Mar/2026:05:06:07 +0000] \"GET /health HTTP/1.1\" 200 2 \"-\" \"curl/8.5.0\"
{\"time\":\"2026-03-04T05:06:07Z\",\"level\":\"info\",\"msg\":\"größer als gedacht\"}
\tat com.example.Main.run(Main.java:42)

a line of no format 🦀
";
/// When it was written: 2026-03-04T05:06:08Z.
const WRITTEN_UNIX_NANO: u64 = 1_772_600_768_000_000_000;

impl Instance {
    /// An instance for a slot.
    pub(super) fn new(component: &Component, spec: &Spec) -> Result<Self, LoadError> {
        Ok(match spec.role {
            Role::Enricher => Self::Enricher(Enricher::new(component, &spec.config, spec.limits.clone())?),
            _ => Self::Parser(Parser::new(component, &spec.config, spec.limits.clone())?),
        })
    }

    /// An instance for a slot, that has shown that it can work there.
    pub(super) fn tried(component: &Component, spec: &Spec) -> Result<Self> {
        let mut instance = Self::new(component, spec)?;
        match &mut instance {
            Self::Parser(parser) => {
                if spec.auto && parser.owns_file_attributes() {
                    bail!(
                        "it puts a file's attributes on records itself, and `auto` leaves that to the host"
                    );
                }
                let zone = vec![(i64::MIN, 0)];
                let reference_time_unix_nano = WRITTEN_UNIX_NANO;
                let context = Context { flush: true, zone, reference_time_unix_nano, ..Context::default() };
                for text in ["", SAMPLE] {
                    parser.parse(text, &context).map_err(|error| failed(&error))?;
                }
            }
            Self::Enricher(enricher) => {
                for text in ["", SAMPLE] {
                    let mut records = raw_records(text).0;
                    enricher.enrich(&mut records).map_err(|error| failed(&error))?;
                }
            }
        }
        Ok(instance)
    }
}

fn failed(error: &dyn std::fmt::Display) -> anyhow::Error {
    anyhow::anyhow!("it fails on a sample of usual lines: {error}")
}
