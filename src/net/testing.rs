//! An account, certificates of every kind of wrongness, and servers that show them, for tests of
//! this floor.

use crate::model::{
    Account, AccountName, Auth, Endpoint, Reach, SecretSource, Security, SyncPolicy,
};
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslMethod, SslStream, SslVersion};
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name, X509NameBuilder};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

const DAY: i64 = 24 * 3600;

/// An account on `port` of loopback.
pub fn account(port: u16, security: Security) -> Account {
    let endpoint = Endpoint {
        host: "127.0.0.1".into(),
        port,
        security,
        pin_sha256: None,
    };
    Account {
        name: AccountName("a".into()),
        email: "me@example.test".into(),
        full_name: String::new(),
        user: "me".into(),
        secret: SecretSource::Prompt,
        imap: endpoint.clone(),
        smtp: endpoint,
        ca_file: None,
        sync: SyncPolicy {
            bodies: Reach::None,
            ..SyncPolicy::default()
        },
        save_sent: None,
        mirror_drafts: true,
        archive: crate::model::ArchiveBy::default(),
        auth: Auth::Password,
        identities: Vec::new(),
        sendmail: None,
        authserv_id: Vec::new(),
        future_release: false,
        signature: None,
    }
}

/// A certificate with its key.
#[derive(Clone)]
pub struct Identity {
    pub cert: X509,
    pub key: PKey<Private>,
}

/// What a server's certificate says.
#[derive(Clone)]
pub struct Leaf {
    pub dns: &'static [&'static str],
    pub ip: Option<&'static str>,
    /// From and until, in days from now.
    pub days: (i64, i64),
    pub for_servers: bool,
}

impl Default for Leaf {
    fn default() -> Leaf {
        Leaf {
            dns: &["mail.example.test"],
            ip: None,
            days: (-1, 7),
            for_servers: true,
        }
    }
}

impl Identity {
    /// A new authority.
    pub fn authority() -> Identity {
        let key = key();
        // Without key identifiers two authorities of one name could not be told apart.
        let mut number = [0; 8];
        getrandom::fill(&mut number).unwrap();
        let name = name(&format!("authority {}", u64::from_ne_bytes(number)));
        let mut builder = begin(&name, &name, &key, (-30, 30));
        let ca = BasicConstraints::new().critical().ca().build().unwrap();
        builder.append_extension(ca).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        Identity {
            cert: builder.build(),
            key,
        }
    }

    /// A certificate signed by this one; its CN is always `mail.example.test`.
    pub fn sign(&self, leaf: &Leaf) -> Identity {
        finish(leaf, Some(self))
    }

    /// A certificate signed by itself.
    pub fn alone(leaf: &Leaf) -> Identity {
        finish(leaf, None)
    }

    /// What `pin-sha256` would be for it.
    pub fn pin(&self) -> [u8; 32] {
        let spki = self.key.public_key_to_der().unwrap();
        Sha256::digest(spki).into()
    }

    /// Its certificate in a file, after a comment and another certificate.
    pub fn file(&self) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let other = Identity::authority();
        file.write_all(b"# two of them\n").unwrap();
        file.write_all(&other.cert.to_pem().unwrap()).unwrap();
        file.write_all(&self.cert.to_pem().unwrap()).unwrap();
        file
    }

    /// An acceptor that shows it. `newest` bounds the version of TLS from above.
    pub fn acceptor(&self, newest: Option<SslVersion>) -> SslAcceptor {
        let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
        builder.set_certificate(&self.cert).unwrap();
        builder.set_private_key(&self.key).unwrap();
        if newest.is_some() {
            builder.set_security_level(0);
            builder.set_min_proto_version(None).unwrap();
            builder.set_max_proto_version(newest).unwrap();
            builder.clear_options(openssl::ssl::SslOptions::all());
            builder.set_cipher_list("ALL:@SECLEVEL=0").unwrap();
        }
        builder.build()
    }
}

fn finish(leaf: &Leaf, issuer: Option<&Identity>) -> Identity {
    let key = key();
    let subject = name("mail.example.test");
    let issuer_name = issuer.map_or(&*subject, |i| i.cert.subject_name());
    let mut builder = begin(&subject, issuer_name, &key, leaf.days);
    if !leaf.dns.is_empty() || leaf.ip.is_some() {
        let mut san = SubjectAlternativeName::new();
        for name in leaf.dns {
            san.dns(name);
        }
        if let Some(ip) = leaf.ip {
            san.ip(ip);
        }
        let context = builder.x509v3_context(issuer.map(|i| &*i.cert), None);
        let san = san.build(&context).unwrap();
        builder.append_extension(san).unwrap();
    }
    let mut usage = ExtendedKeyUsage::new();
    let usage = match leaf.for_servers {
        true => usage.server_auth(),
        false => usage.client_auth(),
    };
    builder.append_extension(usage.build().unwrap()).unwrap();
    let signer = issuer.map_or(&key, |i| &i.key);
    builder.sign(signer, MessageDigest::sha256()).unwrap();
    Identity {
        cert: builder.build(),
        key,
    }
}

fn key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn name(common: &str) -> X509Name {
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", common).unwrap();
    name.build()
}

fn begin(
    subject: &openssl::x509::X509NameRef,
    issuer: &openssl::x509::X509NameRef,
    key: &PKey<Private>,
    (from, until): (i64, i64),
) -> X509Builder {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let now = i64::try_from(now.as_secs()).unwrap();
    let at = |days: i64| Asn1Time::from_unix(now + days * DAY).unwrap();
    let mut b = X509Builder::new().unwrap();
    b.set_version(2).unwrap();
    let mut serial = [0; 8];
    getrandom::fill(&mut serial).unwrap();
    serial[0] &= 0x7f;
    let serial = Asn1Integer::from_bn(&BigNum::from_slice(&serial).unwrap()).unwrap();
    b.set_serial_number(&serial).unwrap();
    b.set_subject_name(subject).unwrap();
    b.set_issuer_name(issuer).unwrap();
    b.set_pubkey(key).unwrap();
    b.set_not_before(&at(from)).unwrap();
    b.set_not_after(&at(until)).unwrap();
    b
}

/// A server on loopback that serves one connection as `script` says.
pub fn serve<T: Send + 'static>(
    script: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (u16, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        socket.set_nodelay(true).unwrap();
        let patience = Some(Duration::from_secs(20));
        socket.set_read_timeout(patience).unwrap();
        script(socket)
    });
    (port, thread)
}

/// The server's end of a handshake; `None` if the client breaks it off.
pub fn shake(acceptor: &SslAcceptor, socket: TcpStream) -> Option<SslStream<TcpStream>> {
    acceptor.accept(socket).ok()
}
