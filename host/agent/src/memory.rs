//! How much memory this process may use: the machine's, or less where a control
//! group sets a limit (systemd's `MemoryMax`, a container).

use std::fs;
use std::path::{Path, PathBuf};

/// Bytes.
pub(crate) fn available() -> Option<u64> {
    let machine = rustix::system::sysinfo();
    // The kernel's unsigned long: 64 bits on 64-bit machines, 32 on others.
    #[allow(clippy::useless_conversion, reason = "the type depends on the target")]
    let total = u64::from(machine.totalram) * u64::from(machine.mem_unit);
    let group = fs::read_to_string("/proc/self/cgroup").ok();
    let group = group.and_then(|groups| limit(&groups, Path::new("/sys/fs/cgroup")));
    [Some(total), group].into_iter().flatten().min().filter(|bytes| *bytes > 0)
}

/// The smallest limit of the group that `groups` (of /proc/PID/cgroup) names and of
/// those that it is in (cgroups(7)).
fn limit(groups: &str, root: &Path) -> Option<u64> {
    let files = groups.lines().filter_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        let path = path.trim_start_matches('/');
        match controllers {
            "" => Some((root.to_owned(), path, "memory.max")),
            _ if controllers.split(',').any(|name| name == "memory") => {
                Some((root.join("memory"), path, "memory.limit_in_bytes"))
            }
            _ => None,
        }
    });
    files.flat_map(|(root, path, file)| up(&root, path, file)).min()
}

/// The limits that are set from `path` up to `root`.
fn up(root: &Path, path: &str, file: &str) -> Vec<u64> {
    let folders: Vec<PathBuf> = Path::new(path).ancestors().map(|path| root.join(path)).collect();
    let limits = folders.iter().filter_map(|folder| fs::read_to_string(folder.join(file)).ok());
    // Without a limit there stands "max".
    limits.filter_map(|text| text.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_limit_above_counts() {
        let folder = tempfile::tempdir().unwrap();
        let set = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        set("system.slice/memory.max", "1000\n");
        set("system.slice/skidway.service/memory.max", "max\n");
        let of = |groups| limit(groups, folder.path());
        assert_eq!(of("0::/system.slice/skidway.service\n"), Some(1000));
        assert_eq!(of("0::/user.slice\n"), None);
        set("memory/docker/abc/memory.limit_in_bytes", "700\n");
        set("memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(of("5:cpu,memory:/docker/abc\n4:pids:/docker/abc\n"), Some(700));
        assert_eq!(of("nonsense\n:\n"), None);
    }

    #[test]
    fn this_machine_has_memory() {
        assert!(available().is_some_and(|bytes| bytes > 1 << 20));
    }
}
