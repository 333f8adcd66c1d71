//! What the service asks of the machine that it runs on: no core files, and room on the store's disk.

use std::path::Path;

/// From now on a crash leaves no memory behind in a file, and no other program of this user can read it: it holds keys,
/// signatures and tokens.
#[cfg(unix)]
pub fn keep_memory_private() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "core files cannot be forbidden; forbid them in what starts the service");
    }
    // Where a program receives core files, the limit does not count, and this does.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "the system cannot be told to keep this process' memory private");
    }
}

#[cfg(not(unix))]
pub fn keep_memory_private() {}

/// Bytes that can still be written where a file is; None where the system does not say, or there is no such file.
#[cfg(unix)]
pub fn free_bytes(file: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(file).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
pub fn free_bytes(_: &Path) -> Option<u64> {
    None
}
