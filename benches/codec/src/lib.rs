//! What the measurements of the codec share; `benches/README.md` says how they are run.
//!
//! A package of its own, so that counting instructions compiles little: the codec, one
//! decompressor and this.
pub mod corpus;
pub mod counting;
pub mod hostile;
pub mod walk;
pub mod workloads;
