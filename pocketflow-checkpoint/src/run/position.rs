//! A position as JSON.

use pocketflow::{Position, Visit};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct StoredPosition {
    steps: u64,
    visits: Vec<StoredVisit>,
}

#[derive(Serialize, Deserialize)]
struct StoredVisit {
    flow: String,
    fingerprint: u64,
    place: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    taken: Vec<u32>,
}

pub(crate) fn encode(position: Position) -> String {
    let visits = position.visits.into_iter();
    let visits = visits.map(
        |Visit {
             flow,
             fingerprint,
             place,
             taken,
         }| StoredVisit {
            flow,
            fingerprint,
            place,
            taken,
        },
    );
    let stored = StoredPosition {
        steps: position.steps,
        visits: visits.collect(),
    };
    serde_json::to_string(&stored).expect("numbers and texts are JSON")
}

pub(crate) fn decode(json: &str) -> Result<Position, serde_json::Error> {
    let StoredPosition { steps, visits } = serde_json::from_str(json)?;
    let visits = visits.into_iter();
    let visits = visits.map(
        |StoredVisit {
             flow,
             fingerprint,
             place,
             taken,
         }| Visit {
            flow,
            fingerprint,
            place,
            taken,
        },
    );
    Ok(Position {
        steps,
        visits: visits.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_as_it_was() {
        let visit = |place: &str, taken| Visit {
            flow: "Shop".into(),
            fingerprint: u64::MAX,
            place: place.into(),
            taken,
        };
        let position = Position {
            steps: 7,
            visits: vec![visit("Payment", vec![0, 3]), visit("pay", vec![])],
        };
        assert_eq!(decode(&encode(position.clone())).unwrap(), position);
        assert!(decode("{}").is_err());
    }
}
