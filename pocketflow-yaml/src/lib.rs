//! The YAML of a language model's reply, as a type of yours.
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
//! The feature `yaml` of PocketFlow re-exports this crate as `pocketflow::yaml`. It does not need
//! PocketFlow.
//!
//! # Which part of the reply
//!
//! 1. What a reasoning model thinks, up to `</think>`, is skipped if an answer follows.
//! 2. Blocks fenced by ```` ``` ```` or `~~~`. Those labelled `yaml` or `yml` count; if there are
//!    none, those labelled `json` (JSON is YAML); if there are none either, those without a label.
//! 3. Of several, **the last one that reads as the type**: a model that drafts, quotes the format,
//!    or corrects itself ends with what it means. If none does, the error is about the last one.
//! 4. A block ends at a fence at least as long as its own; fences inside an indented `|` or `>`
//!    string belong to the string. A block without an end goes up to the end of the reply, or to
//!    the prose that follows a blank line.
//! 5. A prompt may end with the fence that begins the block. So if the first fence has no label and
//!    YAML stands before it, that is read too: before what follows the fence, unless that is a
//!    block of YAML with its own end.
//! 6. A reply without such a block is read as YAML as a whole, else its longest stretch of lines
//!    that look like YAML: from a line that starts with `key:`, `- `, `{` or `[` to the last line
//!    before prose that follows a blank line.
//!
//! # What is forgiven
//!
//! YAML that reads as the type as it stands is not touched; the exceptions follow below. Only when
//! that fails:
//!
//! - A scalar becomes what the type asks for: `2024`, `01234`, `1.10`, `yes`, `null` become the
//!   string as it is written, `"5"` a number, `"true"` and `yes` a `bool`. This works inside
//!   internally tagged, flattened and untagged types as well.
//! - An enum with data may be written as a map with one key, the variant's name, as in JSON.
//! - An item `- Note: the text` of a list of strings is the string.
//! - A value YAML rejects is put in quotes: `reason: over the limit: 5000`, `name: @ann`, `title:
//!   *bold*`, `text: "this" and that`, `text: "he said "no""`, `path: "C:\dir"`. So is one that
//!   goes on below with a colon in it.
//! - Escapes that YAML does not have: a surrogate pair, `"\ud83d\ude00"`, is its character, `\'` is
//!   a quote.
//! - `"""text"""`, over several lines as well, is the text; so is a `|` string that is not
//!   indented, up to the next key.
//! - JSON may lack commas at the ends of lines, have quotes inside of strings, and be followed by
//!   prose.
//! - `**key**: value` has the key `key`.
//! - A first line further to the left or right than those below is lined up with them.
//! - Tabs in the indentation count as two blanks.
//! - Control characters and the like are characters of the text.
//! - What follows the first YAML document is dropped.
//!
//! What the type does not allow stays an error: an unknown variant, a missing field, a key given
//! twice, a word where a number belongs.
//!
//! # Where YAML says otherwise
//!
//! In these, the model does not mean what YAML says:
//!
//! - `a: !important` and `a: &x`, a tag or an anchor on nothing, are text where the type asks for a
//!   string. (Tags on nothing are variants where it asks for an enum, and an anchor stays one if an
//!   alias names it.)
//! - `<<: *defaults` merges: the map has the entries of the other that it does not have itself.
//! - `// text` and `/* text */` are comments in what begins as JSON does.
//! - U+0085, U+2028 and U+2029 do not end a line of JSON; a lone `\r` ends a line like `\n`.
//!
//! # What it costs
//!
//! Time and memory grow with the length of the reply: each line is mended once, and a block is
//! parsed a fixed number of times. The limits are
//!
//! - 128 levels of nesting, which for brackets are counted before the text is parsed,
//! - 100,000 values in a block that does not read as it stands; for one with aliases, as many as
//!   they stand for, and 16 MiB of text,
//! - 64 to 1,000 attempts, the fewer the larger the block, to find which values inside of
//!   internally tagged, flattened and untagged types have to change their form. What one item of a
//!   list needs is tried for all of them at once.

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
/// The [module](self) says where it looks and what it forgives. The text of the [`Error`] is
/// written for the model: put it back into the prompt.
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

/// Reads the text as it stands, else the part of it that looks like YAML.
fn read_around<'a, T: DeserializeOwned>(
    text: &str,
    part: impl FnOnce() -> &'a str,
) -> Result<T, Error> {
    strict(text).or_else(|_| read(part()))
}

/// Why a text is not read as it stands.
enum Not {
    /// The parser or the type does not take it.
    Read,
    /// It would cost too much.
    Cheap(Error),
    /// YAML would not mean what the model does.
    Meant,
}

/// Reads the text as YAML says.
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

/// Reads one block: as it stands, else mended and with the leniency the type needs.
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
    // What parses may still be meant otherwise: a comment of JSON as YAML has it is text.
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
