//! The control socket: one JSON object a line each way.
use crate::view;
use serde::{Deserialize, Serialize};

/// A request: one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "request")]
#[allow(missing_docs)]
pub enum Request {
    Status,
    Neighbors,
    Neighbor { name: String },
    Routes(RouteRequest),
    Kernel,
    Reload,
    Stop { graceful: bool },
}
/// `show routes`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs)]
pub struct RouteRequest {
    /// this prefix and its more-specifics
    pub prefix: Option<String>,
    pub received: Option<String>,
    pub exported: Option<String>,
    pub rejected: Option<String>,
}
/// Answers: any number of these, a line each; the last is `Done` or `Error`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Reply {
    Status(view::Status),
    Neighbor(Box<view::Neighbor>),
    Route(Box<view::Route>),
    Kernel(view::Kernel),
    /// in words, what a reload changed
    Reloaded(Vec<String>),
    Done,
    Error(String),
}
