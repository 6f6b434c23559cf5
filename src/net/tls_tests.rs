//! Servers with right and wrong certificates: who is trusted, who is not, and what is said of it.
//! In no case of distrust does the server receive a byte of ours through TLS.

use crate::net::error::{NetError, TlsFault};
use crate::net::stream::Stream;
use crate::net::testing::{Identity, Leaf, serve, shake};
use crate::net::tls::Trust;
use openssl::ssl::SslVersion;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const HOST: &str = "mail.example.test";
const PATIENCE: Duration = Duration::from_secs(20);

/// Connects to a server that shows `identity`; what we think of it, and what it got from us.
fn meet(
    identity: &Identity,
    newest: Option<SslVersion>,
    host: &str,
    trust: &Trust,
) -> (Result<(), NetError>, Vec<u8>) {
    let acceptor = identity.acceptor(newest);
    let (port, server) = serve(move |socket| {
        let mut got = Vec::new();
        if let Some(mut tls) = shake(&acceptor, socket) {
            let _ = tls.read_to_end(&mut got);
        }
        got
    });
    let mut stream = Stream::new(TcpStream::connect(("127.0.0.1", port)).unwrap(), None).unwrap();
    let outcome = stream.secure(host, trust, PATIENCE);
    if outcome.is_ok() {
        stream.send(b"PASSWORD", PATIENCE).unwrap();
    }
    stream.shut();
    drop(stream);
    (outcome, server.join().unwrap())
}

fn trusting(authority: &Identity) -> Trust {
    Trust::new(Some(authority.file().path()), None).unwrap()
}

fn trusted(identity: &Identity, host: &str, trust: &Trust) {
    let (outcome, got) = meet(identity, None, host, trust);
    assert!(outcome.is_ok(), "{host}: {outcome:?}");
    assert_eq!(got, b"PASSWORD");
}

fn distrusted(identity: &Identity, host: &str, trust: &Trust, expected: TlsFault) {
    let (outcome, got) = meet(identity, None, host, trust);
    match outcome {
        Err(NetError::Tls { fault, .. }) if fault == expected => {}
        other => panic!("{host}: {other:?} instead of {expected:?}"),
    }
    assert_eq!(got, b"", "{host}");
}

fn leaf(dns: &'static [&'static str]) -> Leaf {
    Leaf {
        dns,
        ..Leaf::default()
    }
}

#[test]
fn s06_the_right_certificate_is_trusted() {
    let ca = Identity::authority();
    let trust = trusting(&ca);
    trusted(&ca.sign(&Leaf::default()), HOST, &trust);
    trusted(&ca.sign(&Leaf::default()), "Mail.Example.test.", &trust);
    trusted(
        &ca.sign(&leaf(&["*.example.test", "example.test"])),
        HOST,
        &trust,
    );
    let by_address = Leaf {
        dns: &[],
        ip: Some("127.0.0.1"),
        ..Leaf::default()
    };
    trusted(&ca.sign(&by_address), "127.0.0.1", &trust);
    let idn = ca.sign(&leaf(&["xn--bcher-kva.test"]));
    trusted(&idn, "b\u{fc}cher.test", &trust);
}

#[test]
fn s06_the_name_must_stand_in_the_san() {
    let ca = Identity::authority();
    let trust = trusting(&ca);
    let name = TlsFault::Name;
    distrusted(&ca.sign(&leaf(&["other.test"])), HOST, &trust, name);
    // In the CN only: the CN is always HOST here.
    distrusted(&ca.sign(&leaf(&[])), HOST, &trust, name);
    distrusted(&ca.sign(&leaf(&["*.test"])), HOST, &trust, name);
    let wildcard = ca.sign(&leaf(&["*.example.test"]));
    distrusted(&wildcard, "a.b.example.test", &trust, name);
    distrusted(&wildcard, "example.test", &trust, name);
    distrusted(&ca.sign(&leaf(&["127.0.0.1"])), "127.0.0.1", &trust, name);
}

#[test]
fn s06_issuers_dates_and_purposes_count() {
    let ca = Identity::authority();
    let trust = trusting(&ca);
    let days = |days| Leaf {
        days,
        ..Leaf::default()
    };
    distrusted(&ca.sign(&days((-9, -1))), HOST, &trust, TlsFault::Expired);
    distrusted(&ca.sign(&days((1, 9))), HOST, &trust, TlsFault::Expired);
    let stranger = Identity::authority().sign(&Leaf::default());
    distrusted(&stranger, HOST, &trust, TlsFault::Untrusted);
    let alone = Identity::alone(&Leaf::default());
    distrusted(&alone, HOST, &trust, TlsFault::Untrusted);
    distrusted(&alone, HOST, &Trust::default(), TlsFault::Untrusted);
    let for_clients = Leaf {
        for_servers: false,
        ..Leaf::default()
    };
    let for_clients = ca.sign(&for_clients);
    distrusted(&for_clients, HOST, &trust, TlsFault::Untrusted);
}

#[test]
fn f21_a_web_page_in_the_servers_place_is_known_for_one() {
    for said in [
        &b"HTTP/1.1 302 Found\r\nLocation: http://portal.example.test/\r\n\r\n"[..],
        b"HTTP/1.0 400 Bad Request\r\n\r\n",
        b"<html>Welcome to our hotel</html>\n",
    ] {
        // In answer to the handshake, and unasked, so that it is there before the handshake begins.
        for asked in [true, false] {
            let (port, server) = serve(move |mut socket| {
                let mut got = Vec::new();
                // A read into nothing waits all the same.
                if asked {
                    got.resize(512, 0);
                    let n = socket.read(&mut got).unwrap();
                    got.truncate(n);
                }
                socket.write_all(said).unwrap();
                let _ = socket.read_to_end(&mut got);
                got
            });
            let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
            if !asked {
                assert_eq!(socket.peek(&mut [0]).unwrap(), 1);
            }
            let mut stream = Stream::new(socket, None).unwrap();
            let outcome = stream.secure(HOST, &Trust::default(), PATIENCE);
            drop(stream);
            assert!(matches!(outcome, Err(NetError::Web)), "{outcome:?}");
            let got = server.join().unwrap();
            assert_eq!(got[0], 0x16, "more than a handshake was begun");
        }
    }
}

#[test]
fn s06_a_pin_means_one_key_and_nothing_else() {
    let ca = Identity::authority();
    let right = ca.sign(&Leaf::default());
    let odd = Identity::alone(&Leaf {
        dns: &["other.test"],
        days: (-9, -1),
        ..Leaf::default()
    });
    let pinned = Trust::new(None, Some(odd.pin())).unwrap();
    trusted(&odd, HOST, &pinned);
    // A right certificate is not the pinned one, not even where its authority is trusted.
    distrusted(&right, HOST, &pinned, TlsFault::Pin);
    let both = Trust::new(Some(ca.file().path()), Some(odd.pin())).unwrap();
    distrusted(&right, HOST, &both, TlsFault::Pin);
}

#[test]
fn s07_old_versions_are_refused() {
    let ca = Identity::authority();
    let identity = ca.sign(&Leaf::default());
    let trust = trusting(&ca);
    let (outcome, got) = meet(&identity, Some(SslVersion::TLS1_1), HOST, &trust);
    assert!(
        matches!(
            outcome,
            Err(NetError::Tls {
                fault: TlsFault::Handshake,
                ..
            })
        ),
        "{outcome:?}"
    );
    assert_eq!(got, b"");
    let (outcome, _) = meet(&identity, Some(SslVersion::TLS1_2), HOST, &trust);
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[test]
fn a_server_without_tls_a_silent_one_and_one_that_hangs_up() {
    let secure = |port: u16, patience| {
        let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let mut stream = Stream::new(socket, None).unwrap();
        stream.secure(HOST, &Trust::default(), patience)
    };
    let (port, plain) = serve(|mut socket| {
        let _ = socket.write_all(b"220 mail.example.test ESMTP\r\n");
        let mut hello = [0; 5];
        let _ = socket.read(&mut hello);
    });
    let outcome = secure(port, PATIENCE);
    let told = outcome.as_ref().unwrap_err().to_string();
    assert!(
        matches!(
            outcome,
            Err(NetError::Tls {
                fault: TlsFault::Handshake,
                ..
            })
        ) && told.contains("does not speak TLS"),
        "{told}"
    );
    plain.join().unwrap();

    let (port, silent) = serve(|mut socket| {
        let mut all = Vec::new();
        let _ = socket.read_to_end(&mut all);
    });
    let outcome = secure(port, Duration::from_millis(50));
    assert!(matches!(outcome, Err(NetError::Timeout)), "{outcome:?}");
    silent.join().unwrap();

    let (port, gone) = serve(|mut socket| {
        let mut hello = [0; 5];
        let _ = socket.read_exact(&mut hello);
    });
    let outcome = secure(port, PATIENCE);
    assert!(matches!(outcome, Err(NetError::Cut(_))), "{outcome:?}");
    gone.join().unwrap();
}

#[test]
fn what_arrives_late_in_a_record_is_waited_for_and_no_longer_than_allowed() {
    let ca = Identity::authority();
    let acceptor = ca.sign(&Leaf::default()).acceptor(None);
    let (port, server) = serve(move |socket| {
        let mut tls = shake(&acceptor, socket).unwrap();
        let mut go = [0; 2];
        tls.read_exact(&mut go).unwrap();
        tls.write_all(b"hello").unwrap();
        let _ = tls.read_exact(&mut go);
    });
    let mut stream = Stream::new(TcpStream::connect(("127.0.0.1", port)).unwrap(), None).unwrap();
    stream.secure(HOST, &trusting(&ca), PATIENCE).unwrap();
    let mut buffer = [0; 64];
    // Session tickets came, which are no data.
    let early = stream.receive(&mut buffer, Instant::now() + Duration::from_millis(50));
    assert!(matches!(early, Err(NetError::Timeout)), "{early:?}");
    stream.send(b"go", PATIENCE).unwrap();
    let n = stream
        .receive(&mut buffer, Instant::now() + PATIENCE)
        .unwrap();
    assert_eq!(&buffer[..n], b"hello");
    assert_eq!((stream.sent(), stream.received()), (2, 5));
    stream.shut();
    server.join().unwrap();
}

#[test]
fn an_end_is_nothing_that_was_said() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let open = || {
        let ours = TcpStream::connect(("127.0.0.1", port)).unwrap();
        (
            Stream::new(ours, None).unwrap(),
            listener.accept().unwrap().0,
        )
    };
    let (mut stream, theirs) = open();
    assert!(!stream.has_arrived().unwrap());
    drop(theirs);
    assert!(matches!(stream.has_arrived(), Err(NetError::Cut(_))));
    let (mut stream, mut theirs) = open();
    std::io::Write::write_all(&mut theirs, b"x").unwrap();
    assert!(stream.has_arrived().unwrap());
}
