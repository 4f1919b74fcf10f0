//! The format of a record, version 1.
//!
//! A record is a text of lines, each of which is a JSON object. The last whole line counts: a reader
//! ignores what follows the last line break, because a process may be killed while it writes.
//!
//! The first line is a [`Header`]. A process that goes on with a record writes a header again. Every
//! other line is an event, and has two members of its own: `event`, its kind, and `at`, when it
//! happened, in microseconds since the Unix epoch. Within a process, the times come from a monotonic
//! clock. A reader ignores members and events that it does not know.
//!
//! | `event` | type | when |
//! | --- | --- | --- |
//! | `graph` | [`Graph`] | before the first run that uses the graph |
//! | `run` | [`Run`] | a run begins, or an inner run |
//! | `enter` | [`Enter`] | a nested flow begins |
//! | `step` | [`Step`] | a step begins |
//! | `attempt` | [`Attempt`] | an attempt has ended |
//! | `exec` | [`Exec`] | an exec has ended, with all its attempts |
//! | `note` | [`Note`] | a node has added something to its attempt |
//! | `taken` | [`Taken`] | a step is done |
//! | `leave` | [`Leave`] | a nested flow is done |
//! | `failed` | [`Failed`] | a step has failed, and the run with it |
//! | `suspended` | [`Suspended`] | a driver has suspended the run at a step |
//! | `end` | [`End`] | a run has ended |
//! | `dropped` | [`Dropped`] | a run was dropped before its end |
//!
//! The record of a run whose process has died just stops.
//!
//! The values of fields and of execs are JSON as serde writes them. There are two marks in place of a
//! value:
//!
//! | mark | means |
//! | --- | --- |
//! | `{"$redacted":true}` | the value is not in the record, because it is confidential |
//! | `{"$unwritable":"key must be a string"}` | JSON cannot hold the value; the text says why |
//!
//! Members that are optional are left out where there is nothing to say.

mod graph;
mod json;
mod run;
mod step;

pub use graph::{Bound, EachField, Edge, ErrorEdge, Graph, Kind, Place, Target};
pub use json::{Json, Values};
pub use run::{Dropped, End, Item, Parent, Resumed, ResumedFlow, Run};
pub use step::{Attempt, Enter, Exec, Failed, Leave, Note, Step, Suspended, Taken};

use serde::{Deserialize, Serialize};

/// The version of the format.
pub const VERSION: u32 = 1;

/// The first line of a record, and the first line that each further process writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Header {
    /// The [version](VERSION) of the format.
    #[serde(rename = "pocketflow_record")]
    pub version: u32,
    /// The version of the library that wrote the record.
    #[serde(default)]
    pub library: String,
}

impl Header {
    /// The header that this version of the crate writes.
    pub fn current() -> Self {
        Self {
            version: VERSION,
            library: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// A line of a record after the header.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// `graph`
    Graph(Graph),
    /// `run`
    Run(Run),
    /// `enter`
    Enter(Enter),
    /// `step`
    Step(Step),
    /// `attempt`
    Attempt(Attempt),
    /// `exec`
    Exec(Exec),
    /// `note`
    Note(Note),
    /// `taken`
    Taken(Taken),
    /// `leave`
    Leave(Leave),
    /// `failed`
    Failed(Failed),
    /// `suspended`
    Suspended(Suspended),
    /// `end`
    End(End),
    /// `dropped`
    Dropped(Dropped),
}

/// Matches each kind of event with its name.
macro_rules! kinds {
    ($($kind:ident $name:literal)*) => {
        impl Event {
            /// The member `event`.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $name,)*
                }
            }

            /// When it happened, in microseconds since the Unix epoch.
            pub fn at(&self) -> u64 {
                match self {
                    $(Self::$kind(event) => event.at,)*
                }
            }

            /// Adds the event to a text, as one line with its line break.
            pub fn write(&self, text: &mut Vec<u8>) {
                match self {
                    $(Self::$kind(event) => write(text, $name, event),)*
                }
            }

            /// Reads a line without its line break. Returns `None` if this version does not know the
            /// kind of the event.
            ///
            /// # Errors
            ///
            /// If the line is not an event. The column of the error is that in the line.
            pub fn read(line: &str) -> Result<Option<Self>, serde_json::Error> {
                #[derive(Deserialize)]
                struct Named<'a> {
                    #[serde(borrow)]
                    event: std::borrow::Cow<'a, str>,
                }
                let Named { event } = serde_json::from_str(line)?;
                Ok(Some(match &*event {
                    $($name => Self::$kind(serde_json::from_str(line)?),)*
                    _ => return Ok(None),
                }))
            }
        }

        $(impl From<$kind> for Event {
            fn from(event: $kind) -> Self {
                Self::$kind(event)
            }
        })*
    };
}

kinds! {
    Graph "graph"
    Run "run"
    Enter "enter"
    Step "step"
    Attempt "attempt"
    Exec "exec"
    Note "note"
    Taken "taken"
    Leave "leave"
    Failed "failed"
    Suspended "suspended"
    End "end"
    Dropped "dropped"
}

/// Adds a line: the kind, and then the members of the event.
fn write<T: Serialize>(text: &mut Vec<u8>, name: &str, event: &T) {
    text.extend_from_slice(b"{\"event\":\"");
    text.extend_from_slice(name.as_bytes());
    text.push(b'"');
    let members = text.len();
    serde_json::to_writer(&mut *text, event).expect("an event is JSON");
    // The brace with which the members begin.
    text[members] = b',';
    text.push(b'\n');
}

/// Leaves out a member that says nothing.
#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests;
