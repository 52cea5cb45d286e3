use crate::config::{
    Problems,
    file::{Loaded, parse},
};
use bgp_wire::Asn;
use std::{fs, path::Path};

fn read_text(text: &str) -> Result<Loaded, Problems> {
    parse(text, Path::new("myna.toml"))
}

const POLICIES: &str = r#"
local-as = 65530
[set.ours]
prefixes = ["10.0.0.0/8 le 24"]
[set.marks]
communities = ["65000:*"]
[policy.p]
default = "accept"
[[policy.p.term]]
name = "ours"
prefix = "@ours"
not = { community = ["@marks", "no-export"], prefix = "10.9.0.0/16" }
next-hop = ["192.0.2.1", "192.0.3.0/24"]
as-path = "_65001_"
as-path-length = "..4"
origin-as = [1, "64512..65534"]
med = "2.."
local-pref = 100
origin = "igp"
source = "bgp"
neighbor = "10.1.1.2"
set-local-pref = 200
set-med = "+5"
set-origin = "egp"
prepend = [65001, "1.1"]
set-communities = ["65530:1"]
delete-communities = "@marks"
add-communities = ["65530:1:2", "target:1:2"]
then = "next"
[[policy.p.term]]
prepend = 3
set-med = "none"
set-next-hop = "self"
then = "reject"
[[neighbor]]
address = "10.1.1.2"
remote-as = 1
export = "p"
"#;

#[test]
fn a_policy_is_read_term_by_term() {
    use rib::{Action, AnyCommunity, Match, Protocol, Then, Verdict};
    let config = read_text(POLICIES).unwrap().config;
    let (terms, default) = config.policies["p"].as_terms().unwrap();
    assert_eq!(default, Verdict::Accept);
    let [first, second] = terms else {
        panic!("{terms:?}");
    };
    let list = |rules: &[&str]| {
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        std::sync::Arc::new(rib::PrefixList::new(rules))
    };
    let marks: Vec<rib::CommunityPattern> = vec!["65000:*".parse().unwrap()];
    let mut unwanted = marks.clone();
    unwanted.push("no-export".parse().unwrap());
    assert_eq!(first.name.as_deref(), Some("ours"));
    assert_eq!(
        first.matches,
        [
            Match::Prefix(list(&["10.0.0.0/8 le 24"])),
            Match::NextHop(list(&["192.0.2.1/32", "192.0.3.0/24 le 32"])),
            Match::Neighbor(list(&["10.1.1.2/32"])),
            Match::AsPath(["_65001_".parse().unwrap()].into()),
            Match::AsPathLength(0..=4),
            Match::OriginAs([1..=1, 64512..=65534].into()),
            Match::Med(2..=u32::MAX),
            Match::LocalPref(100..=100),
            Match::Origin(bgp_wire::Origin::Igp),
            Match::Source(vec![Protocol::Bgp]),
            Match::Not(Box::new(Match::Prefix(list(&["10.9.0.0/16"])))),
            Match::Not(Box::new(Match::Community(unwanted.into()))),
        ]
    );
    assert_eq!(
        first.actions,
        [
            Action::LocalPref(200),
            Action::AddMed(5),
            Action::Origin(bgp_wire::Origin::Egp),
            Action::Prepend(vec![Asn(65001), Asn(65537)]),
            Action::SetCommunities(vec![AnyCommunity::Standard(65530 << 16 | 1)]),
            Action::DeleteCommunities(marks.into()),
            Action::AddCommunities(vec![
                AnyCommunity::Large([65530, 1, 2]),
                "target:1:2".parse().unwrap(),
            ]),
        ]
    );
    assert_eq!((first.then, second.then), (Then::Next, Then::Reject));
    assert_eq!(
        second.actions,
        [
            Action::Med(None),
            Action::PrependOwn(3),
            Action::NextHop(None)
        ]
    );
}

#[test]
fn what_is_wrong_with_policies() {
    let head = "local-as = 1\n[set.s]\ncommunities = [\"1:1\"]\n[policy.p]\n[[policy.p.term]]\n";
    let one = |keys: &str, expected: &str| {
        let Problems(problems) = read_text(&format!("{head}{keys}")).unwrap_err();
        let [problem] = problems.as_slice() else {
            panic!("{keys}: {problems:?}");
        };
        let key = problem.key.strip_prefix("policy.p").unwrap_or(&problem.key);
        assert_eq!(format!("{key}: {}", problem.message), expected, "{keys}");
    };
    one("med = 1", ".term[0].then: missing");
    one(
        "then = \"maybe\"",
        ".term[0].then: `maybe` is not known here",
    );
    one(
        "then = \"next\"\nprefix = \"@s\"",
        ".term[0].prefix: the set `s` does not hold prefixes",
    );
    one(
        "then = \"next\"\nprefix = \"@t\"",
        ".term[0].prefix: there is no set `t`",
    );
    one(
        "then = \"next\"\nas-path = \"(\"",
        ".term[0].as-path: \"(\" is not a regular expression over AS paths; write \"_65000_\", \"^65001_\" or \"^$\"",
    );
    one(
        "then = \"next\"\nmed = \"9..2\"",
        ".term[0].med: `9..2` holds no number",
    );
    one(
        "then = \"next\"\nset-med = \"x\"",
        ".term[0].set-med: `x` is no MED",
    );
    one(
        "then = \"next\"\nprepend = 99",
        ".term[0].prepend: 99 is out of range",
    );
    one(
        "then = \"next\"\nnot = { then = 1 }",
        ".term[0].then: unknown key",
    );
    one(
        "then = \"next\"\nset-next-hop = \"self\"\n[[neighbor]]\naddress = \"10.0.0.1\"\nremote-as = 2\nimport = \"p\"",
        "neighbor.bgp1.import: the policy `p` sets a next hop",
    );
    one(
        "then = \"next\"\n[set.t]\nprefixes = []\nas-paths = []",
        "set.t.prefixes: a set holds one kind of thing",
    );
    one(
        "then = \"next\"\n[filter.p]\naccept = []",
        ": there is a filter `p` too",
    );
}

#[test]
fn a_set_may_be_in_a_file_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("list.txt");
    fs::write(&file, "# ours\n10.0.0.0/8 le 24\n\n192.0.2.0/24 # lab\n").unwrap();
    let text = "local-as = 1\n[set.s]\nfile = \"list.txt\"\n[policy.p]\n[[policy.p.term]]\nprefix = \"@s\"\nthen = \"accept\"\n";
    let path = directory.path().join("myna.toml");
    let config = parse(text, &path).unwrap().config;
    let (terms, _) = config.policies["p"].as_terms().unwrap();
    let [rib::Match::Prefix(list)] = terms[0].matches.as_slice() else {
        panic!("{terms:?}");
    };
    assert_eq!(list.rules().len(), 2);
    fs::write(&file, "10.0.0.0/8\n10.0.0.1/8\n").unwrap();
    let Problems(problems) = parse(text, &path).unwrap_err();
    assert!(problems[0].message.contains("list.txt:2: "), "{problems:?}");
}
