//! A private, real Dovecot (2.3 or 2.4): IMAP with and without TLS, LMTP, submission that relays to
//! a sink in this process. Random ports, a folder of its own under /tmp, as root or as anybody.
//!
//! Any user name may log in with the password `secret`; its mailbox is made when first seen.

use crate::pty::PATIENCE;
use crate::smtp::Sink;
use crate::tls::certificates;
use openssl::ssl::{SslConnector, SslMethod, SslStream};
use openssl::x509::X509;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The numeric user that owns mail when the tests run as root; it needs no entry in passwd.
const MAIL_UID: u32 = 10_000;

/// Whether a program is here; a missing one fails the test under CI and skips it elsewhere.
pub fn need(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let found = places.map(|p| p.join(program)).find(|p| p.is_file());
    if found.is_none() {
        skip(&format!(
            "{program} is not installed (tests/run installs it)"
        ));
    }
    found
}

/// What a test lacks: it is skipped with a word, but under CI it fails.
pub fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "{why}");
    eprintln!("skipped: {why}");
}

/// Where `tests/run` unpacked a server, which must have this file; like [`need`] otherwise.
pub fn unpacked(server: &str, file: &str) -> Option<PathBuf> {
    let servers = std::env::var_os("POSTRIDER_SERVERS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers"),
        PathBuf::from,
    );
    let root = servers.join(server);
    if root.join(file).is_file() {
        return Some(root);
    }
    let place = servers.display();
    skip(&format!(
        "{server} is not unpacked in {place} (tests/run does it)"
    ));
    None
}

/// An unpacked server that the user who runs it can reach.
pub struct Unpacked {
    /// What would be `/` if it were installed.
    pub root: PathBuf,
    /// The folders with libraries in it, for `LD_LIBRARY_PATH`.
    pub libraries: OsString,
}

/// Root's servers run as another user, to whom a folder above may be closed: then they are copied.
pub fn reachable(root: &Path, temporary: &Path) -> Unpacked {
    let open = |p: &Path| fs::metadata(p).is_ok_and(|m| m.permissions().mode() & 0o001 != 0);
    let root = if user().0 != 0 || root.ancestors().all(open) {
        root.to_owned()
    } else {
        let copy = temporary.join("server");
        let mut cp = Command::new("cp");
        let done = cp.arg("-R").arg(root).arg(&copy).status().unwrap();
        assert!(done.success());
        copy
    };
    // Debian's folders are named for the machine: lib/x86_64-linux-gnu.
    let mut libraries = vec![root.join("usr/lib")];
    for above in ["lib", "usr/lib"] {
        let entries = fs::read_dir(root.join(above)).into_iter().flatten();
        let names = entries.flatten().map(|e| e.path());
        libraries.extend(names.filter(|p| p.to_string_lossy().ends_with("-gnu")));
    }
    let libraries = std::env::join_paths(libraries).unwrap();
    Unpacked { root, libraries }
}

impl Unpacked {
    /// The folder of SASL's plugins: its own if it has some, else the system's.
    pub fn sasl(&self) -> OsString {
        let own = std::env::split_paths(&self.libraries).map(|p| p.join("sasl2"));
        std::env::join_paths(own.filter(|p| p.is_dir())).unwrap()
    }
}

/// Ports that nobody had a moment ago.
pub fn free_ports(count: usize) -> Vec<u16> {
    let doors: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    doors
        .iter()
        .map(|d| d.local_addr().unwrap().port())
        .collect()
}

/// A running server. Dropping it kills its master process and nothing else.
pub struct Dovecot {
    child: Child,
    folder: tempfile::TempDir,
    /// IMAP in the clear, with STARTTLS.
    pub imap: u16,
    /// IMAP over TLS.
    pub imaps: u16,
    /// LMTP.
    pub lmtp: u16,
    /// Submission with STARTTLS.
    pub submission: u16,
    /// Submission over TLS.
    pub submissions: u16,
}

fn user() -> (u32, u32) {
    let meta = fs::metadata("/proc/self").unwrap();
    use std::os::unix::fs::MetadataExt;
    (meta.uid(), meta.gid())
}

/// What `id` says of the user who runs this.
pub fn id(flag: &str) -> String {
    let out = Command::new("id").arg(flag).output().unwrap();
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

impl Dovecot {
    /// Starts a server whose submission relays to `sink`; `None` if Dovecot is not installed.
    pub fn start(sink: Option<&Sink>) -> Option<Dovecot> {
        let program = need("dovecot")?;
        let version = Command::new(&program).arg("--version").output().unwrap();
        let version = String::from_utf8_lossy(&version.stdout).into_owned();
        let relay = sink.map_or(9, |s| s.port);
        // A port that was free may be taken a moment later by a test beside this one.
        for _ in 0..5 {
            if let Some(server) = Dovecot::attempt(&program, version.starts_with("2.3"), relay) {
                return Some(server);
            }
        }
        panic!("Dovecot {version} did not start");
    }

    fn attempt(program: &Path, old: bool, relay: u16) -> Option<Dovecot> {
        // Unix sockets lie below it, so the path has to be short.
        let folder = tempfile::Builder::new()
            .prefix("prd")
            .tempdir_in("/tmp")
            .unwrap();
        let at = folder.path();
        fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["run", "state", "home"] {
            fs::create_dir(at.join(name)).unwrap();
        }
        let c = certificates();
        fs::write(at.join("cert.pem"), &c.cert).unwrap();
        fs::write(at.join("key.pem"), &c.key).unwrap();
        fs::write(at.join("ca.pem"), &c.ca).unwrap();
        if user().0 == 0 {
            chown(at.join("home"), Some(MAIL_UID), Some(MAIL_UID)).unwrap();
        }
        let ports = free_ports(5);
        let config = at.join("dovecot.conf");
        fs::write(&config, configuration(at, &ports, old, relay)).unwrap();
        let log = fs::File::create(at.join("out")).unwrap();
        let child = Command::new(program)
            .args(["-F", "-c"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Dovecot {
            child,
            folder,
            imap: ports[0],
            imaps: ports[1],
            lmtp: ports[2],
            submission: ports[3],
            submissions: ports[4],
        };
        let until = Instant::now() + PATIENCE;
        for port in [server.imap, server.lmtp, server.submission] {
            while greeting(port).is_none() {
                let log = server.log();
                if server.child.try_wait().unwrap().is_some()
                    || log.contains("Address already in use")
                {
                    eprintln!("Dovecot did not start: {log}");
                    return None;
                }
                assert!(Instant::now() < until, "Dovecot says nothing: {log}");
                std::thread::park_timeout(Duration::from_millis(10));
            }
        }
        Some(server)
    }

    /// What the server has said, for a test that fails.
    pub fn log(&self) -> String {
        let read =
            |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        read("log") + &read("out")
    }

    /// The CA's certificate as a file, for `ca-file`.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Where another server asks whether a password is right.
    pub fn auth_socket(&self) -> PathBuf {
        self.folder.path().join("run/auth-others")
    }

    /// Delivers a message by LMTP; it is in the mailbox when this returns.
    pub fn deliver(&self, user: &str, raw: &str) {
        let mut lmtp = Lines::new(TcpStream::connect(("127.0.0.1", self.lmtp)).unwrap());
        lmtp.expect("220");
        let commands = [
            "LHLO test.example".to_owned(),
            "MAIL FROM:<>".to_owned(),
            format!("RCPT TO:<{user}>"),
        ];
        for command in commands {
            lmtp.say(&command);
            lmtp.expect("250");
        }
        lmtp.say("DATA");
        lmtp.expect("354");
        for line in raw.lines() {
            let dot = if line.starts_with('.') { "." } else { "" };
            lmtp.say(&format!("{dot}{line}"));
        }
        lmtp.say(".");
        lmtp.expect("250");
    }

    /// An IMAP session over TLS of our own, for looking at the server past the program under test.
    pub fn look(&self, user: &str) -> imap::Session<SslStream<TcpStream>> {
        let mut client = imap::Client::new(connect_tls(self.imaps));
        client.read_greeting().unwrap();
        client.login(user, "secret").map_err(|(e, _)| e).unwrap()
    }

    /// Makes a user whose mail is another's, to the last UID. The other must not be signed in.
    pub fn copy_user(&self, from: &str, to: &str) {
        let homes = self.folder.path().join("home");
        let done = Command::new("cp")
            .arg("-a")
            .args([homes.join(from), homes.join(to)])
            .status();
        assert!(done.unwrap().success(), "{from} could not be copied");
    }

    /// An account table for `config.toml`.
    pub fn account(&self, name: &str, user: &str) -> String {
        format!(
            "[[account]]\nname = \"{name}\"\nemail = \"{user}@example.test\"\nuser = \"{user}\"\n\
             password-command = [\"echo\", \"secret\"]\n\
             imap = {{ host = \"localhost\", port = {}, security = \"tls\" }}\n\
             smtp = {{ host = \"localhost\", port = {}, security = \"tls\" }}\n\
             ca-file = \"{}\"\n",
            self.imaps,
            self.submissions,
            self.ca_file().display()
        )
    }

    /// As [`Dovecot::account`], sending by another server on this machine: Dovecot's own submission
    /// service hands mail on to one that is not there, and may hang up over that.
    pub fn account_by(&self, name: &str, user: &str, smtp: u16) -> String {
        let own = format!("port = {}, security = \"tls\"", self.submissions);
        let other = format!("port = {smtp}, security = \"none\"");
        self.account(name, user).replace(&own, &other)
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // SIGTERM lets the master end its children; SIGKILL would leave them behind.
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

/// A TLS connection to a port of ours, checked against the test CA.
pub fn connect_tls(port: u16) -> SslStream<TcpStream> {
    let mut builder = SslConnector::builder(SslMethod::tls()).unwrap();
    let ca = X509::from_pem(&certificates().ca).unwrap();
    builder.cert_store_mut().add_cert(ca).unwrap();
    let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    builder.build().connect("localhost", socket).unwrap()
}

/// Lines said and answers expected, for the small protocols.
pub struct Lines<S: Read + Write> {
    stream: BufReader<S>,
}

impl<S: Read + Write> Lines<S> {
    /// Speaks over this.
    pub fn new(stream: S) -> Lines<S> {
        Lines {
            stream: BufReader::new(stream),
        }
    }

    /// Sends one line.
    pub fn say(&mut self, line: &str) {
        self.stream
            .get_mut()
            .write_all(format!("{line}\r\n").as_bytes())
            .unwrap();
    }

    /// Reads one answer, all its lines, and wants it to begin so.
    pub fn expect(&mut self, start: &str) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            assert!(
                line.starts_with(start),
                "wanted {start}, got {line:?} after {all:?}"
            );
            all.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return all;
            }
        }
    }
}

/// The first line that a server says, if there is one.
pub fn greeting(port: u16) -> Option<String> {
    let socket = TcpStream::connect(("127.0.0.1", port)).ok()?;
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut line = String::new();
    BufReader::new(socket).read_line(&mut line).ok()?;
    (!line.is_empty()).then_some(line)
}

/// The configuration; 2.3 and 2.4 name half of it differently.
fn configuration(at: &Path, ports: &[u16], old: bool, relay: u16) -> String {
    let t = at.display();
    let (uid, gid) = user();
    let root = uid == 0;
    let (mail_uid, mail_gid) = if root {
        (MAIL_UID, MAIL_UID)
    } else {
        (uid, gid)
    };
    let (internal, group, login) = if root {
        (
            "dovecot".to_owned(),
            "dovecot".to_owned(),
            "dovenull".to_owned(),
        )
    } else {
        (id("-un"), id("-gn"), id("-un"))
    };
    // Chroots need root.
    let chroot = if root { "" } else { "  chroot =\n" };
    let dialect = if old {
        format!(
            "ssl_cert = <{t}/cert.pem\nssl_key = <{t}/key.pem\ndisable_plaintext_auth = no\n\
             mail_location = maildir:~/Maildir\nauth_username_format = %Ln\n\
             passdb {{\n  driver = static\n  args = password=secret\n}}\n\
             userdb {{\n  driver = static\n  args = uid={mail_uid} gid={mail_gid} home={t}/home/%n\n}}\n\
             mail_plugins = notify\nservice stats {{\n{chroot}}}\n"
        )
    } else {
        format!(
            "ssl_server_cert_file = {t}/cert.pem\nssl_server_key_file = {t}/key.pem\n\
             auth_allow_cleartext = yes\nmail_driver = maildir\nmail_path = ~/Maildir\n\
             mail_home = {t}/home/%{{user | username}}\nmail_uid = {mail_uid}\nmail_gid = {mail_gid}\n\
             auth_username_format = %{{user | username | lower}}\n\
             passdb static {{\n  password = secret\n}}\nuserdb static {{\n}}\n\
             mail_plugins {{\n  notify = yes\n}}\n"
        )
    };
    let version = if old {
        ""
    } else {
        "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
    };
    let folders: String = ["Drafts", "Sent", "Trash", "Junk", "Archive"]
        .iter()
        .map(|f| format!("  mailbox {f} {{\n    special_use = \\{f}\n    auto = subscribe\n  }}\n"))
        .collect();
    let door = |name: &str, port: u16, tls: bool| {
        let tls = if tls { "    ssl = yes\n" } else { "" };
        format!("  inet_listener {name} {{\n    port = {port}\n{tls}  }}\n")
    };
    format!(
        "{version}base_dir = {t}/run\nstate_dir = {t}/state\nlog_path = {t}/log\n\
         protocols = imap lmtp submission\nlisten = 127.0.0.1\n\
         default_internal_user = {internal}\ndefault_internal_group = {group}\n\
         default_login_user = {login}\nfirst_valid_uid = 1\nfirst_valid_gid = 1\n\
         mail_max_userip_connections = 100\nauth_failure_delay = 0\nssl = yes\n\
         default_vsz_limit = 4G\n\
         submission_relay_host = 127.0.0.1\nsubmission_relay_port = {relay}\n{dialect}\
         namespace inbox {{\n  inbox = yes\n  separator = /\n{folders}}}\n\
         service imap-login {{\n{chroot}{}{}}}\n\
         service submission-login {{\n{chroot}{}{}}}\n\
         service auth {{\n  unix_listener auth-others {{\n    mode = 0666\n  }}\n}}\n\
         service lmtp {{\n{}}}\nservice anvil {{\n{chroot}}}\n",
        door("imap", ports[0], false),
        door("imaps", ports[1], true),
        door("submission", ports[3], false),
        door("submissions", ports[4], true),
        door("lmtp", ports[2], false),
    )
}

#[test]
fn the_rig_delivers_and_lets_look() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    server.deliver("ada", "Subject: by LMTP\n\n.dot\nend\n");
    let mut session = server.look("ada");
    assert_eq!(
        session.select("INBOX").unwrap().exists,
        1,
        "{}",
        server.log()
    );
    let all = session.uid_fetch("1", "BODY.PEEK[]").unwrap();
    let raw = String::from_utf8_lossy(all.iter().next().unwrap().body().unwrap()).into_owned();
    assert!(
        raw.contains("Subject: by LMTP") && raw.ends_with("\r\n.dot\r\nend\r\n"),
        "{raw}"
    );
    session.logout().unwrap();
    let table: toml::Table = server.account("work", "ada").parse().unwrap();
    assert_eq!(
        table["account"][0]["ca-file"].as_str(),
        server.ca_file().to_str()
    );
    assert_ne!(server.imap, server.imaps);
}
