//! Errors without values. What is filled into a field may be confidential, and an error ends up in
//! logs and in lists of runs, but serde quotes the value that it does not accept.

use std::fmt::Write;

use serde_json::Error;
use serde_json::error::Category;

use super::encoding::custom;

/// In a longer text, the words of an error are not searched.
const LONGEST: usize = 1 << 16;

/// The error of reading a text, without the values in that text.
pub fn without_values(error: Error, text: &str) -> Error {
    // The others say what is wrong with the syntax, and where.
    if error.classify() != Category::Data {
        return error;
    }
    let message = error.to_string();
    let (what, place) = match message.rfind(" at line ") {
        Some(at) if error.line() > 0 => message.split_at(at),
        _ => (&*message, ""),
    };
    let mut kept = described(what, text);
    let _ = write!(kept, "{place}");
    custom(kept)
}

/// What an error says, without the line and the column, which are those of a text that only the program sees. Those of a
/// mistake in the syntax stay.
///
/// ```
/// let error = serde_json::from_str::<Vec<bool>>("[1]").unwrap_err();
/// assert_eq!(error.to_string(), "invalid type: integer `1`, expected a boolean at line 1 column 2");
/// assert_eq!(pocketflow_durable::without_place(&error), "invalid type: integer `1`, expected a boolean");
/// ```
pub fn without_place(error: &Error) -> String {
    let mut message = error.to_string();
    if error.classify() == Category::Data && error.line() > 0 {
        message.truncate(message.rfind(" at line ").unwrap_or(message.len()));
    }
    message
}

/// What serde says without the value that it quotes: `invalid type: string "Ada", expected a
/// boolean` becomes `invalid type: string, expected a boolean`.
fn described(what: &str, text: &str) -> String {
    let names_a_field = ["missing field `", "duplicate field `"];
    if names_a_field.iter().any(|start| what.starts_with(start)) {
        return what.to_owned();
    }
    let starts = [
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown variant ",
        "unknown field ",
    ];
    if starts.iter().any(|start| what.starts_with(start)) {
        let head = what.split(['`', '"']).next().unwrap_or_default();
        return match what.rfind(", expected ") {
            Some(at) if at >= head.len() => format!("{}{}", head.trim_end(), &what[at..]),
            Some(_) => what.to_owned(),
            None => head.trim_end().to_owned(),
        };
    }
    // The type's own message.
    if text.len() > LONGEST || words(text).any(|word| contains(what, word)) {
        return "its type does not accept it".to_owned();
    }
    what.to_owned()
}

/// The words and numbers of a text. A letter alone tells nothing.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 1 || word.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|word| !word.is_empty())
}

fn contains(text: &str, word: &str) -> bool {
    text.to_lowercase().contains(&word.to_lowercase())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use crate::state::encoding::read;

    #[derive(Debug, Deserialize)]
    enum Card {
        #[serde(rename = "visa")]
        _Visa,
        #[serde(rename = "cash")]
        _Cash,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[serde(rename = "name")]
        _name: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(try_from = "String")]
    struct Kind;

    impl TryFrom<String> for Kind {
        type Error = String;

        fn try_from(text: String) -> Result<Self, String> {
            match text.strip_prefix("quoted ") {
                Some(text) => Err(format!("{} is no kind", text.to_uppercase())),
                None => Err("a kind begins with a letter".to_owned()),
            }
        }
    }

    fn error<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> String {
        read::<T>(text).unwrap_err().to_string()
    }

    #[test]
    fn what_serde_quotes_is_left_out() {
        let wrong = error::<bool>(r#""a secret, expected never""#);
        assert_eq!(
            wrong,
            "invalid type: string, expected a boolean at line 1 column 26"
        );
        assert!(error::<String>("4242").starts_with("invalid type: integer, expected a string at"));
        assert!(error::<u8>("4242").starts_with("invalid value: integer, expected u8 at"));
        assert!(error::<u8>("null").starts_with("invalid type: null, expected u8 at"));
        assert!(error::<u8>("[1]").starts_with("invalid type: sequence, expected u8 at"));
        assert!(
            error::<Card>(r#""secret""#)
                .starts_with("unknown variant, expected `visa` or `cash` at")
        );
        assert!(
            error::<Strict>(r#"{"secret": 1}"#).starts_with("unknown field, expected `name` at")
        );
        assert!(error::<Strict>("{}").starts_with("missing field `name` at"));
        assert!(error::<[u8; 2]>("[1]").starts_with("invalid length 1, expected an array of"));
        assert!(!error::<BTreeMap<u8, u8>>(r#"{"secret": 1}"#).contains("secret"));
        assert!(!error::<bool>(r#"{"$ron":"\"secret\""}"#).contains("secret"));
    }

    #[test]
    fn the_message_of_a_type_stays_without_the_value() {
        assert!(error::<Kind>(r#""secret""#).starts_with("a kind begins with a letter"));
        assert!(error::<Kind>(r#""quoted secret""#).starts_with("its type does not accept it"));
    }

    #[test]
    fn a_mistake_in_the_syntax_stays() {
        assert_eq!(
            error::<bool>("{"),
            serde_json::from_str::<bool>("{").unwrap_err().to_string()
        );
    }
}
