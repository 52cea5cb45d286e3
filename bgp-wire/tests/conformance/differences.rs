//! Where we say something else than a source, case by case, and who is right.
//!
//! A row holds for one case and for exactly what is found there; a row that nothing needs fails the
//! test as well.
use super::report;

/// One difference.
#[derive(Debug)]
pub(super) struct Known {
    /// The case.
    pub(super) case: &'static str,
    /// What we say of it.
    pub(super) found: &'static str,
    /// Who is right, by which words.
    pub(super) right: &'static str,
}

const fn known(case: &'static str, found: &'static str, right: &'static str) -> Known {
    Known { case, found, right }
}

impl Known {
    /// Fails where a row of `table` was not needed.
    pub(super) fn all_needed(table: &'static [Self], used: &[&'static Self]) {
        for row in table {
            let needed = used.iter().any(|used| std::ptr::eq(*used, row));
            assert!(needed, "a row that nothing needs: {row:?}");
        }
    }

    /// The rows as they stand on the page.
    pub(super) fn table(rows: &[&Self]) -> String {
        let mut rows: Vec<&Self> = rows.to_vec();
        rows.dedup_by(|one, before| std::ptr::eq(*one, *before));
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                vec![
                    format!("`{}`", row.case),
                    row.found.into(),
                    row.right.into(),
                ]
            })
            .collect();
        report::table(&["case", "what we find", "who is right"], &rows)
    }
}

/// Whole messages.
pub(super) const MESSAGES: &[Known] = &[
    known(
        "exabgp/encoding/conf-attributes#3",
        "NEXT_HOP: next hop is not the address of a host (octet 33)",
        "ours: RFC 4271 §6.3 asks for \"a valid IP host address\", and 255.255.255.255 is none",
    ),
    known(
        "exabgp/encoding/conf-flow#7",
        "MP_REACH_NLRI: NLRI is malformed (octet 56)",
        "ours: RFC 8956 §3.1 has only the bits behind the offset in the pattern; behind 120 of 128 there is one octet, and sixteen stand there",
    ),
    known(
        "exabgp/encoding/extended-nexthop#2",
        "MP_REACH_NLRI: next hop length does not fit the family (octet 50)",
        "ours: RFC 2545 §3 sets the length to 16 or 32 for IPv6, and RFC 8950 lets IPv4 routes have IPv6 next hops, not the other way",
    ),
    known(
        "netgauze/test_update_bad_length/bad_withdraw_length_short_wire",
        "field lengths pass the end of the message (octet 28)",
        "both: the source calls it malformed",
    ),
    known(
        "src/BGP/#122",
        "optional parameters do not add up (octet 28)",
        "ours: RFC 4271 §4.2, four octets of optional parameters are announced and none follows",
    ),
    known(
        "src/BGP/#130",
        "AS_PATH: segment is malformed (octet 44)",
        "ours: RFC 7606 §7.2, \"a Path Segment Length field that indicates an overrun\", with AS numbers of either width",
    ),
    known(
        "src/BGP/#132",
        "ORIGIN: mandatory, but missing (octet 115)",
        "ours: RFC 4271 §5.1.1, ORIGIN is well-known mandatory (RFC 7606 §3(d): treat-as-withdraw)",
    ),
    known(
        "src/BGP/#134",
        "NEXT_HOP: mandatory, but missing (octet 112)",
        "ours: RFC 4271 §5.1.3, NEXT_HOP is well-known mandatory (RFC 7606 §3(d): treat-as-withdraw)",
    ),
    known(
        "src/NetGauze/test_segment_identifier_label_index#44",
        "MP_REACH_NLRI: next hop is not the address of a host (octet 31)",
        "ours: RFC 4271 §6.3, 0.0.0.0 is no address of a host",
    ),
    known(
        "src/bgpkit-parser/test_parse_bgp_route_refresh_message_truncated#98",
        "message length is not allowed here (octet 16)",
        "both: the source calls it truncated",
    ),
    known(
        "src/bgpkit-parser/test_parse_bgp_route_refresh_message_with_orf_data#96",
        "refresh marker has a wrong length (octet 23)",
        "ours: RFC 7313 §5, a length other than 4 with subtype 1 is to be answered with a NOTIFICATION; filters (RFC 5291) come with subtype 0",
    ),
    known(
        "src/bio-rd/#188",
        "NEXT_HOP: flags contradict the attribute's type (octet 23)",
        "ours: RFC 4271 §5.1.3 makes NEXT_HOP well-known, so transitive; RFC 7606 §3(c)",
    ),
    known(
        "src/bio-rd/#192",
        "NEXT_HOP: next hop is not the address of a host (octet 33)",
        "ours: RFC 4271 §6.3; RFC 1122 §3.2.1.3 keeps 0.0.0.0/8 from being anybody's address",
    ),
    known(
        "src/bio-rd/#194",
        "NEXT_HOP: next hop is not the address of a host (octet 33)",
        "ours: as #192",
    ),
    known(
        "src/bio-rd/TestDecode#170",
        "message length is not allowed here (octet 16)",
        "ours: RFC 4271 §4.1, \"MUST always be at least 19\"; the source tests for an error",
    ),
    known(
        "src/bio-rd/TestSender#190",
        "NEXT_HOP: next hop is not the address of a host (octet 33)",
        "ours: as #192",
    ),
    known(
        "src/gobgp/TestBGPUpdatePrefixSIDMalformedSubSubTLVLength#0",
        "PREFIX_SID: SRv6 service is malformed (octet 78)",
        "both: the source calls it malformed",
    ),
    known(
        "src/holo/test_decode_malformed_updates#60",
        "field lengths pass the end of the message (octet 21)",
        "both: the source calls it malformed",
    ),
    known(
        "src/routecore/bgpsec#20",
        "AS_PATH: mandatory, but missing (octet 171)",
        "either: RFC 8205 §4.1 has BGPsec_PATH in place of AS_PATH where that was negotiated; where not, RFC 4271 §5.1.2 asks for AS_PATH",
    ),
    known(
        "src/routecore/invalid_mp_unreach_nlri#28",
        "MP_UNREACH_NLRI: prefix is too long or cut off (octet 33)",
        "both: the source calls it invalid",
    ),
    known(
        "src/routecore/invalid_withdrawals#24",
        "MP_UNREACH_NLRI: prefix is too long or cut off (octet 53)",
        "both: the source calls it invalid",
    ),
    known(
        "src/scapy/#62",
        "message length is not allowed here (octet 16)",
        "ours: RFC 4271 §4.2, the shortest OPEN has 29 octets",
    ),
    known(
        "src/scapy/#64",
        "message length is not allowed here (octet 16)",
        "ours: RFC 4271 §4.2, the shortest OPEN has 29 octets",
    ),
    known(
        "exabgp/decoding/bgp-ls-1#1",
        "field lengths pass the end of the message (octet 23)",
        "neither: what is called a body of an UPDATE is one NLRI of BGP-LS (`nlri bgp-ls bgp-ls` in its context)",
    ),
];

/// Verdicts of FRR's tests.
pub(super) const VERDICTS: &[Known] = &[
    known(
        "frr/rfc7606/as4path-seg-type-0/ebgp",
        "attribute-discard, the row says treat-as-withdraw",
        "ours: RFC 6793 §4.1, AS4_PATH from a speaker of four-octet AS numbers is discarded, whatever it holds",
    ),
    known(
        "frr/rfc7606/as4path-seg-type-0/ibgp",
        "attribute-discard, the row says treat-as-withdraw",
        "ours: RFC 6793 §4.1, AS4_PATH from a speaker of four-octet AS numbers is discarded, whatever it holds",
    ),
];

/// Messages of captures, against tshark 4.0.17.
pub(super) const CAPTURES: &[Known] = &[
    known(
        "ryu-evpn_esi_as_based.pcap, frame 1",
        "ORIGIN: mandatory, but missing (octet 62)",
        "ours: the UPDATE has routes and nothing but MP_REACH_NLRI; RFC 4760 §3, it \"MUST also carry the ORIGIN and the AS_PATH attributes\"",
    ),
    known(
        "ryu-evpn_esi_lacp.pcap, frame 1",
        "ORIGIN: mandatory, but missing (octet 62)",
        "ours: as ryu-evpn_esi_as_based.pcap",
    ),
    known(
        "ryu-evpn_esi_router_id.pcap, frame 1",
        "ORIGIN: mandatory, but missing (octet 62)",
        "ours: as ryu-evpn_esi_as_based.pcap",
    ),
    known(
        "ryu-evpn_nlri_eth_seg.pcap, frame 1",
        "ORIGIN: mandatory, but missing (octet 60)",
        "ours: as ryu-evpn_esi_as_based.pcap",
    ),
    known(
        "ryu-flowspec_nlri_vpn6.pcap, frame 1",
        "MP_REACH_NLRI: NLRI is malformed (octet 45)",
        "ours: RFC 8956 §3.1, behind an offset of 32 bits a pattern has twelve octets, and sixteen stand there",
    ),
    known(
        "tcpdump-bgp_mp_reach_nlri-oobr.pcap, frame 1",
        "field lengths pass the end of the message (octet 24)",
        "both: made to be malformed, and tshark says so",
    ),
    known(
        "tcpdump-bgpsec_invalid_signature_block_length.pcap, frame 1",
        "AS_PATH: mandatory, but missing (octet 171)",
        "either: RFC 8205 §4.1 has BGPsec_PATH in place of AS_PATH where that was negotiated; the OPENs are not in the capture",
    ),
    known(
        "tcpdump-bgp-infinite-loop.pcap, frame 1",
        "message length is not allowed here (octet 16)",
        "ours: RFC 4271 §4.3, \"The minimum length of the UPDATE message is 23 octets\", and there are 19",
    ),
    known(
        "tcpdump-bgp-infinite-loop.pcap, frame 2",
        "message length is not allowed here (octet 16)",
        "ours: RFC 4271 §4.3, \"The minimum length of the UPDATE message is 23 octets\", and there are 19",
    ),
    known(
        "tcpdump-bgp-infinite-loop.pcap, frame 3",
        "message length is not allowed here (octet 16)",
        "ours: RFC 4271 §4.3, \"The minimum length of the UPDATE message is 23 octets\", and there are 19",
    ),
    known(
        "tcpdump-bgp-infinite-loop.pcap, frame 4",
        "message length is not allowed here (octet 16)",
        "ours: RFC 4271 §4.3, \"The minimum length of the UPDATE message is 23 octets\", and there are 19",
    ),
    known(
        "tcpdump-bgp_mp_reach_nlri-oobr.pcap, frame 1",
        "marker is not all ones (octet 0)",
        "both: made to be malformed, and tshark says so",
    ),
    known(
        "tcpdump-bgp-bgp_capabilities_print-oobr-2.pcap, frame 1",
        "marker is not all ones (octet 0)",
        "both: made to be malformed, and tshark says so",
    ),
    known(
        "tcpdump-bgp-bgp_capabilities_print-oobr-2.pcap, frame 1",
        "BGP version is not 4 (octet 19)",
        "ours: RFC 4271 §6.2, Unsupported Version Number; tshark calls it malformed as well",
    ),
    known(
        "tcpdump-bgp-extended-optional-parameters-length.pcapng, frame 1",
        "bgp.cap.type, bgp.cap.mp.afi, bgp.cap.mp.safi, bgp.cap.4as, bgp.cap.ap.afi, bgp.cap.ap.safi, bgp.cap.ap.sendreceive, bgp.cap.orf.fqdn.hostname, bgp.cap.orf.fqdn.domain_name, bgp.cap.gr.timers.restart_time, bgp.cap.gr.timers.restart_flag, bgp.cap.gr.timers.notification_flag",
        "ours: RFC 9072 §2, 255 and 255 announce lengths of two octets; tshark 4.0.17 does not know them and calls the message malformed",
    ),
    known(
        "tcpdump-bgp_vpn_attrset.pcap, frame 1",
        "bgp.update.path_attribute.origin, bgp.update.path_attribute.local_pref, bgp.update.path_attribute.originator_id, bgp.path_attribute.cluster_id",
        "both: tshark shows the attributes inside ATTR_SET under the same names",
    ),
];

/// Parts of messages of NetGauze's tests.
pub(super) const FRAGMENTS: &[Known] = &[
    known(
        "netgauze/test_parse_add_path/bad_send_receive_wire#1",
        "no fault",
        "ours: RFC 7911 §4 has such a capability ignored, not the OPEN refused; it is kept as octets",
    ),
    known(
        "netgauze/test_bgp_role_capability/undefined_role_wire#1",
        "no fault",
        "ours: RFC 9234 §4.2, a role that fits no other is a Role Mismatch of both sides, not an OPEN that cannot be read; the value is kept",
    ),
    known(
        "netgauze/test_ipv6_unicast/bad_multicast_wire#1",
        "no fault",
        "either: RFC 4271 §6.3, \"the prefix SHOULD be ignored\"; it is a prefix, and whether it is used is for the table",
    ),
    known(
        "netgauze/test_ipv4_unicast/bad_multicast_wire#1",
        "no fault",
        "either: as for IPv6",
    ),
    known(
        "netgauze/test_bgp_notification_message_header/bad_undefined_code_wire#1",
        "no fault",
        "ours: RFC 4271 §4.5 has no list that is closed; a code that nobody knows is kept and shown, and there is no answer to a NOTIFICATION (§6.4)",
    ),
    known(
        "netgauze/test_bgp_notification_message_header/bad_undefined_sub_code_wire#1",
        "no fault",
        "ours: as the code",
    ),
    known(
        "netgauze/test_bgp_notification_open_message/bad_undefined_wire#1",
        "no fault",
        "ours: as the code",
    ),
    known(
        "netgauze/test_bgp_notification_update_message/bad_undefined_wire#1",
        "no fault",
        "ours: as the code",
    ),
    known(
        "netgauze/test_bgp_notification_finite_state_machine/bad_undefined_wire#1",
        "no fault",
        "ours: as the code",
    ),
    known(
        "netgauze/test_bgp_notification_cease/bad_undefined_wire#1",
        "no fault",
        "ours: as the code",
    ),
    known(
        "netgauze/test_bgp_notification_route_refresh_error/bad_undefined_wire#1",
        "no fault",
        "ours: as the code",
    ),
    known(
        "netgauze/test_parse_path_attribute_communities/good_zero_wire#1",
        "COMMUNITIES: length is not allowed (octet 39)",
        "ours: RFC 7606 §7.8, \"malformed if its length is not a non-zero multiple of 4\"",
    ),
    known(
        "netgauze/test_parse_path_attribute_mp_unreach_nlri_ipv6_unicast/invalid_afi_wire#1",
        "no fault",
        "either: the NLRI is a multicast prefix, as above",
    ),
    known(
        "netgauze/test_ipv4_nlri_mpls_labels_address/bad_wire#1",
        "no fault",
        "ours: RFC 8669 §3, a TLV of an unknown type is ignored and passed on; the type is 0 here",
    ),
    known(
        "netgauze/test_route_refresh_message/bad_undefined_wire#1",
        "no fault",
        "ours: RFC 7313 §5, a subtype that is none of 0, 1 and 2 makes the message one to ignore, not one that is malformed",
    ),
];
