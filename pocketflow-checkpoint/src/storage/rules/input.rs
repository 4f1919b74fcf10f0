//! What may be stored: ids, numbers, texts and the names of waits.

use crate::storage::data::{ItemKey, PendingAttempt};
use crate::storage::error::{StorageError, StorageResult};

pub(super) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Checks an id. PostgreSQL allows no NUL in texts, and `sqlite3` does not print it. The limit
/// keeps indexes and messages short.
pub(crate) fn id(what: &'static str, text: &str) -> StorageResult<()> {
    checked(what, text, (200, "it is longer than 200 bytes"))
}

/// Checks the id of any run. That of an inner run has a part for each run around it.
pub(crate) fn run_id(text: &str) -> StorageResult<()> {
    if text.contains('/') {
        return checked("run", text, (1_000, "it is longer than 1,000 bytes"));
    }
    id("run", text)
}

fn checked(
    what: &'static str,
    text: &str,
    (longest, too_long): (usize, &'static str),
) -> StorageResult<()> {
    let why = match text {
        "" => "it is empty",
        _ if text.len() > longest => too_long,
        _ if text.contains('\0') => "it has a NUL character",
        _ => return Ok(()),
    };
    Err(StorageError::Invalid {
        what,
        value: shortened(text),
        why,
    })
}

/// A text that is not an id, without NUL. JSON has no NUL, and no other text needs one.
pub(crate) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Databases count up to `i64::MAX`.
pub(crate) fn number(what: &'static str, number: u64) -> StorageResult<i64> {
    let why = "it is too large";
    i64::try_from(number).map_err(|_| StorageError::Invalid {
        what,
        value: number.to_string(),
        why,
    })
}

pub(crate) fn item_columns(key: &ItemKey) -> StorageResult<(i64, i64)> {
    let item = key.item.map_or(Ok(-1), |item| number("item", item))?;
    Ok((key.branch.map_or(-1, i64::from), item))
}

/// The branch and the item of an attempt.
pub(crate) fn attempt_columns(attempt: &PendingAttempt) -> (i64, String) {
    let item = attempt.item.map(|item| format!("{item:016x}"));
    (
        attempt.branch.map_or(-1, i64::from),
        item.unwrap_or_default(),
    )
}

pub(crate) fn json(run: &str, field: &str, value: &str) -> StorageResult<()> {
    serde_json::from_str::<serde::de::IgnoredAny>(value)
        .map(drop)
        .map_err(|source| StorageError::InvalidJson {
            run: run.to_owned(),
            field: field.to_owned(),
            source,
        })
}

/// The name of a wait.
pub(crate) struct WaitName<'a> {
    pub(crate) field: &'a str,
    pub(crate) visit: Option<i64>,
}

impl<'a> WaitName<'a> {
    /// `approval` or `approval#2`.
    pub(crate) fn parse(name: &'a str) -> StorageResult<Self> {
        id("field", name)?;
        let numbered = name.rsplit_once('#').filter(|(field, visit)| {
            !field.is_empty()
                && !visit.is_empty()
                && visit.bytes().all(|byte| byte.is_ascii_digit())
        });
        let Some((field, visit)) = numbered else {
            // No field of a store has a `#` in its name.
            if name.contains('#') {
                let why =
                    "write a field, or a field and the number of its wait, such as approval#2";
                return Err(StorageError::Invalid {
                    what: "wait",
                    value: shortened(name),
                    why,
                });
            }
            return Ok(Self {
                field: name,
                visit: None,
            });
        };
        match visit.parse() {
            Ok(visit) if visit > 0 => Ok(Self {
                field,
                visit: Some(visit),
            }),
            _ => {
                let why = "waits are counted from 1";
                Err(StorageError::Invalid {
                    what: "wait",
                    value: shortened(name),
                    why,
                })
            }
        }
    }
}

/// A value for a wait that the run has not reached is kept until the run reaches it, so the flow
/// must have an `await` of that field. `graph` is the flow as the run stored it. A graph without a
/// list of waits may wait for any field.
pub(crate) fn awaited(run: &str, field: &str, graph: &str) -> StorageResult<()> {
    #[derive(serde::Deserialize)]
    struct Awaits {
        waits: Vec<String>,
    }
    match serde_json::from_str::<Awaits>(graph) {
        Ok(Awaits { waits: fields }) if !fields.iter().any(|other| other == field) => {
            Err(StorageError::NoSuchWait {
                run: run.to_owned(),
                field: field.to_owned(),
                fields,
            })
        }
        _ => Ok(()),
    }
}

/// The name of a wait.
pub(crate) fn wait_name(field: &str, visit: i64) -> String {
    format!("{field}#{visit}")
}
