//! How a run differs from its record.

use std::error::Error as StdError;
use std::fmt;

use crate::reader::is_invisible;

/// The first difference between a run and its record: the step, the edge taken then and now, and the
/// fields with their values.
///
/// It prints as a few lines, and is the cause of the error with which a [`Replay`](crate::Replay) ends
/// the run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The name of the flow.
    pub flow: String,
    /// The place, with the flows around it: `Digest > documents[3] > read`.
    pub place: String,
    /// The number of the step in its run, counted from 1. It is `None` at the end of a run.
    pub step: Option<u64>,
    /// What differs there: at least one.
    pub differs: Vec<Differing>,
    /// What else has changed since the record, such as the graph of the flow. A note may have several
    /// lines: a heading and a list.
    pub notes: Vec<String>,
}

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Differing {
    /// What it is.
    pub what: Differs,
    /// What it was before the step, for a field.
    pub before: Option<String>,
    /// What it was after the step, in the record.
    pub then: String,
    /// What it is now.
    pub now: String,
}

/// What can differ.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Differs {
    /// The edge that the step takes.
    Edge,
    /// A field of the store.
    Field {
        /// Its name.
        name: String,
        /// Where in its value the first difference is, such as `[3].title`.
        at: String,
    },
    /// The node or the place that is next.
    Place,
    /// The node at a place.
    Node,
    /// How the step ends.
    Result,
    /// How the run ends.
    End,
    /// The inner runs of the step.
    InnerRun,
}

impl Differing {
    pub(super) fn new(what: Differs, then: impl Into<String>, now: impl Into<String>) -> Self {
        Self {
            what,
            before: None,
            then: then.into(),
            now: now.into(),
        }
    }
}

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edge => f.write_str("edge"),
            Self::Field { name, at } if at.is_empty() => write!(f, "field `{name}`"),
            Self::Field { name, at } => write!(f, "field `{name}`, at `{at}`"),
            Self::Place => f.write_str("place"),
            Self::Node => f.write_str("node"),
            Self::Result => f.write_str("result of the step"),
            Self::End => f.write_str("end of the run"),
            Self::InnerRun => f.write_str("inner run"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { flow, place, .. } = self;
        write!(f, "the run of `{flow}` differs from its record ")?;
        match self.step {
            Some(step) => write!(f, "in step {step}, `{place}`")?,
            None => write!(f, "at its end, `{place}`")?,
        }
        for differing in &self.differs {
            write!(f, "\n  {}", differing.what)?;
            if let Some(before) = &differing.before {
                write!(f, "\n    before  {}", Plain(before))?;
            }
            write!(f, "\n    then    {}", Plain(&differing.then))?;
            write!(f, "\n    now     {}", Plain(&differing.now))?;
        }
        for note in &self.notes {
            let mut lines = note.lines();
            let heading = lines.next().unwrap_or_default();
            write!(f, "\n  note: {}", Plain(heading))?;
            lines.try_for_each(|line| write!(f, "\n    {}", Plain(line)))?;
        }
        f.write_str(
            "\n  help: if the new behaviour is right, record the run again; otherwise the change has broken it",
        )
    }
}

impl StdError for Difference {}

/// A text of a record, without control characters: a terminal must not obey a record.
pub(super) struct Plain<'a>(pub(super) &'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                letter if letter.is_control() || is_invisible(letter) => {
                    write!(f, "{}", letter.escape_unicode())?
                }
                letter => write!(f, "{letter}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_prints_as_lines() {
        let field = Differs::Field {
            name: "notes".into(),
            at: "[1]".into(),
        };
        let difference = Difference {
            flow: "Agent".into(),
            place: "Agent > decide".into(),
            step: Some(3),
            differs: vec![
                Differing::new(Differs::Edge, "decide >> answer", "decide >> search"),
                Differing {
                    before: Some("[]".into()),
                    ..Differing::new(field, "\"a\"", "\"\u{1b}[31m\"")
                },
            ],
            notes: vec![
                "the node `critique` is new".into(),
                "changed:\na\nb\u{1b}".into(),
            ],
        };
        assert_eq!(
            difference.to_string(),
            "the run of `Agent` differs from its record in step 3, `Agent > decide`
  edge
    then    decide >> answer
    now     decide >> search
  field `notes`, at `[1]`
    before  []
    then    \"a\"
    now     \"\\u{1b}[31m\"
  note: the node `critique` is new
  note: changed:
    a
    b\\u{1b}
  help: if the new behaviour is right, record the run again; otherwise the change has broken it"
        );
    }
}
