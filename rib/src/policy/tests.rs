use super::*;

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn rule(text: &str) -> PrefixRule {
    text.parse().unwrap()
}

fn with<T>(set: &AttributeSet, ask: impl FnOnce(&Subject<'_>) -> T) -> T {
    let mut octets = Vec::new();
    set.encode(&mut octets);
    ask(&Subject {
        attributes: &bgp_wire::Attributes::from_canonical(&octets),
        next_hop: None,
        neighbor: [10, 0, 0, 1].into(),
        protocol: Protocol::Bgp,
    })
}

fn verdict(policy: &Policy, prefix: &str) -> Verdict {
    let set = AttributeSet::local();
    with(&set, |subject| policy.verdict(subject, &net(prefix)))
}

#[test]
fn rules_match_by_prefix_and_length() {
    let cases = [
        ("192.168.100.0/24", "192.168.100.0/24", true),
        ("192.168.100.0/24", "192.168.100.0/25", false),
        ("192.168.100.0/24", "192.168.0.0/16", false),
        ("192.168.0.0/16 le 24", "192.168.0.0/16", true),
        ("192.168.0.0/16 le 24", "192.168.7.0/24", true),
        ("192.168.0.0/16 le 24", "192.168.7.0/25", false),
        ("192.168.0.0/16 le 24", "192.169.7.0/24", false),
        ("10.0.0.0/8 ge 16 le 24", "10.0.0.0/15", false),
        ("10.0.0.0/8 ge 16 le 24", "10.1.0.0/16", true),
        ("10.0.0.0/8 ge 24", "10.1.1.1/32", true),
        ("0.0.0.0/0 le 32", "1.2.3.4/32", true),
        ("0.0.0.0/0", "1.2.3.0/24", false),
        ("::/0 le 48", "2001:db8::/48", true),
        ("::/0 le 48", "10.0.0.0/8", false),
        ("0.0.0.0/0 le 32", "2001:db8::/32", false),
    ];
    for (text, prefix, expected) in cases {
        assert_eq!(
            rule(text).matches(&net(prefix)),
            expected,
            "{text} ~ {prefix}"
        );
        let policy = Policy::accept_prefixes("x", vec![rule(text), rule("203.0.113.0/24")]);
        let verdict = verdict(&policy, prefix);
        assert_eq!(verdict == Verdict::Accept, expected, "{text} ~ {prefix}");
    }
}

#[test]
fn rules_are_shown_as_they_are_written() {
    for text in [
        "192.168.100.0/24",
        "192.168.0.0/16 le 24",
        "10.0.0.0/8 ge 16 le 24",
        "10.0.0.0/8 ge 24",
        "2001:db8::/32 ge 48 le 64",
        "10.1.1.1/32",
    ] {
        assert_eq!(rule(text).to_string(), text);
    }
    assert_eq!(rule("10.0.0.0/8 ge 8 le 8").to_string(), "10.0.0.0/8");
}

#[test]
fn errors_say_what_would_be_right() {
    for (text, advice) in [
        ("", "192.168.100.0/24"),
        ("10.0.0.0", "\"10.0.0.0/32\""),
        ("10.0.0.1/24", "\"10.0.0.0/24\""),
        ("lan", "address/length"),
        ("10.0.0.0/33", "address/length"),
        ("10.0.0.0/8 le", "\"10.0.0.0/8 le 32\""),
        ("10.0.0.0/8 le 40", "from 8 to 32"),
        ("10.0.0.0/8 le 4", "from 8 to 32"),
        ("10.0.0.0/8 or longer", "\"le LENGTH\""),
        ("10.0.0.0/8 ge 24 le 16", "ge 16 le 24"),
        ("10.0.0.0/8 le 16 le 24", "once"),
        ("2001:db8::1", "\"2001:db8::1/128\""),
    ] {
        let error = text.parse::<PrefixRule>().unwrap_err().to_string();
        assert!(error.contains(advice), "{text:?}: {error}");
    }
}

/// A set answers as its rules do one by one.
#[test]
fn a_set_is_the_sum_of_its_rules() {
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut any = |longest: u8| {
        let length = (random(u64::from(longest)) + 1) as u8;
        let address = std::net::Ipv4Addr::from(0x0a00_0000 | (random(1 << 12) << 12) as u32);
        IpNet::new(address.into(), length).unwrap().trunc()
    };
    let rules: Vec<PrefixRule> = (0..200)
        .map(|n| {
            let prefix = any(20);
            rule(&format!(
                "{prefix} le {}",
                (prefix.prefix_len() + n % 12).min(32)
            ))
        })
        .collect();
    let policy = Policy::accept_prefixes("many", rules.clone());
    let mut accepted = 0;
    for _ in 0..5000 {
        let prefix = any(32);
        let expected = rules.iter().any(|rule| rule.matches(&prefix));
        accepted += u32::from(expected);
        assert_eq!(
            verdict(&policy, &prefix.to_string()) == Verdict::Accept,
            expected,
            "{prefix}"
        );
    }
    assert!(
        (100..4900).contains(&accepted),
        "{accepted} of 5000: the cases prove little"
    );
}

#[test]
fn equal_policies_are_one_object() {
    let mut policies = Policies::default();
    let make = |name| {
        Arc::new(Policy::accept_prefixes(
            name,
            vec![rule("10.0.0.0/8 le 9"), rule("11.0.0.0/8")],
        ))
    };
    let first = policies.one(make("lan"));
    assert!(Arc::ptr_eq(&first, &policies.one(make("lan"))));
    assert!(!Arc::ptr_eq(&first, &policies.one(make("wan"))));
    assert_ne!(Policy::none(), Policy::missing());
}

#[test]
fn patterns_match_what_they_say() {
    let mut set = AttributeSet::with_path([65001, 300, 65001].map(Asn));
    set.communities = vec![65000 << 16 | 7, 0xffff_ff01];
    set.large_communities = vec![[65000, 1, 9]];
    // target:65000:5 and target:4200000000:5
    set.extended_communities = vec![
        [0, 2, 0xfd, 0xe8, 0, 0, 0, 5],
        [2, 2, 0xfa, 0x56, 0xea, 0x00, 0, 5],
    ];
    let community = |text: &str| {
        let pattern: CommunityPattern = text.parse().unwrap();
        with(&set, |subject| pattern.matches(subject.attributes))
    };
    for (text, expected) in [
        ("65000:7", true),
        ("65000:8", false),
        ("65000:*", true),
        ("*:7", true),
        ("no-export", true),
        ("NO_EXPORT", true),
        ("no-advertise", false),
        ("65000:1:9", true),
        ("65000:*:9", true),
        ("*:2:*", false),
        ("target:65000:5", true),
        ("target:65000:*", true),
        ("target:65001:*", false),
        ("target:4200000000:*", true),
        ("origin:65000:*", false),
    ] {
        assert_eq!(community(text), expected, "{text}");
    }
    for wrong in ["", "65000", "65536:1", "1:2:3:4", "no-such", "target:*"] {
        assert!(wrong.parse::<CommunityPattern>().is_err(), "{wrong}");
    }
    let path = |text: &str| {
        let pattern: AsPathPattern = text.parse().unwrap();
        with(&set, |subject| {
            pattern.matches(&pattern::path_text(subject.attributes.as_path()))
        })
    };
    for (text, expected) in [
        ("_300_", true),
        ("_30_", false),
        ("^65001_", true),
        ("_300$", false),
        ("^65001 300 65001$", true),
        ("^$", false),
        ("^(65001|300|_)+$", true),
        ("_(65001)_.*_65001$", true),
    ] {
        assert_eq!(path(text), expected, "{text}");
    }
    assert!("(".parse::<AsPathPattern>().is_err());
    assert!(
        "a{1000}{1000}".parse::<AsPathPattern>().is_err(),
        "too large"
    );
}

#[test]
fn of_many_terms_the_first_that_holds_decides() {
    let one = |number: u32, then| Term {
        name: None,
        matches: vec![Match::Prefix(Arc::new(PrefixList::new(vec![rule(
            &format!("10.{}.{}.0/24 le 32", number / 256, number % 256),
        )])))],
        actions: vec![Action::LocalPref(number)],
        then,
    };
    let mut terms: Vec<Term> = (0..1000).map(|number| one(number, Then::Accept)).collect();
    terms.insert(500, one(900, Then::Next));
    terms.push(Term {
        name: None,
        matches: vec![],
        actions: vec![],
        then: Then::Accept,
    });
    let policy = Policy::terms("many", terms, Verdict::Reject);
    let set = AttributeSet::local();
    let outcome = |prefix: &str| {
        with(&set, |subject| {
            policy.outcome(&policy.look(subject), || net(prefix))
        })
    };
    assert_eq!(outcome("10.1.4.0/24").terms, [260]);
    assert_eq!(outcome("10.1.4.128/25").terms, [260]);
    assert_eq!(outcome("10.3.132.0/24").terms, [500, 901]);
    assert_eq!(outcome("10.1.4.0/23"), Outcome::ACCEPT);
    assert_eq!(outcome("2001:db8::/32"), Outcome::ACCEPT);
}
