//! A name system for tests: records in memory, and a name server on loopback that tells them.

use crate::net::dns::tests::{mx, reply, txt};
use crate::net::dns::{Kind, Said};
use crate::net::domain::Resolver;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// Records by name and kind.
#[derive(Clone, Debug, Default)]
pub struct Zone(BTreeMap<String, Vec<(u16, String)>>);

impl Zone {
    fn with(mut self, name: &str, kind: u16, value: &str) -> Zone {
        let at = self.0.entry(name.to_owned()).or_default();
        at.push((kind, value.to_owned()));
        self
    }

    /// With a text.
    pub fn txt(self, name: &str, text: &str) -> Zone {
        self.with(name, 16, text)
    }

    /// With a server for mail.
    pub fn mx(self, name: &str, server: &str) -> Zone {
        self.with(name, 15, server)
    }

    /// With an address, of either family.
    pub fn a(self, name: &str, ip: &str) -> Zone {
        let kind = if ip.contains(':') { 28 } else { 1 };
        self.with(name, kind, ip)
    }

    /// What is said of a name.
    pub(in crate::net) fn said(&self, name: &str, kind: Kind) -> Said {
        let wanted = kind.code();
        match self.0.get(name) {
            None => Said::NoName,
            Some(records) => Said::Records(
                records
                    .iter()
                    .filter(|(kind, _)| *kind == wanted)
                    .map(|(_, value)| value.clone())
                    .collect(),
            ),
        }
    }

    /// A name server on loopback that tells it, until the test ends.
    pub fn serve(self) -> Resolver {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address: SocketAddr = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut packet = [0; 600];
            while let Ok((length, from)) = socket.recv_from(&mut packet) {
                let asked = &packet[..length];
                let kind = u16::from_be_bytes([asked[length - 4], asked[length - 3]]);
                let mut name = String::new();
                let mut at = 12;
                while asked[at] > 0 {
                    let end = at + 1 + usize::from(asked[at]);
                    let label = String::from_utf8_lossy(&asked[at + 1..end]);
                    name.push_str(if name.is_empty() { "" } else { "." });
                    name.push_str(&label.to_ascii_lowercase());
                    at = end;
                }
                let answer = match self.0.get(&name) {
                    None => reply(asked, 0x8183, &[]),
                    Some(records) => {
                        let records: Vec<(u16, Vec<u8>)> = records
                            .iter()
                            .filter(|(k, _)| *k == kind)
                            .map(|(k, value)| (*k, data(*k, value)))
                            .collect();
                        reply(asked, 0x8180, &records)
                    }
                };
                socket.send_to(&answer, from).unwrap();
            }
        });
        Resolver::at(address)
    }
}

fn data(kind: u16, value: &str) -> Vec<u8> {
    match (kind, value.parse::<IpAddr>()) {
        (15, _) => mx(value),
        (_, Ok(IpAddr::V4(ip))) => ip.octets().to_vec(),
        (_, Ok(IpAddr::V6(ip))) => ip.octets().to_vec(),
        _ => txt(value),
    }
}
