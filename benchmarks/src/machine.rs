//! The machine and the versions of a measurement.

use std::env::consts::{ARCH, OS};
use std::process::Command;
use std::{fs, thread};

use pocketflow_benchmarks::contender::Contender;

/// The lock file when this program was built.
const LOCK: &str = include_str!("../Cargo.lock");

/// The machine in one line.
pub fn describe() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let cpu =
        value(&read("/proc/cpuinfo"), "model name", ':').unwrap_or_else(|| format!("{ARCH} CPU"));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let system =
        value(&read("/etc/os-release"), "PRETTY_NAME", '=').unwrap_or_else(|| OS.to_owned());
    let kernel = read("/proc/sys/kernel/osrelease");
    let plural = if cores == 1 { "" } else { "s" };
    let mut parts = vec![cpu, format!("{cores} core{plural}")];
    parts.extend(memory(&read("/proc/meminfo")));
    parts.push(format!("{system} {}", kernel.trim()).trim().to_owned());
    parts.push(rustc());
    parts.join(", ")
}

/// The first value of `key = value`, without quotes.
fn value(text: &str, key: &str, separator: char) -> Option<String> {
    let mut lines = text.lines().filter_map(|line| line.split_once(separator));
    let (_, value) = lines.find(|(found, _)| found.trim() == key)?;
    Some(value.trim().trim_matches('"').to_owned())
}

fn memory(meminfo: &str) -> Option<String> {
    let total = value(meminfo, "MemTotal", ':')?;
    let kibibytes: f64 = total.split_whitespace().next()?.parse().ok()?;
    Some(format!("{:.0} GiB", kibibytes / f64::from(1 << 20)))
}

fn rustc() -> String {
    let output = Command::new("rustc")
        .arg("--version")
        .output()
        .map(|output| output.stdout);
    let version = String::from_utf8(output.unwrap_or_default()).unwrap_or_default();
    let words: Vec<&str> = version.split_whitespace().take(2).collect();
    if words.is_empty() {
        "an unknown rustc".to_owned()
    } else {
        words.join(" ")
    }
}

/// The version of a contender's package.
pub fn version(contender: &Contender) -> Option<String> {
    locked(LOCK, contender.package?)
}

/// The version of a package in a lock file.
fn locked(lock: &str, package: &str) -> Option<String> {
    let mut blocks = lock.split("[[package]]").skip(1);
    let block = blocks.find(|block| value(block, "name", '=').as_deref() == Some(package))?;
    value(block, "version", '=')
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKED: &str = r#"
version = 4

[[package]]
name = "tokio-macros"
version = "2.7.2"
source = "registry+https://example.org"

[[package]]
name = "tokio"
version = "1.54.1"
source = "registry+https://example.org"
"#;

    #[test]
    fn the_version_of_a_package_is_found() {
        assert_eq!(locked(LOCKED, "tokio").as_deref(), Some("1.54.1"));
        assert_eq!(locked(LOCKED, "serde"), None);
    }

    #[test]
    fn every_package_has_a_version() {
        use pocketflow_benchmarks::contenders;
        for contender in contenders::ALL
            .iter()
            .filter(|contender| contender.package.is_some())
        {
            assert!(version(contender).is_some(), "{}", contender.name);
        }
    }

    #[test]
    fn values_are_found() {
        assert_eq!(
            value("a\t: 1\nmodel name\t: X 5 @ 2\n", "model name", ':').as_deref(),
            Some("X 5 @ 2")
        );
        assert_eq!(
            value("PRETTY_NAME=\"Some Linux\"\n", "PRETTY_NAME", '=').as_deref(),
            Some("Some Linux")
        );
        assert_eq!(
            memory("MemTotal:       25165824 kB\n").as_deref(),
            Some("24 GiB")
        );
    }
}
