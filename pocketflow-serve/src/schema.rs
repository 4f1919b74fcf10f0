//! Whether a value fits a JSON Schema. Keywords that are not here are not checked: the run itself decides when it
//! reads the value.

use serde_json::{Map, Value};

/// References lead no deeper than this.
const DEPTH: usize = 64;

/// Checks a value.
///
/// # Errors
///
/// What does not fit and where. It does not contain the value, which may be confidential.
pub(crate) fn check(schema: &Value, value: &Value) -> Result<(), String> {
    Checker { root: schema }.check(schema, value, "", DEPTH)
}

struct Checker<'a> {
    root: &'a Value,
}

impl<'a> Checker<'a> {
    fn check(
        &self,
        schema: &'a Value,
        value: &Value,
        at: &str,
        depth: usize,
    ) -> Result<(), String> {
        let Some(schema) = schema.as_object() else {
            return match schema {
                Value::Bool(false) => Err(wrong(at, "nothing fits here")),
                _ => Ok(()),
            };
        };
        let Some(depth) = depth.checked_sub(1) else {
            return Ok(());
        };
        if let Some(other) = schema.get("$ref").and_then(Value::as_str) {
            let pointer = other.strip_prefix('#').unwrap_or_default();
            if let Some(other) = self.root.pointer(pointer) {
                self.check(other, value, at, depth)?;
            }
        }
        kind(schema, value, at)?;
        chosen(schema, value, at)?;
        sizes(schema, value, at)?;
        self.combined(schema, value, at, depth)?;
        match value {
            Value::Object(members) => self.members(schema, members, at, depth),
            Value::Array(items) => self.items(schema, items, at, depth),
            _ => Ok(()),
        }
    }

    fn combined(
        &self,
        schema: &'a Map<String, Value>,
        value: &Value,
        at: &str,
        depth: usize,
    ) -> Result<(), String> {
        for part in list(schema, "allOf") {
            self.check(part, value, at, depth)?;
        }
        for keyword in ["anyOf", "oneOf"] {
            let parts = list(schema, keyword);
            if parts.is_empty() {
                continue;
            }
            let tried: Vec<_> = parts
                .iter()
                .map(|part| self.check(part, value, at, depth))
                .collect();
            if tried.iter().any(Result::is_ok) {
                continue;
            }
            let constants: Vec<String> = parts
                .iter()
                .filter_map(|part| part.get("const"))
                .map(Value::to_string)
                .collect();
            if constants.len() == parts.len() {
                return Err(wrong(at, &format!("write one of {}", constants.join(", "))));
            }
            // The kind that was meant is the one whose tag fits, or else the one that fits furthest.
            let meant = parts.iter().position(|part| self.has_tag(part, value));
            let mut reasons: Vec<String> = tried.into_iter().filter_map(Result::err).collect();
            let furthest = (0..reasons.len())
                .rev()
                .max_by_key(|index| reasons[*index].matches('/').count());
            let reason = meant.or(furthest).unwrap_or_default();
            return Err(reasons.swap_remove(reason));
        }
        Ok(())
    }

    /// Whether a value has the constant member by which this kind of objects is known.
    fn has_tag(&self, part: &Value, value: &Value) -> bool {
        let pointer = part.get("$ref").and_then(Value::as_str);
        let pointer = pointer.and_then(|pointer| pointer.strip_prefix('#'));
        let part = pointer
            .and_then(|pointer| self.root.pointer(pointer))
            .unwrap_or(part);
        let members = part.get("properties").and_then(Value::as_object);
        members.into_iter().flatten().any(|(name, part)| {
            let constant = part.get("const");
            constant.is_some() && constant == value.get(name)
        })
    }

    fn members(
        &self,
        schema: &'a Map<String, Value>,
        members: &Map<String, Value>,
        at: &str,
        depth: usize,
    ) -> Result<(), String> {
        for name in list(schema, "required").iter().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                return Err(wrong(at, &format!("the member `{name}` is missing")));
            }
        }
        let known = schema.get("properties").and_then(Value::as_object);
        for (name, value) in members {
            let inside = format!("{at}/{name}");
            match known.and_then(|known| known.get(name)) {
                Some(part) => self.check(part, value, &inside, depth)?,
                None => match schema.get("additionalProperties") {
                    Some(Value::Bool(false)) => {
                        return Err(wrong(at, "it has a member that does not belong there"));
                    }
                    Some(part) => self.check(part, value, &inside, depth)?,
                    None => {}
                },
            }
        }
        Ok(())
    }

    fn items(
        &self,
        schema: &'a Map<String, Value>,
        items: &[Value],
        at: &str,
        depth: usize,
    ) -> Result<(), String> {
        let first = list(schema, "prefixItems");
        for (index, item) in items.iter().enumerate() {
            let part = first.get(index).or_else(|| schema.get("items"));
            if let Some(part) = part {
                self.check(part, item, &format!("{at}/{index}"), depth)?;
            }
        }
        Ok(())
    }
}

fn list<'a>(schema: &'a Map<String, Value>, keyword: &str) -> &'a [Value] {
    schema
        .get(keyword)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The keyword `type`.
fn kind(schema: &Map<String, Value>, value: &Value, at: &str) -> Result<(), String> {
    let kinds: Vec<&str> = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    let is = |kind: &&str| match *kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => {
            value.is_u64()
                || value.is_i64()
                || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    if kinds.iter().any(is) {
        return Ok(());
    }
    let wanted: Vec<&str> = kinds.iter().map(|kind| in_words(kind)).collect();
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let wanted = wanted.join(" or ");
    Err(wrong(
        at,
        &format!("it is {}, and must be {wanted}", in_words(found)),
    ))
}

fn in_words(kind: &str) -> &str {
    match kind {
        "boolean" => "true or false",
        "string" => "a text",
        "number" => "a number",
        "integer" => "a whole number",
        "array" => "a list",
        "object" => "an object",
        other => other,
    }
}

/// The keywords `const` and `enum`.
fn chosen(schema: &Map<String, Value>, value: &Value, at: &str) -> Result<(), String> {
    let constant = schema.get("const");
    if constant.is_some_and(|constant| constant != value) {
        return Err(wrong(
            at,
            &format!("it must be {}", constant.unwrap_or(&Value::Null)),
        ));
    }
    let choices = list(schema, "enum");
    if !choices.is_empty() && !choices.contains(value) {
        let choices: Vec<String> = choices.iter().map(Value::to_string).collect();
        return Err(wrong(at, &format!("write one of {}", choices.join(", "))));
    }
    Ok(())
}

/// The keywords that bound a value.
fn sizes(schema: &Map<String, Value>, value: &Value, at: &str) -> Result<(), String> {
    let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
    let (size, least, most, what) = match value {
        Value::Number(number) => (
            number.as_f64().unwrap_or_default(),
            "minimum",
            "maximum",
            "the number",
        ),
        Value::String(text) => (
            text.chars().count() as f64,
            "minLength",
            "maxLength",
            "the length of the text",
        ),
        Value::Array(items) => (
            items.len() as f64,
            "minItems",
            "maxItems",
            "the length of the list",
        ),
        _ => return Ok(()),
    };
    if let Some(least) = bound(least).filter(|least| size < *least) {
        return Err(wrong(at, &format!("{what} must be at least {least}")));
    }
    if let Some(most) = bound(most).filter(|most| size > *most) {
        return Err(wrong(at, &format!("{what} must be at most {most}")));
    }
    Ok(())
}

fn wrong(at: &str, why: &str) -> String {
    if at.is_empty() {
        why.to_owned()
    } else {
        format!("at `{at}`: {why}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn refuses(schema: &Value, value: Value, why: &str) {
        assert_eq!(check(schema, &value), Err(why.to_owned()));
    }

    #[test]
    fn values_of_simple_types() {
        let text = json!({ "type": "string", "minLength": 2 });
        assert_eq!(check(&text, &json!("yes")), Ok(()));
        refuses(
            &text,
            json!(true),
            "it is true or false, and must be a text",
        );
        refuses(
            &text,
            json!("y"),
            "the length of the text must be at least 2",
        );
        let count =
            json!({ "type": ["integer", "null"], "minimum": 0, "format": "uint8", "maximum": 255 });
        assert_eq!(check(&count, &json!(null)), Ok(()));
        refuses(
            &count,
            json!(1.5),
            "it is a number, and must be a whole number or null",
        );
        refuses(&count, json!(256), "the number must be at most 255");
        assert_eq!(check(&json!(true), &json!(1)), Ok(()));
        refuses(&json!(false), json!(1), "nothing fits here");
    }

    #[test]
    fn choices() {
        let choice = json!({ "enum": ["approved", "rejected"] });
        refuses(
            &choice,
            json!("perhaps"),
            r#"write one of "approved", "rejected""#,
        );
        let constants =
            json!({ "oneOf": [{ "const": "a", "description": "…" }, { "const": "b" }] });
        assert_eq!(check(&constants, &json!("b")), Ok(()));
        refuses(&constants, json!("c"), r#"write one of "a", "b""#);
    }

    #[test]
    fn objects_lists_and_references() {
        let schema = json!({
            "type": "object",
            "properties": { "decision": { "$ref": "#/$defs/Decision" }, "notes": { "type": "array", "items": { "type": "string" } } },
            "required": ["decision"],
            "additionalProperties": false,
            "$defs": { "Decision": { "enum": ["yes", "no"] } },
        });
        assert_eq!(
            check(&schema, &json!({ "decision": "yes", "notes": ["a"] })),
            Ok(())
        );
        refuses(&schema, json!({}), "the member `decision` is missing");
        refuses(
            &schema,
            json!({ "decision": "secret" }),
            r#"at `/decision`: write one of "yes", "no""#,
        );
        refuses(
            &schema,
            json!({ "decision": "no", "notes": ["a", 2] }),
            "at `/notes/1`: it is a number, and must be a text",
        );
        refuses(
            &schema,
            json!({ "decision": "no", "card": 1 }),
            "it has a member that does not belong there",
        );
        let tagged = json!({ "oneOf": [
            { "type": "object", "properties": { "decision": { "const": "approved" } }, "required": ["decision"] },
            { "type": "object", "properties": { "decision": { "const": "rejected" }, "remark": { "type": "string" } }, "required": ["decision", "remark"] },
        ] });
        assert_eq!(
            check(&tagged, &json!({ "decision": "rejected", "remark": "no" })),
            Ok(())
        );
        refuses(
            &tagged,
            json!({ "decision": "rejected" }),
            "the member `remark` is missing",
        );
        refuses(
            &tagged,
            json!({ "decision": "perhaps" }),
            r#"at `/decision`: it must be "approved""#,
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({ "$ref": "#" });
        assert_eq!(check(&schema, &json!(1)), Ok(()));
    }
}
