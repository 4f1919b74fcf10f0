//! Behaviour tests, and compile errors as snapshots: see `tests/`.
