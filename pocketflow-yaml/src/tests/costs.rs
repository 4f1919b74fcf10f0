//! The cost of a reply grows linearly with its length. The cost is the number of bytes that the
//! parser reads and of values that the type sees.

use super::*;
use crate::work;

/// The cost per byte of a reply with this many parts.
fn cost<T: serde::de::DeserializeOwned>(reply: impl Fn(usize) -> String, parts: usize) -> usize {
    let reply = reply(parts);
    work::of(|| drop(extract::<T>(&reply))) / reply.len()
}

fn check<T: serde::de::DeserializeOwned>(name: &str, reply: impl Fn(usize) -> String) {
    let (few, many) = (cost::<T>(&reply, 100), cost::<T>(&reply, 3_000));
    assert!(
        many <= few + few / 2 + 2,
        "{name}: {few} and then {many} for each byte"
    );
    assert!(many <= 20, "{name}: {many} for each byte");
}

fn fenced(line: &str, parts: usize) -> String {
    format!("```yaml\n{}```", line.repeat(parts))
}

#[test]
fn lines_to_mend() {
    for line in [
        "- a: b: c\n",
        "- \"x\" and y\n",
        "- @x\n",
        "- *x\n",
        "- \"open\n",
        "- \"open\n  more\n",
        "- [x](y)\n",
        "- \"\"\"\n  x\n  \"\"\"\n",
        "- |\n  x\n",
        "- \"\\d\"\n",
        "- a: |\n x\n",
        "- \u{1}\n",
        "- &x\n",
        "-\tx: @y\n",
    ] {
        check::<Vec<String>>(line, |parts| fenced(line, parts));
        check::<Review>(line, |parts| fenced(line, parts));
    }
    let many = "- @x\n".repeat(3_000);
    assert_eq!(
        extract::<Vec<String>>(&format!("```yaml\n{many}```"))
            .unwrap()
            .len(),
        3_000
    );
}

#[test]
fn json_to_mend() {
    for (line, end) in [
        ("{\"a\": \"x \"y\"\"},\n", "]"),
        ("{\"a\": \"x \"y\"\"},\n", ""),
        ("1, // x\n", "]"),
        ("\"\\ud83d\\ude00\",", "]"),
        ("\"x\"\n", "]"),
        ("\"x\n", "]"),
        ("'", ""),
    ] {
        check::<Vec<String>>(line, |parts| {
            format!("```json\n[{}{end}\n```", line.repeat(parts))
        });
    }
}

#[test]
fn what_is_nested_is_refused_at_once() {
    for open in ["{a: ", "[", "{\"a\": [", "[\n", "- ", "- [", "{a: \"", "? "] {
        check::<Review>(open, |parts| open.repeat(parts));
        check::<Review>(open, |parts| fenced(open, parts));
        check::<Review>(open, |parts| {
            format!("```yaml\na: &x {}", open.repeat(parts))
        });
    }
    let error = text(extract::<Review>(&fenced("{a: ", 10_000)));
    assert!(
        error.ends_with("more than 128 brackets are open; nest less"),
        "{error}"
    );
}

#[test]
fn values_of_a_tagged_type() {
    for line in [
        "- {kind: ship, zip: 1, count: '1'}\n",
        "- {kind: ship, zip: '1', count: 1, note: 5}\n",
        "- {kind: wait, hours: 1, until: 2, a: 3}\n",
        "- {kind: ship, zip: 1, count: 'x'}\n",
    ] {
        let cost = |parts| cost::<Vec<Step>>(|parts| fenced(line, parts), parts);
        let (few, many) = (cost(400), cost(1_600));
        assert!(
            many <= 2 * few + 2 && many < 100,
            "{line}: {few} and then {many} for each byte"
        );
    }
    let line = "- {kind: ship, zip: 1, count: '1'}\n";
    let ships = extract::<Vec<Step>>(&fenced(line, 2_000)).unwrap();
    let ship = Step::Ship {
        zip: "1".into(),
        count: 1,
        express: None,
        note: None,
    };
    assert!(ships.len() == 2_000 && ships.iter().all(|one| *one == ship));
}

#[test]
fn many_blocks() {
    for line in [
        "```yaml\n",
        "```yaml\na: 1\n```\n",
        "```\na\n```\n",
        "~~~\n",
        "```yaml\na: @\n",
        "a: 1\n\nb\n\n",
        "<think>\n</think>\n",
    ] {
        check::<Review>(line, |parts| line.repeat(parts));
    }
}

#[test]
fn aliases_stand_for_no_more_than_it_costs_to_write_them() {
    let mut laughs = String::from("```yaml\na0: &a0 [1,1,1,1,1,1,1,1,1,1]\n");
    for level in 1..9 {
        laughs += &format!(
            "a{level}: &a{level} [{}]\n",
            format!("*a{},", level - 1).repeat(10)
        );
    }
    let expected =
        "the YAML block: its aliases stand for too many values; write out what is needed";
    assert_eq!(text(extract::<serde_yaml::Value>(&laughs)), expected);
    let long = format!(
        "```yaml\n- &x {}\n{}```",
        "x".repeat(100_000),
        "- *x\n".repeat(1000)
    );
    assert_eq!(text(extract::<Vec<String>>(&long)), expected);
    let few = extract::<Vec<String>>("```yaml\n- &x a\n- *x\n- *x\n```");
    assert_eq!(few.unwrap(), ["a", "a", "a"]);
}
