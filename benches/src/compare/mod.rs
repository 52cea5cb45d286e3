//! Scenarios of load, run against Myna and every other speaker that is installed, side by side.
//!
//! A round makes two network namespaces with a wire between them. One holds the speaker under
//! test, the other the generator: senders whose octets are made beforehand, and receivers that
//! note what they hold. The clock runs from the first octet sent until every receiver holds every
//! prefix. Rounds of different speakers alternate, so that a busy machine hurts all of them alike.

pub mod held;
pub mod mirror;
pub mod real;
pub mod report;
pub mod routes;
pub mod scenario;
pub mod session;
pub mod subject;
pub mod usage;
