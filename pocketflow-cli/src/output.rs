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

/// A message on one line: its help and the lines of a list follow after a semicolon.
pub(crate) fn message(text: &str) -> String {
    let text = text.replace(":\n  - ", ": ").replace("\n  - ", "; ");
    plain(&text.replace("\nhelp: ", "; help: "))
}

/// An error on one line: what happened, why, and then what to do.
pub(crate) fn one_line(error: &dyn Error) -> String {
    message(&with_causes(error))
}

/// An error and its causes, and then a line for each help.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut what = String::new();
    let mut helps = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        let mut parts = text.split("\nhelp: ");
        let first = parts.next().unwrap_or_default();
        // Some errors repeat the text of their cause.
        if what.is_empty() {
            what = first.to_owned();
        } else if !what.contains(first) {
            what = format!("{what}: {first}");
        }
        for help in parts {
            if !helps.iter().any(|known| known == help) {
                helps.push(help.to_owned());
            }
        }
        next = error.source();
    }
    for help in helps {
        what = format!("{what}\nhelp: {help}");
    }
    what
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Failure(&'static str, Option<Box<Failure>>);

    impl std::fmt::Display for Failure {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Failure {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&**self.1.as_ref()?)
        }
    }

    #[test]
    fn an_error_is_one_line_and_its_help_comes_last() {
        let cause = Failure(
            "refused by a\nb\nhelp: ask",
            Some(Box::new(Failure("b", None))),
        );
        let error = Failure(
            "cannot connect\nhelp: look\nhelp: ask",
            Some(Box::new(cause)),
        );
        let expected = "cannot connect: refused by a\\nb; help: look; help: ask";
        assert_eq!(one_line(&error), expected);
    }

    #[test]
    fn the_lines_of_a_list_follow_after_semicolons() {
        let text =
            "run `a` has changed:\n  - `two` is gone\n  - `x` is new\nhelp: migrate; or stop";
        let expected = "run `a` has changed: `two` is gone; `x` is new; help: migrate; or stop";
        assert_eq!(message(text), expected);
    }
}
