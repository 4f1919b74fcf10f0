//! Addresses of a server, and paths on it.

use super::{ClientError, Port};

/// The address of a server: `http://host:port`, or with a path if a proxy is in front of it.
pub(super) fn parse(url: &str, port: Port) -> Result<String, ClientError> {
    let wrong = |why: &str| ClientError::Address {
        port,
        url: without_user(url),
        why: why.to_owned(),
    };
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(wrong("it has no `http://` or `https://`"));
    };
    match scheme {
        "http" => {}
        "https" if cfg!(feature = "tls") => {}
        "https" => {
            return Err(wrong(
                "this program was built without the feature `tls` of `pocketflow-restate`",
            ));
        }
        _ => return Err(wrong("it does not begin with `http://` or `https://`")),
    }
    if rest
        .split('/')
        .next()
        .is_some_and(|host| host.contains('@'))
    {
        return Err(wrong(
            "it contains a user. If the server wants a token, set it with `token`",
        ));
    }
    if rest.contains(['?', '#']) {
        return Err(wrong("it contains a `?` or a `#`"));
    }
    if rest.trim_matches('/').is_empty() {
        return Err(wrong("it names no host"));
    }
    let url = url.trim_end_matches('/');
    let uri = match url.parse::<hyper::Uri>() {
        Ok(uri) => uri,
        Err(error) => return Err(wrong(&error.to_string())),
    };
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    match (uri.host(), uri.port_u16()) {
        (None | Some(""), _) => Err(wrong("it names no host")),
        (Some(host), None) if authority.len() > host.len() => {
            Err(wrong("its port is not a number from 0 to 65535"))
        }
        _ => Ok(url.to_owned()),
    }
}

/// An address without what is before the `@`, which may be confidential.
fn without_user(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}://…{}", &url[..scheme], &url[at..]),
        (None, Some(at)) => format!("…{}", &url[at..]),
        _ => url.to_owned(),
    }
}

/// A part of a path, in which any character can be.
pub(crate) fn segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                segment.push(byte.into())
            }
            // A segment of dots alone would be taken for a folder.
            b'.' if text.bytes().any(|other| other != b'.') => segment.push('.'),
            byte => segment += &format!("%{byte:02X}"),
        }
    }
    segment
}

/// A text in SQL.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (url, parsed) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://restate:8080/", "http://restate:8080"),
            ("http://[::1]:8080/restate/", "http://[::1]:8080/restate"),
        ] {
            assert_eq!(parse(url, Port::Ingress).unwrap(), parsed);
        }
        for (url, why) in [
            ("127.0.0.1:8080", "it has no `http://`"),
            ("postgres://host", "it does not begin with `http://`"),
            ("http://me:secret@host", "it contains a user"),
            ("http://host:8080/?a=b", "it contains a `?`"),
            ("http://host:port", "its port is not a number"),
            ("http://host:80800", "its port is not a number"),
            ("http:///path", "invalid"),
            ("http://a host", "invalid"),
            ("http://", "it names no host"),
        ] {
            let error = parse(url, Port::Admin).unwrap_err().to_string();
            assert!(error.contains(why), "{url}: {error}");
            assert!(!error.contains("secret"), "{error}");
            assert!(
                error.ends_with("\nhelp: write for example http://127.0.0.1:9070"),
                "{error}"
            );
        }
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn without_tls_an_address_with_https_is_refused() {
        let error = parse("https://host", Port::Admin).unwrap_err().to_string();
        assert!(error.contains("without the feature `tls`"), "{error}");
    }

    #[test]
    fn any_text_is_one_segment() {
        for (text, encoded) in [
            ("order-17", "order-17"),
            ("a/b c", "a%2Fb%20c"),
            ("ä", "%C3%A4"),
            ("v1.2", "v1.2"),
            ("..", "%2E%2E"),
        ] {
            assert_eq!(segment(text), encoded);
        }
    }

    #[test]
    fn a_quotation_mark_does_not_end_a_text() {
        assert_eq!(quoted("a'; drop"), "'a''; drop'");
    }
}
