//! A private, real Cyrus IMAP from unpacked packages, with and without TLS, on random ports, as
//! root (then it runs as `mail`) or as anybody. `tests/run` unpacks it, because its package and
//! Dovecot's can't be installed together.
//!
//! Any user may log in with the password `secret`: Cyrus asks a socket of ours, in the protocol of
//! saslauthd. An inbox with the usual mailboxes is made when somebody is first seen.

use crate::client::Client;
use crate::dovecot::{free_ports, greeting, id, reachable, unpacked};
use crate::pty::PATIENCE;
use crate::tls::certificates;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server. Dropping it ends the processes that it started and nothing else.
pub struct Cyrus {
    child: Child,
    folder: tempfile::TempDir,
    /// IMAP in the clear.
    pub imap: u16,
    /// IMAP over TLS.
    pub imaps: u16,
}

impl Cyrus {
    /// Starts a server; `None` if its packages are not unpacked.
    pub fn start() -> Option<Cyrus> {
        let root = unpacked("cyrus", "usr/lib/cyrus/bin/master")?;
        // A port that was free may be taken a moment later by a test beside this one.
        let server = (0..3).find_map(|_| Cyrus::attempt(&root));
        Some(server.expect("Cyrus did not start"))
    }

    fn attempt(root: &Path) -> Option<Cyrus> {
        let folder = tempfile::Builder::new()
            .prefix("prc")
            .tempdir_in("/tmp")
            .unwrap();
        let at = folder.path();
        fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
        let server = reachable(root, at);
        for name in [
            "var",
            "spool",
            "var/socket",
            "var/db",
            "var/lock",
            "var/proc",
            "var/log",
        ] {
            fs::create_dir(at.join(name)).unwrap();
        }
        let c = certificates();
        for (name, bytes) in [
            ("cert.pem", &c.cert),
            ("key.pem", &c.key),
            ("ca.pem", &c.ca),
        ] {
            fs::write(at.join(name), bytes).unwrap();
        }
        let ports = free_ports(2);
        serve_passwords(&at.join("mux"));
        let as_root = rustix::process::getuid().is_root();
        let user = if as_root {
            "mail".to_owned()
        } else {
            id("-un")
        };
        fs::write(at.join("imapd.conf"), settings(at, &user)).unwrap();
        fs::write(at.join("cyrus.conf"), services(at, &server.root, &ports)).unwrap();
        let mut command = Command::new(server.root.join("usr/lib/cyrus/bin/master"));
        command
            .arg("-C")
            .arg(at.join("imapd.conf"))
            .arg("-M")
            .arg(at.join("cyrus.conf"))
            .arg("-p")
            .arg(at.join("var/master.pid"));
        if as_root {
            let done = Command::new("chown")
                .arg("-R")
                .arg("mail:mail")
                .arg(at)
                .status();
            assert!(done.unwrap().success());
            let of_mail = |flag| {
                let out = Command::new("id").args([flag, "mail"]).output().unwrap();
                String::from_utf8_lossy(&out.stdout).trim().parse().unwrap()
            };
            command.uid(of_mail("-u")).gid(of_mail("-g"));
        }
        let out = fs::File::create(at.join("out")).unwrap();
        let child = command
            .env("LD_LIBRARY_PATH", &server.libraries)
            .env("SASL_PATH", server.sasl())
            .current_dir(at)
            // On SIGTERM the master signals its whole process group.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap();
        let mut server = Cyrus {
            child,
            folder,
            imap: ports[0],
            imaps: ports[1],
        };
        let until = Instant::now() + PATIENCE;
        loop {
            let said = greeting(server.imap).unwrap_or_default();
            if said.contains("Cyrus") {
                return Some(server);
            }
            let ended = server.child.try_wait().unwrap().is_some();
            if ended || !said.is_empty() || Instant::now() > until {
                let out = fs::read_to_string(server.folder.path().join("out"));
                eprintln!("Cyrus did not start: {out:?} {said:?}");
                return None;
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// The CA's certificate as a file.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

impl Drop for Cyrus {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

/// Answers like saslauthd: four counted strings come, one goes back. Ends with the process.
fn serve_passwords(path: &Path) {
    let door = UnixListener::bind(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    let judge = |mut caller: UnixStream| -> std::io::Result<()> {
        let mut fields = Vec::new();
        for _ in 0..4 {
            let mut length = [0; 2];
            caller.read_exact(&mut length)?;
            let mut field = vec![0; usize::from(u16::from_be_bytes(length))];
            caller.read_exact(&mut field)?;
            fields.push(field);
        }
        let answer: &[u8] = if fields[1] == b"secret" {
            b"\0\x02OK"
        } else {
            b"\0\x02NO"
        };
        caller.write_all(answer)
    };
    std::thread::spawn(move || {
        for caller in door.incoming().flatten() {
            let _ = judge(caller);
        }
    });
}

/// Mailboxes are deleted at once: those that are only put aside are named by the second, and a
/// second one of that name can't be deleted in the same.
fn settings(at: &Path, user: &str) -> String {
    let t = at.display();
    let folders = ["Drafts", "Sent", "Trash", "Junk", "Archive"];
    let uses: String = folders
        .iter()
        .map(|f| format!("xlist-{}: {f}\n", f.to_lowercase()))
        .collect();
    format!(
        "configdirectory: {t}/var\npartition-default: {t}/spool\ndefaultpartition: default\n\
         servername: localhost\ncyrus_user: {user}\nadmins: cyrus\nallowplaintext: yes\n\
         sasl_pwcheck_method: saslauthd\nsasl_saslauthd_path: {t}/mux\nsasl_mech_list: PLAIN LOGIN\n\
         tls_server_cert: {t}/cert.pem\ntls_server_key: {t}/key.pem\nautocreate_quota: 0\n\
         autocreate_inbox_folders: {}\n{uses}specialusealways: yes\nimapidlepoll: 1\n\
         unixhierarchysep: yes\naltnamespace: yes\n\
         delete_mode: immediate\n\
         idlesocket: {t}/var/socket/idle\nlmtpsocket: {t}/var/socket/lmtp\n\
         notifysocket: {t}/var/socket/notify\n",
        folders.join("|")
    )
}

fn services(at: &Path, root: &Path, ports: &[u16]) -> String {
    let (bin, conf) = (root.join("usr/lib/cyrus/bin"), at.join("imapd.conf"));
    let (bin, conf) = (bin.display(), conf.display());
    format!(
        "START {{\n  recover cmd=\"{bin}/ctl_cyrusdb -C {conf} -r\"\n}}\nSERVICES {{\n  \
         imap cmd=\"{bin}/imapd -C {conf}\" listen=\"127.0.0.1:{}\" prefork=0\n  \
         imaps cmd=\"{bin}/imapd -C {conf} -s\" listen=\"127.0.0.1:{}\" prefork=0\n}}\n",
        ports[0], ports[1]
    )
}

#[test]
fn the_rig_answers_with_and_without_tls() {
    let Some(server) = Cyrus::start() else {
        return;
    };
    let mut client = Client::plain(server.imap, "ada");
    client.append(
        "INBOX",
        "\\Seen",
        "Message-ID: <a@example.test>\r\n\r\nx\r\n",
    );
    let mut other = Client::tls(server.imaps, "ada");
    let state = other.state();
    assert_eq!(state["INBOX"].ids(), ["a@example.test"]);
    assert!(state.contains_key("Archive"), "{state:?}");
    assert!(other.can("QRESYNC") && other.can("MOVE"));
    let uid = state["INBOX"].uid("a@example.test");
    other.shift("INBOX", uid, "Archive");
    assert_eq!(client.held("Archive").ids(), ["a@example.test"]);
    assert!(server.ca_file().is_file());
}
