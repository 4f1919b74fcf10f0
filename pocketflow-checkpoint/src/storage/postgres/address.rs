//! The address of a database: a URL or a list of settings, with settings of this crate.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;

use crate::storage::error::{Cause, StorageError, StorageResult};

/// An address.
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) schema: Option<String>,
}

impl Address {
    pub(super) fn parse(text: &str) -> StorageResult<Self> {
        let (rest, schema) = without_schema(text);
        let config = rest.parse().map_err(|error: tokio_postgres::Error| {
            StorageError::Unreachable {
                // The text may contain a password.
                place: "the address of the PostgreSQL database".to_owned(),
                source: Cause::from(error),
            }
        })?;
        Ok(Self { config, schema })
    }
}

/// The address without the setting `schema`, and its last value. A text with a mistake comes back as
/// it is, for the error of [`Config`].
fn without_schema(text: &str) -> (String, Option<String>) {
    let is_url = ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    let split = if is_url {
        without_schema_in_url(text)
    } else {
        without_schema_in_settings(text)
    };
    split.unwrap_or_else(|| (text.to_owned(), None))
}

fn without_schema_in_url(url: &str) -> Option<(String, Option<String>)> {
    // A password may contain a question mark.
    let after_user = url.find('@').unwrap_or_default();
    let query = after_user + url[after_user..].find('?')?;
    let (mut schema, mut others) = (None, Vec::new());
    for setting in url[query + 1..].split('&') {
        match setting.split_once('=') {
            Some((name, value)) if decoded(name)? == "schema" => {
                schema = Some(decoded(value)?.into_owned());
            }
            _ => others.push(setting),
        }
    }
    let mut rest = url[..query].to_owned();
    if !others.is_empty() {
        rest = format!("{rest}?{}", others.join("&"));
    }
    Some((rest, schema))
}

fn decoded(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

fn without_schema_in_settings(text: &str) -> Option<(String, Option<String>)> {
    let (mut schema, mut others) = (None, Vec::new());
    let mut left = text.trim_start();
    while !left.is_empty() {
        let (name, value) = left.split_once('=')?;
        let (value, after) = setting_value(value.trim_start())?;
        if name.trim_end() == "schema" {
            schema = Some(value);
        } else {
            others.push(left[..left.len() - after.len()].trim_end());
        }
        left = after.trim_start();
    }
    Some((others.join(" "), schema))
}

/// The value at the start of a text, and the text after it. `'` encloses a value with spaces, and `\`
/// takes the next character as it is.
fn setting_value(text: &str) -> Option<(String, &str)> {
    let (text, is_quoted) = match text.strip_prefix('\'') {
        Some(text) => (text, true),
        None => (text, false),
    };
    let (mut value, mut chars) = (String::new(), text.chars());
    loop {
        let before = chars.as_str();
        match chars.next() {
            Some('\'') if is_quoted => return Some((value, chars.as_str())),
            Some(c) if c.is_whitespace() && !is_quoted => return Some((value, before)),
            None if !is_quoted => return Some((value, before)),
            None => return None,
            Some('\\') => value.push(chars.next()?),
            Some(c) => value.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_taken_out() {
        for (text, rest, schema) in [
            (
                "postgres://me:a?b@host/runs",
                "postgres://me:a?b@host/runs",
                None,
            ),
            (
                "postgres://host/runs?schema=shop",
                "postgres://host/runs",
                Some("shop"),
            ),
            (
                "postgresql://me:a?schema=b@host/runs?connect_timeout=3&schema=my%20%22shop%22&port=1",
                "postgresql://me:a?schema=b@host/runs?connect_timeout=3&port=1",
                Some("my \"shop\""),
            ),
            ("postgres:///?sch%65ma=", "postgres:///", Some("")),
            ("host=a dbname=b", "host=a dbname=b", None),
            ("schema=shop", "", Some("shop")),
            (
                " host = a  schema = 'my \\'\\\\shop' password='schema=x y' ",
                "host = a password='schema=x y'",
                Some("my '\\shop"),
            ),
            ("host=a schema=a\\ b", "host=a", Some("a b")),
            ("schema='a", "schema='a", None),
            ("nonsense", "nonsense", None),
        ] {
            let expected = (rest.to_owned(), schema.map(str::to_owned));
            assert_eq!(without_schema(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_left_is_an_address() {
        let address = "postgres://me:secret@host:6432/runs?schema=shop&connect_timeout=3";
        let url = Address::parse(address).ok().unwrap();
        let settings =
            "user=me schema=shop password=secret host=host port=6432 dbname=runs connect_timeout=3";
        let settings = Address::parse(settings).ok().unwrap();
        assert_eq!(url.config, settings.config);
        assert_eq!(url.schema, settings.schema);
        for wrong in ["postgres://host/runs?scheme=shop", "host=a scheme=shop"] {
            let error = Address::parse(wrong).err().unwrap();
            let cause = std::error::Error::source(&error).unwrap();
            let cause = cause
                .source()
                .map_or(cause.to_string(), ToString::to_string);
            assert!(cause.contains("`scheme`"), "{cause}");
        }
    }
}
