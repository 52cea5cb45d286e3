//! A program that speaks BGP itself: it announces one prefix to a neighbor, puts the neighbor's
//! routes into the kernel, and says when the session comes and goes.

use bgp_wire::Asn;
use speaker::{
    Event, Speaker,
    config::{Config, Kernel, Neighbor, PolicyRef},
};
use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let azure = Neighbor {
        import: PolicyRef::All,
        export: PolicyRef::All,
        ..Neighbor::new("azure", "10.1.1.2".parse()?, Asn(12076))
    };
    let config = Config {
        static_prefixes: vec!["192.168.100.0/24".parse()?],
        kernel: Some(Kernel::default()),
        neighbors: vec![azure],
        ..Config::new(Asn(65530))
    };

    let speaker = Speaker::builder(config).start().await?;
    let mut events = speaker.events();
    while let Ok(event) = events.recv().await {
        match event {
            Event::NeighborUp { neighbor } => println!("{neighbor} is up"),
            Event::NeighborDown { neighbor, reason } => println!("{neighbor} is down: {reason}"),
            _ => {}
        }
    }
    Ok(())
}
