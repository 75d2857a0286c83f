//! Components from a registry: a real one, `docker-registry`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use skidway_test_support::eventually;
use tempfile::TempDir;

use crate::command::{Ended, check, command, run, skidway};
use crate::lines::ubuntu;
use crate::programs::{find, is_there};
use crate::rig::{PATIENCE, Rig, component};

/// A registry of one test. It is gone with its value.
struct Registry {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Registry {
    /// `None`, and that is said, where there is none to start.
    fn start() -> Option<Self> {
        Self::with(|_| json!({}))
    }

    fn with(auth: impl Fn(&Path) -> Value) -> Option<Self> {
        if !is_there("docker-registry") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        // Another program may take the port in between.
        for _ in 0..10 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut config = json!({
                "version": "0.1",
                "log": {"level": "error"},
                "storage": {"filesystem": {"rootdirectory": folder.path().join("storage")}},
                "http": {"addr": format!("127.0.0.1:{port}")},
            });
            if let Some(auth) = auth(folder.path()).as_object().filter(|auth| !auth.is_empty()) {
                config["auth"] = json!(auth);
            }
            // JSON is YAML.
            fs::write(folder.path().join("config.yml"), config.to_string()).unwrap();
            let mut child = Command::new(find("docker-registry").unwrap())
                .arg("serve")
                .arg(folder.path().join("config.yml"))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let answers = || TcpStream::connect(("127.0.0.1", port)).is_ok();
            let runs = eventually(PATIENCE, || answers() || child.try_wait().unwrap().is_some());
            if runs && child.try_wait().unwrap().is_none() {
                return Some(Self { child, port, folder });
            }
            let _ = child.kill();
        }
        panic!("docker-registry does not start");
    }

    fn name(&self, rest: &str) -> String {
        format!("127.0.0.1:{}/{rest}", self.port)
    }

    fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Where it keeps the bytes of that digest.
    fn blob(&self, sha256: &str) -> PathBuf {
        let blobs = self.folder.path().join("storage/docker/registry/v2/blobs/sha256");
        blobs.join(&sha256[..2]).join(sha256).join("data")
    }

    /// One request of the protocol, for what no good client sends.
    fn request(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Puts a blob there and describes it.
    fn put_blob(&self, repository: &str, kind: &str, bytes: &[u8]) -> Value {
        let begun = self.request("POST", &format!("/v2/{repository}/blobs/uploads/"), kind, b"");
        let location =
            begun.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap().trim().to_owned();
        let path = &location[location.find("/v2/").unwrap()..];
        let digest = format!("sha256:{}", sha256(bytes));
        let answer =
            self.request("PUT", &format!("{path}&digest={digest}"), "application/octet-stream", bytes);
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        json!({"mediaType": kind, "digest": digest, "size": bytes.len()})
    }

    fn put_manifest(&self, repository: &str, tag: &str, config: &Value, layers: &[Value]) {
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers});
        let path = format!("/v2/{repository}/manifests/{tag}");
        let answer = self.request("PUT", &path, kind, manifest.to_string().as_bytes());
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sha256(bytes: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    let output = Command::new("sha256sum").arg(file.path()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

/// The value of a line such as `sha256     HEX`.
fn said(out: &str, name: &str) -> String {
    let line = out.lines().find(|line| line.split_whitespace().next() == Some(name));
    line.unwrap_or_else(|| panic!("no {name} in {out}"))[name.len()..].trim().to_owned()
}

fn push(of: &str, name: &str) -> String {
    skidway(&["push", &component(of).display().to_string(), name]).ok()
}

fn state(rig: &Rig) -> String {
    rig.folder().join("state").display().to_string()
}

/// `skidway get` into the state folder of a rig.
fn get(rig: &Rig, arguments: &[&str]) -> Ended {
    let state = state(rig);
    skidway(&[&["get", "--state-dir", &state, "--retries", "1"], arguments].concat())
}

fn parser(rig: &mut Rig, name: &str) {
    rig.config(&format!("receivers: {{filelog: {{parser: 'oci://{name}'}}}}"));
}

#[test]
fn what_was_fetched_runs_without_the_registry() {
    let Some(mut registry) = Registry::start() else { return };
    let mut rig = Rig::new();
    let name = registry.name("acme/nginx:1.0");
    parser(&mut rig, &name);
    let refused = check(&rig).failed();
    assert!(refused.contains(&format!("run `skidway get {name}`")), "{refused}");
    push("ubuntu", &name);
    let out = get(&rig, &[&name]).ok();
    let bytes = fs::read(component("ubuntu")).unwrap();
    assert_eq!(said(&out, "sha256"), sha256(&bytes));
    let file = said(&out, "file");
    assert!(file.ends_with(&format!("state/components/sha256-{}.wasm", sha256(&bytes))), "{file}");
    assert_eq!(fs::read(file).unwrap(), bytes);
    registry.stop();
    check(&rig);
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    assert!(rig.records(10).iter().all(|record| record.attributes.contains_key("unit")));
    rig.stop();
}

#[test]
fn a_config_says_what_to_fetch() {
    let Some(registry) = Registry::start() else { return };
    let mut rig = Rig::new();
    let (one, two) = (registry.name("a:1"), registry.name("b:1"));
    push("ubuntu", &one);
    push("severity", &two);
    parser(&mut rig, &one);
    rig.config(&format!("processors: {{wasm/severity: {{component: 'oci://{two}'}}}}"));
    let mut fetching = command(&rig.command_line("get"));
    fetching.envs(rig.environment().iter().cloned());
    let out = run(fetching).ok();
    assert!(out.contains(&one) && out.contains(&two), "{out}");
    check(&rig).ok();
}

#[test]
fn a_tag_moves_and_a_digest_does_not() {
    let Some(registry) = Registry::start() else { return };
    let rig = Rig::new();
    let name = registry.name("acme/nginx:1");
    let pushed = push("ubuntu", &name);
    let manifest = said(&pushed, "manifest");
    let first = get(&rig, &[&name]).ok();
    assert_eq!(said(&first, "manifest"), manifest);
    push("amazon-linux", &name);
    let second = get(&rig, &[&name]).ok();
    assert_ne!(said(&first, "sha256"), said(&second, "sha256"));
    let fixed = registry.name(&format!("acme/nginx@{manifest}"));
    assert_eq!(said(&get(&rig, &[&fixed]).ok(), "sha256"), said(&first, "sha256"));
    let none = registry.name(&format!("acme/nginx@sha256:{}", "0".repeat(64)));
    assert!(get(&rig, &[&none]).failed().contains("there is no such name or tag"));
}

#[test]
fn a_tag_that_moves_is_exchanged_while_the_agent_runs() {
    let Some(registry) = Registry::start() else { return };
    let mut rig = Rig::new();
    let name = registry.name("acme/syslog:1");
    push("amazon-linux", &name);
    get(&rig, &[&name]).ok();
    parser(&mut rig, &name);
    rig.start();
    push("ubuntu", &name);
    get(&rig, &[&name]).ok();
    rig.wait_for_log("component is exchanged");
    rig.append("syslog", ubuntu(0..10));
    assert!(rig.records(10).iter().all(|record| record.attributes.contains_key("unit")));
    rig.stop();
}

#[test]
fn without_the_registry_what_was_fetched_is_used_and_that_is_said() {
    let Some(mut registry) = Registry::start() else { return };
    let rig = Rig::new();
    let (name, other) = (registry.name("a:1"), registry.name("b:1"));
    push("ubuntu", &name);
    let first = get(&rig, &[&name]).ok();
    let fixed = registry.name(&format!("a@{}", said(&first, "manifest")));
    get(&rig, &[&fixed]).ok();
    registry.stop();
    let Ended { code, out, err } = get(&rig, &[&name]);
    assert_eq!((code, said(&out, "sha256")), (Some(0), said(&first, "sha256")));
    assert!(err.contains("cannot be reached") && err.contains("trying again in"), "{err}");
    assert!(err.contains("offline: using what was fetched on 20"), "{err}");
    // Nothing newer can have that name: nobody is asked.
    get(&rig, &[&fixed]).ok();
    assert!(get(&rig, &[&other]).failed().contains("the registry cannot be reached"));
}

#[test]
fn a_copy_that_was_changed_is_not_used() {
    let Some(mut registry) = Registry::start() else { return };
    let mut rig = Rig::new();
    let name = registry.name("a:1");
    push("ubuntu", &name);
    let file = said(&get(&rig, &[&name]).ok(), "file");
    registry.stop();
    fs::copy(component("amazon-linux"), &file).unwrap();
    parser(&mut rig, &name);
    let refused = check(&rig).failed();
    assert!(refused.contains("it is not what was fetched"), "{refused}");
    let Ended { code, err, .. } = get(&rig, &[&name]);
    assert_eq!(code, Some(1));
    assert!(err.contains("its digest is sha256:"), "{err}");
}

#[test]
fn a_signature_travels_with_its_component() {
    let Some(registry) = Registry::start() else { return };
    let mut rig = Rig::new();
    let path = |name: &str| rig.folder().join(name).display().to_string();
    for key in ["mine", "other"] {
        skidway(&["keygen", "--no-password", "--output", &path(key)]).ok();
    }
    let (signed, unsigned) = (registry.name("signed:1"), registry.name("unsigned:1"));
    push("ubuntu", &unsigned);
    fs::copy(component("ubuntu"), path("nginx.wasm")).unwrap();
    skidway(&["sign", "--key", &path("mine.key"), &path("nginx.wasm")]).ok();
    skidway(&["push", &path("nginx.wasm"), &signed]).ok();
    let (mine, other) = (path("mine.pub"), path("other.pub"));
    assert!(get(&rig, &["--key", &mine, &unsigned]).failed().contains("it is not signed"));
    assert!(get(&rig, &["--key", &other, &signed]).failed().contains("not one of `trust.keys`"));
    assert!(!rig.folder().join("state/components").exists(), "nothing is kept of what is not trusted");
    let out = get(&rig, &["--key", &mine, &signed]).ok();
    assert!(said(&out, "signature").starts_with("good, by key "), "{out}");
    let into = path("processors");
    fs::create_dir(&into).unwrap();
    let out = get(&rig, &["--key", &mine, &signed, "--into", &into]).ok();
    assert!(said(&out, "file").ends_with("processors/signed.wasm"), "{out}");
    skidway(&["inspect", "--key", &mine, &format!("{into}/signed.wasm")]).ok();
    // A copy without a signature leaves none of another component beside it.
    let copy = format!("{into}/signed.wasm");
    get(&rig, &[&registry.name("unsigned:1"), "--output", &copy]).ok();
    parser(&mut rig, &signed);
    rig.config(&format!("components: {{trust: {{keys: [{mine}], require: true}}}}"));
    check(&rig).ok();
}

#[test]
fn what_is_damaged_or_too_large_is_not_kept() {
    let Some(registry) = Registry::start() else { return };
    let rig = Rig::new();
    let name = registry.name("a:1");
    let sha256 = said(&push("ubuntu", &name), "sha256");
    let refused = get(&rig, &["--max-size", "0", &name]).failed();
    assert!(refused.contains("bytes large, more than the 0 that are accepted"), "{refused}");
    let blob = registry.blob(&sha256);
    let whole = fs::read(&blob).unwrap();
    let mut longer = whole.clone();
    longer.extend([0; 1000]);
    fs::write(&blob, longer).unwrap();
    let refused = get(&rig, &[&name]).failed();
    assert!(
        refused.contains(&format!("more than the {} bytes that its manifest names", whole.len())),
        "{refused}"
    );
    let mut other = whole.clone();
    *other.last_mut().unwrap() ^= 1;
    fs::write(&blob, other).unwrap();
    let refused = get(&rig, &[&name]).failed();
    assert!(refused.contains("not what it should be"), "{refused}");
    assert!(!rig.folder().join("state/components").exists());
    fs::write(&blob, whole).unwrap();
    get(&rig, &[&name]).ok();
}

#[test]
fn what_is_no_component_says_what_it_is() {
    let Some(registry) = Registry::start() else { return };
    let rig = Rig::new();
    let config = registry.put_blob("image", "application/vnd.oci.image.config.v1+json", b"{}");
    let tar = registry.put_blob("image", "application/vnd.oci.image.layer.v1.tar+gzip", b"no tar either");
    registry.put_manifest("image", "1", &config, &[tar]);
    let refused = get(&rig, &[&registry.name("image:1")]).failed();
    assert!(
        refused.contains("it is no component: its layers are of type application/vnd.oci.image.layer"),
        "{refused}"
    );
    let text = registry.put_blob("image", "application/wasm", b"no wasm");
    registry.put_manifest("image", "2", &config, &[text]);
    let refused = get(&rig, &[&registry.name("image:2")]).failed();
    assert!(refused.contains("it is not WebAssembly"), "{refused}");
    // As older tools put it there.
    let bytes = fs::read(component("ubuntu")).unwrap();
    let layer = registry.put_blob("image", "application/vnd.wasm.content.layer.v1+wasm", &bytes);
    registry.put_manifest("image", "3", &config, &[layer]);
    get(&rig, &[&registry.name("image:3")]).ok();
}

#[test]
fn who_may_not_is_told_to_log_in() {
    // `sesame` in bcrypt.
    let htpasswd = "ann:$2b$04$HpoGdy2PytvvaJ57dzLKrOnQ2YTv.WF5sRm1flcofcY40RCGqBvDC\n";
    let registry = Registry::with(|folder| {
        fs::write(folder.join("htpasswd"), htpasswd).unwrap();
        json!({"htpasswd": {"realm": "test", "path": folder.join("htpasswd")}})
    });
    let Some(registry) = registry else { return };
    let rig = Rig::new();
    let (name, state) = (registry.name("a:1"), state(&rig));
    let path = component("ubuntu").display().to_string();
    let with_password = |password: &str, arguments: &[&str]| {
        let file = rig.folder().join("password");
        fs::write(&file, format!("{password}\n")).unwrap();
        let mut command = command(arguments);
        command.args(["--username", "ann", "--password-stdin"]).stdin(fs::File::open(file).unwrap());
        run(command)
    };
    let push = ["push", path.as_str(), name.as_str()];
    let get = ["get", "--state-dir", state.as_str(), name.as_str()];
    assert!(skidway(&push).failed().contains("wants a login"));
    assert!(with_password("barley", &push).failed().contains("wants a login"));
    with_password("sesame", &push).ok();
    assert!(skidway(&get).failed().contains("wants a login"));
    with_password("sesame", &get).ok();
    // As `docker login` leaves it: `ann:sesame` in base64.
    let login = json!({"auths": {format!("127.0.0.1:{}", registry.port): {"auth": "YW5uOnNlc2FtZQ=="}}});
    fs::write(rig.folder().join("config.json"), login.to_string()).unwrap();
    let mut logged_in = command(&get);
    logged_in.env("DOCKER_CONFIG", rig.folder());
    run(logged_in).ok();
}

/// Answers the first requests itself and has the registry answer the others.
fn moody(registry: &Registry, answers: usize, first: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, upstream) = (listener.local_addr().unwrap().port(), registry.port);
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 8192];
            let length = stream.read(&mut head).unwrap();
            if count.fetch_add(1, Ordering::SeqCst) < answers {
                let _ = stream.write_all(first.as_bytes());
                continue;
            }
            // One request a connection: the next one is counted again.
            let text =
                String::from_utf8_lossy(&head[..length]).replacen("\r\n", "\r\nConnection: close\r\n", 1);
            let mut answer = Vec::new();
            let mut registry = TcpStream::connect(("127.0.0.1", upstream)).unwrap();
            registry.write_all(text.as_bytes()).unwrap();
            registry.read_to_end(&mut answer).unwrap();
            let _ = stream.write_all(&answer);
        }
    });
    (port, seen)
}

#[test]
fn a_registry_that_is_busy_is_asked_again() {
    let Some(registry) = Registry::start() else { return };
    let rig = Rig::new();
    push("ubuntu", &registry.name("a:1"));
    for first in [
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy",
        "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "",
    ] {
        let (port, seen) = moody(&registry, 2, first);
        let name = format!("127.0.0.1:{port}/a:1");
        let Ended { code, err, .. } = skidway(&["get", "--state-dir", &state(&rig), "--retries", "8", &name]);
        assert_eq!(code, Some(0), "{err}");
        assert!(err.contains("trying again in"), "{err}");
        assert!(seen.load(Ordering::SeqCst) > 2);
    }
    let refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (port, _) = moody(&registry, 100, refusal);
    let refused = get(&rig, &[&format!("127.0.0.1:{port}/a:1")]).failed();
    assert!(refused.contains("the registry refuses it to this user"), "{refused}");
}

#[test]
fn names_have_a_registry() {
    let rig = Rig::new();
    let refused = get(&rig, &["acme/nginx:1"]).failed();
    assert!(refused.contains("no name of a component in a registry, such as ghcr.io"), "{refused}");
    // A wrong word is no wait.
    let begun = std::time::Instant::now();
    let _ = get(&rig, &["nginx"]).failed();
    assert!(begun.elapsed() < Duration::from_secs(30));
}
