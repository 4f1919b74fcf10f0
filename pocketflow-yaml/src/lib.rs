//! Reads the YAML in a language model's reply as a type of your choice.
//!
//! [`extract`] finds the block and reads it as any `Deserialize` type, an enum of decisions for
//! example:
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
//! The feature `yaml` of PocketFlow re-exports this crate as `pocketflow::yaml`. The crate also
//! works without PocketFlow.
//!
//! # Which part of the reply is read
//!
//! 1. The thinking of a reasoning model, up to `</think>`, is skipped if an answer follows it.
//! 2. The candidates are blocks fenced by ```` ``` ```` or `~~~`. Blocks labelled `yaml` or `yml`
//!    come first, then blocks labelled `json` (JSON is YAML), then blocks without a label. Later
//!    kinds count only if there are no blocks of an earlier kind.
//! 3. Of several blocks, **the last one that reads as the type** is used: a model that drafts,
//!    quotes the format, or corrects itself ends with what it means. If none reads as the type, the
//!    error is about the last one.
//! 4. A block ends at a fence that is at least as long as its opening fence. Fences inside an
//!    indented `|` or `>` string belong to the string. A block that is never closed ends at the end
//!    of the reply, or at prose that follows a blank line.
//! 5. A prompt may end with the opening fence. So if the first fence has no label and YAML precedes
//!    it, that YAML is a candidate too. It is tried before the text after the fence, unless that
//!    text is a complete block of YAML.
//! 6. If a reply has no such block, the whole reply is read as YAML. If that fails, the longest run
//!    of lines that look like YAML is read: from a line that starts with `key:`, `- `, `{` or `[`
//!    to the last line before prose that follows a blank line.
//!
//! # Which mistakes are accepted
//!
//! YAML that already reads as the type is not changed, with the exceptions in the next section.
//! Otherwise, the following repairs apply:
//!
//! - A scalar is converted to what the type needs: `2024`, `01234`, `1.10`, `yes` and `null` to the
//!   string as it is written, `"5"` to a number, `"true"` and `yes` to a `bool`. This also works
//!   inside internally tagged, flattened and untagged types.
//! - An enum with data may be a map with one key, the name of the variant, as in JSON.
//! - In a list of strings, an item `- Note: the text` is read as a string.
//! - A value that YAML rejects is put in quotes: `reason: over the limit: 5000`, `name: @ann`,
//!   `title: *bold*`, `text: "this" and that`, `text: "he said "no""`, `path: "C:\dir"`. The same
//!   applies to a value that continues on the next lines with a colon in it.
//! - Escapes that YAML does not have are decoded: a surrogate pair, `"\ud83d\ude00"`, becomes its
//!   character, and `\'` becomes a quote.
//! - `"""text"""` is read as the text, even over several lines. A `|` string that is not indented
//!   is read up to the next key.
//! - JSON may lack commas at the ends of lines, contain unescaped quotes inside strings, and be
//!   followed by prose.
//! - `**key**: value` is read with the key `key`.
//! - A first line that is indented less or more than the lines below is aligned with them.
//! - A tab in the indentation counts as two spaces.
//! - Control characters and similar characters are kept as characters of the text.
//! - Everything after the first YAML document is ignored.
//!
//! What the type does not allow remains an error: an unknown variant, a missing field, a duplicate
//! key, or a word in place of a number.
//!
//! # Where the result differs from YAML
//!
//! In the following cases, the model does not mean what YAML defines:
//!
//! - `a: !important` and `a: &x`, a tag or an anchor without a value, are text if the type has a
//!   string there. (A tag without a value is a variant if the type has an enum there, and an anchor
//!   remains an anchor if an alias names it.)
//! - `<<: *defaults` merges maps: the map gets the entries of the other map for the keys that it
//!   lacks.
//! - `// text` and `/* text */` are comments in a block that begins like JSON.
//! - U+0085, U+2028 and U+2029 do not end a line of JSON; a lone `\r` ends a line like `\n`.
//!
//! # Costs and limits
//!
//! Time and memory grow linearly with the length of the reply: each line is repaired once, and a
//! block is parsed a fixed number of times. The limits are
//!
//! - 128 levels of nesting. For brackets, these are counted before the text is parsed.
//! - 100,000 values in a block that needs repair. A block with aliases may stand for the same
//!   number of values, and for 16 MiB of text.
//! - 64 to 1,000 attempts, fewer for larger blocks, to find the values inside internally tagged,
//!   flattened and untagged types that have to change their form. A change that one item of a list
//!   needs is tried for all items at once.

mod block;
mod chars;
mod error;
mod guard;
mod lenient;
mod line;
mod mend;
mod show;
#[cfg(test)]
mod tests;
mod tree;
mod work;

use std::borrow::Cow;

use serde::de::{DeserializeOwned, IgnoredAny};

use block::{Kind, Part};
use chars::Hidden;

pub use error::Error;

/// The program in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Finds the YAML block of a model's reply and reads it as a `T`.
///
/// The [module](self) documents which part of the reply is read and which mistakes are accepted.
/// The text of the [`Error`] is written for the model, so you can add it to the prompt of the next
/// attempt.
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
/// Fails if the reply is empty, has no YAML, has YAML that cannot be repaired, or has YAML that
/// does not read as a `T`.
pub fn extract<T: DeserializeOwned>(reply: &str) -> Result<T, Error> {
    let reply = unix_lines(reply.trim_start_matches('\u{feff}'));
    if reply.trim().is_empty() {
        return Err(Error::empty_reply());
    }
    let mut wrong = None;
    for Part { text, kind } in block::parts(&reply) {
        let result = match kind {
            Kind::Closed | Kind::Begun => read(text),
            Kind::Open => read_around(text, || block::without_prose_after(text).unwrap_or(text)),
            Kind::Bare => read_around(&reply, || text).map_err(Error::ask_for_a_fence),
        };
        match result {
            Ok(value) => return Ok(value),
            Err(error) => wrong = wrong.or(Some(error)),
        }
    }
    wrong.map_or_else(
        || strict(&reply).map_err(|_| Error::no_block().ask_for_a_fence()),
        Err,
    )
}

/// The text with `\n` at the end of each line.
fn unix_lines(text: &str) -> Cow<'_, str> {
    match text.contains('\r') {
        true => text.replace("\r\n", "\n").replace('\r', "\n").into(),
        false => text.into(),
    }
}

/// Reads the whole text, or else the part of it that looks like YAML.
fn read_around<'a, T: DeserializeOwned>(
    text: &str,
    part: impl FnOnce() -> &'a str,
) -> Result<T, Error> {
    strict(text).or_else(|_| read(part()))
}

/// Why a text is not read without repairs.
enum Not {
    /// The parser or the type rejects it.
    Read,
    /// It would cost too much.
    Cheap(Error),
    /// YAML would give it another meaning than the model does.
    Meant,
}

/// Reads the text as YAML, without repairs.
fn strict<T: DeserializeOwned>(text: &str) -> Result<T, Not> {
    if let Some(line) = guard::too_deep(text) {
        return Err(Not::Cheap(Error::too_deep(text, line)));
    }
    if guard::too_large(text) {
        return Err(Not::Cheap(Error::too_large(text)));
    }
    let (named, tags) = mend::meant(text);
    if tags
        || matches!(named, Cow::Owned(_))
        || text.contains("<<")
        || chars::ends_lines_of_json(text)
    {
        return Err(Not::Meant);
    }
    work::add(text.len());
    serde_yaml::from_str(text).map_err(|_| Not::Read)
}

/// Reads one block: first without repairs, and then repaired and with the conversions that the type
/// needs.
fn read<T: DeserializeOwned>(block: &str) -> Result<T, Error> {
    match strict(block) {
        Ok(value) => return Ok(value),
        Err(Not::Cheap(error)) => return Err(error),
        Err(Not::Read | Not::Meant) => {}
    }
    if block
        .lines()
        .all(|line| line.trim() == "---" || line::is_blank(line))
    {
        return Err(Error::empty_block(block));
    }
    let (text, hidden) = match check(block) {
        Ok(()) if !chars::ends_lines_of_json(block) => (block.into(), Hidden::default()),
        _ => chars::hide(block),
    };
    let (text, _) = mend::meant(&text);
    let lenient = |text: &str| {
        lenient::from_str(text, hidden).map_err(|wrong| Error::at(block, wrong.line, wrong.message))
    };
    let first = match check(&text) {
        Ok(()) => match lenient(&text) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        },
        Err(error) => Error::syntax(block, &error),
    };
    // Even text that parses may mean something else. For example, YAML reads a JSON comment as
    // text.
    let mended = mend::mend(&text);
    if mended.trim_end() == text.trim_end()
        || guard::too_deep(&mended).is_some()
        || guard::too_large(&mended)
    {
        return Err(first);
    }
    match check(&mended) {
        Ok(()) => lenient(&mended).map_err(|error| if first.is_syntax() { error } else { first }),
        Err(_) => Err(first),
    }
}

/// Whether the text is YAML.
fn check(text: &str) -> Result<(), serde_yaml::Error> {
    work::add(text.len());
    serde_yaml::from_str::<IgnoredAny>(text).map(|_| ())
}
