//! The output of the programs.

use std::fmt;
use std::path::{Path, PathBuf};

/// Formats an amount of cents: 4200 becomes `42.00`.
pub fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// The report's line about an order, in columns.
pub fn line(file: &Path, customer: &str, total_cents: u64, outcome: &str) -> String {
    let file = file
        .file_name()
        .unwrap_or(file.as_os_str())
        .to_string_lossy();
    format!(
        "{file:<20} {customer:<16} {:>9}  {outcome}",
        money(total_cents)
    )
}

/// A path relative to the current directory, if that is shorter.
pub fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    match here.and_then(|here| path.strip_prefix(here).ok()) {
        Some(rest) if rest.as_os_str().is_empty() => ".".into(),
        Some(rest) => rest.into(),
        None => path.into(),
    }
}

/// The number of orders by outcome.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Orders that were charged.
    pub paid: usize,
    /// Orders that were refused.
    pub rejected: usize,
    /// Orders that failed.
    pub failed: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            paid,
            rejected,
            failed,
        } = self;
        let orders = paid + rejected + failed;
        let s = if orders == 1 { "" } else { "s" };
        write!(
            f,
            "{orders} order{s}: {paid} paid, {rejected} rejected, {failed} failed"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_two_decimals() {
        assert_eq!(
            [0, 5, 4_200, 123_456].map(money),
            ["0.00", "0.05", "42.00", "1234.56"]
        );
    }

    #[test]
    fn a_line_names_the_file_without_its_folder() {
        assert_eq!(
            line(Path::new("orders/pens.yaml"), "Ada", 4_200, "paid"),
            "pens.yaml            Ada                  42.00  paid"
        );
    }

    #[test]
    fn a_path_below_the_current_directory_is_shortened() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(from_here(&here.join("orders")), Path::new("orders"));
        assert_eq!(from_here(&here), Path::new("."));
        assert_eq!(from_here(Path::new("../orders")), Path::new("../orders"));
    }

    #[test]
    fn a_tally_adds_up() {
        let tally = Tally {
            paid: 3,
            rejected: 1,
            failed: 2,
        };
        assert_eq!(tally.to_string(), "6 orders: 3 paid, 1 rejected, 2 failed");
        let one = Tally {
            paid: 1,
            ..Tally::default()
        };
        assert_eq!(one.to_string(), "1 order: 1 paid, 0 rejected, 0 failed");
    }
}
