//! Converts the state and the position of a run that an older program stored.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::sync::Arc;

use pocketflow::{Graph, Position};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::causes::BadState;
use crate::state::encoding;

/// Why a run cannot resume.
pub type Refusal = Box<dyn StdError + Send + Sync>;

/// Converts a stored state of an older program.
pub type Migration =
    Arc<dyn Fn(Value) -> Result<Value, Box<dyn StdError + Send + Sync>> + Send + Sync>;

/// The state after a migration, or its error. A field that the migration does not change keeps its text, because
/// a `Value` cannot hold every number.
pub fn migrated(
    state: &str,
    migration: &Migration,
    bad: impl Fn(serde_json::Error) -> BadState,
) -> Result<String, Refusal> {
    let before: BTreeMap<String, &RawValue> = serde_json::from_str(state).map_err(&bad)?;
    let values: Value = serde_json::from_str(state).map_err(&bad)?;
    let Value::Object(after) = migration(values.clone())? else {
        return Err(bad(encoding::custom(
            "a migration returns an object with the fields of the store",
        ))
        .into());
    };
    let mut state: BTreeMap<&str, Box<RawValue>> = BTreeMap::new();
    for (field, value) in &after {
        let text = match before.get(field) {
            Some(text) if values.get(field) == Some(value) => (*text).to_owned(),
            _ => serde_json::value::to_raw_value(value).map_err(&bad)?,
        };
        state.insert(field, text);
    }
    Ok(serde_json::to_string(&state).map_err(bad)?)
}

/// Replaces the names of the flows in a position by their current names. Their places are found by
/// name.
pub(crate) fn rename(position: &mut Position, mut flow: &'static Graph) {
    for position in &mut position.flows {
        flow.name.clone_into(&mut position.flow);
        let place = flow.place(&position.place).map(|place| &flow.places[place]);
        let Some(inner) = place.and_then(|place| place.node.flow) else {
            return;
        };
        flow = inner;
    }
}
