//! The steps that both kinds of servers share: name, addresses, connection, certificate, and where
//! that fails what else the server has to offer.

use super::visit::Visit;
use crate::lang::{mark, tr};
use crate::model::{Account, Security};
use crate::net::causes::Service;
use crate::net::check::{chain, names, ports, shown};
use crate::net::connect::{self, Patience};
use crate::net::error::{NetError, TlsFault};
use crate::net::trace::Ring;
use crate::text::{Clean, when};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long a port or an address is waited for that is only looked at.
const GLANCE: Duration = Duration::from_secs(3);

/// What the steps are called for a kind of server.
struct Names {
    name: &'static str,
    addresses: &'static str,
    port: &'static str,
    certificate: &'static str,
    chain: &'static str,
    ports: &'static str,
}

const IMAP: Names = Names {
    name: mark!("step", "IMAP name"),
    addresses: mark!("step", "IMAP addresses"),
    port: mark!("step", "IMAP port and TLS"),
    certificate: mark!("step", "IMAP certificate"),
    chain: mark!("step", "IMAP chain"),
    ports: mark!("step", "IMAP ports"),
};

const SMTP: Names = Names {
    name: mark!("step", "submission name"),
    addresses: mark!("step", "submission addresses"),
    port: mark!("step", "submission port and TLS"),
    certificate: mark!("step", "submission certificate"),
    chain: mark!("step", "submission chain"),
    ports: mark!("step", "submission ports"),
};

/// What was learnt on the way there.
#[derive(Clone, Debug, Default)]
pub(super) struct Reached {
    /// The server's addresses; empty if the name is not known.
    pub addresses: Vec<SocketAddr>,
    /// Whether a connection that may be used came about.
    pub works: bool,
}

/// Goes as far as a connection. `thorough`: also looks at what is only worth knowing.
fn reach(at: (&Account, Service), thorough: bool, visit: &mut Visit<'_>) -> Reached {
    let (account, service) = at;
    let end = service.endpoint(account);
    let steps = match service {
        Service::Imap => IMAP,
        Service::Smtp => SMTP,
    };
    let ring = Ring::default();
    let found = visit.try_it(steps.name, at, &ring, || {
        let found = connect::lookup(&end.host, end.port, Patience::default().lookup)?;
        let list: Vec<String> = found.iter().map(|a| a.ip().to_string()).collect();
        let told = tr!(
            "{host} is {address}",
            host = Clean::line(&end.host),
            address = list.join(tr!(", "))
        );
        Ok((found, told))
    });
    let Some(addresses) = found else {
        return Reached::default();
    };
    if thorough && addresses.len() > 1 {
        visit.look(steps.addresses, || {
            names::judge_reach(steps.addresses, &names::reach(&addresses, GLANCE))
        });
    }
    let mut came = chain::Use::Fails;
    let opened = visit.try_it(steps.port, at, &ring, || {
        let opened = connect::open(account, end, None, Patience::default());
        came = chain::Use::after(&opened);
        opened?.shut();
        let how = match end.security {
            Security::Tls => tr!("TLS, certificate right"),
            Security::StartTls => tr!("open; TLS follows by STARTTLS"),
            Security::None => tr!("open, on this machine, without TLS"),
        };
        Ok(((), tr!("port {port}: {how}", port = end.port, how)))
    });
    let works = opened.is_some();
    // With STARTTLS the certificate is seen in the middle of a conversation, and judged there.
    if end.security == Security::Tls {
        certificate(at, &steps, &addresses, works, visit);
        chain_of(at, &addresses, came, visit);
    }
    if !works || thorough {
        visit.look(steps.ports, || {
            let met = ports::look(&end.host, &addresses, ports::usual(service), GLANCE);
            ports::judge(steps.ports, service, end, &met, works)
        });
    }
    Reached { addresses, works }
}

/// Goes to a server and begins the conversation, whose certificates are told: what both kinds of
/// servers have in common. What was learnt on the way, and the conversation with its last lines.
pub(super) fn begin<S>(
    at: (&Account, Service),
    thorough: bool,
    visit: &mut Visit<'_>,
    name: &'static str,
    enter: Option<impl FnOnce(&Ring) -> Result<(S, String), NetError>>,
    certificate: impl FnOnce(&S) -> Option<Vec<u8>>,
) -> (Reached, Option<(S, Ring)>) {
    let reached = reach(at, thorough, visit);
    let Some(enter) = enter.filter(|_| reached.works) else {
        return (reached, None);
    };
    let ring = Ring::default();
    let mut came = chain::Use::Fails;
    let begun = visit.try_it(name, at, &ring, || {
        let entered = enter(&ring);
        came = chain::Use::after(&entered);
        entered
    });
    if let Some(session) = &begun {
        certificate_of(certificate(session), at, visit);
    }
    let (account, service) = at;
    if service.endpoint(account).security == Security::StartTls {
        chain_of(at, &reached.addresses, came, visit);
    }
    (reached, begun.map(|session| (session, ring)))
}

/// The certificates behind the server's own, over a connection of their own.
fn chain_of(
    (account, service): (&Account, Service),
    addresses: &[SocketAddr],
    came: chain::Use,
    visit: &mut Visit<'_>,
) {
    let end = service.endpoint(account);
    let name = match service {
        Service::Imap => IMAP.chain,
        Service::Smtp => SMTP.chain,
    };
    let sent = || -> Result<Vec<chain::Sent>, NetError> {
        let mut socket = shown::dial(end, addresses, GLANCE)?;
        let until = Instant::now() + GLANCE;
        if end.security == Security::StartTls {
            chain::start_tls(&mut socket, service, until)?;
        }
        chain::look(socket, &end.host, until)
    };
    visit.glance(name, || match sent() {
        Ok(sent) if !sent.is_empty() => Some(chain::judge(name, &sent, came, when::now())),
        // Whoever can be talked to by TLS, but not by the version that shows it.
        Err(NetError::Tls {
            fault: TlsFault::Handshake,
            ..
        }) if came == chain::Use::Works => Some(chain::hidden(name)),
        _ => None,
    });
}

fn certificate(
    (account, service): (&Account, Service),
    steps: &Names,
    addresses: &[SocketAddr],
    works: bool,
    visit: &mut Visit<'_>,
) {
    let end = service.endpoint(account);
    visit.glance(steps.certificate, || {
        let socket = shown::dial(end, addresses, GLANCE).ok()?;
        // Without one to look at, the step before has said what there is to say.
        let shown = shown::look(socket, &end.host, Instant::now() + GLANCE).ok()?;
        let now = when::now();
        Some(shown::judge(steps.certificate, &shown, end, works, now))
    });
}

/// The certificate (in DER) that a server showed after STARTTLS, over the connection that is used.
fn certificate_of(
    der: Option<Vec<u8>>,
    (account, service): (&Account, Service),
    visit: &mut Visit<'_>,
) {
    let end = service.endpoint(account);
    let name = match service {
        Service::Imap => IMAP.certificate,
        Service::Smtp => SMTP.certificate,
    };
    if end.security == Security::StartTls
        && let Some(shown) = der.and_then(|der| shown::read(&der, &end.host))
    {
        visit.done(shown::judge(name, &shown, end, true, when::now()));
    }
}
