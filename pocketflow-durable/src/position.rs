//! A position as JSON.

use pocketflow::{FlowPosition, Position};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct StoredPosition {
    steps: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    inner_steps: u64,
    #[serde(rename = "visits")]
    flows: Vec<StoredFlow>,
}

#[derive(Serialize, Deserialize)]
struct StoredFlow {
    flow: String,
    fingerprint: u64,
    place: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    taken: Vec<u32>,
}

fn is_zero(steps: &u64) -> bool {
    *steps == 0
}

/// Writes a position.
pub fn encode(position: Position) -> String {
    let flows = position.flows.into_iter();
    let flows = flows.map(
        |FlowPosition {
             flow,
             fingerprint,
             place,
             taken,
         }| StoredFlow {
            flow,
            fingerprint,
            place,
            taken,
        },
    );
    let stored = StoredPosition {
        steps: position.steps,
        inner_steps: position.inner_steps,
        flows: flows.collect(),
    };
    serde_json::to_string(&stored).expect("numbers and texts are JSON")
}

/// Reads a position.
///
/// # Errors
///
/// The text is not a position.
pub fn decode(json: &str) -> Result<Position, serde_json::Error> {
    let StoredPosition {
        steps,
        inner_steps,
        flows,
    } = serde_json::from_str(json)?;
    let flows = flows.into_iter();
    let flows = flows.map(
        |StoredFlow {
             flow,
             fingerprint,
             place,
             taken,
         }| FlowPosition {
            flow,
            fingerprint,
            place,
            taken,
        },
    );
    Ok(Position {
        steps,
        inner_steps,
        flows: flows.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_as_it_was() {
        let at = |place: &str, taken| FlowPosition {
            flow: "Shop".into(),
            fingerprint: u64::MAX,
            place: place.into(),
            taken,
        };
        let position = Position {
            steps: 7,
            inner_steps: 30,
            flows: vec![at("Payment", vec![0, 3]), at("pay", vec![])],
        };
        assert_eq!(decode(&encode(position.clone())).unwrap(), position);
        let before = r#"{"steps":7,"visits":[]}"#;
        assert_eq!(decode(before).unwrap().inner_steps, 0);
        assert!(decode("{}").is_err());
    }
}
