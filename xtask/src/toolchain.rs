//! The tool chain that builds guests for `wasm32-unknown-unknown`.
//!
//! Two ways lead there. With rustup the target's standard library is downloaded ready-made. Where that is out
//! of reach (no rustup, or a network that only has Debian's packages), Debian's `rustc-web` compiles the
//! standard library from `rust-web-src`; the linker is the installed tool chain's own `rust-lld`. The two
//! compilers differ in version, so their artefacts live in different target folders.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::{exec, packages};

/// The target that has no system interface, so that a guest can import nothing but our package.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's compiler; the one in front of it in PATH usually belongs to rustup.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
/// The library sources of that compiler, in the place `-Zbuild-std` looks for them.
const DEBIAN_LIBRARY: &str = "/usr/lib/rustlib/src/rust/library/Cargo.lock";

const NO_WAY: &str = "\
guests need a Rust standard library for wasm32-unknown-unknown; have one of these, then try again:
  1. rustup (https://rustup.rs):   rustup target add wasm32-unknown-unknown
  2. Debian packages:              apt-get install rustc-web rust-web-src   (1.95 or later)";

/// How guests are built on this machine.
pub(crate) enum Route {
    /// The compiler in use has the target's library.
    Installed,
    /// Debian's compiler builds the library itself, and this program links.
    Debian { linker: PathBuf },
}

impl Route {
    /// A `cargo build` for guests, and the target folder it writes to.
    pub(crate) fn cargo_build(&self, target: &Path) -> (Command, PathBuf) {
        let mut command = exec::cargo();
        command.args(["build", "--target", TARGET]);
        // Flags meant for the host's code would replace those that .cargo/config.toml has for the target.
        command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        match self {
            Self::Installed => (command, target.to_owned()),
            Self::Debian { linker } => {
                let target = target.join("debian-wasm");
                command.args(["-Zbuild-std=std,panic_abort", "--target-dir"]).arg(&target);
                command.arg("--config").arg(format!("target.{TARGET}.linker={:?}", linker.to_string_lossy()));
                command
                    .arg("--config")
                    .arg(format!("target.{TARGET}.rustflags=[\"-Clinker-flavor=wasm-ld\"]"));
                command.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
                // Wrappers and rustup's choice belong to the other compiler.
                command.env_remove("RUSTC_WRAPPER").env_remove("RUSTC_WORKSPACE_WRAPPER");
                (command, target)
            }
        }
    }

    /// The same for a cargo that others call, with the target named.
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        match self {
            Self::Installed => Vec::new(),
            Self::Debian { linker } => vec![
                ("RUSTC", DEBIAN_RUSTC.into()),
                ("RUSTC_BOOTSTRAP", "1".into()),
                ("RUSTC_WRAPPER", OsString::new()),
                ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort".into()),
                ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker.into()),
                ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", DEBIAN_FLAGS.into()),
            ],
        }
    }
}

/// The linker is called as what it is; the rest is what .cargo/config.toml has for the target.
const DEBIAN_FLAGS: &str = "-Clinker-flavor=wasm-ld -Ctarget-feature=+simd128";

/// Finds a way, and installs what it needs.
///
/// # Errors
/// No way leads to the target, or the one that `SKIDWAY_WASM_ROUTE` demands does not; the message says what
/// to install.
pub(crate) fn set_up() -> Result<Route> {
    let wanted = env::var("SKIDWAY_WASM_ROUTE").unwrap_or_default();
    match wanted.as_str() {
        "" => {}
        "rustup" => return through_rustup(),
        "debian" => return through_debian(),
        other => bail!("SKIDWAY_WASM_ROUTE is `{other}`; it takes `rustup` or `debian`, or is left unset"),
    }
    if library_is_installed()? {
        exec::note(&format!("{TARGET} is installed for {}", version_of(&rustc())?));
        return Ok(Route::Installed);
    }
    through_rustup().or_else(|rustup| {
        exec::note(&format!("rustup: {rustup:#}"));
        through_debian().map_err(|debian| debian.context(NO_WAY))
    })
}

fn rustc() -> PathBuf {
    env::var_os("RUSTC").map_or_else(|| "rustc".into(), PathBuf::from)
}

fn library_is_installed() -> Result<bool> {
    let folder =
        exec::output_of(Command::new(rustc()).args(["--print", "target-libdir", "--target", TARGET]))?;
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(false) };
    Ok(entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    }))
}

fn through_rustup() -> Result<Route> {
    if !library_is_installed()? {
        ensure!(packages::in_path("rustup").is_some(), "rustup is not installed");
        exec::note(&format!("rustup target add {TARGET}"));
        let mut command = Command::new("rustup");
        command.args(["target", "add", TARGET]).stdin(Stdio::null());
        // Where it cannot fetch, one line says so.
        exec::run(command.env("RUST_BACKTRACE", "0"))?;
        ensure!(library_is_installed()?, "rustup added {TARGET} to another tool chain than the one in use");
    }
    exec::note(&format!("{TARGET} is installed for {}", version_of(&rustc())?));
    Ok(Route::Installed)
}

fn through_debian() -> Result<Route> {
    let mut linker = find_linker()?;
    let compiler = debian_compiler();
    if compiler.is_err() || linker.is_none() {
        let mut packages = Vec::new();
        if let Err(reason) = compiler {
            exec::note(&format!("{reason:#}"));
            exec::note("installing rustc-web (Debian's newer Rust compiler, used for the guests only)");
            exec::note("and rust-web-src (the standard library's source, about 340 MB unpacked)");
            packages.extend(["rustc-web", "rust-web-src"]);
        }
        if linker.is_none() {
            exec::note("installing lld (links WebAssembly; no rust-lld was found)");
            packages.push("lld");
        }
        packages::install(&packages)?;
        linker = find_linker()?;
    }
    exec::note(&format!("building std for {TARGET} with {}", debian_compiler()?));
    Ok(Route::Debian { linker: linker.context("there is no rust-lld and no wasm-ld")? })
}

/// The version of Debian's compiler when it serves.
fn debian_compiler() -> Result<String> {
    ensure!(Path::new(DEBIAN_RUSTC).exists(), "{DEBIAN_RUSTC} is missing");
    let version = version_of(Path::new(DEBIAN_RUSTC))?;
    let needed = env!("CARGO_PKG_RUST_VERSION");
    ensure!(minor(&version) >= minor(needed), "{version} in /usr/bin is older than {needed}");
    ensure!(Path::new(DEBIAN_LIBRARY).exists(), "{DEBIAN_LIBRARY} is missing");
    Ok(version)
}

/// The first two numbers of a version, which are all that decides here.
fn minor(text: &str) -> Option<(u32, u32)> {
    let version = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut numbers = version.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn version_of(rustc: &Path) -> Result<String> {
    let version = exec::output_of(Command::new(rustc).arg("--version"))?;
    Ok(version.split(" (").next().unwrap_or(&version).to_owned())
}

/// `rust-lld` of the tool chain in use, else a `wasm-ld` of the system.
fn find_linker() -> Result<Option<PathBuf>> {
    let about = exec::output_of(Command::new(rustc()).arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let sysroot = exec::output_of(Command::new(rustc()).args(["--print", "sysroot"]))?;
    let bundled = Path::new(&sysroot).join("lib/rustlib").join(host).join("bin/rust-lld");
    Ok(Some(bundled)
        .filter(|path| path.exists())
        .or_else(|| packages::in_path("rust-lld"))
        .or_else(|| packages::in_path("wasm-ld")))
}

#[cfg(test)]
mod tests {
    use super::minor;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(minor("rustc 1.96.0 (ac68faa20 2026-05-25)"), Some((1, 96)));
        assert!(minor("1.95") < minor("rustc 1.100.0-nightly"));
        assert!(minor("rustc 1.63.0") < minor("1.95"));
        assert!(minor("rustc") < minor("1.95"), "an unreadable version is too old");
    }
}
