//! The owner of a run: a name that tells other processes of the same machine whether its process
//! has died.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// A new name for an attempt to drive a run: two attempts of one process are two owners.
///
/// It is `pid-place-start-random`. The place is a hash of the machine's boot id, the namespace of
/// process ids and the user. The start is the time when the process started, because process ids
/// are reused. Where these are unknown, they are left out.
pub(crate) fn new() -> String {
    let (pid, random) = (std::process::id(), RandomState::new().hash_one(0));
    match (place(), started(pid)) {
        (Some(place), Some(start)) => format!("{pid}-{place:08x}-{start:x}-{random:016x}"),
        _ => format!("{pid}-{random:016x}"),
    }
}

/// Whether the process of an owner is known to be dead. `false` means that this is unknown.
pub(crate) fn is_dead(owner: &str) -> bool {
    let mut parts = owner.split('-');
    let (Some(pid), Some(there), Some(start), Some(_), None) = (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) else {
        return false;
    };
    let (Ok(pid), Ok(there), Ok(start)) = (
        pid.parse(),
        u32::from_str_radix(there, 16),
        u64::from_str_radix(start, 16),
    ) else {
        return false;
    };
    // Only a process that can see itself can conclude that another one is missing.
    place() == Some(there) && sees_itself() && started(pid) != Some(start)
}

#[cfg(target_os = "linux")]
fn place() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let ids = std::fs::read_link("/proc/self/ns/pid").ok()?;
    let user = std::fs::metadata("/proc/self").ok()?.uid();
    // FNV-1a, which is the same in every process.
    let text = format!("{boot}{}{user}", ids.display());
    Some(text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    }))
}

#[cfg(target_os = "linux")]
fn sees_itself() -> bool {
    std::fs::read_link("/proc/self")
        .is_ok_and(|id| id.to_str() == Some(&std::process::id().to_string()))
}

/// When a live process started, in clock ticks since the machine booted.
#[cfg(target_os = "linux")]
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in parentheses, which may contain any character. After it, the
    // third is the state, the twentieth the number of threads, and the twenty-second the start.
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let (state, threads, start) = (*fields.first()?, *fields.get(17)?, *fields.get(19)?);
    // A process that has ended stays visible until its parent waits for it, which may never happen
    // in a container. Its first thread may also end before the others.
    if matches!(state, "Z" | "X" | "x") && threads.parse::<u32>().ok()? <= 1 {
        return None;
    }
    start.parse().ok()
}

#[cfg(not(target_os = "linux"))]
fn place() -> Option<u32> {
    None
}

#[cfg(not(target_os = "linux"))]
fn sees_itself() -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn started(_: u32) -> Option<u64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_dead_is() {
        let own = new();
        assert!(!is_dead(&own));
        for other in ["me", "1-2", "1-2-3", "a-b-c-d", "1-2-3-4-5", "-1-0-0-0"] {
            assert!(!is_dead(other), "{other}");
        }
        let parts: Vec<_> = own.split('-').collect();
        assert!(
            !is_dead(&format!(
                "{}-{:08x}-{}-0",
                parts[0],
                place().unwrap() ^ 1,
                parts[2]
            )),
            "another machine"
        );
        assert!(
            is_dead(&format!("{}-{}-{}1-0", parts[0], parts[1], parts[2])),
            "another process of this number"
        );

        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let other = format!(
            "{}-{}-{:x}-0",
            child.id(),
            parts[1],
            started(child.id()).unwrap()
        );
        assert!(!is_dead(&other));
        child.kill().unwrap();
        // Nothing has asked yet how it ended.
        let asked = std::time::Instant::now();
        while !is_dead(&other) {
            assert!(
                asked.elapsed() < std::time::Duration::from_secs(20),
                "a zombie is dead"
            );
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(is_dead(&other));
    }
}
