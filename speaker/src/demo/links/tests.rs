//! Against the real kernel, in namespaces that vanish with the test. Where the system allows no
//! namespaces there is nothing to test against, and the tests say so.
use super::*;
use crate::demo::{namespace::Namespace, probe};
use std::os::fd::AsFd;

fn namespaces() -> Option<(Namespace, Namespace)> {
    match (Namespace::new("left"), Namespace::new("right")) {
        (Ok(left), Ok(right)) => Some((left, right)),
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("skipped: no network namespaces here: {error}");
            None
        }
    }
}

fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

async fn open(namespace: &Namespace) -> Links {
    namespace
        .run(async { Links::open() })
        .await
        .unwrap()
        .unwrap()
}

async fn join(left: &Namespace, right: &Namespace) -> (Links, Links) {
    let (ours, theirs) = (open(left).await, open(right).await);
    let other = right.open().unwrap();
    ours.add_veth("to-right", "to-left", other.as_fd())
        .await
        .unwrap();
    ours.add_address("to-right", net("10.9.9.1/30"))
        .await
        .unwrap();
    theirs
        .add_address("to-left", net("10.9.9.2/30"))
        .await
        .unwrap();
    for (links, name) in [(&ours, "to-right"), (&theirs, "to-left")] {
        links.raise("lo").await.unwrap();
        links.raise(name).await.unwrap();
    }
    (ours, theirs)
}

#[tokio::test]
async fn routes_read_as_ip_route_shows_them() {
    let Some((left, right)) = namespaces() else {
        return;
    };
    let (ours, _theirs) = join(&left, &right).await;
    let subnet = ours.routes_to(net("10.9.9.0/30")).await.unwrap();
    let shown: Vec<_> = subnet.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        ["10.9.9.0/30 dev to-right proto kernel scope link src 10.9.9.1"]
    );

    let wanted = KernelRoute::by_bgp(
        net("192.168.0.0/16"),
        "10.9.9.2".parse().unwrap(),
        "to-right",
        32,
    );
    assert_eq!(
        wanted.to_string(),
        "192.168.0.0/16 via 10.9.9.2 dev to-right proto bgp metric 32"
    );
    let before = clock::now();
    let add = RouteMessageBuilder::<Ipv4Addr>::new()
        .destination_prefix("192.168.0.0".parse().unwrap(), 16)
        .gateway("10.9.9.2".parse().unwrap())
        .priority(32)
        .protocol(RouteProtocol::Bgp)
        .build();
    ours.netlink
        .route()
        .add(add.clone())
        .execute()
        .await
        .unwrap();
    let took = ours.wait_for_route(&wanted, before).await.unwrap();
    assert!(took > Duration::ZERO && took <= before.elapsed());

    ours.netlink.route().del(add).execute().await.unwrap();
    ours.wait_for_no_route(wanted.prefix, before).await.unwrap();
    assert_eq!(ours.routes_to(wanted.prefix).await.unwrap(), []);
    left.close().await;
    right.close().await;
}

#[tokio::test]
async fn a_probe_crosses_only_where_a_route_leads() {
    let Some((left, right)) = namespaces() else {
        return;
    };
    let (ours, theirs) = join(&left, &right).await;
    let (here, there) = ("10.9.9.1".parse().unwrap(), "10.9.9.2".parse().unwrap());
    let listener = right.run(probe::listen(there)).await.unwrap().unwrap();
    let to = listener.local_addr().unwrap();
    let answering = right.spawn(probe::answer(listener));
    let crossed = left.run(probe::send(here, to)).await.unwrap().unwrap();
    assert!(crossed.0 > Duration::ZERO);
    answering.await.unwrap().unwrap();

    // Nobody listens there now.
    let refused = left.run(probe::send(here, to)).await.unwrap();
    assert!(refused.err().unwrap().contains("refused"));

    theirs
        .delete_address("to-left", net("10.9.9.2/30"))
        .await
        .unwrap();
    ours.delete_address("to-right", net("10.9.9.1/30"))
        .await
        .unwrap();
    let gone = left.run(probe::send(here, to)).await.unwrap();
    assert!(gone.is_err());
    left.close().await;
    right.close().await;
}

#[tokio::test]
async fn a_closed_namespace_takes_its_links_along() {
    let Some((left, right)) = namespaces() else {
        return;
    };
    let (ours, _theirs) = join(&left, &right).await;
    assert!(ours.index("to-right").await.is_ok());
    right.close().await;
    // The kernel takes a namespace apart on a worker of its own, and the other end goes with it.
    let deadline = clock::now() + Duration::from_secs(10);
    while ours.index("to-right").await.is_ok() {
        assert!(clock::now() < deadline, "the other end is still there");
        sleep(Duration::from_millis(5)).await;
    }
    left.close().await;
}
