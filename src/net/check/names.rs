//! The names of an account's servers and the addresses behind them: whether the name servers of
//! this machine answer and tell the truth, and which addresses can be reached.

use crate::lang::{mark, tr};
use crate::model::checkup::Step;
use crate::model::{Endpoint, Security};
use crate::net::causes;
use crate::net::connect;
use crate::net::dns::{Kind, Said};
use crate::net::domain::Resolver;
use crate::net::error::NetError;
use crate::text::Clean;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Addresses of one name that are tried.
const MOST: usize = 8;

/// How an address took a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was made, after this time.
    Yes(Duration),
    /// It was refused.
    Refused,
    /// Nothing came, or the network said that there is no way.
    Silent,
}

/// Whether the name servers answer, and whether one makes names up: each is asked for a name that
/// can't exist (RFC 6761 §6.4).
pub fn servers(resolver: &Resolver) -> Step {
    const NAME: &str = mark!("step", "name servers");
    let began = Instant::now();
    let made_up = getrandom::u64().unwrap_or(0);
    let name = format!("postrider-{made_up:x}.invalid");
    let answers: Vec<(SocketAddr, Said, Duration)> = resolver
        .servers()
        .iter()
        .map(|server| {
            let asked = Instant::now();
            let said = Resolver::at(*server).say_of(&name, Kind::A);
            (*server, said, asked.elapsed())
        })
        .collect();
    judge(NAME, &answers).after(began.elapsed())
}

fn judge(name: &'static str, answers: &[(SocketAddr, Said, Duration)]) -> Step {
    let mut words = Vec::new();
    let mut deaf = 0;
    for (server, said, time) in answers {
        let ip = server.ip();
        match said {
            Said::Records(found) if !found.is_empty() => {
                let what = tr!(
                    "{ip} finds {found} for a name that can't exist",
                    ip,
                    found = Clean::line(&found.join(", "))
                );
                let cause = &causes::LIAR;
                return Step::careful(name, cause.advice(what));
            }
            Said::Nothing => {
                deaf += 1;
                words.push(tr!("{ip} does not answer", ip));
            }
            _ => words.push(tr!("{ip} answers in {n} ms", ip, n = time.as_millis())),
        }
    }
    let words = words.join(tr!(", "));
    match deaf {
        0 => Step::fine(name, words),
        _ => Step::careful(name, causes::DEAF.advice(words)),
    }
}

/// Tries each address by itself, all at once.
pub fn reach(addresses: &[SocketAddr], patience: Duration) -> Vec<(SocketAddr, Taken)> {
    std::thread::scope(|scope| {
        let tried: Vec<_> = addresses
            .iter()
            .take(MOST)
            .map(|address| {
                let look = move || dial(*address, patience);
                (
                    *address,
                    std::thread::Builder::new().spawn_scoped(scope, look),
                )
            })
            .collect();
        let done = tried.into_iter().map(|(address, thread)| {
            let taken = thread.ok().and_then(|t| t.join().ok());
            (address, taken.unwrap_or(Taken::Silent))
        });
        done.collect()
    })
}

fn dial(address: SocketAddr, patience: Duration) -> Taken {
    let began = Instant::now();
    let endpoint = Endpoint {
        host: String::new(),
        port: address.port(),
        security: Security::None,
        pin_sha256: None,
    };
    match connect::dial(&endpoint, &[address], patience) {
        Ok(_) => Taken::Yes(began.elapsed()),
        Err(NetError::Connect { refused: true, .. }) => Taken::Refused,
        Err(_) => Taken::Silent,
    }
}

/// What the addresses tell. Where none answers the next step says why.
pub fn judge_reach(name: &'static str, tried: &[(SocketAddr, Taken)]) -> Step {
    let works = |v6: bool| {
        let mut family = tried
            .iter()
            .filter(|(a, _)| is_six(a.ip()) == v6)
            .peekable();
        let any = family.peek().is_some();
        (any, family.any(|(_, taken)| *taken != Taken::Silent))
    };
    let (six, four) = (works(true), works(false));
    let words: Vec<String> = tried
        .iter()
        .map(|(address, taken)| match taken {
            Taken::Yes(time) => {
                tr!("{ip} in {n} ms", ip = address.ip(), n = time.as_millis())
            }
            Taken::Refused => tr!("{ip} refuses", ip = address.ip()),
            Taken::Silent => tr!("{ip} is silent", ip = address.ip()),
        })
        .collect();
    let words = words.join(tr!(", "));
    match (six, four) {
        ((true, false), (_, true)) => {
            let cause = &causes::BLACK_HOLE;
            Step::careful(name, cause.advice(words))
        }
        _ if tried.iter().any(|(_, t)| *t == Taken::Silent) => Step::note(name, words),
        _ => Step::fine(name, words),
    }
}

fn is_six(ip: IpAddr) -> bool {
    ip.to_canonical().is_ipv6()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::checkup::Level;
    use crate::net::check::fake::Zone;

    fn at(ip: &str) -> SocketAddr {
        SocketAddr::new(ip.parse().unwrap(), 993)
    }

    #[test]
    fn f21_an_ipv6_black_hole_is_named() {
        let yes = || Taken::Yes(Duration::from_millis(12));
        let found = judge_reach(
            "x",
            &[(at("2001:db8::1"), Taken::Silent), (at("192.0.2.1"), yes())],
        );
        assert_eq!(found.level, Level::Careful);
        let line = found.found.unwrap_err().line();
        assert!(
            line.contains("2001:db8::1 is silent, 192.0.2.1 in 12 ms"),
            "{line}"
        );
        assert!(line.contains("mend IPv6 at the router"), "{line}");
        // IPv4 alone, both alike, and IPv4 that is dead are none.
        for tried in [
            vec![(at("192.0.2.1"), yes())],
            vec![(at("2001:db8::1"), yes()), (at("192.0.2.1"), Taken::Silent)],
            vec![
                (at("2001:db8::1"), Taken::Silent),
                (at("192.0.2.1"), Taken::Silent),
            ],
        ] {
            assert!(judge_reach("x", &tried).found.is_ok(), "{tried:?}");
        }
    }

    #[test]
    fn f21_a_name_server_that_lies_or_is_silent_is_told() {
        let fine = servers(&Zone::default().serve());
        assert_eq!(fine.level, Level::Fine, "{fine:?}");
        let liar = judge(
            "x",
            &[(
                at("192.0.2.53"),
                Said::Records(vec!["203.0.113.5".into()]),
                Duration::ZERO,
            )],
        );
        let line = liar.found.unwrap_err().line();
        assert!(
            line.contains("203.0.113.5 for a name that can't exist"),
            "{line}"
        );
        assert!(line.contains("sign in to the network"), "{line}");
        let deaf = judge(
            "x",
            &[(at("192.0.2.53"), Said::Nothing, Duration::from_secs(3))],
        );
        assert!(
            deaf.found
                .unwrap_err()
                .line()
                .contains("192.0.2.53 does not answer")
        );
    }

    #[test]
    fn addresses_are_tried_by_themselves() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let open = listener.local_addr().unwrap();
        let closed = {
            let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            gone.local_addr().unwrap()
        };
        let found = reach(&[open, closed], Duration::from_secs(20));
        assert!(matches!(found[0].1, Taken::Yes(_)), "{found:?}");
        assert_eq!(found[1].1, Taken::Refused);
    }
}
