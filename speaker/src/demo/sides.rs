//! The two sides of the story, as configurations: the host that wants to announce what is real on
//! it, and the neighbor that behaves like Azure.

use crate::config::{
    Config, Connected, ControlSocket, InterfacePatterns, Kernel, Neighbor, Password, PolicyRef,
};
use bgp_wire::{Asn, RouterId};
use ipnet::{IpNet, Ipv4Net};
use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener},
    path::Path,
    time::Duration,
};

/// The host's AS, and that of Azure.
pub(super) const HOST_AS: Asn = Asn(65_530);
/// see above
pub(super) const AZURE_AS: Asn = Asn(12_076);
/// What Azure announces.
pub(super) const AZURE_PREFIX: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16);
/// A machine in Azure.
pub(super) const AZURE_MACHINE: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 1), 32);
/// The address that comes and goes on the host.
pub(super) const HOST_ADDRESS: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 100, 1), 24);
/// What the host announces of it.
pub(super) const HOST_PREFIX: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 100, 0), 24);
/// The /30 that both sides share.
pub(super) const LINK_LENGTH: u8 = 30;
/// Metric of learned routes in both kernels.
pub(super) const METRIC: u32 = Kernel::METRIC;
/// What the host calls Azure.
pub(super) const AZURE: &str = "azure";
/// What Azure calls the host.
pub(super) const HOST: &str = "host";

const PASSWORD: &str = "s3cret";
const FILTER: &str = "packet_bgp";
/// What Azure proposes.
const AZURE_HOLD_TIME: Duration = Duration::from_secs(180);
const HOST_ID: Ipv4Addr = Ipv4Addr::new(10, 1, 1, 1);
const AZURE_ID: Ipv4Addr = Ipv4Addr::new(10, 1, 1, 2);

/// Where both sides meet.
pub(super) struct Meeting {
    pub(super) host: SocketAddrV4,
    pub(super) azure: SocketAddrV4,
    /// Whether there are kernels to write routes to.
    kernels: bool,
}

impl Meeting {
    /// Over a veth pair.
    pub(super) fn over_veth() -> Self {
        Self {
            host: SocketAddrV4::new(HOST_ID, Neighbor::PORT),
            azure: SocketAddrV4::new(AZURE_ID, Neighbor::PORT),
            kernels: true,
        }
    }

    /// On two addresses of the loopback interface, each at a port that nobody has.
    pub(super) fn on_loopback() -> io::Result<Self> {
        Ok(Self {
            host: free_port(Ipv4Addr::new(127, 0, 0, 1))?,
            azure: free_port(Ipv4Addr::new(127, 0, 0, 2))?,
            kernels: false,
        })
    }

    /// The host: announces the addresses of its `lo` that the filter names, and accepts all.
    pub(super) fn host_config(&self, control: Option<&Path>) -> Result<Config, String> {
        let rule = HOST_PREFIX
            .to_string()
            .parse()
            .map_err(|error| format!("{HOST_PREFIX}: {error}"))?;
        let mut config = self.config(HOST_ID, HOST_AS, self.host, control);
        config.connected = self.kernels.then(|| Connected {
            interfaces: InterfacePatterns(vec!["lo".to_owned()]),
        });
        config.filters = BTreeMap::from([(FILTER.to_owned(), vec![rule])]);
        config.neighbors = vec![neighbor(
            AZURE,
            self.azure,
            AZURE_AS,
            self.host,
            PolicyRef::Filter(FILTER.to_owned()),
        )];
        Ok(config)
    }

    /// The host as [`Self::host_config`], announcing its prefix without having an address in it.
    pub(super) fn host_config_with_prefix(&self, control: Option<&Path>) -> Result<Config, String> {
        let mut config = self.host_config(control)?;
        config.static_prefixes = vec![IpNet::V4(HOST_PREFIX)];
        Ok(config)
    }

    /// Azure: announces its virtual network, and accepts all.
    pub(super) fn azure_config(&self, control: Option<&Path>) -> Config {
        let mut config = self.config(AZURE_ID, AZURE_AS, self.azure, control);
        config.static_prefixes = vec![IpNet::V4(AZURE_PREFIX)];
        config.neighbors = vec![neighbor(
            HOST,
            self.host,
            HOST_AS,
            self.azure,
            PolicyRef::All,
        )];
        config
    }

    fn config(
        &self,
        id: Ipv4Addr,
        local_as: Asn,
        address: SocketAddrV4,
        control: Option<&Path>,
    ) -> Config {
        Config {
            router_id: RouterId::new(id),
            listen: vec![SocketAddr::V4(address)],
            control: control.map(|path| ControlSocket {
                path: path.to_owned(),
                mode: 0o600,
                group: None,
            }),
            kernel: self.kernels.then(Kernel::default),
            ..Config::new(local_as)
        }
    }
}

fn neighbor(
    name: &str,
    at: SocketAddrV4,
    remote_as: Asn,
    from: SocketAddrV4,
    export: PolicyRef,
) -> Neighbor {
    Neighbor {
        port: at.port(),
        password: Some(Password(PASSWORD.to_owned())),
        import: PolicyRef::All,
        export,
        hold_time: AZURE_HOLD_TIME,
        source_address: Some((*from.ip()).into()),
        ..Neighbor::new(name, (*at.ip()).into(), remote_as)
    }
}

/// A port that was free a moment ago.
fn free_port(address: Ipv4Addr) -> io::Result<SocketAddrV4> {
    let probe = TcpListener::bind(SocketAddrV4::new(address, 0))?;
    Ok(SocketAddrV4::new(address, probe.local_addr()?.port()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::lint;

    #[test]
    fn nothing_in_either_configuration_is_to_be_warned_of() {
        let veth = Meeting::over_veth();
        let loopback = Meeting::on_loopback().unwrap();
        for config in [
            veth.host_config(None).unwrap(),
            veth.azure_config(None),
            loopback.host_config_with_prefix(None).unwrap(),
            loopback.azure_config(None),
        ] {
            assert_eq!(lint::lint(&config, None), []);
        }
    }
}
