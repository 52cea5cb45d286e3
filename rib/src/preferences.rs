//! What of the decision process is configured.

/// What of the decision process is a matter of taste. The default is the RFCs' order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct DecisionRules {
    /// MED is compared between paths of different neighbor AS, too.
    pub always_compare_med: bool,
    /// The length of AS_PATH is not compared.
    pub ignore_path_length: bool,
    /// Of external paths that are equal so far the older one wins (RFC 5004); the outcome then
    /// depends on who came first.
    pub prefer_oldest: bool,
}
