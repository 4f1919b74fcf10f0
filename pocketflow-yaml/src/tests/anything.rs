//! Tests with arbitrary text.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value as Json;
use serde_yaml::Value as Yaml;

use super::*;
use crate::mend::mend;
use crate::work;

/// Text made of the characters and words that matter in replies.
fn soup() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "```",
        "~~~",
        "```yaml\n",
        "\n```\n",
        "\n",
        "\n",
        "\n  ",
        "\n    ",
        "\t",
        " ",
        ": ",
        ":",
        "- ",
        "a",
        "key",
        "|",
        "|\n",
        ">-\n",
        "\"",
        "'",
        "\"\"\"",
        "{",
        "}",
        "[",
        "]",
        ",",
        "#",
        " # ",
        "&x",
        "*x",
        "!t",
        "<<: ",
        "<<",
        "@",
        "`",
        "%",
        "? ",
        "---\n",
        "...\n",
        "\\",
        "\\u",
        "\\ud83d",
        "\\ude00",
        "é",
        "🦀",
        "\r",
        "\r\n",
        "\0",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{100001}",
        "1",
        "0.5",
        "null",
        "yes",
        "</think>",
        "<b>",
        "**",
        "//",
        "/*",
        "*/",
        "x: y",
        "reason",
    ]);
    prop::collection::vec(parts, 0..60).prop_map(|parts| parts.concat())
}

const REPLIES: [&str; 6] = [
    "Sure:\n\n```yaml\nkind: ship\nzip: 01234\ncount: '5'\nnote: |\n  one\n\n  ```sh\n  two\n  ```\n```\nBye.",
    "```json\n{\"kind\": \"wait\", \"hours\": 1.5, \"until\": \"x \\\"y\\\"\", \"a\": [1, 2]}\n```",
    "- &a {x: 1, y: 'it''s'}\n- <<: *a\n  z: \"\\ud83d\\ude00\"\n- !t x\n",
    "kind: wait\nhours: 5\nuntil: said: so\n```\nThat is it: done.",
    "<think>\nx: 1\n</think>\n~~~yaml\n- a: \"\"\"\n    b\n  \"\"\"\n- [c](d)\n~~~",
    "a:\n  - b: >-\n      c\n      d\n    e: {f: [g, \"h\n  i\"]}\n  - |2\n      j\n",
];

/// A reply in which some characters are removed, inserted or doubled.
fn mutated() -> impl Strategy<Value = String> {
    let change = (any::<prop::sample::Index>(), 0..4_u8, soup());
    (
        prop::sample::select(REPLIES.to_vec()),
        prop::collection::vec(change, 1..5),
    )
        .prop_map(|(reply, changes)| {
            let mut chars: Vec<char> = reply.chars().collect();
            for (at, how, text) in changes {
                let at = at.index(chars.len().max(1)).min(chars.len());
                match how {
                    0 if at < chars.len() => drop(chars.remove(at)),
                    1 => chars.truncate(at),
                    2 => drop(chars.splice(at..at, text.chars().take(3))),
                    _ => drop(chars.splice(
                        at..at,
                        chars[at..].iter().take(7).copied().collect::<Vec<_>>(),
                    )),
                }
            }
            chars.into_iter().collect()
        })
}

fn all_types(reply: &str) {
    drop(extract::<Yaml>(reply));
    drop(extract::<Json>(reply));
    drop(extract::<Vec<Step>>(reply));
    drop(extract::<Step>(reply));
    drop(extract::<Review>(reply));
    drop(extract::<BTreeMap<String, String>>(reply));
    drop(extract::<Vec<String>>(reply));
    if let Err(error) = extract::<Step>(reply) {
        assert!(error.line().is_none_or(|line| {
            error
                .block()
                .is_some_and(|block| line <= block.lines().count())
        }));
    }
}

fn json() -> impl Strategy<Value = Json> {
    let text = prop_oneof![
        ".*",
        soup(),
        "[ -~]*",
        "[0-9.:]*",
        Just("null".into()),
        Just("<<".into())
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        text.clone().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 30, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::btree_map(
                text.clone().prop_filter("merges", |key| key != "<<"),
                inner,
                0..5
            )
            .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

/// JSON with only ASCII characters, as some serializers write it.
fn in_ascii(json: &str) -> String {
    let mut out = String::new();
    for c in json.chars() {
        match c {
            ' '..='~' | '\n' => out.push(c),
            _ => c
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| out += &format!("\\u{unit:04x}")),
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic_or_work_long(reply in prop_oneof![soup(), mutated(), ".*"]) {
        all_types(&reply);
        let cost = work::of(|| drop(extract::<Step>(&reply)));
        prop_assert!(cost <= 200 * reply.len() + 2_000, "{} for {} bytes", cost, reply.len());
    }

    #[test]
    fn json_is_read_as_what_it_is(value in json()) {
        let compact = value.to_string();
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        for json in [&compact, &pretty, &in_ascii(&compact), &pretty.replace('\n', "\r\n")] {
            let read = extract::<Json>(&format!("Here:\n```json\n{json}\n```\nBye."));
            prop_assert_eq!(read.as_ref(), Ok(&value), "{}", json);
        }
    }

    #[test]
    fn yaml_is_read_as_what_it_is(value in json()) {
        let yaml = serde_yaml::to_string(&value).unwrap();
        // The parser ends lines at these characters, but it writes them into block strings
        // unescaped.
        prop_assume!(!yaml.contains(['\u{85}', '\u{2028}', '\u{2029}']));
        let read = extract::<Json>(&format!("Here:\n```yaml\n{yaml}```\nBye."));
        prop_assert_eq!(read.ok(), serde_yaml::from_str(&yaml).ok(), "{}", yaml);
    }

    #[test]
    fn what_the_parser_takes_is_read_as_it_says(block in prop_oneof![soup(), mutated()]) {
        let plain = !block.contains(['&', '!', '\r', '\u{85}', '\u{2028}', '\u{2029}', '`', '~']);
        let plain = plain && !block.contains("<<") && !block.contains("//") && !block.contains("/*") && !block.contains("</");
        if let (true, Ok(value)) = (plain && !block.trim().is_empty(), serde_yaml::from_str::<Yaml>(&format!("{block}\n"))) {
            prop_assert_eq!(extract::<Yaml>(&format!("```yaml\n{block}\n```")), Ok(value));
        }
    }

    #[test]
    fn mending_what_is_fine_changes_nothing(value in json()) {
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        for text in [serde_yaml::to_string(&value).unwrap(), value.to_string(), pretty] {
            let text = crate::chars::hide(&text).0.into_owned() + "\n";
            if let Ok(before) = serde_yaml::from_str::<Yaml>(&text) {
                let mended = mend(&text);
                prop_assert_eq!(serde_yaml::from_str::<Yaml>(&mended).ok(), Some(before), "{} is now {}", text, mended);
                prop_assert!(mended.lines().count() <= text.lines().count() + 1);
            }
        }
    }
}
