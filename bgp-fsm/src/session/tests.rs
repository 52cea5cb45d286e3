//! The session against the RFC's text, against itself in virtual time, and against anything.
mod hostile;
mod offers;
mod pair;
mod restart;
mod simulation;
mod single;
mod solo;
mod table;
mod world;
