//! Which mistakes are accepted, and which text stays unchanged.

use super::*;
use crate::lenient;

#[test]
fn a_string_is_what_is_written() {
    let scalars = [
        "2024",
        "01234",
        "1.10",
        "1e3",
        "0x1F",
        "-7",
        "+5",
        "yes",
        "No",
        "true",
        "null",
        "~",
        "12:30",
        "2024-01-05",
        "NaN",
        "1_000",
        "123456789012345678901234567890",
        "größe 東京 🦀",
    ];
    for scalar in scalars {
        assert_eq!(
            value::<String>(scalar),
            Ok(scalar.into()),
            "{scalar} in a struct"
        );
        let reply = format!("```yaml\naction: search\nsearch_query: {scalar}\n```");
        assert_eq!(
            extract::<Decision>(&reply),
            Ok(search(scalar)),
            "{scalar} in a tagged enum"
        );
    }
    assert_eq!(value::<String>(""), Ok(String::new()));
    assert_eq!(
        value::<Vec<String>>("[1, 2.50, no, ~]"),
        Ok(["1", "2.50", "no", "~"].map(String::from).to_vec())
    );
    assert_eq!(
        value::<BTreeMap<String, char>>("{1: 2}"),
        Ok([("1".into(), '2')].into())
    );
}

#[test]
fn a_number_and_a_bool_may_be_quoted() {
    assert_eq!(value::<u32>("\"5\""), Ok(5));
    assert_eq!(value::<i8>("'-5'"), Ok(-5));
    assert_eq!(value::<f64>("\"1.5\""), Ok(1.5));
    assert_eq!(value::<f64>("\"2\""), Ok(2.0));
    assert_eq!(value::<u32>("007"), Ok(7));
    assert_eq!(
        value::<i128>("\"170141183460469231731687303715884105727\""),
        Ok(i128::MAX)
    );
    assert_eq!(
        value::<u128>("340282366920938463463374607431768211455"),
        Ok(u128::MAX)
    );
    for (yaml, expected) in [
        ("\"true\"", true),
        ("yes", true),
        ("On", true),
        ("'FALSE'", false),
        ("no", false),
    ] {
        assert_eq!(value::<bool>(yaml), Ok(expected), "{yaml}");
    }
    for yaml in ["five", "5 apples", "1.5", "-1", "4294967296", "nan", "''"] {
        assert!(value::<u32>(yaml).is_err(), "{yaml}");
    }
    assert!(value::<bool>("maybe").is_err() && value::<bool>("1").is_err());
    assert!(value::<f64>("\"infinity\"").is_err());
}

#[test]
fn nothing_stays_nothing() {
    for yaml in ["", "null", "~", "Null # no"] {
        assert_eq!(value::<Option<String>>(yaml), Ok(None), "{yaml}");
        // The same with a mistake elsewhere in the block.
        let reply = format!("```yaml\nverdict: good\nscore: '5'\nreason: {yaml}\n```");
        assert_eq!(
            extract::<Review>(&reply),
            Ok(Review {
                score: 5,
                ..review("good")
            }),
            "{yaml}"
        );
    }
    assert_eq!(value::<Option<String>>("'null'"), Ok(Some("null".into())));
    assert_eq!(value::<Option<u32>>("'5'"), Ok(Some(5)));
    assert_eq!(value::<Vec<u32>>("null"), Ok(vec![]));
}

#[test]
fn every_value_of_a_tagged_type_is_taken_as_it_is_meant() {
    let reply = "\
```yaml
v:
  - kind: ship
    zip: 5            # a string
    count: 5          # a number
    note: null
  - kind: wait
    hours: \"5\"
    until: 5
    a: 5
    b: null
    7: yes
  - {kind: ship, zip: null, count: '5', express: 'no', note: 5}
```";
    let ship = |zip: &str, express, note: Option<&str>| {
        let (zip, note) = (zip.to_owned(), note.map(String::from));
        Step::Ship {
            zip,
            count: 5,
            express,
            note,
        }
    };
    let more = [("7", "yes"), ("a", "5"), ("b", "null")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
    let wait = Step::Wait(Pause {
        hours: 5.0,
        until: "5".into(),
        more: more.into(),
    });
    let expected = vec![
        ship("5", None, None),
        wait,
        ship("null", Some(false), Some("5")),
    ];
    assert_eq!(
        extract::<Value<Vec<Step>>>(reply),
        Ok(Value { v: expected })
    );
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(untagged)]
enum Either {
    Point { x: i64, y: i64 },
    Name { first: String, last: String },
    Count(u64),
    Word(String),
}

#[test]
fn untagged_types_keep_what_fits_and_change_what_must() {
    let reply = "```yaml\n- 7\n- seven\n- {x: 1, y: '2'}\n- {first: 1, last: 2.0}\n- ~\n```";
    let name = Either::Name {
        first: "1".into(),
        last: "2.0".into(),
    };
    let point = Either::Point { x: 1, y: 2 };
    let expected = vec![
        Either::Count(7),
        Either::Word("seven".into()),
        point,
        name,
        Either::Word("~".into()),
    ];
    assert_eq!(extract::<Vec<Either>>(reply), Ok(expected));
}

#[test]
fn a_value_that_may_be_anything_is_left_as_it_is() {
    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(tag = "kind")]
    enum Any {
        Set { to: serde_yaml::Value, name: String },
    }
    let Any::Set { to, name } = extract("```yaml\nkind: Set\nto: 5\nname: 5\n```").unwrap();
    assert_eq!((to, name.as_str()), (serde_yaml::Value::from(5), "5"));
}

#[test]
fn an_enum_with_data_may_be_a_map_with_one_key() {
    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Act {
        Search { query: String },
        Say(String),
        Move(i32, i32),
        Stop,
    }
    let reply = "```yaml\n- search:\n    query: 2024\n- say: 1.0\n- !say 2.0\n- move: [1, '2']\n- stop\n- stop:\n```";
    let expected = vec![
        Act::Search {
            query: "2024".into(),
        },
        Act::Say("1.0".into()),
        Act::Say("2.0".into()),
        Act::Move(1, 2),
        Act::Stop,
        Act::Stop,
    ];
    assert_eq!(extract::<Vec<Act>>(reply), Ok(expected));
    let two = text(extract::<Vec<Act>>(
        "```yaml\n- stop\n- say: a\n  stop: b\n```",
    ));
    assert!(
        two.starts_with("line 2 of the YAML block, \"- say: a\": invalid type: map, expected"),
        "{two}"
    );
}

#[test]
fn values_yaml_rejects_are_taken_as_text() {
    let cases = [
        ("over the limit: 5000", "over the limit: 5000"),
        ("see https://a.b: it's there", "see https://a.b: it's there"),
        ("@ann", "@ann"),
        ("`cargo test` fails", "`cargo test` fails"),
        ("%d items", "%d items"),
        ("*really* good", "*really* good"),
        ("**Good**: it works", "**Good**: it works"),
        ("\"Good\" and \"cheap\"", "\"Good\" and \"cheap\""),
        ("\"He said \"no\"\"", "He said \"no\""),
        ("'It's good'", "It's good"),
        ("\"C:\\dir\"", "C:\\dir"),
        ("[link](https://a.b)", "[link](https://a.b)"),
        ("{name} is good", "{name} is good"),
        ("> 5 and < 7", "> 5 and < 7"),
    ];
    for (yaml, expected) in cases {
        let reply = format!("```yaml\nverdict: {yaml}\nnotes:\n  - {yaml}\nscore: 1\n```");
        let expected = Review {
            score: 1,
            notes: vec![expected.into()],
            ..review(expected)
        };
        assert_eq!(extract::<Review>(&reply), Ok(expected), "{yaml}");
    }
    assert_eq!(value::<String>("- none"), Ok("- none".into()));
}

#[test]
fn an_item_with_a_colon_is_a_string_where_strings_belong() {
    let reply =
        "```yaml\nverdict: good\nnotes:\n- First: read\n- Then: ask: why?\n- Done:\n- 1: 2\n```";
    let notes = ["First: read", "Then: ask: why?", "Done:", "1: 2"]
        .map(String::from)
        .to_vec();
    assert_eq!(
        extract::<Review>(reply),
        Ok(Review {
            notes,
            ..review("good")
        })
    );
    let error = text(extract::<Review>("```yaml\nverdict:\n  first: good\n```"));
    assert_eq!(
        error,
        r#"line 2 of the YAML block, "first: good": invalid type: map, expected a string"#
    );
}

#[test]
fn tabs_are_indentation() {
    let reply = "```yaml\nverdict:\tgood\nnotes:\n\t- a\n\t- b\n```";
    let notes = vec!["a".into(), "b".into()];
    assert_eq!(
        extract::<Review>(reply),
        Ok(Review {
            notes,
            ..review("good")
        })
    );
}

#[test]
fn what_is_valid_is_never_changed() {
    // Each of these would read differently if it were repaired or converted.
    assert_eq!(value::<String>("'01'"), Ok("01".into()));
    assert_eq!(value::<String>("a #b"), Ok("a".into()));
    assert_eq!(value::<String>("!x y"), Ok("y".into()));
    assert_eq!(value::<serde_yaml::Value>("'5'"), Ok("5".into()));
    assert_eq!(value::<serde_yaml::Value>("yes"), Ok("yes".into()));
    let map: BTreeMap<String, serde_yaml::Value> = value("{a: 5}").unwrap();
    assert_eq!(map["a"], serde_yaml::Value::from(5));
}

/// The tree is not used for text that reads without repairs. Where it is used, it must give the
/// same result for valid text.
#[test]
fn the_lenient_way_reads_what_is_fine_alike() {
    let blocks = [
        "a: 1\nb: [1.5, true, ~, 'x', -3]\nc:\n  d: |\n    e\n",
        "- &x {a: 1}\n- *x\n- !tag {b: 2}\n- !tag 5\n- !tag [1]\n",
        "1: one\ntrue: yes\n? [a, b]\n: 1.0\n",
        "text: >-\n  a\n  b\nother: |+\n  c\n\n",
        "--- 5",
    ];
    for block in blocks {
        let strict: serde_yaml::Value = serde_yaml::from_str(block).unwrap();
        assert_eq!(
            lenient::from_str(block, Default::default()).ok(),
            Some(strict),
            "{block:?}"
        );
    }
}

#[test]
fn every_way_serde_has_to_write_an_enum() {
    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(tag = "kind", content = "with")]
    enum Beside {
        Zip(String),
        Pair { left: String, right: u8 },
        Nothing,
    }
    let reply = "```yaml\n- kind: Zip\n  with: 1.10\n- with: 1.10\n  kind: Zip\n- with: {left: 1, right: '1'}\n  kind: Pair\n- kind: Nothing\n```";
    let pair = Beside::Pair {
        left: "1".into(),
        right: 1,
    };
    let expected = vec![
        Beside::Zip("1.10".into()),
        Beside::Zip("1.10".into()),
        pair,
        Beside::Nothing,
    ];
    assert_eq!(extract::<Vec<Beside>>(reply), Ok(expected));
}

#[test]
fn a_type_may_itself_read_a_block() {
    #[derive(Debug, PartialEq)]
    struct Inner(Vec<Step>);
    impl<'de> Deserialize<'de> for Inner {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            extract(&String::deserialize(deserializer)?)
                .map(Inner)
                .map_err(serde::de::Error::custom)
        }
    }
    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(tag = "kind")]
    enum Outer {
        Has { zip: String, inner: Inner },
    }
    let reply =
        "```yaml\nkind: Has\ninner: |\n  - kind: ship\n    zip: 7\n    count: '1'\nzip: 5\n```";
    let ship = Step::Ship {
        zip: "7".into(),
        count: 1,
        express: None,
        note: None,
    };
    assert_eq!(
        extract(reply),
        Ok(Outer::Has {
            zip: "5".into(),
            inner: Inner(vec![ship])
        })
    );
}
