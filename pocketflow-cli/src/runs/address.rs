//! What `--db` names. The text may contain a password, so nothing prints it unless it is the path of
//! a file.

use std::path::Path;

/// A database.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Address<'a> {
    File(&'a Path),
    Postgres(&'a str),
}

const WRITE: &str = "write the path of a file, postgres://user:password@host/database, or settings such as \
     \"host=/run/postgresql dbname=runs\"";
/// Settings with which a list of settings can begin.
const SETTINGS: [&str; 18] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "passfile",
    "password",
    "port",
    "schema",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslrootcert",
    "target_session_attrs",
    "user",
];

/// What a text names; an error does not contain the text.
pub(crate) fn parse(db: &str) -> Result<Address<'_>, String> {
    let file = Path::new(db);
    if db.starts_with("postgres://") || db.starts_with("postgresql://") {
        return Ok(Address::Postgres(db));
    }
    if file.exists() {
        return Ok(Address::File(file));
    }
    if let Some((scheme, _)) = db.split_once("://") {
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        return Err(if scheme.chars().all(is_scheme) {
            format!("`{scheme}://…` is not the address of a database of runs: {WRITE}")
        } else {
            format!("the text after `--db` is not the address of a database of runs: {WRITE}")
        });
    }
    let setting = db.split_once('=').map(|(setting, _)| setting.trim());
    if setting.is_some_and(|setting| SETTINGS.contains(&setting)) {
        return Ok(Address::Postgres(db));
    }
    if db.contains('@') || db.to_lowercase().contains("passw") {
        return Err(format!(
            "the text after `--db` is neither an existing file nor the address of a database of runs: {WRITE}"
        ));
    }
    Ok(Address::File(file))
}

/// A text of the command line without the passwords of addresses, also where they are in the wrong
/// place.
pub(crate) fn without_passwords(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| c.is_whitespace() || "'\"`".contains(c)) {
        let lower = word.to_lowercase();
        if let (Some(start), Some(end)) = (word.find("://"), word.rfind('@'))
            && start < end
        {
            safe += &format!("{}://…{}", &word[..start], &word[end..]);
            continue;
        }
        match lower.find("password=") {
            Some(at) if lower.len() == word.len() => {
                let end = word.trim_end_matches(|c: char| c.is_whitespace() || "'\"`".contains(c));
                safe += &format!("{}…{}", &word[..at + "password=".len()], &word[end.len()..]);
            }
            _ => safe += word,
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for db in [
            "postgres://me:secret@host/runs",
            "postgresql:///runs",
            "host=/run/postgresql dbname=runs",
            "password = secret host=a",
            "schema=shop host=a",
        ] {
            assert_eq!(parse(db), Ok(Address::Postgres(db)));
        }
        for db in ["runs.db", "a=b.db", "C:\\runs.db", ":memory:"] {
            assert_eq!(parse(db), Ok(Address::File(Path::new(db))));
        }
        for db in [
            "mysql://me:secret@host/runs",
            "Postgres://me:secret@host/runs",
            "me:secret@host/runs",
            "me:secret@a://b",
            "postgres:/me:secret@host/runs",
            "server=host;Password=secret",
        ] {
            let error = parse(db).unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn passwords_are_left_out() {
        for (text, safe) in [
            ("a b: c\n", "a b: c\n"),
            (
                "unexpected 'postgres://me:sec@ret@host/runs' found\n",
                "unexpected 'postgres://…@host/runs' found\n",
            ),
            ("'host=a password=secret'", "'host=a password=…'"),
            ("mail me@example.org", "mail me@example.org"),
        ] {
            assert_eq!(without_passwords(text), safe);
        }
    }
}
