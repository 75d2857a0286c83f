//! The crate from outside: text in, configs or messages out.

mod broken;
mod files;
mod merging;
mod resolving;
mod shipped;
mod warnings;

use skidway_config::{Config, Errors, Export, OtlpHttp, Source, Surroundings, Target, parse};

/// A small config that is right, for tests to break.
const GOOD: &str = "\
receivers:
  filelog:
    include: [/var/log/syslog]
processors:
  resource:
    attributes:
      - {key: service.name, value: host-logs, action: insert}
  batch:
    timeout: 10s
exporters:
  otlphttp:
    endpoint: http://localhost:4318
service:
  pipelines:
    logs:
      receivers: [filelog]
      processors: [resource, batch]
      exporters: [otlphttp]
";

/// A public key of minisign's; `acme.pub` holds it, too.
const KEY: &str = "RWRpTMr+tf0Ck/sQmiZbZzbPHiA+zWJS+mI7lyQmjREbJBYste7QhyQd";

trait Speaks {
    /// The backend where OTLP over HTTP is spoken.
    fn http(&self) -> &OtlpHttp;
}

impl Speaks for Export {
    fn http(&self) -> &OtlpHttp {
        match &self.exporter.target {
            Target::Http(http) => http,
            other => panic!("{other:?}"),
        }
    }
}

fn with_env(sources: &[(&str, &str)], env: &[(&str, &str)]) -> Result<Config, Errors> {
    let sources: Vec<_> =
        sources.iter().map(|(name, text)| Source { name: (*name).into(), text: (*text).into() }).collect();
    let lookup = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
    let known_zone = |name: &str| ["Europe/Berlin", "Etc/UTC"].contains(&name);
    let file = |path: &std::path::Path| match path.to_str() {
        Some("acme.pub") => Ok(format!("untrusted comment: minisign public key\n{KEY}\n")),
        Some("acme.key") => Ok("untrusted comment: minisign encrypted secret key\nRWRT\n".to_owned()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    };
    parse(
        &sources,
        &Surroundings {
            is_file: &|path| path == std::path::Path::new("/etc/skidway/processors/acme.wasm"),
            file: &file,
            env: &lookup,
            known_zone: &known_zone,
            memory: Some(1 << 30),
            state_dir: None,
        },
    )
}

fn config(text: &str) -> Result<Config, Errors> {
    with_env(&[("x.yaml", text)], &[])
}

/// `GOOD` with each pair's first text replaced by its second.
fn good_but(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(GOOD.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "nothing to replace: {from}");
        text.replacen(from, to, 1)
    })
}
