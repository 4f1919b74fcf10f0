//! Times as milliseconds since the epoch, which is how they are stored and how they are written as
//! JSON.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serializer};

/// A time before the epoch counts as the epoch: no clock in use shows one.
pub fn from_time(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, from_duration)
}

/// A duration that is too long to store becomes the longest possible one, 292 million years.
pub fn from_duration(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The time that is so many milliseconds after the epoch.
pub fn to_time(millis: i64) -> SystemTime {
    let after = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    // If the system cannot represent the time, it becomes the epoch. Only a lease that never
    // expires has a time that large.
    UNIX_EPOCH.checked_add(after).unwrap_or(UNIX_EPOCH)
}

/// Writes a time in UTC, to the second, as the messages of this crate do. A time before the epoch is
/// written as the epoch.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let updated = UNIX_EPOCH + Duration::from_secs(1_772_442_845);
/// assert_eq!(pocketflow_durable::utc(updated), "2026-03-02 09:14:05Z");
/// ```
pub fn utc(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days to a date, by Howard Hinnant's algorithm: years begin in March, so that the leap day is
    // the last of a year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")
}

/// Writes a time, for serde's attribute `with`.
pub fn serialize<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_i64(from_time(*time))
}

/// Reads a time, for serde's attribute `with`.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SystemTime, D::Error> {
    i64::deserialize(from).map(to_time)
}

/// The same for an optional time.
pub mod option {
    use super::*;

    /// Writes a time or nothing.
    pub fn serialize<S: Serializer>(time: &Option<SystemTime>, to: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => to.serialize_some(&from_time(*time)),
            None => to.serialize_none(),
        }
    }

    /// Reads a time or nothing.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SystemTime>, D::Error> {
        Ok(Option::<i64>::deserialize(from)?.map(to_time))
    }
}
