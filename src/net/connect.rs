//! From a host name to a connection: looked up on a thread that may be left behind (getaddrinfo
//! knows no deadline), tried address by address, secured from the first byte where that is asked.

use crate::model::{Account, Endpoint, Security};
use crate::net::error::{NetError, TlsFault};
use crate::net::stream::Stream;
use crate::net::tls::Trust;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Patience while connecting.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the name.
    pub lookup: Duration,
    /// For each address.
    pub connect: Duration,
    /// For the TLS handshake.
    pub handshake: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            lookup: Duration::from_secs(15),
            connect: Duration::from_secs(10),
            handshake: Duration::from_secs(20),
        }
    }
}

/// What the certificates of this account's servers are checked against.
///
/// # Errors
/// When its trust anchors can't be read.
pub fn trust(account: &Account, endpoint: &Endpoint) -> Result<Trust, NetError> {
    Trust::new(account.ca_file.as_deref(), endpoint.pin_sha256)
}

/// Connects to one server of an account. With [`Security::Tls`] the stream is secure when it
/// returns; with [`Security::StartTls`] nothing has been said yet; with [`Security::None`] the
/// peer was found to be this machine. `bell` is a descriptor that is readable while a bell rings.
///
/// # Errors
/// When the server can't be reached or its certificate is not right.
pub fn open(
    account: &Account,
    endpoint: &Endpoint,
    bell: Option<Arc<OwnedFd>>,
    patience: Patience,
) -> Result<Stream, NetError> {
    let addresses = lookup(&endpoint.host, endpoint.port, patience.lookup)?;
    let socket = dial(endpoint, &addresses, patience.connect)?;
    let mut stream = Stream::new(socket, bell)?;
    match endpoint.security {
        Security::Tls => stream.secure(
            &endpoint.host,
            &trust(account, endpoint)?,
            patience.handshake,
        )?,
        Security::StartTls => {}
        Security::None if stream.is_loopback() => {}
        Security::None => {
            return Err(NetError::tls(
                TlsFault::ClearText,
                format!(
                    "{} is not this machine, and nothing is sent in the clear elsewhere",
                    endpoint.host
                ),
            ));
        }
    }
    Ok(stream)
}

/// Looks a name up.
///
/// # Errors
/// When there is no such name, or no answer in time.
pub fn lookup(host: &str, port: u16, patience: Duration) -> Result<Vec<SocketAddr>, NetError> {
    let bare = host.trim_matches(['[', ']']);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let failed = |why: String| NetError::Lookup {
        host: host.to_owned(),
        why,
    };
    let name = idna::domain_to_ascii(bare)
        .map_err(|_| failed("it is not a valid host name".to_owned()))?;
    let (answer, wait) = crossbeam_channel::bounded(1);
    std::thread::Builder::new()
        .name("lookup".to_owned())
        .spawn(move || {
            let found = (name.as_str(), port)
                .to_socket_addrs()
                .map(Iterator::collect::<Vec<_>>);
            // Nobody listens any more if it took too long.
            let _ = answer.send(found);
        })
        .map_err(|e| failed(e.to_string()))?;
    match wait.recv_timeout(patience) {
        Ok(Ok(found)) if !found.is_empty() => Ok(interleave(found)),
        Ok(Ok(_)) => Err(failed("it has no address".to_owned())),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed("the name server does not answer".to_owned())),
    }
}

/// IPv6 and IPv4 in turn, the first family first, so that one broken family costs one try.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|a| a.is_ipv6() == first_is_v6);
    let mut second = second.into_iter();
    let mut out = Vec::new();
    for address in first {
        out.push(address);
        out.extend(second.next());
    }
    out.extend(second);
    out
}

fn dial(
    endpoint: &Endpoint,
    addresses: &[SocketAddr],
    patience: Duration,
) -> Result<TcpStream, NetError> {
    let until = Instant::now() + patience.saturating_mul(2);
    let mut last = None;
    for address in addresses {
        let left = until
            .saturating_duration_since(Instant::now())
            .min(patience);
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(address, left) {
            Ok(socket) => {
                tune(&socket);
                return Ok(socket);
            }
            Err(error) => last = Some(error),
        }
    }
    Err(NetError::Connect {
        host: endpoint.host.clone(),
        port: endpoint.port,
        refused: last
            .as_ref()
            .is_some_and(|e| e.kind() == std::io::ErrorKind::ConnectionRefused),
        why: last.map_or_else(
            || "no address answered in time".to_owned(),
            |e| e.to_string(),
        ),
    })
}

/// A dead peer is noticed within a minute even while nothing is sent. A system that lacks an
/// option only notices later.
fn tune(socket: &TcpStream) {
    use rustix::net::sockopt;
    let _ = socket.set_nodelay(true);
    let _ = sockopt::set_socket_keepalive(socket, true);
    let _ = sockopt::set_tcp_keepidle(socket, Duration::from_secs(30));
    let _ = sockopt::set_tcp_keepintvl(socket, Duration::from_secs(10));
    let _ = sockopt::set_tcp_keepcnt(socket, 3);
    #[cfg(target_os = "linux")]
    let _ = sockopt::set_tcp_user_timeout(socket, 60_000);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let a = |s: &str| s.parse::<SocketAddr>().unwrap();
        let mixed = vec![
            a("[::1]:1"),
            a("[::2]:1"),
            a("1.1.1.1:1"),
            a("2.2.2.2:1"),
            a("3.3.3.3:1"),
        ];
        let order: Vec<bool> = interleave(mixed).iter().map(SocketAddr::is_ipv6).collect();
        assert_eq!(order, [true, false, true, false, false]);
    }

    #[test]
    fn nothing_listens() {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let endpoint = Endpoint {
            host: "127.0.0.1".into(),
            port,
            security: Security::None,
            pin_sha256: None,
        };
        let error = dial(
            &endpoint,
            &lookup("127.0.0.1", port, Duration::from_secs(5)).unwrap(),
            Duration::from_secs(5),
        );
        assert!(matches!(
            error,
            Err(NetError::Connect { refused: true, .. })
        ));
    }

    #[test]
    fn odd_names_are_refused_without_asking_anybody() {
        for host in ["", "a b", "-x-.test\n"] {
            assert!(
                lookup(host, 1, Duration::from_millis(1)).is_err(),
                "{host:?}"
            );
        }
    }
}
