//! `explain`, as far as the tables know: who sent a prefix, what became of it, and who is told.
use super::State;
use crate::{
    engine::{answer, message::SourceKind},
    view,
};
use ipnet::IpNet;
use rib::{ExportState, Query, RouteState};

/// One prefix through the tables.
#[derive(Clone, Debug)]
pub(crate) struct Followed {
    /// The prefix that was followed.
    pub(crate) prefix: IpNet,
    /// Every path, best first, the rejected ones last.
    pub(crate) paths: Vec<view::Route>,
    /// Where the kernel table was told to send packets, and the state there.
    pub(crate) kernel: Option<String>,
    /// Every neighbor, and whether it is told.
    pub(crate) told: Vec<view::Told>,
}

impl State {
    /// `longest`: the best match for it, where there is one, instead of itself.
    pub(super) fn explain(&self, asked: IpNet, longest: bool) -> Followed {
        let prefix = longest
            .then(|| self.shard.longest_match(asked))
            .flatten()
            .unwrap_or(asked);
        let now = self.now();
        let feed = self.feed.as_ref();
        let mut paths = Vec::new();
        let mut look = |query| {
            self.shard.look_up(query, prefix, &mut |route| {
                let name = self.peers.get(&route.peer);
                let name = name.map_or("?", |peer| peer.meta.name.as_str());
                paths.push(answer::route(&route, name, query, feed, now));
            });
        };
        look(Query::All);
        let mut neighbors: Vec<_> = self
            .peers
            .iter()
            .filter(|(_, peer)| matches!(peer.meta.kind, SourceKind::Neighbor { .. }))
            .map(|(id, peer)| (peer.meta.name.as_str(), *id))
            .collect();
        neighbors.sort_unstable_by_key(|(name, _)| *name);
        for (_, id) in &neighbors {
            look(Query::Rejected(*id));
        }
        let kernel = paths.first().and_then(|best| best.kernel.clone());
        let told = neighbors.iter().filter_map(|(name, id)| {
            let mut told = None;
            for query in [Query::Exported(*id), Query::NotExported(*id)] {
                self.shard.look_up(query, prefix, &mut |route| {
                    let (state, reason) = match &route.state {
                        RouteState::Export(ExportState::Announced) => ("announced", String::new()),
                        RouteState::Export(state @ ExportState::Pending) => {
                            ("pending", state.to_string())
                        }
                        RouteState::Export(state) => ("not-announced", state.to_string()),
                        state => ("not-announced", state.to_string()),
                    };
                    told.get_or_insert_with(|| view::Told {
                        neighbor: (*name).to_owned(),
                        state: state.to_owned(),
                        reason,
                    });
                });
            }
            told
        });
        Followed {
            prefix,
            told: told.collect(),
            paths,
            kernel,
        }
    }
}
