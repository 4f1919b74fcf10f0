//! Why a record cannot be replayed, or how a replay differs from it.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

use super::difference::{Difference, Plain};
use crate::ReadError;

/// Why a record cannot be replayed, or how a replay differs from it.
///
/// Its `Debug` is for human readers as well, because a test that returns a `Result` prints it.
#[derive(Clone)]
pub struct ReplayError {
    pub(super) file: Option<PathBuf>,
    pub(super) run: Option<String>,
    pub(super) kind: ReplayErrorKind,
}

/// What is wrong with a replay. It is also the cause of the error with which a
/// [`Replay`](crate::Replay) ends a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ReplayErrorKind {
    /// The text is not a record, or the file cannot be read.
    Unreadable(ReadError),
    /// No file has a name of this pattern.
    NoFile {
        /// The folder that was searched.
        folder: PathBuf,
        /// The pattern of the file's name.
        pattern: String,
    },
    /// A pattern names a folder, and not the files in it.
    FolderOnly {
        /// The pattern.
        pattern: PathBuf,
    },
    /// The folder of a pattern cannot be read.
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        error: String,
    },
    /// The record has no run.
    NoRun,
    /// The record has several runs, and one is to be replayed.
    SeveralRuns {
        /// Their ids or, for a run without an id, its number in the record.
        runs: Vec<String>,
    },
    /// The record has no run with this id or number.
    UnknownRun {
        /// The id or the number.
        run: String,
        /// Those of the record.
        runs: Vec<String>,
    },
    /// The record is of another flow.
    OtherFlow {
        /// The names of the flows in the record.
        recorded: Vec<String>,
        /// The name of the flow to replay it on.
        flow: String,
    },
    /// The flow of the record has no name, so a test cannot name it.
    Unnamed,
    /// A name in the record is not one of Rust, so it does not belong into the code of a test.
    BadName {
        /// What has the name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Lines of the record are missing.
    Damaged {
        /// What is missing.
        what: String,
    },
    /// The record does not have the values of execs.
    WithoutValues,
    /// The value of an exec is confidential, so it is not in the record.
    Redacted {
        /// The node.
        node: String,
    },
    /// The value of a field that an `await` waited for is confidential, so it is not in the record.
    RedactedField {
        /// The field.
        field: String,
    },
    /// A member of a field is confidential, so it is not in the record, and the store that the replay
    /// was given does not have it either.
    RedactedMember {
        /// The member, such as `desks[0].token`.
        member: String,
    },
    /// The record has values of fields that the store does not have, or that serde skips today.
    GoneFields {
        /// The name of the store.
        store: String,
        /// The names of the fields, each with its first value.
        fields: Vec<(String, String)>,
    },
    /// JSON could not hold the value of an exec.
    Unwritable {
        /// The node.
        node: String,
        /// Why JSON could not hold it.
        why: String,
    },
    /// A value of the record is not one of today's type.
    BadValue {
        /// Which value: that of a node, or that of a field.
        of: String,
        /// The name of today's type, if it is known.
        to: Option<String>,
        /// Why it cannot be read.
        error: String,
    },
    /// The record has no value for an exec.
    NotRecorded {
        /// The node.
        node: String,
        /// Which exec it is, in words.
        exec: String,
    },
    /// The record begins in the middle of a step, and an inner run of this step had ended before.
    BeginsInTheMiddle {
        /// The inner run, such as `Digest > documents[3]`.
        run: String,
    },
    /// The run differs from the record.
    Differs(Box<Difference>),
    /// Some records of several cannot be replayed, or differ.
    Several {
        /// How many runs were replayed.
        of: usize,
        /// The error of each that failed.
        errors: Vec<ReplayError>,
    },
}

impl ReplayError {
    pub(super) fn new(kind: ReplayErrorKind) -> Self {
        Self {
            file: None,
            run: None,
            kind,
        }
    }

    pub(super) fn in_file(self, file: Option<&Path>) -> Self {
        Self {
            file: self.file.or_else(|| file.map(Path::to_owned)),
            ..self
        }
    }

    pub(super) fn in_run(self, run: Option<&str>) -> Self {
        Self {
            run: self.run.or_else(|| run.map(str::to_owned)),
            ..self
        }
    }

    /// What is wrong.
    pub fn kind(&self) -> &ReplayErrorKind {
        &self.kind
    }

    /// The file of the record, if it is known.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The id of the run, if it has one.
    pub fn run(&self) -> Option<&str> {
        self.run.as_deref()
    }

    /// How the run differs from its record, if that is what is wrong.
    pub fn difference(&self) -> Option<&Difference> {
        match &self.kind {
            ReplayErrorKind::Differs(difference) => Some(difference),
            _ => None,
        }
    }
}

impl From<ReplayErrorKind> for ReplayError {
    fn from(kind: ReplayErrorKind) -> Self {
        Self::new(kind)
    }
}

impl From<ReadError> for ReplayError {
    fn from(error: ReadError) -> Self {
        Self::new(ReplayErrorKind::Unreadable(error))
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}: ", file.display())?;
        }
        if let Some(run) = &self.run {
            write!(f, "run `{}`: ", Plain(run))?;
        }
        fmt::Display::fmt(&self.kind, f)
    }
}

/// For human readers: see [`ReplayError`].
impl fmt::Debug for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for ReplayError {}

impl StdError for ReplayErrorKind {}

/// Names in a sentence: "`a`, `b` and `c`".
pub(super) fn list<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<_> = names
        .iter()
        .map(|name| match name.as_ref() {
            "" => "a flow without a name".to_owned(),
            name => format!("`{}`", Plain(name)),
        })
        .collect();
    match names.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

impl fmt::Display for ReplayErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => fmt::Display::fmt(error, f),
            Self::NoFile { folder, pattern } => write!(
                f,
                "no file in {} has a name like `{pattern}`: record a run into this folder, or name the folder that has the records",
                folder.display()
            ),
            Self::FolderOnly { pattern } => write!(
                f,
                "`{}` names a folder, and not its files: add a pattern for their names, such as `{}`",
                pattern.display(),
                pattern.join("*.jsonl").display()
            ),
            Self::Folder { folder, error } => write!(
                f,
                "cannot read the folder {}: {error}",
                folder.display()
            ),
            Self::NoRun => f.write_str(
                "the record has no run: the process ended before the first step, or nothing ran with the record's driver",
            ),
            Self::SeveralRuns { runs } => write!(
                f,
                "the record has {} runs, and one is to be replayed: choose one of {} with `Replay::run_of`, or take all with `Replay::all`",
                runs.len(),
                list(runs)
            ),
            Self::UnknownRun { run, runs } => write!(
                f,
                "the record has no run `{}`: it has {}",
                Plain(run),
                list(runs)
            ),
            Self::OtherFlow { recorded, flow } => write!(
                f,
                "the record is of {}, and not of {}: replay it on the flow that it is of",
                list(recorded),
                list(&[flow])
            ),
            Self::Unnamed => f.write_str(
                "the flow of the record has no name, so a test cannot name it: declare it with one, `flow! { Agent { … } }`, and record the run again",
            ),
            Self::BadName { what, name } => write!(
                f,
                "{what} of the record has the name `{}`, which is not one of Rust: the record was changed or damaged, so record the run again",
                Plain(name)
            ),
            Self::WithoutValues => f.write_str(
                "the record has only the steps, and no values of execs, so it cannot be replayed: record the run without `steps_only()`",
            ),
            Self::Damaged { what } => write!(
                f,
                "lines of the record are missing: {}: copy the whole record, or record the run again",
                Plain(what)
            ),
            Self::Redacted { node } => {
                let node = Plain(node);
                write!(
                    f,
                    "the value of `{node}` is confidential, so it is not in the record: give one with a stub, `Stub::new().node::<{node}>(…)`, in `Flow.with(&stub).with(&replay)`"
                )
            }
            Self::RedactedField { field } => {
                let field = Plain(field);
                write!(
                    f,
                    "the field `{field}` is confidential, so what filled it is not in the record: give a value with a stub, `Stub::new().fill(\"{field}\", …)`, in `Flow.with(&stub).with(&replay)`"
                )
            }
            Self::RedactedMember { member } => write!(
                f,
                "`{}` is confidential, so it is not in the record, and the store that the replay was given has nothing there: give it a store that does, `Replay::of(record)?.run_on(&flow, store)`",
                Plain(member)
            ),
            Self::GoneFields { store, fields } => gone_fields(f, store, fields),
            Self::Unwritable { node, why } => {
                let node = Plain(node);
                write!(
                    f,
                    "the value of `{node}` is not in the record, because JSON could not hold it ({}): give one with a stub, `Stub::new().node::<{node}>(…)`, in `Flow.with(&stub).with(&replay)`",
                    Plain(why)
                )
            }
            Self::BadValue { of, to, error } => {
                write!(f, "the value of {} in the record is not ", Plain(of))?;
                match to {
                    Some(to) => write!(f, "a `{to}` of today")?,
                    None => f.write_str("one of its type of today")?,
                }
                write!(
                    f,
                    ": {}\n  help: give the new members of the type a `#[serde(default)]`, or record the run again",
                    Plain(error)
                )
            }
            Self::NotRecorded { node, exec } => {
                let node = Plain(node);
                write!(
                    f,
                    "the record has no value of `{node}` for {}: let the node run with `replay.real::<{node}>()`, or give a value with a stub, `Stub::new().node::<{node}>(…)`, in `Flow.with(&stub).with(&replay)`",
                    Plain(exec)
                )
            }
            Self::BeginsInTheMiddle { run } => write!(
                f,
                "the record begins in the middle of a step, when `{}` had ended: replay a record that has the whole run",
                Plain(run)
            ),
            Self::Differs(difference) => fmt::Display::fmt(difference, f),
            Self::Several { of, errors } => {
                write!(f, "{} of {of} runs cannot be replayed as they were recorded", errors.len())?;
                errors.iter().try_for_each(|error| write!(f, "\n\n{error}"))
            }
        }
    }
}

/// The record has fields that the store does not have.
fn gone_fields(
    f: &mut fmt::Formatter<'_>,
    store: &str,
    fields: &[(String, String)],
) -> fmt::Result {
    let names: Vec<&str> = fields.iter().map(|(name, _)| &**name).collect();
    let (what, are) = match fields.len() {
        1 => ("field", "is"),
        _ => ("fields", "are"),
    };
    write!(
        f,
        "the {what} {} of the record {are} not in the store `{}`, so a replay would lose what the record has there: was a field renamed?",
        list(&names),
        Plain(store)
    )?;
    for (name, value) in fields {
        write!(
            f,
            "\n  field `{}`\n    then    {}",
            Plain(name),
            Plain(value)
        )?;
    }
    let name = Plain(names.first().copied().unwrap_or_default());
    write!(
        f,
        "\n  help: write `#[serde(alias = \"{name}\")]` on the field that was `{name}`; if it is gone, replay with `Replay::without_field(\"{name}\")`, or record the run again"
    )
}
