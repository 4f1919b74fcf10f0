//! Times as milliseconds since the epoch, which is how they are stored and how they are written as
//! JSON.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serializer};

/// A time before the epoch counts as the epoch: no clock in use shows one.
pub(crate) fn from_time(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, from_duration)
}

/// A duration that is too long to store becomes the longest possible one, 292 million years.
pub(crate) fn from_duration(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn to_time(millis: i64) -> SystemTime {
    let after = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    // If the system cannot represent the time, it becomes the epoch. Only a lease that never
    // expires has a time that large.
    UNIX_EPOCH.checked_add(after).unwrap_or(UNIX_EPOCH)
}

pub(crate) fn serialize<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_i64(from_time(*time))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SystemTime, D::Error> {
    i64::deserialize(from).map(to_time)
}

/// The same for an optional time.
pub(crate) mod option {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        time: &Option<SystemTime>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => to.serialize_some(&from_time(*time)),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        Ok(Option::<i64>::deserialize(from)?.map(to_time))
    }
}
