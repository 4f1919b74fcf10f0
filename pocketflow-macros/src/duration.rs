//! Durations in quotes: `"200ms"`, `"3d"`.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;

/// What a message says about the units.
pub(crate) const UNITS: &str = "us, ms, s, m, h or d";

/// A number and its unit.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (number, unit) = text.split_at(unit);
    let number: f64 = number.parse().ok()?;
    let seconds = match unit.trim() {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    // Computed in whole nanoseconds, so that "200ms" is 200 ms and not slightly less.
    Duration::try_from_secs_f64(number * seconds)
        .ok()
        .map(|time| {
            let rounded = (number * seconds * 1e9).round();
            if rounded < u64::MAX as f64 {
                Duration::from_nanos(rounded as u64)
            } else {
                time
            }
        })
}

/// A duration that was written.
pub(crate) fn nanos(time: &Duration) -> TokenStream {
    let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    quote!(__p::Duration::from_nanos(#nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_a_unit() {
        let cases = [
            ("200ms", 200_000),
            ("1.5s", 1_500_000),
            ("2m", 120_000_000),
            ("1 h", 3_600_000_000),
            ("3d", 259_200_000_000),
            ("0.5d", 43_200_000_000),
            ("5us", 5),
        ];
        for (text, micros) in cases {
            assert_eq!(
                duration(text),
                Some(Duration::from_micros(micros)),
                "{text}"
            );
        }
        for text in ["", "5", "s", "2 weeks", "-1s", "1..5s", "3 days"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
