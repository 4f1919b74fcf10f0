//! Visitors over the fields of a store.

use std::any::type_name;
use std::collections::BTreeMap;

use pocketflow::{Field, Fields, Shared, VisitField, VisitWith};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name and the YAML value of each field. `set` replaces values.
#[derive(Default)]
struct Yaml {
    seen: BTreeMap<&'static str, String>,
    set: BTreeMap<&'static str, &'static str>,
    defaults: Vec<&'static str>,
}

impl Yaml {
    fn visit<T: DeserializeOwned>(
        &mut self,
        field: &Field,
        value: impl Serialize,
        default: Option<fn() -> T>,
    ) -> Option<T> {
        self.seen.insert(
            field.name,
            serde_yaml::to_string(&value).unwrap().trim().to_owned(),
        );
        if default.is_some() {
            self.defaults.push(field.name);
        }
        match self.set.get(field.name) {
            Some(&"default") => Some(default.unwrap()()),
            Some(text) => Some(serde_yaml::from_str(text).unwrap()),
            None => None,
        }
    }
}

impl<T: Serialize + DeserializeOwned> VisitField<T> for Yaml {
    fn field(&mut self, field: &'static Field, value: &mut T, default: Option<fn() -> T>) {
        if let Some(new) = self.visit(field, &*value, default) {
            *value = new;
        }
    }
}

impl<W: Serialize, R: DeserializeOwned> VisitWith<W, R> for Yaml {
    fn field_with(
        &mut self,
        field: &'static Field,
        value: W,
        default: Option<fn() -> R>,
    ) -> Option<R> {
        self.visit(field, value, default)
    }
}

/// The only bound that generic code needs.
fn yaml<S: Fields<Yaml>>(store: &mut S, set: &[(&'static str, &'static str)]) -> Yaml {
    let mut yaml = Yaml {
        set: set.iter().copied().collect(),
        ..Yaml::default()
    };
    store.visit_fields(&mut yaml);
    yaml
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Private(u8);

/// A type without serde and without `Default`.
#[derive(Debug, Clone, PartialEq)]
struct Client(&'static str);

/// A type of another crate, from the point of view of serde.
#[derive(Debug, Default, Clone, PartialEq)]
struct Celsius(f64);

mod kelvin {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        value: &Celsius,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(value.0 + 273.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Celsius, D::Error> {
        Ok(Celsius(f64::deserialize(deserializer)? - 273.0))
    }
}

fn loud<S: Serializer>(value: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_uppercase())
}

fn quiet<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(String::deserialize(deserializer)?.to_lowercase())
}

fn seven() -> u64 {
    7
}

/// All serde attributes of a field.
#[derive(Shared, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    first_line: String,
    second_line: String,
    r#type: Option<String>,
    #[serde(alias = "cost", rename(serialize = "price", deserialize = "Price"))]
    total: u64,
    private: Option<Private>,
    #[serde(skip, default = "client")]
    client: Client,
    #[serde(skip_serializing, skip_deserializing)]
    count: u8,
    #[serde(with = "kelvin")]
    heat: Celsius,
    #[serde(with = "kelvin", default)]
    cold: Celsius,
    #[serde(serialize_with = "loud")]
    shout: String,
    #[serde(deserialize_with = "quiet", default = "String::new")]
    whisper: String,
    #[serde(default = "seven", skip_serializing_if = "is_zero")]
    days: u64,
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

fn client() -> Client {
    Client("default")
}

fn is_zero(days: &u64) -> bool {
    *days == 0
}

fn order() -> Order {
    Order {
        first_line: "a".into(),
        second_line: "b".into(),
        r#type: None,
        total: 1,
        private: Some(Private(2)),
        client: Client("given"),
        count: 3,
        heat: Celsius(100.0),
        cold: Celsius(-1.0),
        shout: "hey".into(),
        whisper: "Hey".into(),
        days: 0,
        rest: [("x".to_owned(), 1)].into(),
    }
}

#[test]
fn every_field_that_serde_does_not_skip_is_shown_under_its_own_name() {
    let mut order = order();
    let yaml = yaml(&mut order, &[]);
    let seen: Vec<_> = yaml
        .seen
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("cold", "272.0"),
            ("days", "0"),
            ("first_line", "a"),
            ("heat", "373.0"),
            ("private", "2"),
            ("rest", "x: 1"),
            ("second_line", "b"),
            ("shout", "HEY"),
            ("total", "1"),
            ("type", "null"),
            ("whisper", "Hey"),
        ]
    );
    assert_eq!(order, self::order(), "it was only read");
    assert_eq!(yaml.defaults, ["cold", "whisper", "days"]);
}

#[test]
fn a_visitor_changes_fields_in_place_and_leaves_the_others() {
    let mut order = order();
    yaml(
        &mut order,
        &[
            ("type", "gift"),
            ("private", "9"),
            ("heat", "283"),
            ("cold", "default"),
            ("days", "default"),
            ("shout", "LOUD"),
            ("whisper", "LOUD"),
        ],
    );
    let changed = Order {
        r#type: Some("gift".into()),
        private: Some(Private(9)),
        heat: Celsius(10.0),
        cold: Celsius(0.0),
        days: 7,
        shout: "LOUD".into(),
        whisper: "loud".into(),
        ..self::order()
    };
    assert_eq!(order, changed);
}

#[test]
fn one_field_alone_is_shown() {
    let mut yaml = Yaml::default();
    let mut order = order();
    order.visit_field(Order::STORE.field("total").unwrap(), &mut yaml);
    order.visit_field(Order::STORE.field("client").unwrap(), &mut yaml);
    assert_eq!(yaml.seen, [("total", "1".to_owned())].into());
}

#[test]
fn the_store_knows_what_serde_skips_and_what_it_calls_the_others() {
    let field = |name| &Order::STORE.fields[Order::STORE.field(name).unwrap()];
    assert_eq!(
        (
            field("client").skipped,
            field("count").skipped,
            field("total").skipped
        ),
        (true, true, false)
    );
    let names = |name| field(name).names().collect::<Vec<_>>();
    assert_eq!(names("first_line"), ["firstLine", "first_line"]);
    assert_eq!(names("total"), ["Price", "total", "cost", "price"]);
    assert_eq!(names("type"), ["type", "type"]);
    assert_eq!(field("rest").stored, "..rest");
    for rule in [
        "PascalCase",
        "SCREAMING_SNAKE_CASE",
        "kebab-case",
        "SCREAMING-KEBAB-CASE",
        "UPPERCASE",
    ] {
        let fields = renamed(rule);
        assert_eq!(fields.1.stored, fields.0, "{rule}");
    }
}

/// The name that serde and the store give to the field `two_words` under a rule.
fn renamed(rule: &str) -> (&'static str, &'static Field) {
    macro_rules! store {
        ($rule:literal) => {{
            #[derive(Shared, Serialize)]
            #[serde(rename_all = $rule)]
            struct Store {
                two_words: u8,
            }
            let text = serde_yaml::to_string(&Store { two_words: 0 }).unwrap();
            (
                &*text.split(':').next().unwrap().to_owned().leak(),
                &Store::STORE.fields[0],
            )
        }};
    }
    match rule {
        "PascalCase" => store!("PascalCase"),
        "SCREAMING_SNAKE_CASE" => store!("SCREAMING_SNAKE_CASE"),
        "kebab-case" => store!("kebab-case"),
        "SCREAMING-KEBAB-CASE" => store!("SCREAMING-KEBAB-CASE"),
        _ => store!("UPPERCASE"),
    }
}

#[derive(Shared, Serialize, Deserialize)]
#[serde(default)]
struct Defaults {
    name: String,
    tags: Vec<String>,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            name: "Ada".into(),
            tags: vec!["a".into()],
        }
    }
}

#[test]
fn a_default_of_the_struct_is_the_default_of_each_field() {
    let mut store = Defaults {
        name: String::new(),
        tags: Vec::new(),
    };
    yaml(&mut store, &[("name", "default"), ("tags", "default")]);
    assert_eq!(
        (store.name.as_str(), store.tags),
        ("Ada", vec!["a".to_owned()])
    );
}

/// Accepts fields of any type, so it works with any store. It does not need serde.
#[derive(Default)]
struct Types(Vec<(&'static str, &'static str)>);

impl<T> VisitField<T> for Types {
    fn field(&mut self, field: &'static Field, _: &mut T, _: Option<fn() -> T>) {
        self.0
            .push((field.name, type_name::<T>().rsplit("::").next().unwrap()));
    }
}

#[derive(Shared)]
struct NoSerde {
    client: Client,
    other: Client,
}

#[derive(Shared)]
struct Nothing;

#[test]
fn a_store_needs_serde_only_where_the_visitor_does() {
    let mut types = Types::default();
    NoSerde {
        client: Client(""),
        other: Client(""),
    }
    .visit_fields(&mut types);
    Nothing.visit_fields(&mut types);
    assert_eq!(types.0, [("client", "Client"), ("other", "Client")]);
}
