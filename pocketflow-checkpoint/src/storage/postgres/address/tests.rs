use super::*;
use crate::storage::postgres::ssl::SslMode;

/// An address without settings of this crate, except for these.
fn own(settings: &[(&str, &str)]) -> Own {
    let mut own = Own::default();
    for (name, value) in settings {
        *place_of(name, &mut own).unwrap() = Some((*value).to_owned());
    }
    own
}

#[test]
fn the_settings_of_this_crate_are_taken_out() {
    for (text, rest, settings) in [
        (
            "postgres://me:a?b@host/runs",
            "postgres://me:a?b@host/runs",
            &[][..],
        ),
        (
            "postgres://host/runs?schema=shop",
            "postgres://host/runs",
            &[("schema", "shop")],
        ),
        (
            "postgresql://me:a?schema=b@host/runs?connect_timeout=3&schema=my%20%22shop%22&port=1",
            "postgresql://me:a?schema=b@host/runs?connect_timeout=3&port=1",
            &[("schema", "my \"shop\"")],
        ),
        ("postgres:///?sch%65ma=", "postgres:///", &[("schema", "")]),
        (
            "postgres://host/?sslmode=verify-full&port=1&sslrootcert=/etc/my%20ca.pem",
            "postgres://host/?port=1",
            &[
                ("sslmode", "verify-full"),
                ("sslrootcert", "/etc/my ca.pem"),
            ],
        ),
        ("host=a dbname=b", "host=a dbname=b", &[]),
        ("schema=shop", "", &[("schema", "shop")]),
        (
            " host = a  schema = 'my \\'\\\\shop' password='schema=x y' ",
            "host = a password='schema=x y'",
            &[("schema", "my '\\shop")],
        ),
        ("host=a schema=a\\ b", "host=a", &[("schema", "a b")]),
        (
            "sslcert='a b' host=a sslkey=c sslmode=prefer sslmode=require",
            "host=a",
            &[("sslcert", "a b"), ("sslkey", "c"), ("sslmode", "require")],
        ),
        ("schema='a", "schema='a", &[]),
        ("nonsense", "nonsense", &[]),
    ] {
        let expected = (rest.to_owned(), own(settings));
        assert_eq!(without_own(text), expected, "{text}");
    }
}

#[test]
fn what_is_left_is_an_address() {
    let address = "postgres://me:secret@host:6432/runs?schema=shop&connect_timeout=3&sslmode=verify-full&sslrootcert=ca";
    let url = Address::parse(address).ok().unwrap();
    let settings = "user=me schema=shop password=secret sslmode=verify-full sslrootcert=ca host=host port=6432 \
         dbname=runs connect_timeout=3";
    let settings = Address::parse(settings).ok().unwrap();
    assert_eq!(url.config, settings.config);
    assert_eq!(url.schema, settings.schema);
    assert_eq!(url.ssl, settings.ssl);
    assert_eq!(url.ssl.mode, Some(SslMode::VerifyFull));
    assert_eq!(url.ssl.root.as_deref(), Some("ca"));
}

#[test]
fn a_certificate_may_be_for_an_address() {
    let named = |address: &str| Address::parse(address).ok().unwrap().config;
    assert_eq!(
        named("hostaddr=10.0.0.7 dbname=runs").get_hosts(),
        named("host=10.0.0.7 dbname=runs").get_hosts()
    );
    let both = named("host=db.example.org hostaddr=10.0.0.7");
    assert_eq!(both.get_hosts(), named("host=db.example.org").get_hosts());
}

/// What is wrong with an address: the cause of the error.
fn wrong(address: &str) -> String {
    let error = Address::parse(address).err().unwrap();
    let cause = std::error::Error::source(&error).unwrap();
    assert!(
        !format!("{error} {cause}").contains("secret"),
        "{error}: {cause}"
    );
    cause
        .source()
        .map_or(cause.to_string(), ToString::to_string)
}

#[test]
fn mistakes_are_named() {
    for (settings, named) in [
        ("scheme=shop", "`scheme`"),
        ("sslmode=on", "verify-full"),
        ("sslmode=", "`sslmode`"),
        ("sslrootcert=", "`sslrootcert`"),
        ("sslcert=a", "`sslkey`"),
        ("sslkey=a", "`sslcert`"),
        ("sslkey=a&sslcert=", "`sslcert`"),
        ("sslnegotiation=direct", "`sslmode=require`"),
        ("sslnegotiation=direct&sslmode=prefer", "`sslmode=require`"),
    ] {
        let cause = wrong(&format!("postgres://me:secret@host/runs?{settings}"));
        assert!(cause.contains(named), "{settings}: {cause}");
        let settings = settings.replace('&', " ");
        let cause = wrong(&format!("password=secret host=host {settings}"));
        assert!(cause.contains(named), "{settings}: {cause}");
    }
    Address::parse("host=a sslnegotiation=direct sslmode=verify-ca")
        .ok()
        .unwrap();
}
