//! A provider of tokens on loopback, with the run's own certificate: a page to sign in at, token and
//! device endpoints, rotation and revocation, and whatever goes wrong at such a place.

use crate::site::acceptor;
use crate::tls::certificates;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::hash::{MessageDigest, hash};
use openssl::ssl::SslAcceptor;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// What comes in the place of an answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status, and no reason.
    Status(u16),
    /// This status with these octets.
    Says(u16, String),
    /// Far too much.
    Huge,
    /// The end of the connection.
    Cut,
}

/// A device that waits to be let in.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// What the next questions are answered with, before it is let in.
    pub errors: VecDeque<&'static str>,
    /// Seconds that the code is good for.
    pub lasts: u64,
}

/// What the provider knows.
#[derive(Default)]
pub struct State {
    /// Refresh tokens that are good.
    pub refresh: BTreeSet<String>,
    /// Whether each refresh gives a new refresh token, and the old one is good no more.
    pub rotates: bool,
    /// Seconds that an access token is good for.
    pub lasts: u64,
    /// What the next questions are answered with.
    pub faults: VecDeque<Fault>,
    /// How long an answer takes.
    pub slow: Duration,
    /// What was asked: the path and the form.
    pub asked: Vec<(String, BTreeMap<String, String>)>,
    /// Whether a client secret is wanted.
    pub secret: Option<String>,
    /// The device that waits.
    pub device: Device,
    codes: BTreeMap<String, (String, String)>,
    given: usize,
}

/// The provider.
pub struct Provider {
    /// Its port on 127.0.0.1.
    pub port: u16,
    state: Arc<Mutex<State>>,
    ca: tempfile::NamedTempFile,
}

/// The fields of a query or a form.
pub fn fields(text: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let mut out = Vec::new();
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'%' => {
                    out.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
                    at += 2;
                }
                b'+' => out.push(b' '),
                b => out.push(b),
            }
            at += 1;
        }
        String::from_utf8(out).unwrap()
    };
    let pairs = text.split('&').filter(|f| !f.is_empty());
    pairs
        .map(|f| f.split_once('=').unwrap_or((f, "")))
        .map(|(n, v)| (decode(n), decode(v)))
        .collect()
}

impl Provider {
    /// Starts it.
    pub fn start() -> Provider {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = door.local_addr().unwrap().port();
        let acceptor = acceptor();
        let state = Arc::new(Mutex::new(State {
            lasts: 3600,
            ..State::default()
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for socket in door.incoming().flatten() {
                let (state, acceptor) = (Arc::clone(&shared), acceptor.clone());
                std::thread::spawn(move || serve(&acceptor, socket, &state));
            }
        });
        let mut ca = tempfile::NamedTempFile::new().unwrap();
        ca.write_all(&certificates().ca).unwrap();
        Provider { port, state, ca }
    }

    /// What it knows.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The next questions are answered so.
    pub fn fails(&self, faults: &[Fault]) {
        self.state().faults.extend(faults.iter().cloned());
    }

    /// How often somebody asked for tokens.
    pub fn asked(&self) -> usize {
        let state = self.state();
        state.asked.iter().filter(|(p, _)| p == "/token").count()
    }

    /// Nobody is signed in any more.
    pub fn revoke(&self) {
        self.state().refresh.clear();
    }

    /// Somebody is signed in with this.
    pub fn grant(&self, refresh: &str) {
        self.state().refresh.insert(refresh.to_owned());
    }

    /// The CA's certificate as a file.
    pub fn ca_file(&self) -> &std::path::Path {
        self.ca.path()
    }

    /// Lines of an account that is signed in to here.
    pub fn lines(&self) -> String {
        let at = format!("https://127.0.0.1:{}", self.port);
        format!(
            "oauth = {{ auth-url = \"{at}/authorize\", token-url = \"{at}/token\", device-url = \"{at}/device\", client-id = \"postrider test\", scopes = [\"mail\", \"offline_access\"] }}\nca-file = \"{}\"\n",
            self.ca.path().display()
        )
    }

    /// What a browser does at its page with a user who agrees: where it leads.
    pub fn agree(&self, url: &str) -> String {
        let (page, query) = url.split_once('?').unwrap();
        assert_eq!(page, format!("https://127.0.0.1:{}/authorize", self.port));
        let asked = fields(query);
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], "postrider test");
        assert_eq!(asked["scope"], "mail offline_access");
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["code_challenge"].len(), 43);
        assert_eq!(asked["state"].len(), 43);
        let mut state = self.state();
        state.given += 1;
        let code = format!("code-{}", state.given);
        let (back, challenge) = (&asked["redirect_uri"], &asked["code_challenge"]);
        let kept = (challenge.clone(), back.clone());
        state.codes.insert(code.clone(), kept);
        format!("{back}?state={}&code={code}", asked["state"])
    }
}

/// What a browser does that is led somewhere on this machine: the answer's status line and page.
pub fn visit(url: &str) -> std::io::Result<String> {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, target) = rest.split_once('/').unwrap();
    let mut socket = TcpStream::connect(host)?;
    write!(socket, "GET /{target} HTTP/1.1\r\nHost: {host}\r\n\r\n")?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}

fn serve(acceptor: &SslAcceptor, socket: TcpStream, state: &Mutex<State>) -> Option<()> {
    let patience = Some(Duration::from_secs(60));
    socket.set_read_timeout(patience).unwrap();
    let mut tls = acceptor.accept(socket).ok()?;
    let mut heard = Vec::new();
    let mut some = [0; 4096];
    let (path, form) = loop {
        match tls.read(&mut some) {
            Ok(n) if n > 0 => heard.extend_from_slice(&some[..n]),
            _ => return None,
        }
        let text = String::from_utf8_lossy(&heard).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        assert!(!head.to_ascii_lowercase().contains("cookie"), "{head}");
        let mut lines = head.lines();
        let length = lines.find_map(|l| l.strip_prefix("Content-Length: "));
        if body.len() >= length.map_or(0, |n| n.parse().unwrap()) {
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            break (path, fields(body));
        }
    };
    let (answer, slow) = {
        let mut state = state.lock().unwrap();
        state.asked.push((path.clone(), form.clone()));
        let fault = state.faults.pop_front();
        let answer = match fault {
            Some(Fault::Status(status)) => Some((status, "{}".to_owned())),
            Some(Fault::Says(status, text)) => Some((status, text)),
            Some(Fault::Huge) => Some((200, "x".repeat(1 << 20))),
            Some(Fault::Cut) => None,
            None => Some(match path.as_str() {
                "/token" => state.token(&form),
                "/device" => state.device(),
                _ => (404, "{}".to_owned()),
            }),
        };
        (answer, state.slow)
    };
    if !slow.is_zero() {
        // What is slow is the subject, and nothing waits for it to be over but the client.
        std::thread::park_timeout(slow);
    }
    if let Some((status, text)) = answer {
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        let _ = tls.write_all(&[head.as_bytes(), text.as_bytes()].concat());
        let _ = tls.shutdown();
    }
    Some(())
}

fn refusal(code: &str) -> (u16, String) {
    let text = json!({ "error": code, "error_description": format!("because of {code}") });
    (400, text.to_string())
}

impl State {
    fn token(&mut self, form: &BTreeMap<String, String>) -> (u16, String) {
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        if field("client_id") != "postrider test" {
            return refusal("invalid_client");
        }
        if self.secret.as_deref().unwrap_or("") != field("client_secret") {
            return refusal("invalid_client");
        }
        match field("grant_type") {
            "authorization_code" => {
                let Some((challenge, back)) = self.codes.remove(field("code")) else {
                    return refusal("invalid_grant");
                };
                let verifier = field("code_verifier");
                let hashed = hash(MessageDigest::sha256(), verifier.as_bytes()).unwrap();
                let proved = URL_SAFE_NO_PAD.encode(hashed) == challenge && verifier.len() >= 43;
                if !proved || back != field("redirect_uri") {
                    return refusal("invalid_grant");
                }
                self.give(None)
            }
            "refresh_token" => {
                let old = field("refresh_token").to_owned();
                match self.refresh.contains(&old) {
                    true => self.give(Some(old)),
                    false => refusal("invalid_grant"),
                }
            }
            "urn:ietf:params:oauth:grant-type:device_code" => {
                if field("device_code") != "CANARY-device" {
                    return refusal("invalid_grant");
                }
                match self.device.errors.pop_front() {
                    Some(error) => refusal(error),
                    None => self.give(None),
                }
            }
            _ => refusal("unsupported_grant_type"),
        }
    }

    fn give(&mut self, old: Option<String>) -> (u16, String) {
        self.given += 1;
        let access = format!("access-{}", self.given);
        let mut told =
            json!({ "access_token": access, "token_type": "Bearer", "expires_in": self.lasts });
        if old.is_none() || self.rotates {
            let new = format!("refresh-{}", self.given);
            self.refresh.insert(new.clone());
            told["refresh_token"] = json!(new);
            if let Some(old) = old {
                self.refresh.remove(&old);
            }
        }
        (200, told.to_string())
    }

    fn device(&mut self) -> (u16, String) {
        let told = json!({
            "device_code": "CANARY-device", "user_code": "WDJB-MJHT",
            "verification_uri": "https://id.example.test/device",
            "expires_in": self.device.lasts, "interval": 1,
        });
        (200, told.to_string())
    }
}
