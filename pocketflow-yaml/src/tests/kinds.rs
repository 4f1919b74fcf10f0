//! Kinds of mistakes in a block, each with its variations.

use serde_json::{Value as Json, json};

use super::*;

fn read(block: &str) -> Json {
    match extract::<Json>(&format!("```yaml\n{block}\n```")) {
        Ok(value) => value,
        Err(error) => Json::String(format!("error: {error}")),
    }
}

fn check(cases: &[(&str, Json)]) {
    let mut wrong = 0;
    for (block, expected) in cases {
        let value = read(block);
        if value != *expected {
            wrong += 1;
            println!("{block}\n  is       {value}\n  and not  {expected}\n");
        }
    }
    assert_eq!(wrong, 0, "blocks are read otherwise");
}

#[test]
fn values_that_begin_with_a_mark() {
    check(&[
        ("a: \"\"\"one\"\"\"", json!({"a": "one"})),
        ("a: '''one'''\nb: @x", json!({"a": "'one'", "b": "@x"})), // as YAML says
        ("a: @x", json!({"a": "@x"})),
        ("- @x\n- `y`\n- %z", json!(["@x", "`y`", "%z"])),
        ("a: *bold*", json!({"a": "*bold*"})),
        (
            "- *item*\n- **item** two",
            json!(["*item*", "**item** two"]),
        ),
        ("a: *", json!({"a": "*"})),
        ("a: &x", json!({"a": "&x"})),
        ("a: &x\nb: 1", json!({"a": "&x", "b": 1})),
        ("a: & b", json!({"a": "& b"})),
        ("a: &amp; b", json!({"a": "&amp; b"})),
        ("a: !(b)", json!({"a": "!(b)"})),
        ("a: !\"b\" c", json!({"a": "!\"b\" c"})),
        ("a: , b", json!({"a": ", b"})),
        ("a: ] b", json!({"a": "] b"})),
        ("a: |b", json!({"a": "|b"})),
        ("a: >x", json!({"a": ">x"})),
        ("a: - b", json!({"a": "- b"})),
        ("a: ? b", json!({"a": "? b"})),
        (
            "a: [x] y\nb: [x](y)\nc: {x} y",
            json!({"a": "[x] y", "b": "[x](y)", "c": "{x} y"}),
        ),
        ("a: [ ] task", json!({"a": "[ ] task"})),
        ("- [ ] task\n- [x] done", json!(["[ ] task", "[x] done"])),
        (
            "**a**: 1\n**b:** 2\n`c`: 3",
            json!({"a": 1, "b": 2, "c": 3}),
        ),
    ]);
    for (yaml, expected) in [
        ("!important", "!important"),
        ("!x y", "y"),
        ("&x", "&x"),
        ("&x # no", "&x"),
    ] {
        assert_eq!(value::<String>(yaml), Ok(expected.into()));
        assert_eq!(
            extract::<Review>(&format!("```yaml\nverdict: {yaml}\n```")),
            Ok(review(expected))
        );
    }
    assert_eq!(
        value::<Vec<String>>("\n  - !a\n  - !b c"),
        Ok(vec!["!a".into(), "c".into()])
    );
    #[derive(Deserialize, Debug, PartialEq)]
    enum Act {
        Stop,
        Say(String),
    }
    assert_eq!(
        value::<Vec<Act>>("\n  - !Stop\n  - !Say x"),
        Ok(vec![Act::Stop, Act::Say("x".into())])
    );
}

#[test]
fn quotes_in_values() {
    check(&[
        ("a: \"x\" and y\nb: 1", json!({"a": "\"x\" and y", "b": 1})),
        ("a: x \"y\" z", json!({"a": "x \"y\" z"})),
        ("a: 'x' or 'y'", json!({"a": "'x' or 'y'"})),
        ("a: \"x \"y\" z\"", json!({"a": "x \"y\" z"})),
        ("a: 'it's'", json!({"a": "it's"})),
        ("a: it's: so", json!({"a": "it's: so"})),
        ("a: \"open\nb: 1", json!({"a": "open", "b": 1})),
        ("a: \"open\n  more\nb: 1", json!({"a": "open more", "b": 1})),
        ("a: closed\"\nb: 1", json!({"a": "closed\"", "b": 1})),
        ("a: \"x\",\nb: @y", json!({"a": "x", "b": "@y"})),
        (
            "\"a\": \"x \"y\"\",\n\"b\": 1",
            json!({"a": "x \"y\"", "b": 1}),
        ),
        ("a: \"b\n  c: d\"\ne: @f", json!({"a": "b c: d", "e": "@f"})),
        (
            "a: \"\"\"\n  one\n    two\n  three \"x\"\n  \"\"\"\nb: 1",
            json!({"a": "one\n  two\nthree \"x\"\n", "b": 1}),
        ),
        (
            "a: \"\"\"one\n  two\"\"\"\nb: @c",
            json!({"a": "one\n  two", "b": "@c"}),
        ),
    ]);
}

#[test]
fn escapes_of_json() {
    check(&[
        (r#"{"a": "\ud83d\ude00"}"#, json!({"a": "😀"})),
        (r#"a: "\ud83d\ude00!""#, json!({"a": "😀!"})),
        (r#"- "\uD83D\uDE00""#, json!(["😀"])),
        (r#""\ud83d\ude00""#, json!("😀")),
        (r#"{"\ud83d\ude00": 1}"#, json!({"😀": 1})),
        (r#"{"a": "\u00e9\/\t\"\\"}"#, json!({"a": "é/\t\"\\"})),
        (r#"{"a": "\ud83d"}"#, json!({"a": "\u{fffd}"})),
        (r#"{"a": "it\'s"}"#, json!({"a": "it's"})),
        (r#"a: "C:\dir\new""#, json!({"a": "C:\\dir\\new"})),
        (r#"a: "\d+\.\d+""#, json!({"a": "\\d+\\.\\d+"})),
        (
            "{\"a\": \"x\n y\", \"b\": \"\\ud83d\\ude00\"}",
            json!({"a": "x y", "b": "😀"}),
        ),
    ]);
}

#[test]
fn json_as_models_write_it() {
    check(&[
        ("{\"a\": 1,}", json!({"a": 1})),
        ("{\"a\": [1, 2,],\n}", json!({"a": [1, 2]})),
        (
            "{\"a\": 1, // one\n\"b\": 2 // two\n}",
            json!({"a": 1, "b": 2}),
        ),
        ("// what to do\n{\"a\": 1}", json!({"a": 1})),
        (
            "{\n  // one\n  \"a\": \"http://x.y\" // z\n}",
            json!({"a": "http://x.y"}),
        ),
        ("{\"a\": 1, /* one */ \"b\": 2}", json!({"a": 1, "b": 2})),
        (
            "{\"a\": \"x \"y\" z\", \"b\": 2}",
            json!({"a": "x \"y\" z", "b": 2}),
        ),
        ("{\"a\": 1\n \"b\": 2}", json!({"a": 1, "b": 2})),
        (
            "{\"a\": \"x\"\n \"b\": [1]\n \"c\": 2}",
            json!({"a": "x", "b": [1], "c": 2}),
        ),
        ("{'a': 'b', 'c': True}", json!({"a": "b", "c": true})),
        (
            "{\n\t\"a\": 1,\n\t\"b\": \"C:\\dir\"\n}",
            json!({"a": 1, "b": "C:\\dir"}),
        ),
        (
            "{\"a\": \"\\ud83d\\ude00\"}\nThat is it.",
            json!({"a": "😀"}),
        ),
    ]);
}

#[test]
fn the_first_line() {
    check(&[
        (" a: 1\nb: 2", json!({"a": 1, "b": 2})),
        (
            "    a: 1\nb: 2\nc:\n  - 3",
            json!({"a": 1, "b": 2, "c": [3]}),
        ),
        ("  a:\n    b: 1\nc: 2", json!({"a": {"b": 1}, "c": 2})),
        ("  a: 1\n  b: 2\nc: 3", json!({"a": 1, "b": 2, "c": 3})),
        (" - 1\n- 2", json!([1, 2])),
        ("# x\n a: 1\nb: 2", json!({"a": 1, "b": 2})),
        ("a: 1\n  b: 2\n  c: 3", json!({"a": 1, "b": 2, "c": 3})),
        (
            "a: x y\n    b: 2\n    c:\n      - 3",
            json!({"a": "x y", "b": 2, "c": [3]}),
        ),
        ("\ta: 1\nb: 2", json!({"a": 1, "b": 2})),
        ("   a: 1\n   b: 2", json!({"a": 1, "b": 2})),
    ]);
}

#[test]
fn line_ends_and_odd_characters() {
    check(&[
        ("a: 1\rb: 2", json!({"a": 1, "b": 2})),
        ("a: 1\r\nb: @x\r\n", json!({"a": 1, "b": "@x"})),
        ("a: |\r  x\r  y\rb: 1", json!({"a": "x\ny\n", "b": 1})),
        ("a: \u{1}x", json!({"a": "\u{1}x"})),
        ("a: x\0y\nb: 1", json!({"a": "x\0y", "b": 1})),
        ("a: \"\u{1b}[31mred\"", json!({"a": "\u{1b}[31mred"})),
        ("a: x\u{2028}y", json!({"a": "x\u{2028}y"})),
        ("a: x\u{85}y\nb: 1", json!({"a": "x\u{85}y", "b": 1})),
        ("a: \u{feff}x", json!({"a": "\u{feff}x"})),
        (
            "{\"a\": \"x\u{2029}\u{7f}y\"}",
            json!({"a": "x\u{2029}\u{7f}y"}),
        ),
        ("a\u{8}: 1", json!({"a\u{8}": 1})),
        ("a: |\n  x\u{c}y\n", json!({"a": "x\u{c}y\n"})),
        ("a: 1\n\tb: 2", json!({"a": 1, "b": 2})),
        ("a:\n\t- x\n\t- y", json!({"a": ["x", "y"]})),
        (
            "a:\n  b: |\n    all:\n    \tcc x\n  c: @d",
            json!({"a": {"b": "all:\n\tcc x\n", "c": "@d"}}),
        ),
    ]);
}

#[test]
fn merge_keys() {
    check(&[
        (
            "base: &b {x: 1, y: 2}\nc:\n  <<: *b\n  y: 3",
            json!({"base": {"x": 1, "y": 2}, "c": {"x": 1, "y": 3}}),
        ),
        (
            "- &a {x: 1}\n- &b {x: 2, y: 2}\n- <<: [*a, *b]\n  z: 3",
            json!([{"x": 1}, {"x": 2, "y": 2}, {"x": 1, "y": 2, "z": 3}]),
        ),
        (
            "a: &a\n  x: 1\nb: &b\n  <<: *a\n  y: 2\nc:\n  <<: *b",
            json!({"a": {"x": 1}, "b": {"x": 1, "y": 2}, "c": {"x": 1, "y": 2}}),
        ),
        ("<<: x", json!({"<<": "x"})),
        ("a: x << y", json!({"a": "x << y"})),
    ]);
    let reply =
        "```yaml\n- &base\n  kind: ship\n  zip: 01234\n  count: 5\n- <<: *base\n  count: '6'\n```";
    let ship = |count| Step::Ship {
        zip: "01234".into(),
        count,
        express: None,
        note: None,
    };
    assert_eq!(extract::<Vec<Step>>(reply), Ok(vec![ship(5), ship(6)]));
    let error = text(extract::<Vec<Step>>(&reply.replace("'6'", "six")));
    assert_eq!(
        error,
        "line 6 of the YAML block, \"count: six\": invalid type: string \"six\", expected u32"
    );
}

#[test]
fn anchors_stay_anchors() {
    check(&[
        ("a: &x 1\nb: *x\nc: @d", json!({"a": 1, "b": 1, "c": "@d"})),
        (
            "a: &x\n  b: 1\nc: *x\nd: @e",
            json!({"a": {"b": 1}, "c": {"b": 1}, "d": "@e"}),
        ),
        ("a: &x\n- 1\nc: *x", json!({"a": [1], "c": [1]})),
        ("a: &x\nb: *x", json!({"a": null, "b": null})),
    ]);
}

#[test]
fn text_without_a_mark_for_it() {
    check(&[
        (
            "a: I think that\n  the next: it is so\nb: 1",
            json!({"a": "I think that the next: it is so", "b": 1}),
        ),
        (
            "a: one: two\n  three's\nb: 1",
            json!({"a": "one: two three's", "b": 1}),
        ),
        (
            "a: |\nDear Ann,\n\nbye.\nb: 1",
            json!({"a": "Dear Ann,\n\nbye.\n", "b": 1}),
        ),
        (
            "---\n|\n  \"|\n  b: c: d\n---\nmore: than: that",
            json!("\"|\nb: c: d\n"),
        ),
        ("a: |\n    x\n  y\nb: 1", json!({"a": "  x\ny\n", "b": 1})),
        (
            "- a: |\n  Dear Ann,\n  b: 1",
            json!([{"a": "Dear Ann,\n", "b": 1}]),
        ),
        (
            "a: one\n  two\nb: 'c' d",
            json!({"a": "one two", "b": "'c' d"}),
        ),
    ]);
}

#[test]
fn faults_of_many_kinds_in_one_block() {
    let block = "a: over: 5000 # note\nb: it's over: 5\nc:\n  - d: e: f\n    g: h\n  - **i**: j\nk: {x} is\nl: \"m\" and \"n\"\no: 'p's'\nq: > 5\n";
    check(&[(
        block,
        json!({
            "a": "over: 5000", "b": "it's over: 5", "c": [{"d": "e: f", "g": "h"}, "**i**: j"], "k": "{x} is",
            "l": "\"m\" and \"n\"", "o": "p's", "q": "> 5",
        }),
    )]);
}

#[test]
fn blanks_that_do_not_break() {
    check(&[
        ("a:\u{a0}1\nb: @x", json!({"a": 1, "b": "@x"})),
        (
            "a:\n\u{a0}\u{a0}b: 1\n\u{a0}\u{a0}c: @d",
            json!({"a": {"b": 1, "c": "@d"}}),
        ),
        ("a: x\u{a0}y", json!({"a": "x\u{a0}y"})),
    ]);
}
