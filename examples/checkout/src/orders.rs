//! Order files: finds them, reads them, and reports what is wrong with them and where.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Unexpected, Visitor};

/// The order files in a folder, `*.yaml`, sorted by name. Other files are ignored.
///
/// # Errors
///
/// Fails if the folder cannot be read or contains no order file.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = || format!("cannot read the folder {}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            files.push(path);
        }
    }
    ensure!(
        !files.is_empty(),
        "no orders (*.yaml) in the folder {}",
        folder.display()
    );
    files.sort();
    Ok(files)
}

/// Reads an order file.
///
/// # Errors
///
/// Fails if the file cannot be read or is not a valid order. The error has the line and the column:
/// `orders/desk.yaml:6:5: items[0]: unknown field …`.
pub fn read(path: &Path) -> Result<OrderFile> {
    let shown = path.display();
    let bytes = fs::read(path).with_context(|| format!("{shown}: cannot read the file"))?;
    parse(&bytes).map_err(|wrong| match wrong.place {
        Some((line, column)) => anyhow!("{shown}:{line}:{column}: {}", wrong.reason),
        None => anyhow!("{shown}: {}", wrong.reason),
    })
}

/// An error in the text of an order.
#[derive(Debug, PartialEq)]
struct Wrong {
    /// The line and column, counted from 1. The YAML reader does not always know them.
    place: Option<(usize, usize)>,
    reason: String,
}

fn parse(bytes: &[u8]) -> Result<OrderFile, Wrong> {
    let wrong_at = |at, reason: &str| Wrong {
        place: Some(place(bytes, at)),
        reason: reason.into(),
    };
    let text = str::from_utf8(bytes)
        .map_err(|error| wrong_at(error.valid_up_to(), "the text is not UTF-8"))?;
    // The YAML reader rejects these as well, but always reports line 1.
    let control =
        |character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    if let Some(at) = text.find(control) {
        return Err(wrong_at(at, "control characters are not allowed"));
    }
    serde_yaml::from_str(text).map_err(|error| {
        let place = error
            .location()
            .map(|location| (location.line(), location.column()));
        let mut reason = error.to_string();
        if let Some((line, column)) = place {
            // Our message already begins with the location, so remove the reader's.
            reason = reason.replacen(&format!(" at line {line} column {column}"), "", 1);
        }
        Wrong { place, reason }
    })
}

/// The line and column of a byte offset.
fn place(bytes: &[u8], at: usize) -> (usize, usize) {
    let before = &bytes[..at];
    let line_start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    (
        line,
        String::from_utf8_lossy(&before[line_start..])
            .chars()
            .count()
            + 1,
    )
}

/// The content of an order file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an order with `customer` and `items`"
)]
pub struct OrderFile {
    /// Who pays.
    #[serde(deserialize_with = "name")]
    pub customer: String,
    /// The ordered items.
    pub items: Items,
}

/// The items of an order: at least one, with a total that does not overflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Items {
    list: Vec<Item>,
    total_cents: u64,
}

/// An item of an order.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an item with `name`, `quantity` and `unit_price_cents`"
)]
pub struct Item {
    /// The name of the product.
    #[serde(deserialize_with = "name")]
    pub name: String,
    /// The quantity, at least one.
    #[serde(deserialize_with = "at_least::<1, _>")]
    pub quantity: u64,
    /// The price of one unit.
    #[serde(deserialize_with = "at_least::<0, _>")]
    pub unit_price_cents: u64,
}

impl Items {
    /// The items, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Item> {
        self.list.iter()
    }

    /// The total price.
    pub fn total_cents(&self) -> u64 {
        self.total_cents
    }
}

// Each check below runs inside a visitor while the file is read, because only there does the YAML
// reader add the line.

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ItemsVisitor;

        impl<'de> Visitor<'de> for ItemsVisitor {
            type Value = Items;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of items")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Items, A::Error> {
                let mut items = Items {
                    list: Vec::new(),
                    total_cents: 0,
                };
                while let Some(item) = seq.next_element::<Item>()? {
                    let total = item.quantity.checked_mul(item.unit_price_cents);
                    let total = total.and_then(|cents| items.total_cents.checked_add(cents));
                    items.total_cents =
                        total.ok_or_else(|| A::Error::custom("the total is too large"))?;
                    items.list.push(item);
                }
                if items.list.is_empty() {
                    return Err(A::Error::custom("an order needs at least one item"));
                }
                Ok(items)
            }
        }

        deserializer.deserialize_seq(ItemsVisitor)
    }
}

/// A number, with a message for people who write orders and not Rust.
fn at_least<'de, const MIN: u64, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct NumberVisitor<const MIN: u64>;

    impl<const MIN: u64> Visitor<'_> for NumberVisitor<MIN> {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a whole number, at least {MIN}")
        }

        fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<u64, E> {
            if number < MIN {
                return Err(E::invalid_value(Unexpected::Unsigned(number), &self));
            }
            Ok(number)
        }
    }

    deserializer.deserialize_u64(NumberVisitor::<MIN>)
}

/// A name: text that is not empty, fits on one line and is safe to print.
fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct NameVisitor;

    impl Visitor<'_> for NameVisitor {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a name")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
            let text = text.trim();
            if text.is_empty() {
                return Err(E::custom("a name must not be empty"));
            }
            if text.contains(char::is_control) {
                return Err(E::custom(
                    "a name must not have line breaks or control characters",
                ));
            }
            Ok(text.into())
        }
    }

    deserializer.deserialize_str(NameVisitor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "customer: Ada
items:
  - name: Pen
    quantity: 3
    unit_price_cents: 250
  - name: Ink
    quantity: 1
    unit_price_cents: 990
";

    /// The location and the reason of the error for an order's text.
    fn refused(text: &str) -> ((usize, usize), String) {
        let wrong = parse(text.as_bytes()).expect_err(text);
        (wrong.place.expect(&wrong.reason), wrong.reason)
    }

    /// The same for the valid order with one change.
    fn refused_with(old: &str, new: &str) -> ((usize, usize), String) {
        assert!(GOOD.contains(old), "{old}");
        refused(&GOOD.replacen(old, new, 1))
    }

    #[test]
    fn an_order_is_read_and_its_total_computed() {
        let order = parse(GOOD.as_bytes()).unwrap();
        assert_eq!(order.customer, "Ada");
        assert_eq!(order.items.total_cents(), 3 * 250 + 990);
        let names: Vec<_> = order.items.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(names, ["Pen", "Ink"]);
    }

    #[test]
    fn a_misspelt_field_is_named_at_its_line() {
        let (place, reason) = refused_with("quantity: 1", "quantty: 1");
        assert_eq!(place, (7, 5));
        assert!(
            reason.starts_with("items[1]: unknown field `quantty`, expected one of"),
            "{reason}"
        );
        let (place, reason) = refused_with("customer", "costumer");
        assert_eq!(place, (1, 1));
        assert!(reason.starts_with("unknown field `costumer`"), "{reason}");
    }

    #[test]
    fn a_missing_field_is_named_at_the_start_of_its_item() {
        assert_eq!(
            refused_with("    quantity: 1\n", ""),
            ((6, 5), "items[1]: missing field `quantity`".into())
        );
    }

    #[test]
    fn wrong_values_are_named_at_their_line() {
        for (old, new, line, reason) in [
            (
                "quantity: 3",
                "quantity: three",
                4,
                "items[0].quantity: invalid type: string \"three\", expected a whole number, at least 1",
            ),
            (
                "quantity: 1",
                "quantity: 0",
                7,
                "items[1].quantity: invalid value: integer `0`, expected a whole number, at least 1",
            ),
            (
                "990",
                "-990",
                8,
                "items[1].unit_price_cents: invalid type: integer `-990`, expected a whole number, at least 0",
            ),
            (
                "990",
                "9.90",
                8,
                "items[1].unit_price_cents: invalid type: floating point `9.9`, expected a whole number, at least 0",
            ),
            (
                "customer: Ada",
                "customer: [Ada]",
                1,
                "customer: invalid type: sequence, expected a name",
            ),
        ] {
            let (place, told) = refused_with(old, new);
            assert_eq!((place.0, told.as_str()), (line, reason));
        }
        assert!(
            parse(GOOD.replace("990", "0").as_bytes()).is_ok(),
            "something may be free"
        );
    }

    #[test]
    fn a_total_that_does_not_fit_is_refused() {
        let too_large = ((3, 3), String::from("items: the total is too large"));
        assert_eq!(refused_with("250", "18446744073709551615"), too_large);
        assert_eq!(
            refused_with("990", "18446744073709551000"),
            too_large,
            "only the sum does not fit"
        );
        let order = GOOD.replacen("990", &(u64::MAX - 750).to_string(), 1);
        assert_eq!(
            parse(order.as_bytes()).unwrap().items.total_cents(),
            u64::MAX
        );
    }

    #[test]
    fn an_order_without_items_is_refused() {
        for items in ["items:", "items: []"] {
            let ((line, _), reason) = refused(&format!("customer: Ada\n{items}\n"));
            assert_eq!(
                (line, reason.as_str()),
                (2, "items: an order needs at least one item")
            );
        }
    }

    #[test]
    fn names_are_checked() {
        let ((line, _), reason) = refused_with("name: Ink", "name: ' '");
        assert_eq!(
            (line, reason.as_str()),
            (6, "items[1].name: a name must not be empty")
        );
        let ((line, _), reason) = refused_with("name: Ink", r#"name: "I\e[31mnk""#);
        assert_eq!(line, 6);
        assert!(reason.contains("control characters"), "{reason}");
    }

    #[test]
    fn a_syntax_error_gives_its_place_once() {
        let (place, reason) = refused("customer: Ada\nitems: [\n");
        assert_eq!(place.0, 3);
        assert!(
            !reason.contains(&format!("line {} column {}", place.0, place.1)),
            "{reason}"
        );
    }

    #[test]
    fn text_that_is_no_text_is_named_at_its_line() {
        let wrong = parse(b"customer: Ada\nitems: \xff\n").unwrap_err();
        assert_eq!(
            wrong,
            Wrong {
                place: Some((2, 8)),
                reason: "the text is not UTF-8".into()
            }
        );
        let (place, reason) = refused_with("Ink", "I\u{1b}nk");
        assert_eq!(
            (place, reason.as_str()),
            ((6, 12), "control characters are not allowed")
        );
    }

    #[test]
    fn a_reason_without_a_place_is_given_all_the_same() {
        let wrong = parse(format!("{GOOD}---\n{GOOD}").as_bytes()).unwrap_err();
        assert_eq!(wrong.place, None);
        assert!(
            wrong.reason.contains("more than one document"),
            "{}",
            wrong.reason
        );
    }

    #[test]
    fn the_yaml_files_of_a_folder_are_listed_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.yaml", "notes.txt", "a.yaml", "yaml"] {
            fs::write(folder.path().join(name), GOOD).unwrap();
        }
        assert_eq!(
            list(folder.path()).unwrap(),
            [folder.path().join("a.yaml"), folder.path().join("b.yaml")]
        );
    }

    #[test]
    fn a_folder_without_orders_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = format!("{:#}", list(folder.path()).unwrap_err());
        assert!(
            error.starts_with("no orders (*.yaml) in the folder"),
            "{error}"
        );
        let missing = folder.path().join("missing");
        let error = format!("{:#}", list(&missing).unwrap_err());
        assert!(
            error.starts_with(&format!("cannot read the folder {}: ", missing.display())),
            "{error}"
        );
    }
}
