//! The web client against servers on loopback that show a certificate of the test's own.

use super::*;
use crate::net::testing::{Identity, Leaf, serve, shake};
use std::io::{Read as _, Write as _};
use std::thread::JoinHandle;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// A server that says this to whoever asks, once; gives its port, whom to trust, and what was asked.
fn server(says: impl Into<Vec<u8>>) -> (u16, Client, JoinHandle<String>) {
    let authority = Identity::authority();
    let (port, asked) = behind(&authority, says);
    let file = authority.file();
    let trust = Trust::new(Some(file.path()), None).unwrap();
    (port, Client::anywhere(trust), asked)
}

/// The same, of this authority.
fn behind(authority: &Identity, says: impl Into<Vec<u8>>) -> (u16, JoinHandle<String>) {
    let says = says.into();
    let shown = authority.sign(&Leaf {
        dns: &["web.example.test", "localhost"],
        ip: Some("127.0.0.1"),
        ..Leaf::default()
    });
    serve(move |socket| {
        let Some(mut tls) = shake(&shown.acceptor(None), socket) else {
            return String::new();
        };
        let mut heard = Vec::new();
        let mut some = [0; 4096];
        while !is_whole(&heard) {
            match tls.read(&mut some) {
                Ok(n) if n > 0 => heard.extend_from_slice(&some[..n]),
                _ => break,
            }
        }
        // Who had enough hangs up in the middle.
        let _ = tls.write_all(&says);
        let _ = tls.shutdown();
        String::from_utf8(heard).unwrap()
    })
}

/// Whether a request is here with its form.
fn is_whole(heard: &[u8]) -> bool {
    let text = String::from_utf8_lossy(heard);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|l| l.strip_prefix("Content-Length: "));
    length.is_none_or(|n| body.len() >= n.parse().unwrap())
}

fn url(port: u16) -> Url {
    Url::parse(&format!("https://127.0.0.1:{port}/a b?c=1#d")).unwrap()
}

fn get(says: &str, limit: usize) -> Result<Answer, HttpError> {
    let (port, client, asked) = server(says);
    let answer = client.get(&url(port), limit, soon());
    asked.join().unwrap();
    answer
}

#[test]
fn s31_a_request_says_nothing_of_who_asks() {
    let (port, client, asked) = server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    let answer = client.get(&url(port), 10, soon()).unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"hi"[..]));
    assert_eq!(
        asked.join().unwrap(),
        format!(
            "GET /a%20b?c=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
        )
    );
    let (port, client, asked) = server("HTTP/1.1 202 Fine\r\n\r\n");
    let form = "List-Unsubscribe=One-Click";
    assert_eq!(
        client.post(&url(port), form, 10, soon()).unwrap().status,
        202
    );
    assert_eq!(
        asked.join().unwrap(),
        format!(
            "POST /a%20b?c=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 26\r\n\r\n{form}"
        )
    );
}

#[test]
fn content_ends_in_each_of_three_ways() {
    for says in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: x\r\n\r\n",
        "HTTP/1.0 200\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\nContent-Length:5\n\nhello",
    ] {
        assert_eq!(get(says, 5).unwrap().body, b"hello", "{says}");
    }
}

#[test]
fn what_a_server_sends_is_bounded() {
    let long = "x".repeat(100_000);
    for says in [
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\n\r\n{long}"),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffff\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n{long}"),
        format!("HTTP/1.1 200 {long}"),
        format!("HTTP/1.1 200 OK\r\nX: {long}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(20_000)),
    ] {
        let start: String = says.chars().take(80).collect();
        assert!(
            matches!(get(&says, 1000), Err(HttpError::TooMuch)),
            "{start}"
        );
    }
    for says in [
        "220 mail.example ESMTP\r\n",
        "HTTP/1.1 99 x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno field\r\n\r\n",
        &"HTTP/1.1 100 Continue\r\n\r\n".repeat(50),
    ] {
        assert!(
            matches!(get(says, 1000), Err(HttpError::Malformed(_))),
            "{says}"
        );
    }
    let cut = get("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", 1000);
    assert!(
        matches!(cut, Err(HttpError::Net(NetError::Cut(_)))),
        "{cut:?}"
    );
}

#[test]
fn a_redirection_is_followed_to_https_only_and_not_for_ever() {
    let authority = Identity::authority();
    let file = authority.file();
    let client = Client::anywhere(Trust::new(Some(file.path()), None).unwrap());
    let (second, asked) = behind(&authority, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    let leads =
        |port| format!("HTTP/1.1 302 Found\r\nLocation: https://localhost:{port}/x\r\n\r\n");
    let (first, _) = behind(&authority, leads(second));
    assert_eq!(client.get(&url(first), 10, soon()).unwrap().body, b"hi");
    assert!(asked.join().unwrap().starts_with("GET /x HTTP/1.1\r\n"));
    // Five times is too often.
    let mut port = second;
    for _ in 0..5 {
        port = behind(&authority, leads(port)).0;
    }
    let without_end = client.get(&url(port), 10, soon());
    assert!(
        matches!(without_end, Err(HttpError::Redirects)),
        "{without_end:?}"
    );
    for location in [
        "http://127.0.0.1/x",
        "ftp://x/",
        "file:///etc/passwd",
        "javascript:x",
    ] {
        let says =
            format!("HTTP/1.1 301 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        assert!(
            matches!(get(&says, 10), Err(HttpError::Downgrade)),
            "{location}"
        );
    }
    let at = Url::parse("https://x.example:44/a/b?c").unwrap();
    for (location, leads) in [
        ("/d", "/d"),
        ("d?e", "/a/d?e"),
        ("https://x.example:44", "/"),
        ("//x.example:44/y", "/y"),
    ] {
        let led = at.leads(location).unwrap();
        assert_eq!(
            (led.host(), led.port, led.target.as_str()),
            ("x.example", 44, leads)
        );
    }
    // A POST is never said twice (RFC 8058 §3.2).
    let (port, client, asked) =
        server("HTTP/1.1 307 Go\r\nLocation: https://localhost:1/\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(
        client.post(&url(port), "a=b", 10, soon()).unwrap().status,
        307
    );
    asked.join().unwrap();
}

#[test]
fn a_private_address_is_not_dialled() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    silent.set_nonblocking(true).unwrap();
    let port = silent.local_addr().unwrap().port();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "2130706433",
    ] {
        let url = Url::parse(&format!("https://{host}:{port}/"));
        let asked = url.and_then(|url| Client::default().get(&url, 10, soon()));
        assert!(
            matches!(
                asked,
                Err(HttpError::Private(_) | HttpError::Net(NetError::Lookup { .. }))
            ),
            "{host}: {asked:?}"
        );
    }
    assert!(silent.accept().is_err(), "somebody knocked");
}

#[test]
fn a_server_is_known_by_its_certificate_and_waited_for_within_bounds() {
    let (port, _, _) = server("HTTP/1.1 200 OK\r\n\r\n");
    let strange = Client::anywhere(Trust::default()).get(&url(port), 10, soon());
    assert!(
        matches!(strange, Err(HttpError::Net(NetError::Tls { .. }))),
        "{strange:?}"
    );
    let (port, server) = serve(|socket| socket);
    let short = Instant::now() + Duration::from_millis(50);
    let late = Client::anywhere(Trust::default()).get(&url(port), 10, short);
    assert!(
        matches!(late, Err(HttpError::Net(NetError::Timeout))),
        "{late:?}"
    );
    drop(server.join());
}

#[test]
fn only_https_addresses_are_asked() {
    for bad in [
        "http://x.example/",
        "https:/x",
        "https://",
        "https://u@x.example/",
        "https://u:p@x.example/",
        "https://x.example:0/",
        "https://x.example:99999/",
        "https://x y/",
        "https://[::1/",
        "ftp://x",
        "https://x.example\r\nHost: y/",
    ] {
        assert!(Url::parse(bad).is_err(), "{bad}");
    }
    let url = Url::parse("HTTPS://B\u{fc}cher.Example?a=\u{e4}\r\nX: y").unwrap();
    assert_eq!((url.host(), url.port), ("xn--bcher-kva.example", 443));
    assert_eq!(url.target, "/?a=%C3%A4%0D%0AX:%20y");
}
