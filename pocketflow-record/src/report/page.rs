//! The page: its parts, and how a record is put into it.
//!
//! The scripts share one scope, and each uses only those before it, or functions that run later. The
//! page fetches nothing, and its policy allows only this script and this style sheet, by their hashes.

use serde::Serialize;

/// The frame, with a place for each part.
const FRAME: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");

/// dagre, which lays out the graph.
const LAYOUT: &str = include_str!("dagre/dagre.min.js");
const LAYOUT_LICENCE: &str = include_str!("dagre/LICENSE");

/// The scripts, in their order.
const SCRIPTS: [&str; 18] = [
    include_str!("page/format.js"),
    include_str!("page/dom.js"),
    include_str!("page/model.js"),
    include_str!("page/history.js"),
    include_str!("page/time.js"),
    include_str!("page/rows.js"),
    include_str!("page/timeline.js"),
    include_str!("page/layout.js"),
    include_str!("page/graph.js"),
    include_str!("page/value.js"),
    include_str!("page/step.js"),
    include_str!("page/parts.js"),
    include_str!("page/field.js"),
    include_str!("page/run.js"),
    include_str!("page/header.js"),
    include_str!("page/keys.js"),
    include_str!("page/page.js"),
    include_str!("page/boot.js"),
];

/// The hashes of the script and of the style sheet, one a line. A test compares them with what they
/// are hashes of, so that the library needs no code to compute them.
const HASHES: &str = include_str!("page/hashes.txt");

/// What the page knows beside the record.
#[derive(Serialize)]
pub(super) struct About<'a> {
    pub(super) cut_off: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) flow: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fingerprint: Option<&'a str>,
}

/// Writes the page of a record, whose lines are JSON.
pub(super) fn written(about: &About<'_>, record: &str) -> String {
    let mut hashes = HASHES.lines();
    let mut hash = || hashes.next().unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(),
        hash()
    );
    // A text and two options can always be written.
    let about = serde_json::to_string(about).unwrap_or_default();
    let (script, style) = (script(), style());
    let parts = [
        ("{{policy}}", policy.as_str()),
        ("{{style}}", &style),
        ("{{about}}", &harmless(&about)),
        ("{{record}}", &harmless(record)),
        ("{{script}}", &script),
    ];
    let room: usize = parts.iter().map(|(_, part)| part.len()).sum();
    let mut page = String::with_capacity(FRAME.len() + room);
    let frame = unix(FRAME);
    let mut rest = frame.as_str();
    for (name, part) in parts {
        // The frame has each name once, in this order.
        let Some((before, after)) = rest.split_once(name) else {
            continue;
        };
        page.push_str(before);
        page.push_str(part);
        rest = after;
    }
    page.push_str(rest);
    page
}

/// JSON that can stand in a page: nothing in it ends the element or begins another one. In JSON, `<`
/// occurs only in texts, where it may be written as its number.
fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// The frame without scripts and styles, for a page that gets its events from elsewhere.
pub(super) fn body() -> String {
    let frame = unix(FRAME);
    let body = frame.split_once("<body>").map_or("", |(_, body)| body);
    let body = body.split_once("<noscript>").map_or(body, |(body, _)| body);
    body.trim().to_owned()
}

/// The scripts that only make elements and texts.
pub(super) fn basics() -> [&'static str; 2] {
    [SCRIPTS[0], SCRIPTS[1]]
}

/// The script of a page whose last scripts, which begin it, are others.
pub(super) fn script_with(last: &[&str]) -> String {
    let (_, parts) = SCRIPTS.split_last().expect("there are scripts");
    joined(parts.iter().chain(last))
}

fn script() -> String {
    joined(SCRIPTS.iter())
}

fn joined<'a>(parts: impl Iterator<Item = &'a &'a str>) -> String {
    let mut script =
        String::from("\"use strict\";\n(() => {\n/*! dagre, https://github.com/dagrejs/dagre\n\n");
    script += LAYOUT_LICENCE;
    script += "*/\n";
    script += LAYOUT;
    for part in parts {
        script += part;
    }
    script += "})();\n";
    unix(&script)
}

pub(super) fn style() -> String {
    unix(STYLE)
}

/// Line breaks as a browser counts them in a hash, whatever Git has made of them.
fn unix(text: &str) -> String {
    text.replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use sha2::{Digest, Sha256};

    use super::*;

    /// A hash as a policy names it.
    fn hash(text: &str) -> String {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut base64 = String::from("sha256-");
        for bytes in Sha256::digest(text).chunks(3) {
            let mut bits = [0; 4];
            bits[1..=bytes.len()].copy_from_slice(bytes);
            let bits = u32::from_be_bytes(bits);
            for letter in 0..4 {
                let index = (bits >> (18 - 6 * letter)) as usize % 64;
                base64.push(if letter <= bytes.len() {
                    char::from(LETTERS[index])
                } else {
                    '='
                });
            }
        }
        base64
    }

    #[test]
    fn the_hashes_are_those_of_the_script_and_of_the_style_sheet() {
        assert_eq!(
            hash("abc"),
            "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
        );
        let hashes = format!("{}\n{}\n", hash(&script()), hash(&style()));
        if std::env::var_os("UPDATE_HASHES").is_some() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/report/page/hashes.txt");
            fs::write(file, hashes).unwrap();
            return;
        }
        assert_eq!(
            unix(HASHES),
            hashes,
            "the page has changed: run this test with UPDATE_HASHES=1"
        );
    }

    #[test]
    fn the_parts_do_not_end_their_elements() {
        for text in [script(), style()] {
            assert!(!text.contains("</"), "{:?}", text.find("</"));
            assert!(!text.contains("<!--"));
        }
    }

    #[test]
    fn the_frame_has_each_part_once() {
        let page = written(
            &About {
                cut_off: false,
                file: None,
                flow: None,
                fingerprint: None,
            },
            "",
        );
        assert!(!page.contains("{{"), "{:?}", page.find("{{"));
        assert_eq!(page.matches("<script").count(), 3);
        assert!(page.contains("Copyright (c) 2012-2014 Chris Pettitt"));
    }

    #[test]
    fn no_script_parses_data_as_html() {
        for script in SCRIPTS {
            for word in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
                "srcdoc",
            ] {
                assert!(!script.contains(word), "{word}");
            }
        }
    }

    #[test]
    fn the_files_are_small() {
        for script in SCRIPTS {
            assert!(script.lines().count() <= 400);
        }
        assert!(STYLE.lines().count() <= 400);
    }
}
