//! The YAML block of a model's reply, as a type of yours.
//!
//! [`extract`] finds the block and reads it as any `Deserialize` type, an enum of decisions for example:
//!
//! ````
//! use serde::Deserialize;
//!
//! #[derive(Deserialize, Debug, PartialEq)]
//! #[serde(tag = "action", rename_all = "snake_case")]
//! enum Decision {
//!     Search { search_query: String },
//!     Answer,
//! }
//!
//! let reply = "
//! The figures change every year, so I'd look them up.
//!
//! ```yaml
//! action: search
//! search_query: 2024
//! ```
//! ";
//! let decision: Decision = pocketflow_yaml::extract(reply)?;
//! assert_eq!(decision, Decision::Search { search_query: "2024".into() });
//! # Ok::<(), pocketflow_yaml::Error>(())
//! ````
//!
//! # Which part of the reply
//!
//! 1. Blocks fenced by ```` ``` ```` or `~~~`. Those labelled `yaml` or `yml` count; if there are none, those labelled `json` (JSON
//!    is YAML); if there are none either, those without a label.
//! 2. Of several, **the last one that reads as the type**: a model that drafts, quotes the format, or corrects itself ends with
//!    what it means. If none does, the error is about the last one.
//! 3. A block ends at a fence at least as long as its own; fences inside an indented `|` or `>` string belong to the string. A
//!    block without an end goes up to the end of the reply, or to the prose that follows a blank line.
//! 4. A reply without such a block is read as YAML as a whole, else its longest stretch of lines that look like YAML: from a line
//!    that starts with `key:`, `- `, `{` or `[` to the last line before prose that follows a blank line.
//!
//! # What is forgiven
//!
//! YAML that reads as the type as it stands is never touched. Only when that fails:
//!
//! - A scalar becomes what the type asks for: `2024`, `01234`, `1.10`, `yes`, `null` become the string as it is written, `"5"` a
//!   number, `"true"` and `yes` a `bool`. This works inside internally tagged, flattened and untagged types as well.
//! - An enum with data may be written as a map with one key, the variant's name, as in JSON.
//! - An item `- Note: the text` of a list of strings is the string.
//! - A value YAML rejects is put in quotes: `reason: over the limit: 5000`, `name: @ann`, `title: *bold*`, `text: "this" and that`,
//!   `text: "he said "no""`, `path: "C:\dir"`.
//! - Tabs in the indentation count as two blanks.
//! - What follows the first YAML document is dropped.
//!
//! What the type does not allow stays an error: an unknown variant, a missing field, a word where a number belongs.

mod block;
mod error;
mod lenient;
mod mend;
mod show;
#[cfg(test)]
mod tests;
mod tree;

use serde::de::DeserializeOwned;

pub use error::Error;

/// Finds the YAML block of a model's reply and reads it as a `T`.
///
/// The [module](self) says where it looks and what it forgives. The text of the [`Error`] is written for the model: put it back
/// into the prompt.
///
/// ```
/// use std::collections::BTreeMap;
///
/// let reply = "Sure!\n\n```yaml\nname: Ann\nzip: 01234\n```\nAnything else?";
/// let fields: BTreeMap<String, String> = pocketflow_yaml::extract(reply)?;
/// assert_eq!(fields["zip"], "01234");
///
/// let error = pocketflow_yaml::extract::<BTreeMap<String, u32>>(reply).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"line 1 of the YAML block, "name: Ann": invalid type: string "Ann", expected u32"#
/// );
/// # Ok::<(), pocketflow_yaml::Error>(())
/// ```
///
/// # Errors
///
/// The reply is empty, has no YAML, or has YAML that is broken beyond repair or is not a `T`.
pub fn extract<T: DeserializeOwned>(reply: &str) -> Result<T, Error> {
    let reply = reply.trim_start_matches('\u{feff}');
    if reply.trim().is_empty() {
        return Err(Error::empty_reply());
    }
    let mut wrong = None;
    for block in block::fenced(reply).iter().rev() {
        let cut = || block::without_prose_after(block.text).unwrap_or(block.text);
        match if block.closed { read(block.text) } else { read_around(block.text, cut) } {
            Ok(value) => return Ok(value),
            Err(error) => wrong = wrong.or(Some(error)),
        }
    }
    if let Some(error) = wrong {
        return Err(error);
    }
    match block::longest_stretch(reply) {
        Some(stretch) => read_around(reply, || stretch),
        None => serde_yaml::from_str(reply).map_err(|_| Error::no_block()),
    }
    .map_err(Error::ask_for_a_fence)
}

/// Reads the text as it stands, else the part of it that looks like YAML.
fn read_around<'a, T: DeserializeOwned>(text: &str, part: impl FnOnce() -> &'a str) -> Result<T, Error> {
    serde_yaml::from_str(text).or_else(|_| read(part()))
}

/// Reads one block: as it stands, else mended and with the leniency the type needs.
fn read<T: DeserializeOwned>(block: &str) -> Result<T, Error> {
    if let Ok(value) = serde_yaml::from_str(block) {
        return Ok(value);
    }
    if block.lines().map(str::trim).all(|line| matches!(line, "" | "---") || line.starts_with('#')) {
        return Err(Error::empty_block(block));
    }
    let mended = mend::mend(block).map_err(|error| Error::syntax(block, &error))?;
    lenient::from_str(&mended).map_err(|wrong| Error::at(block, wrong.line, wrong.message))
}
