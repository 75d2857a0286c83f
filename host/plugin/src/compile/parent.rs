//! The host's side.

use std::io::{self, Read, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::compile::CompileLimits;
use crate::component::LoadError;
use crate::store::shorten;

/// What is kept of a child's standard error: an error message and a little more.
const SAID: u64 = 16 << 10;

/// The program that compiles: called with its arguments, then `MEMORY SECONDS`, it
/// calls [`compile`](crate::compile) with its standard input and output.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<String>,
}

/// What a child has compiled for us. Nothing else can make one.
pub(crate) struct Compiled(Vec<u8>);

impl Compiled {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// How a child ended.
struct End {
    code: Vec<u8>,
    said: String,
    status: ExitStatus,
    late: bool,
}

impl Program {
    /// The program at `path`.
    pub fn new(path: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        Self { path: path.into(), arguments: arguments.iter().map(ToString::to_string).collect() }
    }

    /// The program that is running now: this very file, even if another one has taken
    /// its name meanwhile.
    pub fn this(arguments: &[&str]) -> Self {
        Self::new("/proc/self/exe", arguments)
    }

    pub(crate) fn compile(&self, bytes: &[u8], limits: &CompileLimits) -> Result<Compiled, LoadError> {
        let end = self.run(bytes, limits).map_err(|error| LoadError::Compiler(error.to_string()))?;
        judge(end, limits)
    }

    fn run(&self, bytes: &[u8], limits: &CompileLimits) -> io::Result<End> {
        let mut child = Command::new(&self.path)
            .arg0("skidway")
            .args(&self.arguments)
            .args([limits.memory.to_string(), limits.seconds().to_string()])
            // It needs nothing of it, and tokens may be there.
            .env_clear()
            // What a terminal sends to the agent's group is not for the child, which ends with the agent.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let talked = talk(&mut child, bytes, limits);
        // Reaped whatever went wrong before.
        let _ = talked.is_err().then(|| child.kill());
        let status = child.wait()?;
        let (code, said, late) = talked?;
        Ok(End { code, said, status, late })
    }
}

/// Gives the component to `child` and takes what it answers, until it has ended: in
/// time by itself, or killed. It is not reaped yet, so its id is still its own.
fn talk(child: &mut Child, bytes: &[u8], limits: &CompileLimits) -> io::Result<(Vec<u8>, String, bool)> {
    let piped = || io::Error::other("it has no pipes");
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or_else(piped)?;
    let mut stdin = child.stdin.take().ok_or_else(piped)?;
    let stdout = child.stdout.take().ok_or_else(piped)?;
    let stderr = child.stderr.take().ok_or_else(piped)?;
    std::thread::scope(|scope| {
        let (ended, end) = channel::<()>();
        // A machine that has no room for a thread is no reason to panic.
        let thread = std::thread::Builder::new;
        let watch = thread().spawn_scoped(scope, move || {
            let late = end.recv_timeout(limits.deadline()) == Err(RecvTimeoutError::Timeout);
            if late {
                kill(pid);
            }
            late
        })?;
        // One that ends without reading everything has said why.
        let feeds = thread().spawn_scoped(scope, move || drop(stdin.write_all(bytes)));
        let said = feeds.and_then(|_| thread().spawn_scoped(scope, move || drain(stderr)));
        let said = said.inspect_err(|_| kill(pid))?;
        let mut code = Vec::new();
        let most = limits.code() as u64;
        let read = stdout.take(most + 1).read_to_end(&mut code);
        if read.is_err() || code.len() as u64 > most {
            kill(pid);
        }
        let waited = wait(pid);
        drop(ended);
        let late = watch.join().unwrap_or(false);
        let said = said.join().unwrap_or_default();
        read.and(waited)?;
        Ok((code, said, late))
    })
}

fn kill(pid: Pid) {
    // Nobody has waited for it yet: the id is the child's. It may have ended.
    let _ = kill_process(pid, Signal::KILL);
}

fn wait(pid: Pid) -> io::Result<()> {
    loop {
        match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return Ok(()),
        }
    }
}

/// The first of it; the rest is read, so that nobody waits for us, and forgotten.
fn drain(mut stderr: impl Read) -> String {
    let mut said = Vec::new();
    let _ = (&mut stderr).take(SAID).read_to_end(&mut said);
    let _ = io::copy(&mut stderr, &mut io::sink());
    String::from_utf8_lossy(&said).trim().to_owned()
}

fn judge(end: End, limits: &CompileLimits) -> Result<Compiled, LoadError> {
    let End { code, said, status, late } = end;
    if late {
        return Err(LoadError::CompileTime { limit: limits.deadline(), of: "" });
    }
    if code.len() > limits.code() {
        return Err(LoadError::CodeSize { limit: limits.code() });
    }
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(Compiled(code)),
        (_, Some(signal)) if signal == Signal::XCPU.as_raw() => Err(LoadError::CompileTime {
            limit: Duration::from_secs(limits.seconds()),
            of: " of processor time",
        }),
        // What Rust says before it aborts, and what the kernel's answer is called.
        _ if said.contains("memory allocation of") || said.contains("Cannot allocate memory") => {
            Err(LoadError::CompileMemory { limit: limits.memory })
        }
        (_, Some(signal)) => {
            let said = shorten(said.lines().next().unwrap_or_default());
            Err(LoadError::Compile(format!("the compiler ended with signal {signal}: {said}")))
        }
        _ => Err(LoadError::Compile(shorten(&said))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn shell(script: &str) -> Program {
        Program::new("/bin/sh", &["-c", script])
    }

    fn limits() -> CompileLimits {
        CompileLimits { size: 2 << 10, memory: 1 << 30, time: Duration::from_secs(1) }
    }

    fn refused(script: &str, bytes: &[u8]) -> String {
        match shell(script).compile(bytes, &limits()) {
            Ok(_) => panic!("{script} did not fail"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn it_reads_the_component_and_answers() {
        let compiled = shell("cat").compile(b"a component", &limits()).unwrap();
        assert_eq!(compiled.bytes(), b"a component");
        let bytes = vec![7; 8 << 10];
        assert_eq!(shell("cat").compile(&bytes, &limits()).unwrap().bytes(), bytes);
    }

    #[test]
    fn it_is_told_its_limits_and_nothing_else() {
        let compiled = shell("echo $0 $1 $HOME $CARGO_MANIFEST_DIR").compile(b"", &limits()).unwrap();
        assert_eq!(compiled.bytes(), b"1073741824 1\n");
    }

    #[test]
    fn what_it_says_is_the_error() {
        assert_eq!(refused("echo bad 1>&2; exit 1", b""), "it does not compile: bad");
        // One that reads nothing of a component that no pipe holds.
        assert_eq!(refused("echo bad 1>&2; exit 1", &[0; 1 << 20]), "it does not compile: bad");
        let much = refused("yes bad | head -c 1000000 1>&2; exit 1", b"");
        assert!(much.len() < 2000, "{}", much.len());
    }

    #[test]
    fn one_that_answers_too_much_is_ended() {
        let error = refused("yes", b"");
        assert_eq!(
            error,
            "its code is larger than 8192 bytes, four times what a component may have; raise `limits.size` \
             if it is meant to be so large"
        );
    }

    #[test]
    fn one_that_goes_on_after_its_answer_is_ended() {
        let start = Instant::now();
        let error = refused("exec 1>&- 2>&-; sleep 60", b"");
        assert!(error.starts_with("compiling it takes more than 4s; raise"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_crash_is_an_error() {
        assert_eq!(
            refused("echo oh 1>&2; kill -SEGV $$", b""),
            "it does not compile: the compiler ended with signal 11: oh"
        );
        assert!(
            refused("kill -XCPU $$", b"").starts_with("compiling it takes more than 1s of processor time")
        );
        assert!(
            refused("echo memory allocation of 9 bytes failed 1>&2; kill -ABRT $$", b"")
                .contains("compiling it takes more than 1024 MiB of memory; raise `limits.compile_memory`")
        );
    }

    #[test]
    fn a_program_that_is_not_there() {
        let Err(error) = Program::new("/nowhere", &[]).compile(b"", &limits()) else { panic!() };
        assert!(error.to_string().contains("the compiler cannot be started"), "{error}");
    }
}
