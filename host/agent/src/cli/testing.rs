//! What the commands take that people use to make parsers.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Also into a pipe.
    Always,
    /// Not at all.
    Never,
}

/// What `test` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "A test is a file NAME.log beside NAME.expected.jsonl, which has one JSON object for each record:\n  \
{\"time\":\"2026-03-04T05:06:07Z\",\"severity_number\":17,\"severity_text\":\"ERROR\",\"attributes\":{\"pid\":842}}\n\
`body` may be left out where it is the line itself; `unrecognised` is true for lines that the parser did not know. \
Each log is parsed in many chunkings; all have to give the same records.\n\n\
A file skidway-test.yaml beside the logs or above them may say how, each key of it may be left out:\n  \
parser: ./mine.wasm                    # or the name of a bundled one\n  \
config: {}                             # the parser's configuration\n  \
timezone: UTC                          # of stamps that name none\n  \
reference_time: 2026-11-22T12:00:00Z   # stamps without a year lie in the year before it\n  \
enrich: []                             # what changes records behind the parser\n\n\
Examples:\n  \
skidway test --parser ./mine.wasm --update golden   # write down what it makes now; read it!\n  \
skidway test --parser ./mine.wasm golden            # and from then on see what changes\n\n\
Exit codes: 0 all is as expected, 1 something is not, 2 wrong usage."
)]
pub(crate) struct Test {
    /// A bundled parser or the path of a component.
    /// [default: what skidway-test.yaml says]
    #[arg(long, value_name = "PARSER")]
    pub(crate) parser: Option<String>,
    /// The parser's configuration, a JSON object.
    #[arg(long, value_name = "JSON")]
    pub(crate) parser_config: Option<String>,
    /// What changes records after the parser: a bundled component or the path of one;
    /// `none` for nothing. May be given several times.
    #[arg(long, value_name = "COMPONENT")]
    pub(crate) enrich: Vec<String>,
    /// The zone of time stamps that name none, such as Europe/Berlin.
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
    /// When the logs were written at the latest, RFC 3339.
    #[arg(long, value_name = "TIME")]
    pub(crate) reference_time: Option<jiff::Timestamp>,
    /// Write what the parser makes now into the expected files.
    #[arg(long)]
    pub(crate) update: bool,
    /// How many records of a log to show that are not as expected.
    #[arg(long, value_name = "RECORDS", default_value_t = 10)]
    pub(crate) limit: usize,
    /// When to colour.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
    /// A folder with logs and what is expected of them, also in folders below it.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}
