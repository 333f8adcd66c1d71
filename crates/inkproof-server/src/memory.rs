//! How much memory the service may come to need, against what the system allows it.
//!
//! Every step from bytes to a verdict takes a bounded number of bytes for each pixel ([`Limits::memory`]), so the most that
//! all workers take together is known before the first request.

use std::fs;
use std::path::Path;

use inkproof::Limits;
use inkproof::decode::pdf::MOST_GIVEN_UP;

use crate::settings::Settings;

/// What the program takes before the first request, and what a store, a log and connections add.
const FIXED: u64 = 96 << 20;
/// A job's table, as text and as cells, the archive's list of files, and what is on its way into the store; one is received at
/// a time.
const JOB: u64 = 160 << 20;

/// The most memory that the service takes, in bytes: every worker with the largest image, documents that were given up and
/// not yet let go of, all bodies, and a job that is handed in.
pub fn most(settings: &Settings, limits: &Limits) -> u64 {
    let workers = limits.memory().saturating_mul((settings.workers + MOST_GIVEN_UP) as u64);
    workers.saturating_add(settings.max_bodies as u64).saturating_add(FIXED + JOB)
}

/// Says so where the service could need more than it is allowed.
pub fn warn(settings: &Settings, limits: &Limits) {
    let Some(allowed) = allowed() else { return };
    let most = most(settings, limits);
    if most > allowed {
        let (most, allowed, workers) = (most >> 20, allowed >> 20, settings.workers);
        tracing::warn!(
            most,
            allowed,
            workers,
            "large images at all workers take up to {most} MiB, and {allowed} MiB are allowed: set workers or max-pixels lower, \
             or allow more (MemoryMax)"
        );
    }
}

/// The memory that the control group of this process may take; None where nothing limits it.
fn allowed() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    groups.lines().filter_map(limit_file).filter_map(|file| limit_in(&file)).min()
}

/// The file with the limit of a line such as `0::/system.slice/inkproof.service`, or of version 1 `9:memory:/group`.
fn limit_file(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(':')?;
    let (controllers, group) = rest.split_once(':')?;
    let group = group.trim_end_matches('/');
    match controllers {
        "" => Some(format!("/sys/fs/cgroup{group}/memory.max")),
        _ if controllers.split(',').any(|controller| controller == "memory") => {
            Some(format!("/sys/fs/cgroup/memory{group}/memory.limit_in_bytes"))
        }
        _ => None,
    }
}

/// The number in such a file or, within a container that sees its own group as the root, in that of the root.
fn limit_in(file: &str) -> Option<u64> {
    let name = Path::new(file).file_name()?;
    let root = Path::new("/sys/fs/cgroup").join(name);
    let text = fs::read_to_string(file).or_else(|_| fs::read_to_string(root)).ok()?;
    // "max", and in version 1 a number near that of all addresses, say that there is no limit.
    text.trim().parse().ok().filter(|&limit: &u64| limit < 1 << 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_both_versions_have_a_file_with_their_limit() {
        let file = |line| limit_file(line).unwrap_or_default();
        assert_eq!(
            file("0::/system.slice/inkproof.service"),
            "/sys/fs/cgroup/system.slice/inkproof.service/memory.max"
        );
        assert_eq!(file("0::/"), "/sys/fs/cgroup/memory.max");
        assert_eq!(file("9:memory:/docker/1"), "/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes");
        assert_eq!(file("7:cpu,cpuacct:/"), "");
    }

    #[test]
    fn a_limit_is_a_number_and_max_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let limit = |text: &str| {
            let file = folder.path().join("limit");
            fs::write(&file, text).unwrap();
            limit_in(file.to_str().unwrap())
        };
        assert_eq!(limit("1073741824\n"), Some(1 << 30));
        assert_eq!(limit("max\n"), None);
        assert_eq!(limit("9223372036854771712\n"), None);
    }
}
