//! Values of a record from which confidential parts were removed.

use std::borrow::Cow;

use serde_json::Value;

/// What stands for a confidential text inside another text. A [`Record`](crate::Record) writes it.
const REDACTED: &str = "[redacted]";

/// The value of the record, with the confidential parts that the value of a store has at the same place.
/// A part that the store does not have stays as it is in the record.
pub(super) fn filled<'r>(recorded: &'r str, store: &str) -> Cow<'r, str> {
    match trees(recorded, store) {
        Some((mut then, mut now)) => {
            join(&mut then, &mut now, &mut |then, now| then.clone_from(now));
            Cow::Owned(then.to_string())
        }
        None => Cow::Borrowed(recorded),
    }
}

/// The value of a store, without the parts that are confidential in the value of the record.
pub(super) fn hidden<'s>(recorded: &str, store: &'s str) -> Cow<'s, str> {
    match trees(recorded, store) {
        Some((mut then, mut now)) => {
            join(&mut then, &mut now, &mut |then, now| now.clone_from(then));
            Cow::Owned(now.to_string())
        }
        None => Cow::Borrowed(store),
    }
}

/// Where the first confidential part of a value is: `desk.token` for the field `desk`.
pub(super) fn first(field: &str, text: &str) -> Option<String> {
    if !text.contains("{\"$redacted\"") {
        return None;
    }
    first_in(field.to_owned(), &serde_json::from_str(text).ok()?)
}

/// Whether a text is the one of the record, whatever its confidential parts were.
pub(super) fn is_like(recorded: &str, now: &str) -> bool {
    let Some((start, rest)) = recorded.split_once(REDACTED) else {
        return recorded == now;
    };
    let Some(mut now) = now.strip_prefix(start) else {
        return false;
    };
    let (parts, end) = rest.rsplit_once(REDACTED).unwrap_or(("", rest));
    for part in parts.split(REDACTED) {
        match now.find(part) {
            Some(at) => now = &now[at + part.len()..],
            None => return false,
        }
    }
    now.ends_with(end)
}

/// Both values, if a part of the first one was removed.
fn trees(recorded: &str, store: &str) -> Option<(Value, Value)> {
    if !recorded.contains("{\"$redacted\"") && !recorded.contains(REDACTED) {
        return None;
    }
    Some((
        serde_json::from_str(recorded).ok()?,
        serde_json::from_str(store).ok()?,
    ))
}

/// Visits the confidential parts of the record, each with the part of the store at the same place.
fn join(then: &mut Value, now: &mut Value, visit: &mut impl FnMut(&mut Value, &mut Value)) {
    match (&mut *then, &mut *now) {
        (Value::Object(members), _) if is_mark(members) => visit(then, now),
        (Value::String(text), Value::String(now_text))
            if text.contains(REDACTED) && is_like(text, now_text) =>
        {
            visit(then, now);
        }
        (Value::Object(members), Value::Object(now_members)) => {
            for (name, member) in members {
                if let Some(now_member) = now_members.get_mut(name) {
                    join(member, now_member, visit);
                }
            }
        }
        (Value::Array(items), Value::Array(now_items)) => {
            for (item, now_item) in items.iter_mut().zip(now_items) {
                join(item, now_item, visit);
            }
        }
        _ => {}
    }
}

/// Whether an object stands for a confidential value.
fn is_mark(members: &serde_json::Map<String, Value>) -> bool {
    members.len() == 1 && members.contains_key("$redacted")
}

fn first_in(at: String, value: &Value) -> Option<String> {
    match value {
        Value::Object(members) if is_mark(members) => Some(at),
        Value::Object(members) => {
            let mut members = members.iter();
            members.find_map(|(name, member)| first_in(format!("{at}.{name}"), member))
        }
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| first_in(format!("{at}[{index}]"), item))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKED: &str =
        r#"{"desks":[{"token":{"$redacted":true},"out":"used [redacted]!"}],"n":1}"#;

    #[test]
    fn the_store_has_the_confidential_parts() {
        let store = r#"{"n":2,"desks":[{"out":"used abc!","token":"abc"}]}"#;
        let then: Value = serde_json::from_str(&filled(MARKED, store)).unwrap();
        let expected = serde_json::json!({"n": 1, "desks": [{"out": "used abc!", "token": "abc"}]});
        assert_eq!(then, expected);
        let now: Value = serde_json::from_str(&hidden(MARKED, store)).unwrap();
        let mut expected: Value = serde_json::from_str(MARKED).unwrap();
        expected["n"] = 2.into();
        assert_eq!(now, expected);
    }

    #[test]
    fn a_part_that_nobody_has_is_named() {
        let then = filled(MARKED, r#"{"n":2,"desks":[]}"#);
        assert_eq!(first("all", &then).as_deref(), Some("all.desks[0].token"));
        assert_eq!(first("all", r#"{"token":"{\"$redacted\""}"#), None);
        assert_eq!(filled("1", "2"), "1");
    }

    #[test]
    fn a_text_is_compared_around_its_confidential_parts() {
        for (now, is) in [("a x b y c", true), ("a  b  c", true), ("a x y c", false)] {
            assert_eq!(is_like("a [redacted] b [redacted] c", now), is, "{now}");
        }
        assert!(is_like("a", "a") && !is_like("a", "ab"));
        assert!(!is_like("ab[redacted]bc", "abc"));
    }
}
