//! How texts and values are printed.

use std::error::Error;

use serde::Serialize;

/// An id is any text, so characters that move the cursor or begin a new line are escaped.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            plain.extend(c.escape_default())
        } else {
            plain.push(c)
        }
    }
    plain
}

/// A value as one line of JSON.
pub(crate) fn line(value: &impl Serialize) -> String {
    // Only maps whose keys are not strings fail, and there are none.
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

/// An error and its causes.
pub(crate) fn one_line(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Some errors repeat the text of their cause.
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    plain(&text)
}
