//! A private, real Postfix from an unpacked package: submission over TLS and by STARTTLS, passwords
//! asked of a Dovecot beside it, everything that it takes relayed to a sink in this process. It puts
//! off whom it has never seen (greylisting), refuses some, and takes no large messages.
//!
//! It needs root, a folder and ports of its own, and nothing of a Postfix that may be installed:
//! neither its users nor its folders. `tests/run` unpacks it.

use crate::dovecot::{Dovecot, free_ports, greeting, reachable, skip, unpacked};
use crate::dump::{local, write};
use crate::program::Home;
use crate::pty::PATIENCE;
use crate::smtp::Sink;
use crate::tls::certificates;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Octets of the largest message that it takes.
const LARGEST: usize = 200_000;
/// Accounts that every Debian has and nobody uses: Postfix wants two of its own.
const OWNER: &str = "news";
const GROUP: &str = "uucp";

/// A running server. Dropping it ends its master process, which ends the others.
pub struct Postfix {
    child: Child,
    folder: tempfile::TempDir,
    /// Submission over TLS.
    pub submissions: u16,
    /// Submission with STARTTLS, which must come before the sign-in.
    pub submission: u16,
}

impl Postfix {
    /// Starts a server in front of `sink` that asks `dovecot` for passwords; `None` if its package
    /// is not unpacked, or this is not root.
    pub fn start(dovecot: &Dovecot, sink: &Sink) -> Option<Postfix> {
        let root = unpacked("postfix", "usr/lib/postfix/sbin/master")?;
        if !rustix::process::getuid().is_root() {
            skip("Postfix wants root");
            return None;
        }
        // A port that was free may be taken a moment later by a test beside this one.
        let server = (0..3).find_map(|_| Postfix::attempt(&root, dovecot, sink));
        Some(server.expect("Postfix did not start"))
    }

    fn attempt(root: &Path, dovecot: &Dovecot, sink: &Sink) -> Option<Postfix> {
        let folder = tempfile::Builder::new()
            .prefix("prp")
            .tempdir_in("/tmp")
            .unwrap();
        let at = folder.path();
        fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
        let server = reachable(root, at);
        for name in ["etc", "data", "spool"] {
            fs::create_dir(at.join(name)).unwrap();
        }
        own(&at.join("data"), OWNER, 0o700);
        for name in [
            "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
            "private", "saved", "trace", "maildrop", "public", "pid",
        ] {
            let queue = at.join("spool").join(name);
            fs::create_dir(&queue).unwrap();
            match name {
                "pid" => {}
                "maildrop" => own(&queue, &format!("{OWNER}:{GROUP}"), 0o730),
                "public" => own(&queue, &format!("{OWNER}:{GROUP}"), 0o710),
                _ => own(&queue, OWNER, 0o700),
            }
        }
        let c = certificates();
        fs::write(at.join("cert.pem"), &c.cert).unwrap();
        fs::write(at.join("key.pem"), &c.key).unwrap();
        let ports = free_ports(2);
        let mut libraries = server.libraries.clone();
        libraries.push(":");
        libraries.push(server.root.join("usr/lib/postfix"));
        let libraries = libraries.to_str().unwrap().to_owned();
        let main = settings(at, &server.root, &libraries, dovecot, sink);
        fs::write(at.join("etc/main.cf"), main).unwrap();
        fs::write(at.join("etc/master.cf"), services(&ports)).unwrap();
        let out = fs::File::create(at.join("out")).unwrap();
        let child = Command::new(server.root.join("usr/lib/postfix/sbin/master"))
            .arg("-c")
            .arg(at.join("etc"))
            .arg("-d")
            .env("LD_LIBRARY_PATH", &libraries)
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap();
        let mut server = Postfix {
            child,
            folder,
            submissions: ports[0],
            submission: ports[1],
        };
        let until = Instant::now() + PATIENCE;
        while !greeting(server.submission).is_some_and(|g| g.contains("Postfix")) {
            if server.child.try_wait().unwrap().is_some() {
                eprintln!("Postfix did not start: {}", server.log());
                return None;
            }
            assert!(
                Instant::now() < until,
                "Postfix says nothing: {}",
                server.log()
            );
            std::thread::park_timeout(Duration::from_millis(10));
        }
        Some(server)
    }

    /// What the server has said, for a test that fails.
    pub fn log(&self) -> String {
        let read =
            |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        read("mail.log") + &read("out")
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

fn own(path: &Path, who: &str, mode: u32) {
    let done = Command::new("chown").arg(who).arg(path).status().unwrap();
    assert!(done.success());
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn settings(at: &Path, root: &Path, libraries: &str, dovecot: &Dovecot, sink: &Sink) -> String {
    let (t, r) = (at.display(), root.display());
    let policy = greylist();
    format!(
        "compatibility_level = 3.6\n\
         queue_directory = {t}/spool\ndata_directory = {t}/data\n\
         command_directory = {r}/usr/sbin\ndaemon_directory = {r}/usr/lib/postfix/sbin\n\
         meta_directory = {r}/etc/postfix\nshlib_directory = {r}/usr/lib/postfix\n\
         sendmail_path = {r}/usr/sbin/sendmail\n\
         mail_owner = {OWNER}\nsetgid_group = {GROUP}\n\
         maillog_file = {t}/mail.log\nmaillog_file_prefixes = {t}\n\
         import_environment = MAIL_CONFIG TZ LANG=C LD_LIBRARY_PATH={libraries}\n\
         myhostname = mail.example.test\nmydestination =\nlocal_recipient_maps =\nalias_maps =\n\
         inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmynetworks =\n\
         relayhost = [127.0.0.1]:{}\nsmtp_host_lookup = native\nsmtp_dns_support_level = disabled\n\
         smtp_tls_security_level = none\nmessage_size_limit = {LARGEST}\n\
         smtpd_tls_cert_file = {t}/cert.pem\nsmtpd_tls_key_file = {t}/key.pem\n\
         smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = {}\n\
         smtpd_relay_restrictions = permit_sasl_authenticated, reject\n\
         smtpd_recipient_restrictions = \
         check_recipient_access inline:{{{{nobody@example.test = 550 5.1.1 nobody of that name}}}}, \
         check_policy_service inet:127.0.0.1:{policy}, permit_sasl_authenticated, reject\n",
        sink.port,
        dovecot.auth_socket().display(),
    )
}

fn services(ports: &[u16]) -> String {
    format!(
        "127.0.0.1:{} inet n - n - - smtpd\n  -o smtpd_tls_wrappermode=yes\n\
         127.0.0.1:{} inet n - n - - smtpd\n  -o smtpd_tls_security_level=encrypt\n\
         cleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\n\
         tlsmgr unix - - n 1000? 1 tlsmgr\nrewrite unix - - n - - trivial-rewrite\n\
         bounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\ntrace unix - - n - 0 bounce\n\
         smtp unix - - n - - smtp\nerror unix - - n - - error\nretry unix - - n - - error\n\
         anvil unix - - n - 1 anvil\nscache unix - - n - 1 scache\n\
         proxymap unix - - n - - proxymap\npostlog unix-dgram n - n - 1 postlogd\n",
        ports[0], ports[1]
    )
}

/// A policy service that puts off each recipient whose name begins with `grey` once; its port.
fn greylist() -> u16 {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = door.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    std::thread::spawn(move || {
        for socket in door.incoming().flatten() {
            let seen = Arc::clone(&seen);
            std::thread::spawn(move || judge(socket, &seen));
        }
    });
    port
}

fn judge(socket: TcpStream, seen: &Mutex<BTreeSet<String>>) -> Option<()> {
    let mut answers = socket.try_clone().ok()?;
    let mut recipient = String::new();
    for line in BufReader::new(socket).lines() {
        let line = line.ok()?;
        if let Some(name) = line.strip_prefix("recipient=") {
            recipient = name.to_owned();
        }
        if line.is_empty() {
            let new = seen.lock().unwrap().insert(recipient.clone());
            let action = match new && recipient.starts_with("grey") {
                true => "defer_if_permit 4.7.1 greylisted, come back later",
                false => "dunno",
            };
            answers
                .write_all(format!("action={action}\n\n").as_bytes())
                .ok()?;
        }
    }
    None
}

/// A home whose account sends through Postfix.
pub fn ready(security: &str) -> Option<(Sink, Dovecot, Postfix, Home)> {
    let sink = Sink::start();
    let dovecot = Dovecot::start(None)?;
    let postfix = Postfix::start(&dovecot, &sink)?;
    let table = dovecot.account("work", "ada");
    let port = match security {
        "tls" => postfix.submissions,
        _ => postfix.submission,
    };
    let lines = table.lines().map(|line| match line.starts_with("smtp") {
        true => {
            format!("smtp = {{ host = \"localhost\", port = {port}, security = \"{security}\" }}\n")
        }
        false => format!("{line}\n"),
    });
    let home = Home::new(&lines.collect::<String>());
    home.sync();
    Some((sink, dovecot, postfix, home))
}

fn send(home: &Home, to: &str, subject: &str) -> crate::program::Ran {
    home.run(&["send", "--wait", "--json", "--to", to, "--subject", subject])
}

/// What waits for its next try is due at once, and is tried.
fn later(home: &Home) {
    write(&local(home))
        .execute("UPDATE outbox SET next_try = 0 WHERE state = 'queued'", [])
        .unwrap();
    home.sync();
}

/// How many copies somebody got.
fn copies(sink: &Sink, recipient: &str) -> usize {
    let all = sink.deliveries();
    all.iter()
        .filter(|d| d.to.iter().any(|t| t == recipient))
        .count()
}

#[test]
fn one_who_is_greylisted_gets_it_later_and_nobody_twice() {
    let Some((sink, dovecot, postfix, home)) = ready("tls") else {
        return;
    };
    let to = "bo@example.test, grey@example.test, cy@example.test";
    let told = send(&home, to, "to three").code(75).json();
    assert_eq!(told["state"], "queued", "{told}\n{}", postfix.log());
    let grey = told["recipients"].as_array().unwrap();
    let grey = grey.iter().find(|r| r["address"] == "grey@example.test");
    let reply = grey.unwrap()["reply"].as_str().unwrap().to_owned();
    assert!(reply.contains("greylisted"), "{reply}");
    sink.wait_for(1);
    assert_eq!(copies(&sink, "grey@example.test"), 0);
    later(&home);
    while copies(&sink, "grey@example.test") == 0 {
        sink.wait_for(sink.deliveries().len() + 1);
    }
    later(&home);
    for name in ["bo", "grey", "cy"] {
        assert_eq!(copies(&sink, &format!("{name}@example.test")), 1, "{name}");
    }
    let all = home.json(&["outbox", "--all"]);
    assert_eq!(all["outbox"][0]["state"], "sent", "{all}");
    let mut look = dovecot.look("ada");
    assert_eq!(look.select("Sent").unwrap().exists, 1);
}

#[test]
fn whom_it_refuses_and_what_is_too_large_stays_here_with_its_reason() {
    let Some((sink, dovecot, postfix, home)) = ready("starttls") else {
        return;
    };
    let told = send(&home, "bo@example.test, nobody@example.test", "to nobody");
    let told = told.code(77).json();
    assert_eq!(told["state"], "refused", "{told}\n{}", postfix.log());
    let refused = told["recipients"].as_array().unwrap();
    let refused = refused.iter().find(|r| r["state"] == "refused").unwrap();
    let reply = refused["reply"].as_str().unwrap();
    assert!(
        reply.contains("5.1.1") && reply.contains("nobody of that name"),
        "{told}"
    );

    let file = home.path.parent().unwrap().join("large");
    fs::write(&file, "0123456789\n".repeat(LARGEST / 11)).unwrap();
    let args = [
        "send",
        "--wait",
        "--json",
        "--to",
        "bo@example.test",
        "--subject",
        "large",
    ];
    let told = home.run(&[&args[..], &["--attach", file.to_str().unwrap()]].concat());
    let told = told.code(77).json();
    assert!(
        told.to_string().contains("the server takes 195"),
        "{told}\n{}",
        postfix.log()
    );
    assert!(!postfix.log().contains("size="), "it was not even begun");

    // The connection is one: what can be sent is sent after all that.
    let told = send(&home, "bo@example.test", "fine").code(0).json();
    assert_eq!(told["state"], "sent", "{told}");
    let got = sink.wait_for(1);
    assert_eq!(
        (got.len(), &got[0].to),
        (1, &vec!["bo@example.test".to_owned()])
    );
    let mut look = dovecot.look("ada");
    assert_eq!(look.select("Sent").unwrap().exists, 1);
}
