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

/// When `diff` says that the new parser may take the place of the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Accept {
    /// Both make the same records.
    Identical,
    /// No record is missing, no field of one, and no line that the old one recognises.
    NoFewerFields,
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
skidway test --parser ./mine.wasm golden            # and from then on see what changes\n  \
skidway test --parser ./mine.wasm --fuzz 60 golden  # look for lines that it does not stand\n\n\
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
    /// Change the lines of the logs in every way for so long and throw them at the parser: it must
    /// neither fail nor contradict itself. What is found is written to the folder fuzz beside the logs.
    #[arg(long, value_name = "SECONDS", conflicts_with = "update", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) fuzz: Option<u64>,
    /// Throw the same lines as another run with this seed. [default: another one each time]
    #[arg(long, value_name = "N", requires = "fuzz")]
    pub(crate) seed: Option<u64>,
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

/// What `diff` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
skidway diff --parser ubuntu --parser ./mine.wasm /var/log/syslog\n  \
skidway diff --parser old.wasm --parser new.wasm --accept no-fewer-fields --limit 0 /var/log/app/*.log\n\n\
Exit codes: 0 the new one is accepted, which by default means that the records are identical; 1 it is not; \
2 wrong usage.")]
pub(crate) struct Diff {
    /// Given twice: the old one and the new one. A bundled parser or the path of a component.
    #[arg(long, value_name = "PARSER", required = true)]
    pub(crate) parser: Vec<String>,
    /// Their configuration, a JSON object: for both, or given twice.
    #[arg(long, value_name = "JSON")]
    pub(crate) parser_config: Vec<String>,
    /// What of the new one is accepted.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Accept::Identical)]
    pub(crate) accept: Accept,
    /// The zone of time stamps that name none, such as Europe/Berlin.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) timezone: String,
    /// How many records to show that differ.
    #[arg(long, value_name = "RECORDS", default_value_t = 10)]
    pub(crate) limit: usize,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// When to colour.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
    /// Logs; `-` for standard input.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// What `detect` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "`parser: auto` gives a file to the parser that recognises most of its beginning, and to \
another one where the format changes. This shows how it decides.\n\n\
Examples:\n  \
skidway detect /var/log/*.log\n  \
skidway detect --json app.log\n\n\
Exit codes: 0 there is a parser for each file, 1 there is none for some, 2 wrong usage."
)]
pub(crate) struct Detect {
    /// Print JSON, one object a file.
    #[arg(long)]
    pub(crate) json: bool,
    /// When to colour.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
    /// Logs; `-` for standard input.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}
