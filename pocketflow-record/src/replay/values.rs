//! Where two values differ first.

use serde_json::Value;

/// How many characters of a value are shown.
const SHOWN: usize = 160;

/// How many characters of a long text are shown before the first difference.
const BEFORE: usize = 40;

/// The first difference of two values, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ValueDifference {
    /// Where it is in the value, such as `[3].title`. It is empty for the value itself.
    pub(super) at: String,
    /// What was there before the step.
    pub(super) before: Option<String>,
    pub(super) then: String,
    pub(super) now: String,
}

impl ValueDifference {
    /// Compares two JSON texts, and shows the same place of the text before the step.
    pub(super) fn of(before: Option<&str>, then: &str, now: &str) -> Self {
        let parsed = (serde_json::from_str(then), serde_json::from_str(now));
        match parsed {
            (Ok(then), Ok(now)) => {
                let value = before.and_then(|before| serde_json::from_str(before).ok());
                let found = first(String::new(), value.as_ref(), Some(&then), Some(&now));
                Self {
                    before: found.before.filter(|_| before.is_some()),
                    ..found
                }
            }
            _ => Self {
                at: String::new(),
                before: before.map(shown),
                then: cut(then, 0),
                now: cut(now, 0),
            },
        }
    }
}

/// The difference of two values that differ. A missing element is `None`.
fn first(
    at: String,
    before: Option<&Value>,
    then: Option<&Value>,
    now: Option<&Value>,
) -> ValueDifference {
    match (then, now) {
        (Some(Value::Object(then)), Some(Value::Object(now))) => {
            let names = then.keys().chain(now.keys());
            let differing = names
                .into_iter()
                .find(|name| then.get(*name) != now.get(*name));
            if let Some(name) = differing {
                let at = match at.is_empty() {
                    true => name.clone(),
                    false => format!("{at}.{name}"),
                };
                let before = before.and_then(|before| before.get(name));
                return first(at, before, then.get(name), now.get(name));
            }
        }
        (Some(Value::Array(then)), Some(Value::Array(now))) => {
            let longest = then.len().max(now.len());
            if let Some(index) = (0..longest).find(|index| then.get(*index) != now.get(*index)) {
                let before = before.and_then(|before| before.get(index));
                let at = format!("{at}[{index}]");
                return first(at, before, then.get(index), now.get(index));
            }
        }
        _ => {}
    }
    let [before, then, now] = [before, then, now].map(|value| match value {
        Some(value) => value.to_string(),
        None => "nothing".to_owned(),
    });
    let pairs = then.chars().zip(now.chars());
    let same = pairs.take_while(|(then, now)| then == now).count();
    ValueDifference {
        at,
        before: Some(cut(&before, same)),
        then: cut(&then, same),
        now: cut(&now, same),
    }
}

/// The value, short enough to be read.
pub(super) fn shown(text: &str) -> String {
    cut(text, 0)
}

/// The part of a long text around the character at `around`.
fn cut(text: &str, around: usize) -> String {
    let length = text.chars().count();
    if length <= SHOWN {
        return text.to_owned();
    }
    let start = around.saturating_sub(BEFORE).min(length - SHOWN);
    let part: String = text.chars().skip(start).take(SHOWN).collect();
    let before = if start > 0 { "…" } else { "" };
    let after = if start + SHOWN < length { "…" } else { "" };
    format!("{before}{part}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(then: &str, now: &str) -> (String, String, String) {
        let ValueDifference { at, then, now, .. } = ValueDifference::of(None, then, now);
        (at, then, now)
    }

    fn is(at: &str, then: &str, now: &str) -> (String, String, String) {
        (at.to_owned(), then.to_owned(), now.to_owned())
    }

    #[test]
    fn the_first_difference_is_found_inside() {
        assert_eq!(difference("1", "2"), is("", "1", "2"));
        assert_eq!(
            difference(r#"{"a":[1,{"b":"x"}]}"#, r#"{"a":[1,{"b":"y"}]}"#),
            is("a[1].b", r#""x""#, r#""y""#)
        );
        assert_eq!(difference("[1,2]", "[1]"), is("[1]", "2", "nothing"));
        assert_eq!(
            difference(r#"{"a":1}"#, r#"{"a":1,"b":2}"#),
            is("b", "nothing", "2")
        );
        assert_eq!(
            difference("null", r#"{"a":1}"#),
            is("", "null", r#"{"a":1}"#)
        );
    }

    #[test]
    fn the_value_before_is_that_of_the_same_place() {
        let before = |text| ValueDifference::of(text, r#"{"a":[1,2]}"#, r#"{"a":[1,3]}"#).before;
        assert_eq!(before(Some(r#"{"a":[1,7]}"#)).as_deref(), Some("7"));
        assert_eq!(before(Some(r#"{"a":[1]}"#)).as_deref(), Some("nothing"));
        assert_eq!(before(None), None);
    }

    #[test]
    fn a_long_text_is_shown_where_it_differs() {
        let long = |middle: &str| format!("\"{}{middle}{}\"", "a".repeat(1_000), "ö".repeat(1_000));
        let (_, then, now) = difference(&long("x"), &long("y"));
        assert_eq!(then.chars().count(), SHOWN + 2);
        assert!(then.starts_with("…aaa") && then.ends_with("öö…"), "{then}");
        assert_eq!(then.replace('x', "y"), now);
    }
}
