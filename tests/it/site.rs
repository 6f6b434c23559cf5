//! A web server with the run's own certificate that writes down every request and answers as it is
//! told.

use crate::tls::certificates;
use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::X509;
use postrider::net::http::Client;
use postrider::net::tls::Trust;
use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Default)]
struct State {
    heard: Vec<String>,
    knocks: usize,
    answers: VecDeque<Vec<u8>>,
    pages: Vec<(String, Vec<u8>)>,
}

/// The server.
pub struct Site {
    /// Its port on 127.0.0.1.
    pub port: u16,
    state: Arc<Mutex<State>>,
    ca: tempfile::NamedTempFile,
}

/// What answers as the server of the run's own certificate.
pub fn acceptor() -> SslAcceptor {
    let own = certificates();
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
    let key = PKey::private_key_from_pem(&own.key).unwrap();
    acceptor.set_private_key(&key).unwrap();
    let cert = X509::from_pem(&own.cert).unwrap();
    acceptor.set_certificate(&cert).unwrap();
    acceptor.build()
}

impl Site {
    /// Starts it; it says 404 to everything.
    pub fn start() -> Site {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = door.local_addr().unwrap().port();
        let acceptor = acceptor();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for socket in door.incoming().flatten() {
                let (state, acceptor) = (Arc::clone(&shared), acceptor.clone());
                state.lock().unwrap().knocks += 1;
                std::thread::spawn(move || serve(&acceptor, socket, &state));
            }
        });
        let mut ca = tempfile::NamedTempFile::new().unwrap();
        ca.write_all(&certificates().ca).unwrap();
        Site { port, state, ca }
    }

    /// The next request, whatever it is, gets this answer; before what is at a path.
    pub fn once(&self, answer: &str) {
        let mut state = self.state.lock().unwrap();
        state.answers.push_back(answer.as_bytes().to_vec());
    }

    /// This lies at a path.
    pub fn put(&self, path: &str, content: &[u8]) {
        let head = format!(
            "HTTP/1.1 200 OK\r\nSet-Cookie: id=7\r\nContent-Length: {}\r\n\r\n",
            content.len()
        );
        let answer = [head.as_bytes(), content].concat();
        self.state
            .lock()
            .unwrap()
            .pages
            .push((path.to_owned(), answer));
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.port)
    }

    /// The requests so far.
    pub fn heard(&self) -> Vec<String> {
        self.state.lock().unwrap().heard.clone()
    }

    /// How often somebody connected.
    pub fn knocks(&self) -> usize {
        self.state.lock().unwrap().knocks
    }

    /// The certificate of who vouches for it.
    pub fn authority(&self) -> &std::path::Path {
        self.ca.path()
    }

    /// A client that trusts it and may ask on this machine.
    pub fn client(&self) -> Client {
        Client::anywhere(Trust::new(Some(self.ca.path()), None).unwrap())
    }
}

fn serve(acceptor: &SslAcceptor, socket: TcpStream, state: &Mutex<State>) {
    let patience = Some(Duration::from_secs(20));
    socket.set_read_timeout(patience).unwrap();
    let Ok(mut tls) = acceptor.accept(socket) else {
        return;
    };
    let mut heard = Vec::new();
    let mut some = [0; 4096];
    while !is_whole(&heard) {
        match tls.read(&mut some) {
            Ok(n) if n > 0 => heard.extend_from_slice(&some[..n]),
            _ => return,
        }
    }
    let heard = String::from_utf8(heard).unwrap();
    let path = heard.split(' ').nth(1).unwrap_or_default().to_owned();
    let answer = {
        let mut state = state.lock().unwrap();
        state.heard.push(heard);
        let page = |state: &State| {
            let found = state.pages.iter().find(|(p, _)| *p == path);
            found.map(|(_, answer)| answer.clone())
        };
        let next = state.answers.pop_front();
        next.or_else(|| page(&state))
    };
    let none = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec();
    // Who had enough hangs up in the middle.
    let _ = tls.write_all(&answer.unwrap_or(none));
    let _ = tls.shutdown();
}

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
