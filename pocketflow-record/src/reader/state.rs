//! The fields of a store in the course of a run.

use crate::event::{Json, Values};

/// What a step has changed in the store.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Changes<'a> {
    /// The fields that have changed, with their new values.
    pub changed: &'a Values,
    /// The fields that have only grown, with what came at the end.
    pub appended: &'a Values,
}

impl<'a> Changes<'a> {
    pub(crate) fn of(changed: &'a Values, appended: &'a Values) -> Self {
        Self { changed, appended }
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.appended.is_empty()
    }

    /// The names of the fields.
    pub fn fields(&self) -> impl Iterator<Item = &'a str> {
        let both = self.changed.iter().chain(self.appended.iter());
        both.map(|(field, _)| field)
    }
}

/// The fields of a store at a moment of a run, as JSON texts.
///
/// ```
/// use pocketflow_record::{Recording, State};
///
/// # fn of(recording: &Recording) {
/// let run = &recording.runs()[0];
/// let mut state: State = run.state_at_start();
/// for step in &run.steps {
///     if let Some(ended) = &step.ended {
///         for field in ended.changes().fields() {
///             println!("before: {:?}", state.get(field));
///         }
///         state.apply(ended.changes());
///     }
/// }
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    fields: Vec<(String, String)>,
}

impl State {
    /// The fields with these values.
    pub fn of(values: &Values) -> Self {
        let fields = values.iter();
        let fields = fields.map(|(field, value)| (field.to_owned(), value.text().to_owned()));
        Self {
            fields: fields.collect(),
        }
    }

    /// The value of a field as JSON text.
    pub fn get(&self, field: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields.find_map(|(name, text)| (name == field).then_some(&**text))
    }

    /// The fields and their values, in the order of the store.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, text)| (&**name, &**text))
    }

    /// The fields and their values.
    pub fn values(&self) -> Values {
        let json = |text: &str| Json::from_text(text.to_owned()).unwrap_or_else(|_| Json::null());
        self.iter()
            .map(|(field, text)| (field.to_owned(), json(text)))
            .collect()
    }

    /// Changes the fields as a step did.
    pub fn apply(&mut self, changes: Changes<'_>) {
        for (field, value) in changes.changed.iter() {
            self.set(field, value.text());
        }
        for (field, value) in changes.appended.iter() {
            let mut fields = self.fields.iter_mut();
            let known = fields.find(|(name, _)| name == field);
            if !known.is_some_and(|(_, text)| append(text, value.text())) {
                self.set(field, value.text());
            }
        }
    }

    fn set(&mut self, field: &str, text: &str) {
        match self.fields.iter_mut().find(|(name, _)| name == field) {
            Some((_, known)) => {
                known.clear();
                known.push_str(text);
            }
            None => self.fields.push((field.to_owned(), text.to_owned())),
        }
    }
}

/// Adds the items of an array to an array, or a text to a text. Returns whether it could.
fn append(text: &mut String, end: &str) -> bool {
    let of = |open: char, close: char| {
        let inner = end.strip_prefix(open)?.strip_suffix(close)?;
        (text.len() > 1 && text.starts_with(open) && text.ends_with(close)).then_some(inner)
    };
    if let Some(items) = of('[', ']') {
        text.pop();
        if text.len() > 1 && !items.is_empty() {
            text.push(',');
        }
        text.push_str(items);
        text.push(']');
        true
    } else if let Some(letters) = of('"', '"') {
        text.pop();
        text.push_str(letters);
        text.push('"');
        true
    } else {
        false
    }
}

/// What to append to one text to get the other, if that is possible and much shorter. It is the reverse
/// of [`append`].
pub(crate) fn appended(old: &str, new: &str) -> Option<String> {
    /// A field that is shorter is written as a whole, which is easier to read.
    const LONG: usize = 256;
    if old.len() < LONG || new.len() <= old.len() {
        return None;
    }
    let (open, close) = match old.as_bytes()[0] {
        b'[' => ('[', ']'),
        b'"' => ('"', '"'),
        _ => return None,
    };
    let begins = old.strip_suffix(close)?;
    let added = new.strip_prefix(begins)?.strip_suffix(close)?;
    let added = match open {
        '[' => added.strip_prefix(',')?,
        _ => added,
    };
    Some(format!("{open}{added}{close}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown(old: &str, new: &str) {
        let end = appended(old, new).expect("it has only grown");
        assert!(end.len() < new.len() / 2, "{end}");
        let mut text = old.to_owned();
        assert!(append(&mut text, &end));
        assert_eq!(text, new);
    }

    fn json<T: serde::Serialize>(value: T) -> String {
        serde_json::to_string(&value).unwrap()
    }

    #[test]
    fn what_was_appended_gives_the_whole_again() {
        let mut items: Vec<_> = (0..200).map(|item| format!("item \"{item}\"")).collect();
        let old = json(&items);
        items.push("]".into());
        grown(&old, &json(&items));
        items.push("\\".into());
        grown(&old, &json(&items));

        let text = "a line\n".repeat(100);
        grown(&json(&text), &json(text.clone() + "\"and\\ more \u{1}"));
    }

    #[test]
    fn what_has_not_only_grown_is_written_as_a_whole() {
        let long = "x".repeat(300);
        assert_eq!(appended(&json(&long), &json("x")), None);
        assert_eq!(appended(&json(&long), &json(&long)), None);
        assert_eq!(appended(&json(&long), &json(format!("y{long}"))), None);
        // The last item has grown, and none was added.
        assert_eq!(appended(&json([&long]), &json([long.clone() + "y"])), None);
        // Another item now begins as the last one did.
        let numbers: Vec<_> = (100..300).collect();
        let mut others = numbers.clone();
        others[199] = 2990;
        others.push(1);
        assert_eq!(appended(&json(numbers), &json(others)), None);
        // Short fields.
        assert_eq!(appended("[1]", "[1,2]"), None);
        // An escape that the old text ends with is whole.
        let old = json("\\".repeat(200));
        grown(&old, &json("\\".repeat(200) + "n"));
    }
}
