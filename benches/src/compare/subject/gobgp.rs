use super::{Export, Plan, Subject, write};
use std::{fmt::Write, path::Path};

pub(super) const SUBJECT: Subject = Subject {
    name: "GoBGP",
    program: || "/usr/bin/gobgpd".into(),
    version: &["--version"],
    prepare,
};

fn prepare(plan: &Plan, directory: &Path) -> Option<Vec<String>> {
    let mut text = format!(
        "[global.config]\nas = {}\nrouter-id = \"{}\"\n",
        plan.asn, plan.address
    );
    let import = if plan.terms > 0 { "\"terms\"" } else { "" };
    let _ = write!(
        text,
        "[global.apply-policy.config]\nimport-policy-list = [{import}]\n\
         default-import-policy = \"accept-route\"\nexport-policy-list = [\"senders\"]\n\
         default-export-policy = \"accept-route\"\n"
    );
    for neighbor in &plan.neighbors {
        let _ = write!(
            text,
            "[[neighbors]]\n[neighbors.config]\nneighbor-address = \"{}\"\npeer-as = {}\n\
             [neighbors.timers.config]\nhold-time = 180\nkeepalive-interval = 60\n\
             [neighbors.transport.config]\npassive-mode = {}\nlocal-address = \"{}\"\n",
            neighbor.address, neighbor.asn, !plan.connects, plan.address
        );
        if plan.is_internal(neighbor) {
            let _ = write!(
                text,
                "[neighbors.route-reflector.config]\nroute-reflector-client = true\n\
                 route-reflector-cluster-id = \"{}\"\n",
                plan.address
            );
        }
        if neighbor.export == Export::Paths {
            text.push_str(
                "[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\nafi-safi-name = \
                 \"ipv4-unicast\"\n[neighbors.afi-safis.add-paths.config]\nsend-max = 255\n",
            );
        }
    }
    let senders = plan.neighbors.iter();
    let senders = senders.filter(|neighbor| neighbor.export == Export::Nothing);
    let senders: Vec<String> = senders
        .map(|neighbor| format!("\"{}/32\"", neighbor.address))
        .collect();
    let _ = write!(
        text,
        "[[defined-sets.neighbor-sets]]\nneighbor-set-name = \"senders\"\n\
         neighbor-info-list = [{}]\n[[policy-definitions]]\nname = \"senders\"\n\
         [[policy-definitions.statements]]\nname = \"nothing\"\n\
         [policy-definitions.statements.conditions.match-neighbor-set]\n\
         neighbor-set = \"senders\"\n[policy-definitions.statements.actions]\n\
         route-disposition = \"reject-route\"\n",
        senders.join(", ")
    );
    for term in 0..plan.terms {
        let _ = write!(
            text,
            "[[defined-sets.bgp-defined-sets.community-sets]]\ncommunity-set-name = \"c{term}\"\n\
             community-list = [\"64999:{term}\"]\n"
        );
    }
    if plan.terms > 0 {
        text.push_str("[[policy-definitions]]\nname = \"terms\"\n");
    }
    for term in 0..plan.terms {
        let _ = write!(
            text,
            "[[policy-definitions.statements]]\nname = \"t{term}\"\n\
             [policy-definitions.statements.conditions.bgp-conditions.match-community-set]\n\
             community-set = \"c{term}\"\n[policy-definitions.statements.actions]\n\
             route-disposition = \"reject-route\"\n"
        );
    }
    let config = write(directory, "gobgpd.toml", &text);
    Some(
        [
            "-f",
            &config,
            "--api-hosts",
            "127.0.0.1:50051",
            "--log-level",
            "error",
        ]
        .map(str::to_owned)
        .into(),
    )
}
