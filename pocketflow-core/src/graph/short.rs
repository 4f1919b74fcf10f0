//! Durations as they are written in a flow.

use std::fmt;
use std::time::Duration;

/// A duration as a whole number of the largest unit that it is a multiple of: `3d`, `90m`.
pub(crate) struct Short(pub(crate) Duration);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u128); 7] = [
            ("d", 86_400_000_000_000),
            ("h", 3_600_000_000_000),
            ("m", 60_000_000_000),
            ("s", 1_000_000_000),
            ("ms", 1_000_000),
            ("us", 1_000),
            ("ns", 1),
        ];
        let nanos = self.0.as_nanos();
        let unit = UNITS.iter().find(|(_, unit)| nanos % unit == 0);
        match unit {
            Some((name, unit)) if nanos > 0 => write!(f, "{}{name}", nanos / unit),
            _ => f.write_str("0s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_in_its_largest_whole_unit() {
        let cases = [
            (Duration::from_secs(3 * 86_400), "3d"),
            (Duration::from_secs(36 * 3_600), "36h"),
            (Duration::from_secs(5_400), "90m"),
            (Duration::from_secs(61), "61s"),
            (Duration::from_millis(1_500), "1500ms"),
            (Duration::from_micros(5), "5us"),
            (Duration::from_nanos(1), "1ns"),
            (Duration::ZERO, "0s"),
        ];
        for (duration, text) in cases {
            assert_eq!(Short(duration).to_string(), text);
        }
    }
}
