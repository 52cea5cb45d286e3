//! What may stand after `myna decode`. The texts are its help.
use super::{Form, Input, Options, Session};
use bgp_wire::Family;
use clap::{Args, ValueHint};

/// The fields of JSON lines, as help shows them.
pub(super) const JSON_FIELDS: &str = "\
JSON fields, left out where they have nothing to say; they are stable, and more may come:
  input, line, offset  file (of several), line of hexadecimal digits, octets before
  time, peer, local    when; who (address, as)
  direction            received or sent
  type                 open, update, notification, keepalive, route-refresh, malformed, state,
                       route, peers, skipped or unreadable, with these fields each:
    open               as, hold_time, id, capabilities, context (how what follows is read:
                       as_octets, internal, families, add_path, extended_next_hop)
    update             end_of_rib, withdrawn and announced (lists of family, next_hop, and nlri (a
                       list of path_id, rd, prefix, route, labels, segment, gateway) or octets),
                       attributes
    notification       code, subcode, text, data
    route-refresh      family, subtype
    malformed          length
    state              from, to
    route              family, path_id, prefix or octets, rd, route, labels, originated, next_hop,
                       attributes
    peers              collector, view, peers (a list of id, address, as)
    skipped            record, length
    unreadable         record, at, fault
  attributes           origin, as_path, med, local_pref, atomic_aggregate, aggregator (address,
                       as), originator_id, cluster_list, communities, large_communities,
                       extended_communities, ipv6_extended_communities, aigp, pmsi_tunnel (tunnel,
                       flags, label, endpoint, identifier), only_to_customer, other (a list of
                       code, name, flags, value)
  faults               a list of offset, attribute, fault, disposition
  disposition          what a session would do (RFC 7606): attribute-discard, treat-as-withdraw,
                       family-disable or session-reset
  notification         what it would send: code, subcode, text, data
  hint                 the context that gives a reading without fault";

/// The options and inputs of `myna decode`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = JSON_FIELDS)]
pub struct Arguments {
    /// Print JSON lines: one object for each message, route or record
    #[arg(long, conflicts_with = "bgpdump")]
    pub json: bool,
    /// Print MRT files as `bgpdump -m` does
    #[arg(long)]
    pub bgpdump: bool,
    /// AS numbers have two octets, where MRT does not say; OPENs are overruled
    #[arg(long)]
    pub as2: bool,
    /// The session is an internal one (LOCAL_PREF belongs there)
    #[arg(long)]
    pub ibgp: bool,
    /// NLRI of this family have path identifiers, where MRT does not say; OPENs are overruled; may be
    /// repeated
    #[arg(long, value_name = "FAMILY")]
    pub add_path: Vec<Family>,
    /// Files, or - for the standard input [default: -]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<Input>,
}

impl Arguments {
    /// What to read.
    pub fn inputs(&self) -> Vec<Input> {
        if self.files.is_empty() {
            vec![Input::Stdin]
        } else {
            self.files.clone()
        }
    }

    /// How to read and print it.
    pub fn options(&self) -> Options {
        Options {
            form: match (self.json, self.bgpdump) {
                (true, _) => Form::Json,
                (_, true) => Form::Bgpdump,
                _ => Form::Lines,
            },
            session: Session {
                two_octet_as: self.as2,
                internal: self.ibgp,
                add_path: self.add_path.clone(),
            },
        }
    }
}
