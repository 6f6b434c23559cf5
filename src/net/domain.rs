//! Whether a domain takes mail (RFC 5321 §5.1): it names servers for it, or has an address itself;
//! or it says that it takes none (RFC 7505), or is no domain at all. And which servers it names for
//! mail programs (RFC 6186).
//!
//! Asked are the name servers of the system, or one that is named. A question goes by UDP, once
//! more to the next, and by TCP where the answer is too long. Offline nobody answers, and within
//! three seconds all that is known is that nothing is.

use crate::model::MailDomain;
use crate::net::dns::{self, Kind, Said};
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, TcpStream, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long all domains together may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Where the system says which number an interface has.
const INTERFACES: &str = "/sys/class/net";
/// Servers asked, as the system's own resolver does (resolv.conf(5)).
const SERVERS: usize = 3;
/// Domains looked up at once, each on a thread.
const AT_ONCE: usize = 8;
/// The largest packet of a name server that is taken by UDP.
const PACKET: usize = 4096;

/// Why there are no records to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// There is no such name.
    NoName,
    /// Nobody said anything in time.
    Silent,
}

/// A server that a domain names for a service (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    /// The lowest is asked first.
    pub priority: u16,
    /// The larger, the more of those with the same priority.
    pub weight: u16,
    /// Where it listens.
    pub port: u16,
    /// Its name in lower case; empty: the service is decidedly not offered (RFC 6186 §3.4).
    pub host: String,
}

impl Service {
    fn read(record: &str) -> Option<Service> {
        let mut fields = record.splitn(4, ' ');
        let mut number = || fields.next()?.parse().ok();
        Some(Service {
            priority: number()?,
            weight: number()?,
            port: number()?,
            host: fields.next()?.to_owned(),
        })
    }
}

/// A name server as resolv.conf(5) writes it: its number, a link-local one with its interface
/// (RFC 4007 §11), and perhaps a remark.
fn name_server(rest: &str) -> Option<SocketAddr> {
    let word = rest.split(|c: char| c.is_whitespace() || c == '#' || c == ';');
    let word = word.into_iter().find(|w| !w.is_empty())?;
    let Some((ip, zone)) = word.split_once('%') else {
        return word
            .parse::<IpAddr>()
            .ok()
            .map(|ip| SocketAddr::new(ip, 53));
    };
    let ip = ip.parse::<Ipv6Addr>().ok()?;
    // It becomes a part of a path: nothing is looked at for a name that no interface has.
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.:".contains(&b);
    if zone.starts_with('.') || !zone.bytes().all(plain) {
        return None;
    }
    let index = zone.parse::<u32>().ok().or_else(|| {
        let known = std::fs::read_to_string(Path::new(INTERFACES).join(zone).join("ifindex"));
        known.ok()?.trim().parse().ok()
    })?;
    Some(SocketAddrV6::new(ip, 53, 0, index).into())
}

/// Asks name servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolver {
    servers: Vec<SocketAddr>,
    /// How long all domains together may take.
    patience: Duration,
}

impl Resolver {
    /// Asks this one only.
    pub fn at(server: SocketAddr) -> Resolver {
        Resolver::of(vec![server])
    }

    fn of(servers: Vec<SocketAddr>) -> Resolver {
        Resolver {
            servers,
            patience: PATIENCE,
        }
    }

    /// Asks whom the system asks.
    pub fn of_system() -> Resolver {
        Resolver::of_file(Path::new("/etc/resolv.conf"))
    }

    fn of_file(path: &Path) -> Resolver {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let mut servers: Vec<SocketAddr> = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("nameserver"))
            .filter_map(name_server)
            .take(SERVERS)
            .collect();
        if servers.is_empty() {
            servers.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 53));
        }
        Resolver::of(servers)
    }

    /// What is said of each of these domains. Takes three seconds at most.
    pub fn look_up(&self, domains: &[String]) -> Vec<(String, MailDomain)> {
        let until = Instant::now() + self.patience;
        let mut out = Vec::new();
        for some in domains.chunks(AT_ONCE) {
            std::thread::scope(|scope| {
                let asked: Vec<_> = some
                    .iter()
                    .map(|domain| {
                        let look = move || self.mail_domain(domain, until);
                        let thread = std::thread::Builder::new().spawn_scoped(scope, look);
                        (domain, thread)
                    })
                    .collect();
                for (domain, thread) in asked {
                    let said = thread.ok().and_then(|t| t.join().ok());
                    out.push((domain.clone(), said.unwrap_or(MailDomain::Unknown)));
                }
            });
        }
        out
    }

    /// The servers that take a domain's mail, in lower case; none if it names none. `domain` is ASCII.
    ///
    /// # Errors
    /// There is no such domain, or nobody says.
    pub fn exchangers(&self, domain: &str, until: Instant) -> Result<Vec<String>, NoAnswer> {
        self.records(domain, Kind::Mx, until)
    }

    /// The servers that a domain names for a service, such as `_imaps._tcp`, in the order in which
    /// they are to be asked. `domain` is ASCII.
    ///
    /// # Errors
    /// There is no such name, which usually only means that the service has no record, or nobody
    /// says.
    pub fn services(
        &self,
        service: &str,
        domain: &str,
        until: Instant,
    ) -> Result<Vec<Service>, NoAnswer> {
        let records = self.records(&format!("{service}.{domain}"), Kind::Srv, until)?;
        let mut all: Vec<Service> = records.iter().filter_map(|r| Service::read(r)).collect();
        // The heaviest first, in place of drawing lots: one person's program shares no load.
        all.sort_by(|a, b| (a.priority, b.weight, &a.host).cmp(&(b.priority, a.weight, &b.host)));
        Ok(all)
    }

    fn records(&self, name: &str, kind: Kind, until: Instant) -> Result<Vec<String>, NoAnswer> {
        match self.ask(name, kind, until) {
            Said::Records(records) => Ok(records),
            Said::NoName => Err(NoAnswer::NoName),
            Said::TooLong | Said::Nothing => Err(NoAnswer::Silent),
        }
    }

    fn mail_domain(&self, domain: &str, until: Instant) -> MailDomain {
        let Ok(name) = idna::domain_to_ascii(domain) else {
            return MailDomain::Unknown;
        };
        // A machine's own network knows these, and no name server (RFC 6762, RFC 7686, RFC 8375).
        let own = ["localhost", "local", "onion", "internal", "home.arpa"];
        let under = |top: &&str| name == **top || name.ends_with(&format!(".{top}"));
        if own.iter().any(under) {
            return MailDomain::Unknown;
        }
        match self.ask(&name, Kind::Mx, until) {
            Said::Records(servers) if servers.iter().any(|s| !s.is_empty()) => MailDomain::Takes,
            Said::Records(servers) if !servers.is_empty() => MailDomain::TakesNone,
            Said::NoName => MailDomain::IsNot,
            Said::TooLong | Said::Nothing => MailDomain::Unknown,
            // Without one it is its own server, if it has an address.
            Said::Records(_) => {
                for kind in [Kind::A, Kind::Aaaa] {
                    match self.ask(&name, kind, until) {
                        Said::Records(found) if found.is_empty() => {}
                        Said::Records(_) => return MailDomain::Takes,
                        _ => return MailDomain::Unknown,
                    }
                }
                MailDomain::HasNoServer
            }
        }
    }

    /// What is said of a name, within the patience of one look.
    pub(super) fn say_of(&self, name: &str, kind: Kind) -> Said {
        self.ask(name, kind, Instant::now() + self.patience)
    }

    /// Whom it asks, in this order.
    pub fn servers(&self) -> &[SocketAddr] {
        &self.servers
    }

    /// The first answer that says anything, or nothing in time.
    fn ask(&self, name: &str, kind: Kind, until: Instant) -> Said {
        // Each is waited for a little, so that there is time for another.
        let each = self.patience * 3 / 10;
        let twice = self.servers.iter().chain(&self.servers);
        for server in twice {
            let left = until.saturating_duration_since(Instant::now()).min(each);
            if left.is_zero() {
                break;
            }
            let said = match by_udp(*server, name, kind, left) {
                Ok(Said::TooLong) => by_tcp(*server, name, kind, left),
                other => other,
            };
            match said {
                Ok(Said::Nothing | Said::TooLong) => {}
                Ok(said) => return said,
                Err(error) => tracing::debug!(%server, %error, "a name server gave no answer"),
            }
        }
        Said::Nothing
    }
}

fn ask_for(name: &str, kind: Kind) -> io::Result<(u16, Vec<u8>)> {
    // Nobody who doesn't see the question can answer it.
    let id = getrandom::u32().map_err(io::Error::other)?.to_be_bytes();
    let id = u16::from_be_bytes([id[0], id[1]]);
    let packet = dns::question(id, name, kind).ok_or(io::ErrorKind::InvalidInput)?;
    Ok((id, packet))
}

fn by_udp(server: SocketAddr, name: &str, kind: Kind, patience: Duration) -> io::Result<Said> {
    let until = Instant::now() + patience;
    let (id, question) = ask_for(name, kind)?;
    let own: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((own, 0))?;
    socket.connect(server)?;
    socket.send(&question)?;
    let mut packet = [0; PACKET];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        let length = socket.recv(&mut packet)?;
        let packet = packet.get(..length).unwrap_or(&[]);
        // Whatever is no answer to this was sent by somebody else.
        if let Some(said) = dns::answer(packet, id, name, kind) {
            return Ok(said);
        }
    }
}

/// RFC 1035 §4.2.2: the same with its length before it.
fn by_tcp(server: SocketAddr, name: &str, kind: Kind, patience: Duration) -> io::Result<Said> {
    let until = Instant::now() + patience;
    let (id, question) = ask_for(name, kind)?;
    let mut stream = TcpStream::connect_timeout(&server, patience)?;
    let length = u16::try_from(question.len()).map_err(io::Error::other)?;
    stream.set_write_timeout(Some(patience))?;
    stream.write_all(&[&length.to_be_bytes(), question.as_slice()].concat())?;
    let mut packet = Vec::new();
    let mut some = [0; PACKET];
    loop {
        let wanted = packet.first_chunk::<2>();
        let wanted = wanted.map(|l| usize::from(u16::from_be_bytes(*l)) + 2);
        if let Some(whole) = wanted.and_then(|w| packet.get(2..w)) {
            let said = dns::answer(whole, id, name, kind);
            return Ok(said.unwrap_or(Said::Nothing));
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let length = stream.read(&mut some)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        packet.extend_from_slice(some.get(..length).unwrap_or(&[]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::dns::tests::{mx, reply, srv};
    use std::net::TcpListener;

    /// A name server on loopback that says what the name begins with; it ends with the test.
    fn server() -> SocketAddr {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = udp.local_addr().unwrap();
        let tcp = TcpListener::bind(address).unwrap();
        std::thread::spawn(move || {
            let mut packet = [0; 600];
            while let Ok((length, from)) = udp.recv_from(&mut packet) {
                for answer in answers(&packet[..length], true) {
                    udp.send_to(&answer, from).unwrap();
                }
            }
        });
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = tcp.accept() {
                let mut length = [0; 2];
                stream.read_exact(&mut length).unwrap();
                let mut packet = vec![0; usize::from(u16::from_be_bytes(length))];
                stream.read_exact(&mut packet).unwrap();
                let answer = answers(&packet, false).pop().unwrap();
                let length = u16::try_from(answer.len()).unwrap();
                stream.write_all(&length.to_be_bytes()).unwrap();
                stream.write_all(&answer).unwrap();
            }
        });
        address
    }

    fn answers(asked: &[u8], udp: bool) -> Vec<Vec<u8>> {
        let kind = asked[asked.len() - 3];
        let first = &asked[13..13 + usize::from(asked[12])];
        let yes = |records: &[(u16, Vec<u8>)]| vec![reply(asked, 0x8180, records)];
        match (first, kind) {
            (b"mail" | b"xn--mller-kva", 15) => yes(&[(15, mx("mx.test"))]),
            (b"_imaps", 33) => yes(&[
                (33, srv(1, 9, 993, "late.test")),
                (33, srv(0, 1, 993, "b.test")),
                (33, srv(0, 2, 994, "A.test")),
            ]),
            (b"null", 15) => yes(&[(15, mx(""))]),
            (b"both", 15) => yes(&[(15, mx("")), (15, mx("mx.test"))]),
            (b"four", 1) => yes(&[(1, vec![127, 0, 0, 1])]),
            (b"six", 28) => yes(&[(28, vec![0; 16])]),
            (b"bare" | b"four" | b"six", _) => yes(&[]),
            (b"gone", _) => vec![reply(asked, 0x8183, &[])],
            (b"broken", _) => vec![reply(asked, 0x8182, &[])],
            (b"long", _) if udp => vec![reply(asked, 0x8380, &[])],
            (b"long", _) => yes(&[(15, mx("mx.test"))]),
            // Somebody else was faster, with another number.
            (b"forged", 15) => {
                let mut forged = reply(asked, 0x8183, &[]);
                forged[0] ^= 1;
                vec![forged, reply(asked, 0x8180, &[(15, mx("mx.test"))])]
            }
            _ => vec![],
        }
    }

    /// Waits as long as a machine that does much else may need.
    fn patient(servers: Vec<SocketAddr>) -> Resolver {
        Resolver {
            servers,
            patience: Duration::from_secs(60),
        }
    }

    #[test]
    fn rfc5321_s5_1_and_rfc7505() {
        let resolver = patient(vec![server()]);
        let wanted = [
            ("mail.test", MailDomain::Takes),
            ("müller.test", MailDomain::Takes),
            ("null.test", MailDomain::TakesNone),
            ("both.test", MailDomain::Takes),
            ("four.test", MailDomain::Takes),
            ("six.test", MailDomain::Takes),
            ("bare.test", MailDomain::HasNoServer),
            ("gone.test", MailDomain::IsNot),
            ("broken.test", MailDomain::Unknown),
            ("long.test", MailDomain::Takes),
            ("forged.test", MailDomain::Takes),
            ("printer.local", MailDomain::Unknown),
        ];
        let names: Vec<String> = wanted.iter().map(|(n, _)| (*n).to_owned()).collect();
        let found = resolver.look_up(&names);
        for ((name, said), (wanted_name, wanted)) in found.iter().zip(wanted) {
            assert_eq!((name.as_str(), *said), (wanted_name, wanted));
        }
        assert_eq!(found.len(), names.len());
    }

    #[test]
    fn of_what_nobody_answers_for_nothing_is_known() {
        // However little one waits: there is nothing that could come too late.
        let hasty = Resolver {
            servers: vec![server()],
            patience: Duration::from_millis(100),
        };
        let found = hasty.look_up(&["a b".to_owned()]);
        assert_eq!(found, [("a b".to_owned(), MailDomain::Unknown)]);
    }

    #[test]
    fn rfc6186_services_come_in_their_order() {
        let resolver = patient(vec![server()]);
        let soon = Instant::now() + Duration::from_secs(60);
        let found = resolver.services("_imaps._tcp", "x.test", soon).unwrap();
        let found: Vec<(&str, u16)> = found.iter().map(|s| (s.host.as_str(), s.port)).collect();
        assert_eq!(
            found,
            [("a.test", 994), ("b.test", 993), ("late.test", 993)]
        );
        let missing = resolver.services("gone", "x.test", soon);
        assert_eq!(missing, Err(NoAnswer::NoName));
        assert_eq!(resolver.exchangers("mail.test", soon).unwrap(), ["mx.test"]);
        assert_eq!(
            resolver.exchangers("broken.test", soon),
            Err(NoAnswer::Silent)
        );
        assert_eq!(Service::read("1 2 x h"), None);
    }

    #[test]
    fn without_an_answer_nothing_is_known() {
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap();
        let names = ["x.test".to_owned()];
        let unknown = vec![("x.test".to_owned(), MailDomain::Unknown)];
        assert_eq!(Resolver::at(address).look_up(&names), unknown);
        drop(silent);
        assert_eq!(Resolver::at(address).look_up(&names), unknown);
        // The next server is asked where the first can't say.
        let found = patient(vec![address, server()]).look_up(&["null.test".to_owned()]);
        assert_eq!(found[0].1, MailDomain::TakesNone);
    }

    #[test]
    fn the_systems_servers_are_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = "# x\nnameserver 192.0.2.1\nsearch a.test\nnameserver\t2001:db8::1\nnameserver fe80::1%lo # ours\nnameserver fe80::2%no-such-link\n";
        std::fs::write(file.path(), text).unwrap();
        let mut wanted: Vec<SocketAddr> = ["192.0.2.1:53", "[2001:db8::1]:53"]
            .map(|s| s.parse().unwrap())
            .to_vec();
        // The loopback is the first interface of every Linux.
        wanted.push("[fe80::1%1]:53".parse().unwrap());
        assert_eq!(Resolver::of_file(file.path()).servers, wanted);
        for (rest, wanted) in [
            (" 192.0.2.1;x", Some("192.0.2.1:53")),
            (" fe80::1%7", Some("[fe80::1%7]:53")),
            (" fe80::1%../../etc", None),
            (" 192.0.2.1%1", None),
            (" x", None),
            ("", None),
        ] {
            let wanted = wanted.map(|s: &str| s.parse().unwrap());
            assert_eq!(name_server(rest), wanted, "{rest}");
        }
        let none = Resolver::of_file(Path::new("/nowhere"));
        assert_eq!(none.servers.len(), 1);
    }
}
