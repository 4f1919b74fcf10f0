//! How a state is stored. Its short fields are in the row of the run, and again in the row of each
//! step of its history. A long field has a row of its own for each of its values, so that a step
//! writes it only if it has changed: the state refers to it by its version.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::Error;
use serde_json::value::RawValue;

use super::data::StateChange;

/// The length in bytes up to which the text of a field is short.
const SHORT: usize = 256;

/// How a reference begins: `{"$version":7}`. A field whose text begins like one is stored as a long
/// one.
const MARK: &str = "{\"$version\":";

/// A long text: the name of its field, and its version. The graph of the flow has no name.
pub(crate) type Reference = (String, i64);

/// A stored state after a change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Changed<'a> {
    pub(crate) state: String,
    /// The new long texts, by the names of their fields. Their version is that of the change.
    pub(crate) long: Vec<(String, &'a str)>,
    /// What the state referred to before, and does not any more.
    pub(crate) dropped: Vec<Reference>,
}

/// Changes a stored state.
pub(crate) fn change<'a>(
    state: &'a str,
    change: &'a StateChange,
    version: i64,
) -> Result<Changed<'a>, Error> {
    let new = members(&change.fields)?;
    let mut writer = Writer::new(version, state.len() + change.fields.len().min(4 * SHORT));
    // A state that is replaced need not be readable.
    let old = match members(state) {
        Err(_) if change.whole => Vec::new(),
        old => old?,
    };
    let mut dropped = Vec::new();
    if change.whole {
        dropped.extend(old.iter().filter_map(|(name, text)| reference(name, text)));
        for (name, text) in new {
            writer.add(name, text);
        }
    } else {
        let mut texts: HashMap<&str, &'a str> = HashMap::with_capacity(new.len());
        texts.extend(new.iter().map(|(name, text)| (&**name, *text)));
        for (name, text) in old {
            match texts.remove(&*name) {
                Some(new) => {
                    dropped.extend(reference(&name, text));
                    writer.add(name, new);
                }
                None if text.starts_with(MARK) => writer.put(&name, text),
                // An older version of this crate stored long fields here too.
                None => writer.add(name, text),
            }
        }
        for (name, text) in &new {
            if texts.remove(&**name).is_some() {
                writer.add(name.clone(), text);
            }
        }
    }
    let Writer { state, long, .. } = writer.end();
    Ok(Changed {
        state,
        long,
        dropped,
    })
}

/// The long texts that a stored state refers to.
pub(crate) fn references(state: &str) -> BTreeSet<Reference> {
    if !state.contains(MARK) {
        return BTreeSet::new();
    }
    let members = members(state).unwrap_or_default().into_iter();
    members
        .filter_map(|(name, text)| reference(&name, text))
        .collect()
}

/// The whole state. `texts` has the long texts by the names of their fields; the names that the
/// state does not refer to are ignored. Returns the name of a text that is missing.
pub(crate) fn restore(state: String, texts: &BTreeMap<String, String>) -> Result<String, String> {
    if !state.contains(MARK) {
        return Ok(state);
    }
    let length = texts.values().map(String::len).sum::<usize>();
    let mut writer = Writer::new(0, state.len() + length);
    for (name, text) in members(&state).unwrap_or_default() {
        let text = match reference(&name, text) {
            None => text,
            Some((name, _)) => texts.get(&name).ok_or(name)?,
        };
        writer.put(&name, text);
    }
    Ok(writer.end().state)
}

/// The reference in a member of a stored state, if it is one.
fn reference(name: &str, text: &str) -> Option<Reference> {
    let version = text.strip_prefix(MARK)?.strip_suffix('}')?;
    Some((name.to_owned(), version.parse().ok()?))
}

/// Writes a state, a member at a time.
struct Writer<'a> {
    version: i64,
    state: String,
    long: Vec<(String, &'a str)>,
}

impl<'a> Writer<'a> {
    fn new(version: i64, length: usize) -> Self {
        let mut state = String::with_capacity(length + 2);
        state.push('{');
        Self {
            version,
            state,
            long: Vec::new(),
        }
    }

    /// Adds a field, or a reference to it if it is long.
    fn add(&mut self, name: String, text: &'a str) {
        // The name of the graph is empty.
        if name.is_empty() || (text.len() <= SHORT && !text.starts_with(MARK)) {
            self.put(&name, text);
        } else {
            self.put(&name, &format!("{MARK}{}}}", self.version));
            self.long.push((name, text));
        }
    }

    fn put(&mut self, name: &str, text: &str) {
        if self.state.len() > 1 {
            self.state.push(',');
        }
        let name = serde_json::to_string(name).expect("a text is JSON");
        self.state.extend([&name, ":", text]);
    }

    fn end(mut self) -> Self {
        self.state.push('}');
        self
    }
}

/// The members of an object, in their order.
fn members(json: &str) -> Result<Vec<(String, &str)>, Error> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de str)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object with the fields of a store")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            let mut members = Vec::new();
            while let Some(name) = map.next_key::<String>()? {
                members.push((name, map.next_value::<&RawValue>()?.get()));
            }
            Ok(members)
        }
    }

    let mut json = serde_json::Deserializer::from_str(json);
    let members = json.deserialize_map(Members)?;
    json.end()?;
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a storage keeps of a run's state: the stored state and the long texts.
    #[derive(Default)]
    struct Run {
        state: String,
        texts: BTreeMap<Reference, String>,
        version: i64,
    }

    impl Run {
        fn new(state: &str) -> Self {
            let state = state.to_owned();
            Self {
                state,
                ..Self::default()
            }
        }

        /// Changes the state, and returns how many bytes that writes.
        fn change(&mut self, change: StateChange) -> usize {
            self.version += 1;
            let changed = super::change(&self.state, &change, self.version).unwrap();
            let long = changed.long.iter().map(|(_, text)| text.len());
            let written = changed.state.len() + long.sum::<usize>();
            for (name, text) in changed.long {
                self.texts.insert((name, self.version), text.to_owned());
            }
            for dropped in changed.dropped {
                assert!(self.texts.remove(&dropped).is_some());
            }
            self.state = changed.state;
            let referred: Vec<_> = references(&self.state).into_iter().collect();
            assert!(referred.iter().eq(self.texts.keys()), "each text is used");
            written
        }

        fn whole(&self) -> String {
            let texts = self.texts.iter();
            let texts = texts.map(|((name, _), text)| (name.clone(), text.clone()));
            restore(self.state.clone(), &texts.collect()).unwrap()
        }
    }

    fn text(length: usize) -> String {
        format!("\"{}\"", "x".repeat(length))
    }

    #[test]
    fn a_step_writes_what_has_changed() {
        let mut run = Run::new("{}");
        let all = format!(
            r#"{{"count":1,"log":{},"note":"a"}}"#,
            text(1 << 20).replace('x', "y")
        );
        assert!(run.change(StateChange::all(&*all)) > 1 << 20);
        assert_eq!(run.whole(), all);
        assert!(run.change(StateChange::some(r#"{"count":2}"#)) < 100);
        assert_eq!(run.whole(), all.replace("\"count\":1", "\"count\":2"));
        assert!(run.change(StateChange::some("{}")) < 100);
        let written = run.change(StateChange::some(format!(r#"{{"log":{}}}"#, text(1000))));
        assert!((1000..1200).contains(&written), "{written}");
        run.change(StateChange::some(r#"{"log":null,"more":[1]}"#));
        assert_eq!(
            run.whole(),
            r#"{"count":2,"log":null,"note":"a","more":[1]}"#
        );
        run.change(StateChange::all(r#"{"count":3}"#));
        assert_eq!(run.whole(), r#"{"count":3}"#);
    }

    #[test]
    fn a_state_of_the_previous_version_is_taken_apart_once() {
        let old = format!(r#"{{"log":{},"count":1}}"#, text(1000));
        let mut run = Run::new(&old);
        assert_eq!(run.whole(), old);
        assert!(run.change(StateChange::some(r#"{"count":1}"#)) > 1000);
        assert_eq!(run.whole(), old);
        assert!(run.change(StateChange::some(r#"{"count":1}"#)) < 100);
        assert_eq!(run.whole(), old);
    }

    #[test]
    fn a_field_that_looks_like_a_reference_is_none() {
        let odd = r#"{"a":{"$version":1},"":{"x":[1, 2]},"\"b\n":"c"}"#;
        let mut run = Run::new("{}");
        run.change(StateChange::all(odd));
        assert_eq!(run.whole(), odd);
        run.change(StateChange::some(r#"{"a":{"$version":1}}"#));
        assert_eq!(run.whole(), odd);
    }

    #[test]
    fn only_an_object_is_a_state() {
        for bad in ["", "1", "[]", "{", r#"{"a":1}x"#, r#"{"a":}"#] {
            assert!(change("{}", &StateChange::all(bad), 1).is_err(), "{bad}");
        }
        assert!(change("[]", &StateChange::some("{}"), 1).is_err());
        assert_eq!(
            change("[]", &StateChange::all("{}"), 1).unwrap().state,
            "{}"
        );
    }

    #[test]
    fn any_changes_give_the_state_that_they_describe() {
        for _ in 0..200 {
            let mut run = Run::new("{}");
            let mut expected: Vec<(String, String)> = Vec::new();
            for _ in 0..fastrand::usize(1..20) {
                let names = (0..5).filter(|_| fastrand::bool());
                let fields = names.map(|name| {
                    let length = [0, 5, 250, 260, 2000][fastrand::usize(..5)];
                    (format!("f{name}"), text(length + fastrand::usize(..9)))
                });
                let fields: Vec<_> = fields.collect();
                let json = |fields: &[(String, String)]| {
                    let fields = fields
                        .iter()
                        .map(|(name, text)| format!("\"{name}\":{text}"));
                    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
                };
                if fastrand::u8(..5) == 0 {
                    run.change(StateChange::all(json(&fields)));
                    expected = fields;
                } else {
                    run.change(StateChange::some(json(&fields)));
                    for (name, text) in fields {
                        match expected.iter_mut().find(|(other, _)| *other == name) {
                            Some((_, old)) => *old = text,
                            None => expected.push((name, text)),
                        }
                    }
                }
                assert_eq!(run.whole(), json(&expected));
            }
        }
    }
}
