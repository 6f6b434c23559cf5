//! A private, real Courier IMAP from unpacked packages: the poorest server in use. No SPECIAL-USE,
//! CONDSTORE, MOVE, LITERAL+ or ESEARCH; every mailbox below `INBOX.`, levels parted by dots.
//!
//! Courier's way to check a password has a path that is compiled in, so a front of ours takes the
//! LOGIN (any user, password `secret`), with or without TLS, and hands the connection to the real
//! `imapd`, which greets PREAUTH. `tests/run` unpacks it; root runs it as `mail`.

use crate::client::Client;
use crate::dovecot::{Unpacked, id, reachable, unpacked};
use crate::site::acceptor;
use crate::tls::certificates;
use openssl::ssl::{SslAcceptor, SslStream};
use rustix::event::{PollFd, PollFlags, poll};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

/// What Courier says that it can do when nobody configured it.
const CAPABILITIES: &str = "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT \
                            THREAD=REFERENCES SORT QUOTA IDLE";

/// A running server; its threads end with the process, its children with their connections.
pub struct Courier {
    folder: tempfile::TempDir,
    /// IMAP in the clear.
    pub imap: u16,
    /// IMAP over TLS.
    pub imaps: u16,
}

/// What a connection needs to become a process.
struct Front {
    server: Unpacked,
    folder: PathBuf,
    owner: Option<(u32, u32)>,
}

impl Courier {
    /// Starts a server; `None` if its packages are not unpacked.
    pub fn start() -> Option<Courier> {
        let root = unpacked("courier", "usr/bin/imapd")?;
        let folder = tempfile::Builder::new()
            .prefix("prk")
            .tempdir_in("/tmp")
            .unwrap();
        let at = folder.path();
        fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(at.join("ca.pem"), &certificates().ca).unwrap();
        let server = reachable(&root, at);
        let number = |flag| {
            let out = Command::new("id").args([flag, "mail"]).output().unwrap();
            String::from_utf8_lossy(&out.stdout).trim().parse().unwrap()
        };
        let as_root = id("-u") == "0";
        let owner = as_root.then(|| (number("-u"), number("-g")));
        let front = Arc::new(Front {
            server,
            folder: at.to_owned(),
            owner,
        });
        Some(Courier {
            folder,
            imap: front.listen(None),
            imaps: front.listen(Some(acceptor())),
        })
    }

    /// The CA's certificate as a file.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

/// A connection with or without TLS.
trait Wire: Read + Write {
    fn socket(&self) -> &TcpStream;
    /// Octets that were read from the socket and not given out yet.
    fn waiting(&self) -> bool;
}

impl Wire for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
    fn waiting(&self) -> bool {
        false
    }
}

impl Wire for SslStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref()
    }
    fn waiting(&self) -> bool {
        self.ssl().pending() > 0
    }
}

impl Front {
    fn listen(self: &Arc<Front>, tls: Option<SslAcceptor>) -> u16 {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = door.local_addr().unwrap().port();
        let front = Arc::clone(self);
        std::thread::spawn(move || {
            for caller in door.incoming().flatten() {
                let (front, tls) = (Arc::clone(&front), tls.clone());
                std::thread::spawn(move || {
                    let _ = caller.set_nodelay(true);
                    // A caller that goes away is no failure of the rig.
                    let _ = match tls {
                        Some(tls) => match tls.accept(caller) {
                            Ok(stream) => front.serve(stream),
                            Err(_) => Ok(()),
                        },
                        None => front.serve(caller),
                    };
                });
            }
        });
        port
    }

    fn serve(&self, mut wire: impl Wire) -> io::Result<()> {
        let Some((user, tag)) = sign_in(&mut wire)? else {
            return Ok(());
        };
        let mut imapd = self.imapd(&user)?;
        let mut out = BufReader::new(imapd.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("* PREAUTH") {
            line.clear();
            if out.read_line(&mut line)? == 0 {
                return wire.write_all(b"* BYE imapd did not start\r\n");
            }
        }
        wire.write_all(format!("{tag} OK LOGIN Ok.\r\n").as_bytes())?;
        let gone = pump(&mut wire, &mut imapd, out);
        drop(imapd.stdin.take());
        imapd.wait()?;
        gone
    }

    fn imapd(&self, user: &str) -> io::Result<Child> {
        let home = self.folder.join("home").join(user);
        for name in ["cur", "new", "tmp"] {
            fs::create_dir_all(home.join("Maildir").join(name))?;
        }
        let mut command = Command::new(self.server.root.join("usr/bin/imapd"));
        if let Some((uid, gid)) = self.owner {
            own(&home, uid, gid)?;
            command.uid(uid).gid(gid);
        }
        command
            .arg("Maildir")
            .current_dir(&home)
            .env_clear()
            .env("LD_LIBRARY_PATH", &self.server.libraries)
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .env("HOME", &home)
            .env("AUTHENTICATED", user)
            .env("AUTHADDR", user)
            .env("AUTHEXPIRE", "")
            .env("IMAP_CAPABILITY", CAPABILITIES)
            .env("IMAP_KEYWORDS", "1")
            .env("IMAP_USELOCKS", "1")
            .env("IMAP_ENHANCEDIDLE", "0")
            .env("IMAP_IDLE_TIMEOUT", "1")
            .env("IMAP_CHECK_ALL_FOLDERS", "0")
            .env("IMAP_TRASHFOLDERNAME", "Trash")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
    }
}

fn own(home: &Path, uid: u32, gid: u32) -> io::Result<()> {
    let mail = home.join("Maildir");
    for path in [
        home,
        &mail,
        &mail.join("cur"),
        &mail.join("new"),
        &mail.join("tmp"),
    ] {
        std::os::unix::fs::chown(path, Some(uid), Some(gid))?;
    }
    Ok(())
}

/// Greets and answers until somebody is signed in: the user and the tag that waits for an answer.
fn sign_in(wire: &mut impl Wire) -> io::Result<Option<(String, String)>> {
    wire.write_all(format!("* OK [CAPABILITY {CAPABILITIES}] Courier-IMAP ready.\r\n").as_bytes())?;
    loop {
        let line = line(wire)?;
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let (tag, command) = match words.as_slice() {
            [] => return Ok(None),
            [tag, rest @ ..] => (*tag, rest.first().map(|c| c.to_uppercase())),
        };
        let answer = match (command.as_deref(), words.get(2..).unwrap_or_default()) {
            (Some("LOGIN"), [user, password]) => {
                if password.trim_matches('"') == "secret" {
                    return Ok(Some((user.trim_matches('"').to_owned(), tag.to_owned())));
                }
                format!("{tag} NO Login failed.\r\n")
            }
            (Some("CAPABILITY"), _) => {
                format!("* CAPABILITY {CAPABILITIES}\r\n{tag} OK CAPABILITY completed\r\n")
            }
            (Some("NOOP"), _) => format!("{tag} OK NOOP completed\r\n"),
            (Some("LOGOUT"), _) => {
                wire.write_all(format!("* BYE\r\n{tag} OK LOGOUT completed\r\n").as_bytes())?;
                return Ok(None);
            }
            _ => format!("{tag} NO Error in IMAP command received by server.\r\n"),
        };
        wire.write_all(answer.as_bytes())?;
    }
}

/// One line, octet by octet: what follows it is the real server's.
fn line(wire: &mut impl Read) -> io::Result<String> {
    let mut line = Vec::new();
    let mut octet = [0];
    while !line.ends_with(b"\n") && line.len() < 1000 && wire.read(&mut octet)? == 1 {
        line.extend(octet);
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// Carries octets both ways until one side ends.
fn pump(wire: &mut impl Wire, imapd: &mut Child, mut out: impl Read + Buffered) -> io::Result<()> {
    let stdin = imapd.stdin.as_mut().unwrap();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let (mut from_wire, mut from_imapd) = (wire.waiting(), out.waiting());
        if !from_wire && !from_imapd {
            let mut fds = [
                PollFd::new(wire.socket(), PollFlags::IN),
                PollFd::from_borrowed_fd(out.handle(), PollFlags::IN),
            ];
            poll(&mut fds, None)?;
            from_wire = !fds[0].revents().is_empty();
            from_imapd = !fds[1].revents().is_empty();
        }
        if from_wire {
            let n = wire.read(&mut buffer)?;
            if n == 0 {
                return Ok(());
            }
            stdin.write_all(&buffer[..n])?;
            stdin.flush()?;
        }
        if from_imapd {
            let n = out.read(&mut buffer)?;
            if n == 0 {
                return Ok(());
            }
            wire.write_all(&buffer[..n])?;
            wire.flush()?;
        }
    }
}

/// What `pump` wants to know of a buffered pipe.
trait Buffered {
    fn waiting(&self) -> bool;
    fn handle(&self) -> std::os::fd::BorrowedFd<'_>;
}

impl Buffered for BufReader<std::process::ChildStdout> {
    fn waiting(&self) -> bool {
        !self.buffer().is_empty()
    }
    fn handle(&self) -> std::os::fd::BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(self.get_ref())
    }
}

#[test]
fn the_rig_answers_with_and_without_tls() {
    let Some(server) = Courier::start() else {
        return;
    };
    let mut client = Client::plain(server.imap, "ada");
    client.append(
        "INBOX",
        "\\Seen",
        "Message-ID: <a@example.test>\r\n\r\nx\r\n",
    );
    let mut other = Client::tls(server.imaps, "ada");
    assert_eq!(other.held("INBOX").ids(), ["a@example.test"]);
    assert!(!other.can("MOVE") && other.can("UIDPLUS"));
    assert!(other.attempt("CREATE Archive").is_err());
    other.create("INBOX.Archive");
    let uid = other.held("INBOX").uid("a@example.test");
    other.shift("INBOX", uid, "INBOX.Archive");
    assert_eq!(client.held("INBOX.Archive").ids(), ["a@example.test"]);
    assert!(client.held("INBOX").letters.is_empty());
    assert!(server.ca_file().is_file());
}
