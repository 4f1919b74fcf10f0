//! A record as a page that a browser shows.

mod page;

use std::borrow::Cow;

use crate::{ReadError, Recording};

/// Makes a page of a record: one HTML file that a browser opens from a disk, without a network.
///
/// The page shows the graph with what each run has taken, the steps over time, and for each step what
/// it read and changed, why it failed, and what a model said. [`Report`] adds what the record does not
/// say.
///
/// # Errors
///
/// If the text is not a record: see [`Recording::read`]. A record that is cut off is shown as far as
/// it goes, and the page says so.
///
/// ```
/// let record = r#"{"pocketflow_record":1,"library":"0.1.0"}
/// {"event":"graph","at":1,"graph":0,"name":"Checkout","fingerprint":"07","store":"Order","exits":["default"],"places":[{"name":"pay","kind":"node"}],"edges":[]}
/// {"event":"run","at":2,"run":0,"graph":0,"shared":{"total":100,"receipt":null}}
/// {"event":"step","at":3,"run":0,"step":1,"graph":0,"place":0,"path":["pay"]}
/// {"event":"taken","at":9,"run":0,"step":1,"path":["pay"],"action":"default","changed":{"receipt":"paid"}}
/// {"event":"end","at":9,"run":0,"exit":"default"}
/// "#;
/// let page = pocketflow_record::report(record)?;
/// assert!(page.starts_with("<!doctype html>"));
/// # Ok::<(), pocketflow_record::ReadError>(())
/// ```
pub fn report(record: impl AsRef<[u8]>) -> Result<String, ReadError> {
    Report::new().page(record)
}

/// A page of a record, with what the record itself does not say.
///
/// ```
/// use pocketflow::{Shared, flow, node};
/// use pocketflow_record::Report;
///
/// #[derive(Shared, Default)]
/// struct Order { total: u64, receipt: Option<String> }
///
/// #[node(Order, writes = receipt)]
/// fn pay(total: &u64) -> String { format!("{total} cents") }
///
/// flow! { Checkout { pay; } }
///
/// # let record = "{\"pocketflow_record\":1}\n";
/// // The page tells whether the flow is still the one that was recorded.
/// let page = Report::new().file("runs/order-17.jsonl").graph(Checkout::GRAPH).page(record)?;
/// # assert!(page.contains(r#"{"cut_off":false,"file":"runs/order-17.jsonl","flow":"Checkout","fingerprint":"#));
/// # Ok::<(), pocketflow_record::ReadError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Report {
    file: Option<String>,
    graph: Option<(&'static str, String)>,
}

impl Report {
    /// A page that shows what the record says, and nothing else.
    pub fn new() -> Self {
        Self::default()
    }

    /// The file of the record, as the commands on the page name it: `pocketflow test FILE`.
    #[must_use]
    pub fn file(mut self, name: impl Into<String>) -> Self {
        self.file = Some(name.into());
        self
    }

    /// The graph that the flow has now. For runs of the flow with this name, the page tells whether it
    /// is the graph that was recorded.
    #[must_use]
    pub fn graph(mut self, graph: &'static pocketflow::Graph) -> Self {
        self.graph = Some((graph.name, format!("{:016x}", graph.fingerprint())));
        self
    }

    /// Makes the page.
    ///
    /// # Errors
    ///
    /// As [`report`].
    pub fn page(&self, record: impl AsRef<[u8]>) -> Result<String, ReadError> {
        let text = record.as_ref();
        let recording = Recording::read(text)?;
        let (flow, fingerprint) = self.graph.as_ref().map_or((None, None), |(flow, hash)| {
            (Some(*flow), Some(hash.as_str()))
        });
        let about = page::About {
            cut_off: recording.is_cut_off(),
            file: self.file.as_deref(),
            flow,
            fingerprint,
        };
        Ok(page::written(&about, &whole_lines(text)))
    }
}

/// The lines that count.
fn whole_lines(text: &[u8]) -> Cow<'_, str> {
    let end = text.iter().rposition(|byte| *byte == b'\n');
    let text = &text[..end.map_or(0, |end| end + 1)];
    // A program may have added a byte order mark. The lines are UTF-8, because they have been read.
    String::from_utf8_lossy(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text))
}

/// The parts of the page for `pocketflow-serve`, which feeds it with events as they happen.
#[doc(hidden)]
pub mod live {
    use super::page;

    /// The elements in the body of the page.
    pub fn body() -> String {
        page::body()
    }

    /// The style sheet.
    pub fn style() -> String {
        page::style()
    }

    /// The script of the page. `last` are scripts in the same scope that make the `Page` and feed it.
    pub fn script(last: &[&str]) -> String {
        page::script_with(last)
    }

    /// The scripts that only make elements and texts.
    pub fn basics() -> [&'static str; 2] {
        page::basics()
    }
}

#[cfg(test)]
mod tests;
