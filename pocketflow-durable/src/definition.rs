//! The definition of a flow and its store, which is stored with a run, and what has changed in it
//! since.

mod flow;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use pocketflow::{Graph, Store};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use siphasher::sip::SipHasher13;

use crate::causes::BadState;
use crate::empty_reads::{runs_on_skipped, waits_for_skipped};
use crate::redaction::Confidential;
use crate::state::{Durable, Hashes, Keeper, encoding};
use flow::FlowDefinition;

/// What a run depends on.
///
/// A driver stores it as JSON with each run, so that [`resumes`](crate::resumes) can compare it with
/// that of the program that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    flow: FlowDefinition,
    /// The fields of the store, and which of them are late.
    fields: BTreeMap<String, bool>,
    /// A hash of what the nodes read and write. A run started by an older version of this crate has
    /// none.
    #[serde(default)]
    proof: u64,
    /// The fields that the flow waits for somewhere. A driver may read them to check what is filled.
    #[serde(default)]
    waits: BTreeSet<String>,
    /// The fields that are confidential, also those of stores in fields. A program that shows the run leaves their
    /// values out. A run started by an older version of this crate lacks those of stores on which no flow runs.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    redacted: BTreeSet<String>,
    /// The JSON Schemas of the types of awaited fields, for forms.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    schemas: BTreeMap<String, Value>,
    /// The hashes of the run's input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Hashes>,
}

impl Definition {
    /// That of a flow on a store.
    pub fn of(graph: &Graph, store: &Store) -> Self {
        let fields = store
            .fields
            .iter()
            .map(|field| (field.name.to_owned(), field.late))
            .collect();
        let mut proof = SipHasher13::new();
        prove(graph, store, &mut proof);
        let mut awaited = BTreeSet::new();
        waits(graph, &mut awaited);
        let mut confidential = BTreeSet::new();
        redacted(graph, store, &mut confidential);
        Self {
            flow: FlowDefinition::of(graph),
            fields,
            proof: proof.finish(),
            waits: awaited,
            redacted: confidential,
            schemas: BTreeMap::new(),
            input: None,
        }
    }

    /// That of a run that begins, with the hashes of its input, the store. `schemas` are the JSON
    /// Schemas of awaited fields.
    ///
    /// # Errors
    ///
    /// Serde skips a field that must be stored, or the store cannot be stored.
    pub fn of_run<S: Durable>(
        run: &str,
        flow: &Graph,
        schemas: &BTreeMap<String, Value>,
        shared: &mut S,
    ) -> Result<Self, BadState> {
        let bad = |what: String, source| BadState {
            run: run.to_owned(),
            doing: "store",
            what,
            source,
        };
        if let Some(field) = waits_for_skipped(flow, S::STORE) {
            let why =
                "serde skips it, so it would be lost: leave `skip` out, or wait for another field";
            let what = format!("the field `{field}`, for which the flow waits,");
            return Err(bad(what, encoding::custom(why)));
        }
        if let Some((field, inner)) = runs_on_skipped(flow, S::STORE) {
            let why = "serde skips it, so the inner runs would be lost: leave `skip` out";
            let what = format!("the field `{field}`, on which `{inner}` runs,");
            return Err(bad(what, encoding::custom(why)));
        }
        let mut definition = Self::of(flow, S::STORE);
        let mut confidential = Confidential::default();
        confidential.add::<S>();
        let names = confidential.names().map(str::to_owned);
        definition.redacted.extend(names);
        definition.describe(schemas);
        let input = Keeper::hashes(shared);
        definition.input = Some(input.map_err(|error| bad(error.what(), error.source))?);
        Ok(definition)
    }

    /// Adds the descriptions of the fields that the flow waits for.
    pub fn describe(&mut self, schemas: &BTreeMap<String, Value>) {
        let schemas = schemas
            .iter()
            .filter(|(field, _)| self.waits.contains(*field));
        self.schemas = schemas
            .map(|(field, schema)| (field.clone(), schema.clone()))
            .collect();
    }

    /// Whether everything except the input is equal.
    pub fn is(&self, other: &Self) -> bool {
        self.proof == other.proof && self.fields == other.fields && self.flow == other.flow
    }

    /// Whether this can be a version of the other flow: they have a node in common, and the same
    /// name unless the flow may be `renamed`.
    pub fn is_version_of(&self, other: &Self, renamed: bool) -> bool {
        let names = |definition: &'_ Self| -> BTreeSet<String> {
            definition
                .flow
                .places
                .iter()
                .map(|place| place.name.clone())
                .collect()
        };
        (renamed || self.flow.name == other.flow.name) && !names(self).is_disjoint(&names(other))
    }

    /// The names of the fields that are confidential, also of those of stores in fields.
    pub(crate) fn redacted(&self) -> impl Iterator<Item = &str> {
        self.redacted.iter().map(String::as_str)
    }

    /// The name of the flow.
    pub fn flow(&self) -> &str {
        if self.flow.name.is_empty() {
            "flow"
        } else {
            &self.flow.name
        }
    }

    /// Writes it as JSON.
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("names are JSON")
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    ///
    /// The text is not a definition.
    pub fn decode(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// The changes with which a run of `self` cannot resume. New nodes and new fields are allowed.
    pub fn conflicts(&self, now: &Self) -> Vec<String> {
        let mut conflicts = Vec::new();
        self.flow.conflicts(&now.flow, &mut conflicts);
        conflicts.extend(self.field_conflicts(now));
        conflicts
    }

    /// The changes of the store with which a state of `self` does not become one of `now` by itself.
    pub fn field_conflicts(&self, now: &Self) -> Vec<String> {
        let mut conflicts = Vec::new();
        for (field, late) in &self.fields {
            match now.fields.get(field) {
                None => conflicts.push(format!("the field `{field}` of the store is gone")),
                Some(now) if now != late => {
                    let [was, is] =
                        [late, now].map(|late| if *late { "late" } else { "always filled" });
                    conflicts.push(format!(
                        "the field `{field}` of the store was {was}, and is {is} now"
                    ));
                }
                Some(_) => {}
            }
        }
        conflicts
    }
}

/// The fields that a flow and its inner flows wait for.
fn waits(graph: &Graph, fields: &mut BTreeSet<String>) {
    for place in graph.places {
        match place.node.flow {
            Some(inner) => waits(inner, fields),
            None => fields.extend(place.node.waits.map(str::to_owned)),
        }
    }
}

/// The confidential fields of a store, and of the stores in its fields on which flows run.
fn redacted(graph: &Graph, store: &Store, fields: &mut BTreeSet<String>) {
    let confidential = store.fields.iter().filter(|field| field.redacted);
    fields.extend(confidential.flat_map(|field| [field.name, field.stored].map(str::to_owned)));
    for place in graph.places {
        for node in [place.node]
            .into_iter()
            .chain(place.fork.iter().map(|branch| branch.node))
        {
            if let Some(nested) = node.flow {
                redacted(nested, store, fields);
            }
            let inner = node.on.map(|on| on.graph);
            if let Some(first) = inner.and_then(|inner| inner.places.first()) {
                redacted(inner.unwrap_or(graph), first.node.store, fields);
            }
        }
    }
}

/// Hashes what the nodes of a graph read and write, by the names of the fields.
fn prove(graph: &Graph, store: &Store, proof: &mut SipHasher13) {
    let mut text = |text: &str| {
        proof.write(text.as_bytes());
        proof.write(&[0]);
    };
    for place in graph.places {
        text(place.name);
        for (sets, kind) in [(place.node.reads, "reads"), (place.node.writes, "writes")] {
            text(kind);
            for (set, words) in sets
                .chunks(store.fields.len().div_ceil(64).max(1))
                .enumerate()
            {
                text(&set.to_string());
                let has = |index: usize| {
                    words
                        .get(index / 64)
                        .is_some_and(|word| word >> (index % 64) & 1 == 1)
                };
                let fields = store
                    .fields
                    .iter()
                    .enumerate()
                    .filter(|(index, _)| has(*index));
                fields.for_each(|(_, field)| text(field.name));
            }
        }
    }
    for flow in graph.places.iter().filter_map(|place| place.node.flow) {
        prove(flow, store, proof);
    }
}

#[cfg(test)]
mod tests {
    use pocketflow::{Flow, Shared, node};
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Shared, Default, Serialize, Deserialize)]
    struct Tale {
        words: u32,
    }

    #[node(Tale, writes = words)]
    fn tell(words: &u32) -> u32 {
        words + 1
    }

    #[node(Tale)]
    fn end_well(words: &u32) {
        let _ = words;
    }

    mod short {
        use super::*;
        pocketflow::flow! { pub(super) Story: Tale { tell; } }
    }

    mod long {
        use super::*;
        pocketflow::flow! { pub(super) Story: Tale { tell >> end_well; } }
    }

    fn of<F: Flow>(_: &F) -> Definition {
        Definition::of(F::GRAPH, Tale::STORE)
    }

    #[test]
    fn an_edge_may_lead_to_a_new_node_whatever_its_name_is() {
        let (short, long) = (of(&short::Story), of(&long::Story));
        assert_eq!(short.conflicts(&long), [""; 0]);
        let conflicts = long.conflicts(&short);
        assert_eq!(
            conflicts,
            [
                "the node `end_well` of `Story` is gone",
                "the edge `tell - \"default\"` of `Story` led to `end_well`, and leads to `end` now"
            ]
        );
    }

    #[test]
    fn a_definition_comes_back_as_it_was() {
        let mut store = Tale { words: 7 };
        let schemas = BTreeMap::from([("words".to_owned(), Value::Null)]);
        let flow = <long::Story as Flow>::GRAPH;
        let definition = Definition::of_run("tale-1", flow, &schemas, &mut store).unwrap();
        let back = Definition::decode(&definition.encode()).unwrap();
        assert_eq!(back, definition);
        assert!(back.is(&of(&long::Story)) && !back.is(&of(&short::Story)));
        assert!(back.input.unwrap().contains_key("words"));
        assert_eq!(back.schemas.len(), 0, "the flow does not wait for it");
    }

    /// No flow runs on it.
    #[derive(Shared, Default, Serialize, Deserialize)]
    struct Vault {
        #[shared(redact)]
        #[serde(rename = "theCode", alias = "key")]
        code: String,
        spare: Option<Box<Vault>>,
        label: String,
    }

    #[derive(Shared, Default, Serialize, Deserialize)]
    struct Notes {
        #[shared(redact)]
        #[serde(flatten)]
        all: BTreeMap<String, String>,
    }

    #[derive(Shared, Default, Serialize, Deserialize)]
    struct Office {
        words: u32,
        vault: Option<Vault>,
        vaults: BTreeMap<String, Option<Vault>>,
        notes: Notes,
        more_notes: Vec<Notes>,
        #[serde(skip)]
        #[shared(redact)]
        token: String,
    }

    #[node(Office)]
    fn look(words: &u32) {
        let _ = words;
    }

    pocketflow::flow! { Look: Office { look; } }

    #[test]
    fn confidential_fields_are_known_at_any_depth() {
        let of_run = |mut office| {
            let schemas = BTreeMap::new();
            Definition::of_run("look-1", <Look as Flow>::GRAPH, &schemas, &mut office).unwrap()
        };
        let definition = of_run(Office::default());
        let names: Vec<_> = definition.redacted().collect();
        // The members of `all` have no names of their own, so the fields around them are confidential.
        assert_eq!(
            names,
            ["code", "key", "more_notes", "notes", "theCode", "token"]
        );

        let older: Definition =
            serde_json::from_str(&definition.encode().replace("\"redacted\"", "\"unknown\""))
                .unwrap();
        assert_eq!(older.redacted().count(), 0);
        assert!(older.is(&definition) && older != definition);
    }
}
