//! From a host name to a connection: looked up on a thread that may be left behind (getaddrinfo
//! knows no deadline), tried address by address, secured from the first byte where that is asked.

use crate::lang::tr;
use crate::model::{Account, Endpoint, Security};
use crate::net::error::{NetError, TlsFault};
use crate::net::stream::Stream;
use crate::net::tls::Trust;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So long an address may be silent before the next one is tried beside it (RFC 8305 §8).
const STAGGER: Duration = Duration::from_millis(250);

/// Patience while connecting.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the name.
    pub lookup: Duration,
    /// For all addresses together.
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

/// Makes ready what connecting to an account's mail will need: reading the system's roots takes as
/// long as much of a start, and can be done beside it. What fails here fails again in [`open()`],
/// where it can be told.
pub fn prepare(account: &Account) {
    if account.imap.security != Security::None
        && let Ok(trust) = trust(account, &account.imap)
    {
        let _ = trust.connector();
    }
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
            return Err(NetError::tls(TlsFault::ClearText, || {
                tr!(
                    "{host} is not this machine, and nothing is sent in the clear elsewhere",
                    host = endpoint.host
                )
            }));
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

/// Tries the addresses in turn, the next as soon as one fails or is silent for [`STAGGER`], and
/// takes the first that answers (RFC 8305 §5).
pub(super) fn dial(
    endpoint: &Endpoint,
    addresses: &[SocketAddr],
    patience: Duration,
) -> Result<TcpStream, NetError> {
    let until = Instant::now() + patience;
    let mut queue = addresses.iter();
    let mut next_at = Instant::now();
    let mut trying: Vec<OwnedFd> = Vec::new();
    let mut failures: Vec<Errno> = Vec::new();
    let socket = 'answered: loop {
        if trying.is_empty() || Instant::now() >= next_at {
            match queue.next().map(begin) {
                Some(Ok(socket)) => trying.push(socket),
                Some(Err(error)) => {
                    failures.push(error);
                    continue;
                }
                None if trying.is_empty() => break None,
                None => {}
            }
            next_at = Instant::now() + STAGGER;
        }
        let wake = match queue.as_slice() {
            [] => until,
            _ => until.min(next_at),
        };
        for (at, outcome) in answers(&trying, wake) {
            let socket = trying.swap_remove(at);
            match outcome {
                Ok(()) => break 'answered Some(socket),
                Err(error) => {
                    failures.push(error);
                    next_at = Instant::now();
                }
            }
        }
        if Instant::now() >= until {
            break None;
        }
    };
    if let Some(socket) = socket {
        let socket = TcpStream::from(socket);
        tune(&socket);
        return Ok(socket);
    }
    let refused = trying.is_empty() && failures.contains(&Errno::CONNREFUSED);
    let told = if refused {
        Some(Errno::CONNREFUSED)
    } else {
        failures.last().copied().filter(|_| trying.is_empty())
    };
    Err(NetError::Connect {
        host: endpoint.host.clone(),
        port: endpoint.port,
        refused,
        why: told.map_or_else(
            || "no address answered in time".to_owned(),
            |errno| std::io::Error::from(errno).to_string(),
        ),
    })
}

/// Begins to connect, without waiting.
fn begin(address: &SocketAddr) -> Result<OwnedFd, Errno> {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    match connect(&socket, address) {
        Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => Ok(socket),
        Err(error) => Err(error),
    }
}

/// Waits until a socket of `trying` is connected or has failed, or for `until`. Which ones, the
/// last first.
fn answers(trying: &[OwnedFd], until: Instant) -> Vec<(usize, Result<(), Errno>)> {
    let mut fds: Vec<PollFd<'_>> = trying
        .iter()
        .map(|socket| PollFd::new(socket, PollFlags::OUT))
        .collect();
    let left = until.saturating_duration_since(Instant::now());
    let left = Timespec {
        tv_sec: left.as_secs().cast_signed(),
        tv_nsec: i64::from(left.subsec_nanos()),
    };
    match poll(&mut fds, Some(&left)) {
        Ok(_) | Err(Errno::INTR) => {}
        // A poll that can't be had would make the caller spin: every try counts as failed.
        Err(error) => return (0..trying.len()).rev().map(|at| (at, Err(error))).collect(),
    }
    let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
    let outcome = |socket: &OwnedFd| rustix::net::sockopt::socket_error(socket).flatten();
    let mut found: Vec<_> = trying
        .iter()
        .zip(ready)
        .enumerate()
        .filter(|(_, (_, ready))| *ready)
        .map(|(at, (socket, _))| (at, outcome(socket)))
        .collect();
    found.reverse();
    found
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

    /// A port where a connection is begun and never answered: its queue of one is full.
    fn silent() -> (SocketAddr, Vec<OwnedFd>) {
        use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
        let listener = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        bind(&listener, &any).unwrap();
        listen(&listener, 0).unwrap();
        let address: SocketAddr = getsockname(&listener).unwrap().try_into().unwrap();
        let mut held = vec![listener];
        loop {
            held.push(begin(&address).unwrap());
            let answered = answers(
                held.split_last()
                    .map(|(last, _)| std::slice::from_ref(last))
                    .unwrap(),
                Instant::now() + Duration::from_millis(50),
            );
            if answered.is_empty() {
                return (address, held);
            }
        }
    }

    #[test]
    fn f21_a_silent_address_does_not_hold_up_the_next() {
        let (hole, _held) = silent();
        let live = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = live.local_addr().unwrap();
        let endpoint = Endpoint {
            host: "both.test".into(),
            port: address.port(),
            security: Security::None,
            pin_sha256: None,
        };
        let socket = dial(&endpoint, &[hole, address], Duration::from_secs(30)).unwrap();
        assert_eq!(socket.peer_addr().unwrap(), address);
        let gone = dial(&endpoint, &[hole], Duration::from_millis(50));
        assert!(
            matches!(&gone, Err(NetError::Connect { refused: false, why, .. }) if why.contains("in time")),
            "{gone:?}"
        );
    }

    #[test]
    fn f11_a_dead_peer_is_noticed_within_a_minute() {
        use rustix::net::sockopt;
        let live = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = Endpoint {
            host: "here.test".into(),
            port: 1,
            security: Security::None,
            pin_sha256: None,
        };
        let address = live.local_addr().unwrap();
        let socket = dial(&endpoint, &[address], Duration::from_secs(30)).unwrap();
        assert!(sockopt::socket_keepalive(&socket).unwrap());
        let idle = sockopt::tcp_keepidle(&socket).unwrap();
        let each = sockopt::tcp_keepintvl(&socket).unwrap();
        let tries = sockopt::tcp_keepcnt(&socket).unwrap();
        assert!(idle + each * tries <= Duration::from_secs(60));
        #[cfg(target_os = "linux")]
        assert_eq!(sockopt::tcp_user_timeout(&socket).unwrap(), 60_000);
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
