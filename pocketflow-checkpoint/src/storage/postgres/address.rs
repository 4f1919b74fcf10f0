//! The address of a database: a URL or a list of settings, with settings of this crate.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;

use super::ssl::Ssl;
use crate::storage::error::{Cause, StorageError, StorageResult};

/// An address.
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) schema: Option<String>,
    pub(super) ssl: Ssl,
}

impl Address {
    pub(super) fn parse(text: &str) -> StorageResult<Self> {
        let (rest, own) = without_own(text);
        let mut config = rest.parse::<Config>().map_err(wrong)?;
        let [schema, settings @ ..] = own;
        let ssl = Ssl::read(settings, &config).map_err(wrong)?;
        if config.get_hosts().is_empty() {
            // A certificate may be for an address.
            for address in config.get_hostaddrs().to_vec() {
                config.host(address.to_string());
            }
        }
        Ok(Self {
            config,
            schema,
            ssl,
        })
    }
}

/// The error of an address. It does not show the text, which may contain a password.
pub(super) fn wrong(source: impl Into<Cause>) -> StorageError {
    StorageError::Unreachable {
        place: "the address of the PostgreSQL database".to_owned(),
        source: source.into(),
    }
}

/// The settings of this crate. [`Config`] does not know them, or not all of their values.
const OWN: [&str; 5] = ["schema", "sslmode", "sslrootcert", "sslcert", "sslkey"];

type Own = [Option<String>; OWN.len()];

/// The address without the settings of this crate, and their last values. A text with a mistake comes
/// back as it is, for the error of [`Config`].
fn without_own(text: &str) -> (String, Own) {
    let is_url = ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    let split = if is_url {
        without_own_in_url(text)
    } else {
        without_own_in_settings(text)
    };
    split.unwrap_or_else(|| (text.to_owned(), Own::default()))
}

/// Where the value of a setting belongs, if it is one of this crate.
fn place_of<'a>(name: &str, own: &'a mut Own) -> Option<&'a mut Option<String>> {
    let at = OWN.iter().position(|known| *known == name)?;
    Some(&mut own[at])
}

fn without_own_in_url(url: &str) -> Option<(String, Own)> {
    // A password may contain a question mark.
    let after_user = url.find('@').unwrap_or_default();
    let query = after_user + url[after_user..].find('?')?;
    let (mut own, mut others) = (Own::default(), Vec::new());
    for setting in url[query + 1..].split('&') {
        if let Some((name, value)) = setting.split_once('=')
            && let Some(place) = place_of(&decoded(name)?, &mut own)
        {
            *place = Some(decoded(value)?.into_owned());
        } else {
            others.push(setting);
        }
    }
    let mut rest = url[..query].to_owned();
    if !others.is_empty() {
        rest = format!("{rest}?{}", others.join("&"));
    }
    Some((rest, own))
}

fn decoded(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

fn without_own_in_settings(text: &str) -> Option<(String, Own)> {
    let (mut own, mut others) = (Own::default(), Vec::new());
    let mut left = text.trim_start();
    while !left.is_empty() {
        let (name, value) = left.split_once('=')?;
        let (value, after) = setting_value(value.trim_start())?;
        match place_of(name.trim_end(), &mut own) {
            Some(place) => *place = Some(value),
            None => others.push(left[..left.len() - after.len()].trim_end()),
        }
        left = after.trim_start();
    }
    Some((others.join(" "), own))
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
mod tests;
