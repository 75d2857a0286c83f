//! Keys, signatures, and components in registries.

use std::path::PathBuf;

use clap::Args;

/// What `keygen` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Give NAME.pub away: hosts that have it in `components.trust.keys` load what you sign. Keep NAME.key.\n\
The files are minisign's, and so are the signatures.\n\n\
The password is asked for, or taken from $SKIDWAY_KEY_PASSWORD."
)]
pub(crate) struct Keygen {
    /// Where to write: NAME.pub and NAME.key.
    #[arg(long, short, value_name = "NAME", default_value = "skidway")]
    pub(crate) output: PathBuf,
    /// Let whoever has NAME.key sign with it.
    #[arg(long)]
    pub(crate) no_password: bool,
    /// Overwrite files that are there. What was signed with the old key is signed by nobody then.
    #[arg(long)]
    pub(crate) force: bool,
}

/// What `sign` takes.
#[derive(Debug, Args)]
#[command(after_help = "Writes COMPONENT.minisig beside each component; both files travel together.\n\n\
Example:\n  \
skidway sign --key skidway.key nginx.wasm\n\n\
The password is asked for, or taken from $SKIDWAY_KEY_PASSWORD.")]
pub(crate) struct Sign {
    /// The secret key, as `skidway keygen` or `minisign -G` wrote it.
    #[arg(long, short, value_name = "FILE.key")]
    pub(crate) key: PathBuf,
    /// What to say of it; signed, too.
    /// [default: when it was signed, and the file's name]
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,
    /// Components.
    #[arg(value_name = "COMPONENT", required = true)]
    pub(crate) components: Vec<PathBuf>,
}

/// How to speak to a registry.
#[derive(Debug, Args)]
pub(crate) struct Access {
    /// Who asks. [default: as `docker login` left it]
    #[arg(long, value_name = "NAME", requires = "password_stdin")]
    pub(crate) username: Option<String>,
    /// Read the password from standard input.
    #[arg(long, requires = "username")]
    pub(crate) password_stdin: bool,
    /// HTTP without TLS. Registries on this machine are always asked so.
    #[arg(long)]
    pub(crate) plain_http: bool,
    /// How often to try again what may work the next time.
    #[arg(long, value_name = "TIMES", default_value_t = 5)]
    pub(crate) retries: u32,
}

/// What `get` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Configs call what was fetched `component: oci://REF`. It is kept under the state folder by its digest; where \
the registry cannot be reached, what was fetched before is used, and said.\n\n\
Examples:\n  \
skidway get ghcr.io/acme/nginx:1.0\n  \
skidway get --config /etc/skidway/config.yaml          all that it names, with its keys\n  \
skidway get ghcr.io/acme/nginx:1.0 --into /etc/skidway/processors\n\n\
Exit codes: 0 it is here, 1 it is not."
)]
pub(crate) struct Get {
    /// HOST/NAME:TAG, or HOST/NAME@sha256:HEX for the same bytes for ever.
    #[arg(value_name = "REF", required_unless_present = "config")]
    pub(crate) references: Vec<String>,
    /// A config: its state folder, its keys, and without REF the components that it names.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Vec<PathBuf>,
    /// Where to keep components. [default: the config's, then $STATE_DIRECTORY, then /var/lib/skidway]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Take only what one of these keys has signed: the key, or its .pub file.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
    /// Write a copy to this file.
    #[arg(long, short, value_name = "FILE", conflicts_with = "into")]
    pub(crate) output: Option<PathBuf>,
    /// Write a copy to NAME.wasm in this folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) into: Option<PathBuf>,
    /// The largest component to take, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 64)]
    pub(crate) max_size: u64,
    #[command(flatten)]
    pub(crate) access: Access,
}

/// What `push` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "The layout is that of `wkg oci push`. COMPONENT.minisig goes along where it is there.\n\n\
Example:\n  \
skidway push nginx.wasm ghcr.io/acme/nginx:1.0"
)]
pub(crate) struct Push {
    /// A component.
    #[arg(value_name = "COMPONENT")]
    pub(crate) component: PathBuf,
    /// HOST/NAME:TAG.
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    #[command(flatten)]
    pub(crate) access: Access,
}
