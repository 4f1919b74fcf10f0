//! The parts of messages that depend on more than one value.

use std::time::SystemTime;

use crate::storage::data::Status;

/// The seconds until a time, rounded up.
pub(super) fn seconds_until(time: &SystemTime) -> u64 {
    let left = time.duration_since(SystemTime::now()).unwrap_or_default();
    left.as_secs().saturating_add(1)
}

/// Who holds the lease, and what to do.
pub(super) fn lost_to(holder: Option<&str>) -> String {
    match holder {
        Some(holder) => {
            format!(", `{holder}` does: stop here, or choose a longer lease")
        }
        None => ": begin the run again".to_owned(),
    }
}

/// What a run does instead of waiting for a field.
pub(super) fn instead(status: Status, field: &str, waits_for: Option<&str>) -> String {
    match (status, waits_for) {
        (Status::Waiting, Some(other)) => format!("it waits for `{other}`"),
        (Status::Waiting, None) => {
            "its inner runs wait: fill one of them, as `pocketflow runs list` shows".to_owned()
        }
        (Status::Finished, _) => "it is finished".to_owned(),
        (Status::Cancelled, _) => "it is cancelled".to_owned(),
        _ => format!(
            "it is {status}; to fill a wait that the run has not reached, name the wait, such as `{field}#1`"
        ),
    }
}

/// What to do instead of what the status of a run does not allow.
pub(super) fn instead_of(done: &str, status: Status) -> &'static str {
    match (done, status) {
        ("retried", Status::Waiting) => ", so fill what it waits for",
        ("retried", Status::Running) => {
            ", so it goes on by itself, or when its program is started again"
        }
        ("retried" | "edited", Status::Finished) => ", so rewind it to an earlier step first",
        _ => "",
    }
}

/// The names of fields.
pub(super) fn listed(fields: &[String]) -> String {
    if fields.is_empty() {
        return "nothing".to_owned();
    }
    let fields: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
    fields.join(", ")
}

/// Why a wait is closed.
pub(super) fn closed(expired: bool) -> &'static str {
    match expired {
        true => "its deadline passed before it was filled",
        false => "the run has continued after it",
    }
}

/// What a run waits for after a wait is closed.
pub(super) fn open_now(open: Option<&str>) -> String {
    open.map_or_else(String::new, |open| {
        format!("; it waits for `{open}` now: look at it, and fill that")
    })
}
