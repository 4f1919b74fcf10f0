//! What the journals of bursts contain: the work whose end the server has recorded.

use serde_json::Value;

use crate::servers::Servers;

/// The keys of the work that the server has recorded, in the journals that it has now. They are as in the log: a key
/// names a piece of work, and everything inside of it.
pub(crate) async fn recorded(servers: &Servers) -> Vec<String> {
    let rows = servers.query(ENTRIES).await;
    let keys = rows.iter().flat_map(|row| {
        let (run, raw) = (row["run"].as_str(), row["raw"].as_str());
        keys(run.unwrap_or_default(), raw.unwrap_or_default())
    });
    keys.collect()
}

/// How many attempts at bursts the server has recorded, in the journals that it has now.
pub(crate) async fn attempts(servers: &Servers) -> usize {
    let rows = servers.query(ENTRIES).await;
    let entries = rows.iter().filter_map(|row| entry(row["raw"].as_str()?));
    entries
        .filter(|entry| entry.get("attempt").is_some())
        .count()
}

const ENTRIES: &str = "SELECT invocation.target_service_key AS run, journal.raw AS raw FROM sys_journal journal \
    JOIN sys_invocation invocation ON invocation.id = journal.id WHERE journal.entry_type = 'Notification: Run'";

/// The JSON object at the end of an entry. `raw` is in hexadecimal digits.
fn entry(raw: &str) -> Option<Value> {
    // The time of day, for example, is none.
    let mut starts = (0..raw.len()).step_by(2);
    let start = starts.find(|at| raw[*at..].starts_with("7b22"))?;
    let digits = (start..raw.len()).step_by(2).map(|at| &raw[at..at + 2]);
    let json: Vec<u8> = digits
        .map(|digits| u8::from_str_radix(digits, 16).unwrap())
        .collect();
    Some(serde_json::from_slice(&json).unwrap())
}

/// The keys in an entry.
fn keys(run: &str, raw: &str) -> Vec<String> {
    let Some(entry) = entry(raw) else {
        return Vec::new();
    };
    let records = entry["records"].as_array().into_iter().flatten();
    records
        .filter_map(|record| key(run, &record["key"]))
        .collect()
}

/// The key of a step, or of an item or a branch of one.
fn key(run: &str, key: &Value) -> Option<String> {
    let mut text = run.to_owned();
    if let Some(inner) = key["run"].as_str() {
        text += &format!("/{inner}");
    }
    text += &format!("/{}", key["step"]);
    let part = &key["part"];
    let piece = match part.as_str() {
        Some("Step") => return Some(text),
        // A wait, or a failure.
        Some(_) => return None,
        None => part["Item"].as_object()?,
    };
    if let Some(branch) = piece.get("branch") {
        text += &format!("/branch-{branch}");
    }
    if let Some(item) = piece.get("item") {
        text += &format!("/item-{:016x}", item.as_u64().unwrap());
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_names_what_is_recorded() {
        let entry = r#"{"at": 1, "records": [{"key": {"step": 1, "part": {"Item": {"branch": 1, "item": 255}}}},
            {"key": {"run": "2/b[0]", "step": 3, "part": "Step"}}, {"key": {"step": 4, "part": "Wait"}}]}"#;
        let bytes = [&b"\x08\x03*\x7b\x0a"[..], entry.as_bytes()].concat();
        let raw: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            keys("a", &raw),
            ["a/1/branch-1/item-00000000000000ff", "a/2/b[0]/3"]
        );
        assert!(keys("a", "08032a0131").is_empty());
    }
}
