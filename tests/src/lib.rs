//! The compile errors in `ui/`, the pages of the error index, the benchmarks, and the programs in the
//! README files. The behaviour tests are a package of their own, in `behaviour/`.

/// The programs in the README, so that they are tested.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The program on the page for users of Python.
#[cfg(doctest)]
#[doc = include_str!("../../docs/from-python.md")]
struct FromPython;
