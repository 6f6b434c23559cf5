//! Sign-ins at a provider's page and the tokens that come of them, against a provider of our own and
//! in this process: what is kept, what is asked how often, and what is said when it goes wrong.

use crate::provider::{Fault, Provider, visit};
use crate::script::Script;
use crossbeam_channel::{Receiver, Sender, unbounded};
use postrider::cli::sign_in;
use postrider::cli::tokens::{Kind, Tokens, Vault};
use postrider::config::secrets::{SecretError, Secrets};
use postrider::config::{Paths, load};
use postrider::model::{
    Account, ClientSecret, Secret, SecretSource, SignInBy, SignInStep, SignInWord,
};
use postrider::net::oauth::{self, OAuthError, device};
use postrider::sync::NoSecret;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

/// A place in memory that keeps things, unless it is told to fail.
#[derive(Default)]
struct Drawer {
    refresh: Mutex<Option<String>>,
    fails: AtomicBool,
    locked: AtomicBool,
}

impl Drawer {
    fn with(refresh: &str) -> Arc<Drawer> {
        let drawer = Drawer::default();
        *drawer.refresh.lock().unwrap() = Some(refresh.to_owned());
        Arc::new(drawer)
    }

    fn kept(&self) -> Option<String> {
        self.refresh.lock().unwrap().clone()
    }
}

impl Vault for Drawer {
    fn fetch(&self, _: &Account, kind: Kind) -> Result<Option<Secret>, SecretError> {
        assert_eq!(kind, Kind::RefreshToken);
        if self.locked.load(Ordering::SeqCst) {
            return Err(SecretError::Passing("the drawer is locked".to_owned()));
        }
        Ok(self.kept().map(Secret::new))
    }

    fn keep(&self, _: &Account, kind: Kind, secret: &Secret) -> Result<(), String> {
        assert_eq!(kind, Kind::RefreshToken);
        if self.fails.load(Ordering::SeqCst) {
            return Err("the drawer is stuck".to_owned());
        }
        *self.refresh.lock().unwrap() = Some(secret.reveal().to_owned());
        Ok(())
    }
}

struct Bench {
    provider: Provider,
    server: Script,
    account: Account,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let provider = Provider::start();
        let server = Script::start(|mail| {
            mail.greeting = "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR".to_owned();
        });
        let table = server.account_with("work", 1);
        let table = table.replace(
            "password-command = [\"echo\", \"secret\"]\n",
            &provider.lines(),
        );
        let loaded = load::parse(&table, Path::new("/"));
        assert_eq!(loaded.problems, [], "{table}");
        let account = loaded.config.accounts[0].clone();
        let folder = tempfile::tempdir().unwrap();
        Bench {
            provider,
            server,
            account,
            folder,
        }
    }

    fn lock(&self) -> PathBuf {
        self.folder.path().join("tokens.lock")
    }

    fn tokens(&self, drawer: &Arc<Drawer>) -> Tokens {
        Tokens::new(Arc::clone(drawer) as Arc<dyn Vault>, self.lock())
    }

    /// Signs in; `act` does what the user does, and is told where.
    fn sign_in(
        &self,
        by: SignInBy,
        drawer: &Drawer,
        act: impl Fn(SignInStep, &Sender<SignInWord>) + Send + Sync + 'static,
    ) -> Result<(), String> {
        let (sender, words) = unbounded();
        let act = Arc::new(act);
        let tell = move |step: SignInStep| {
            let (act, sender) = (Arc::clone(&act), sender.clone());
            std::thread::spawn(move || act(step, &sender));
        };
        sign_in::carry_out(&self.account, None, by, drawer, &self.lock(), &tell, &words)
    }

    fn revealed(&self, tokens: &Tokens) -> Result<String, NoSecret> {
        tokens.access(&self.account).map(|s| s.reveal().to_owned())
    }
}

fn page(step: &SignInStep) -> Option<String> {
    match step {
        SignInStep::Page { url, .. } => Some(url.clone()),
        _ => None,
    }
}

#[test]
fn a_sign_in_with_a_browser_is_proved_tried_and_kept() {
    let bench = Bench::new();
    let drawer = Drawer::default();
    let provider = Arc::new(bench.provider.state().refresh.clone());
    assert!(provider.is_empty());
    let (sent, urls) = unbounded();
    std::thread::scope(|scope| {
        let signing = scope.spawn(|| {
            bench.sign_in(SignInBy::Browser, &drawer, move |step, _| {
                if let Some(url) = page(&step) {
                    sent.send(url).unwrap();
                }
            })
        });
        let url = urls.recv().unwrap();
        let back = bench.provider.agree(&url);
        assert!(back.starts_with("http://127.0.0.1:"), "{back}");
        // Somebody else's answer is none, and does not end the wait.
        let forged = back.replace("state=", "state=x");
        assert!(visit(&forged).unwrap().starts_with("HTTP/1.1 400 "));
        let answer = visit(&back).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        signing.join().unwrap().unwrap();
        // The same again finds nobody.
        assert!(visit(&back).is_err());
    });
    let kept = drawer.kept().unwrap();
    assert!(bench.provider.state().refresh.contains(&kept));
    // The server was asked whether it takes it, by what it offers of the two.
    let said = bench.server.said("AUTHENTICATE");
    assert!(said[0].contains("AUTHENTICATE XOAUTH2"), "{said:?}");
    assert!(bench.server.said("LOGIN").is_empty());
}

#[test]
fn where_the_browser_is_elsewhere_its_last_address_is_pasted() {
    let bench = Bench::new();
    let drawer = Drawer::default();
    let agree = Mutex::new(None);
    std::thread::scope(|scope| {
        let (sent, urls) = unbounded();
        let signing = scope.spawn(|| {
            bench.sign_in(SignInBy::Browser, &drawer, move |step, words| {
                if let Some(url) = page(&step) {
                    sent.send((url, words.clone())).unwrap();
                }
            })
        });
        let (url, words) = urls.recv().unwrap();
        *agree.lock().unwrap() = Some(url.clone());
        let back = Secret::new(bench.provider.agree(&url));
        words.send(SignInWord::Pasted(back)).unwrap();
        signing.join().unwrap().unwrap();
    });
    assert!(drawer.kept().is_some());
}

#[test]
fn a_token_that_the_server_does_not_take_is_not_kept() {
    let bench = Bench::new();
    let drawer = Drawer::default();
    let no = "{tag} NO [AUTHENTICATIONFAILED] not yours\r\n";
    bench.server.always("AUTHENTICATE", crate::script::say(no));
    bench.provider.state().device.lasts = 600;
    let told = bench.sign_in(SignInBy::Device, &drawer, |_, _| {});
    let told = told.unwrap_err();
    assert!(
        told.contains("did not let us in") && told.contains("Nothing was kept"),
        "{told}"
    );
    assert_eq!(drawer.kept(), None);
}

fn by_device(
    bench: &Bench,
    words: &Receiver<SignInWord>,
    told: &Mutex<Vec<SignInStep>>,
) -> Result<oauth::Tokens, OAuthError> {
    let SecretSource::OAuth(says) = &bench.account.secret else {
        panic!()
    };
    let web = postrider::cli::tokens::web(&bench.account).unwrap();
    let provider = oauth::Provider {
        web: &web,
        says,
        secret: None,
    };
    let tell = |step: SignInStep| told.lock().unwrap().push(step);
    device::sign_in(provider, &tell, words, Duration::from_millis(5))
}

#[test]
fn a_device_waits_as_it_is_told_to() {
    for (errors, lasts, good, asked) in [
        (
            &[
                "authorization_pending",
                "slow_down",
                "authorization_pending",
            ][..],
            600,
            true,
            4,
        ),
        (&[][..], 600, true, 1),
        (&["access_denied"][..], 600, false, 1),
        (&["expired_token"][..], 600, false, 1),
        (
            &[
                "authorization_pending",
                "slow_down",
                "slow_down",
                "slow_down",
            ][..],
            9,
            false,
            3,
        ),
    ] {
        let bench = Bench::new();
        bench.provider.state().device.lasts = lasts;
        bench.provider.state().device.errors = errors.iter().copied().collect();
        let (_words, heard) = unbounded();
        let told = Mutex::default();
        let done = by_device(&bench, &heard, &told);
        assert_eq!(done.is_ok(), good, "{errors:?}: {done:?}");
        // Where the code runs out, the fewer questions the slower the machine.
        let times = bench.provider.asked();
        assert!(
            times == asked || (lasts < 600 && times < asked),
            "{errors:?}: {times}"
        );
        let told = told.into_inner().unwrap();
        let SignInStep::Code { url, code, .. } = &told[0] else {
            panic!("{told:?}")
        };
        assert_eq!(
            (url.as_str(), code.as_str()),
            ("https://id.example.test/device", "WDJB-MJHT")
        );
        let said = done.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(!said.contains("CANARY"), "{said}");
    }
}

#[test]
fn a_device_survives_a_provider_in_trouble_and_can_be_called_away() {
    let bench = Bench::new();
    bench.provider.state().device.lasts = 3600;
    bench
        .provider
        .state()
        .device
        .errors
        .push_back("authorization_pending");
    bench.provider.fails(&[
        Fault::Says(200, bench_device()),
        Fault::Status(503),
        Fault::Cut,
        Fault::Says(200, "<html>".to_owned()),
    ]);
    let (words, heard) = unbounded();
    let told = Mutex::default();
    assert!(by_device(&bench, &heard, &told).is_ok());
    assert_eq!(bench.provider.asked(), 5);
    words.send(SignInWord::Cancel).unwrap();
    assert!(matches!(
        by_device(&bench, &heard, &told),
        Err(OAuthError::Cancelled)
    ));
    drop(words);
    assert!(matches!(
        by_device(&bench, &heard, &told),
        Err(OAuthError::Cancelled)
    ));
}

fn bench_device() -> String {
    r#"{"device_code":"CANARY-device","user_code":"WDJB","verification_uri":"https://id.example.test/","interval":1}"#.to_owned()
}

#[test]
fn f55_however_many_ask_one_refresh_is_made() {
    let bench = Bench::new();
    bench.provider.grant("first");
    bench.provider.state().slow = Duration::from_millis(300);
    let tokens = bench.tokens(&Drawer::with("first"));
    let start = Barrier::new(6);
    let given: Vec<String> = std::thread::scope(|scope| {
        let ask = || {
            start.wait();
            bench.revealed(&tokens).unwrap()
        };
        let asks: Vec<_> = (0..6).map(|_| scope.spawn(ask)).collect();
        asks.into_iter().map(|a| a.join().unwrap()).collect()
    });
    assert_eq!(given, ["access-1"; 6]);
    assert_eq!(bench.provider.asked(), 1);
    // One that the server does not take is replaced once, whoever says so how often.
    let spent = Secret::new("access-1".to_owned());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                tokens.spent(&bench.account.name, &spent);
                assert_eq!(bench.revealed(&tokens).unwrap(), "access-2");
            });
        }
    });
    assert_eq!(bench.provider.asked(), 2);
}

#[test]
fn a_token_is_renewed_before_it_runs_out() {
    let bench = Bench::new();
    bench.provider.grant("first");
    // Good for no longer than it takes to ask: renewed each time.
    bench.provider.state().lasts = 0;
    let tokens = bench.tokens(&Drawer::with("first"));
    assert_eq!(bench.revealed(&tokens).unwrap(), "access-1");
    assert_eq!(bench.revealed(&tokens).unwrap(), "access-2");
    bench.provider.state().lasts = 3600;
    assert_eq!(bench.revealed(&tokens).unwrap(), "access-3");
    assert_eq!(bench.revealed(&tokens).unwrap(), "access-3");
}

#[test]
fn a_refresh_token_that_is_replaced_is_kept_first_and_never_lost() {
    let bench = Bench::new();
    bench.provider.grant("first");
    {
        let mut state = bench.provider.state();
        (state.rotates, state.lasts) = (true, 0);
    }
    let drawer = Drawer::with("first");
    let tokens = bench.tokens(&drawer);
    bench.revealed(&tokens).unwrap();
    assert_eq!(drawer.kept().as_deref(), Some("refresh-1"));
    // What can't be kept serves all the same, and is kept when that is possible again.
    drawer.fails.store(true, Ordering::SeqCst);
    assert_eq!(bench.revealed(&tokens).unwrap(), "access-2");
    assert_eq!(drawer.kept().as_deref(), Some("refresh-1"));
    bench.provider.fails(&[Fault::Status(500)]);
    assert!(matches!(bench.revealed(&tokens), Err(NoSecret::Later(_))));
    tokens.forget(&bench.account.name);
    drawer.fails.store(false, Ordering::SeqCst);
    assert_eq!(bench.revealed(&tokens).unwrap(), "access-3");
    assert_eq!(drawer.kept().as_deref(), Some("refresh-3"));
    // Another process with the same drawer goes on from there.
    let other = bench.tokens(&drawer);
    assert_eq!(bench.revealed(&other).unwrap(), "access-4");
    // And this one with what that one kept.
    assert_eq!(bench.revealed(&tokens).unwrap(), "access-5");
}

#[test]
fn a_refresh_token_that_could_not_be_kept_outlives_a_renewal_that_was_not_even_asked_for() {
    let mut bench = Bench::new();
    bench.provider.grant("first");
    {
        let mut state = bench.provider.state();
        (state.rotates, state.lasts) = (true, 0);
        state.secret = Some("client".to_owned());
    }
    let file = bench.folder.path().join("client");
    let SecretSource::OAuth(says) = &mut bench.account.secret else {
        panic!()
    };
    let argv = ["cat", file.to_str().unwrap()].map(str::to_owned);
    says.client_secret = ClientSecret::Command(argv.to_vec());
    std::fs::write(&file, "client\n").unwrap();
    let drawer = Drawer::with("first");
    let tokens = bench.tokens(&drawer);
    drawer.fails.store(true, Ordering::SeqCst);
    assert_eq!(bench.revealed(&tokens).unwrap(), "access-1");
    assert_eq!(drawer.kept().as_deref(), Some("first"));
    // The command that prints the client's secret has none just now.
    std::fs::remove_file(&file).unwrap();
    let failed = bench.revealed(&tokens);
    assert!(matches!(failed, Err(NoSecret::Failed(_))), "{failed:?}");
    assert_eq!(bench.provider.asked(), 1);
    std::fs::write(&file, "client\n").unwrap();
    drawer.fails.store(false, Ordering::SeqCst);
    assert_eq!(bench.revealed(&tokens).unwrap(), "access-2");
    let sent = bench.provider.state().asked.last().unwrap().1.clone();
    assert_eq!(sent["refresh_token"], "refresh-1");
    assert_eq!(drawer.kept().as_deref(), Some("refresh-2"));
}

#[test]
fn s09_a_provider_that_is_named_later_hears_nothing_of_the_one_before() {
    let bench = Bench::new();
    bench.provider.grant("first");
    let paths = Paths::locate(Some(bench.folder.path())).unwrap();
    let secrets = Secrets::at(&paths);
    let phrase = Secret::new("phrase".to_owned());
    secrets.vault().create(&phrase).unwrap();
    let vault = postrider::cli::tokens::vault(&secrets);
    let first = Secret::new("first".to_owned());
    let client = Secret::new("client".to_owned());
    for (kind, secret) in [(Kind::RefreshToken, &first), (Kind::ClientSecret, &client)] {
        vault.keep(&bench.account, kind, secret).unwrap();
    }
    let tokens = || Tokens::new(Arc::clone(&vault), bench.lock());
    assert_eq!(bench.revealed(&tokens()).unwrap(), "access-1");
    let other = Provider::start();
    let mut moved = bench.account.clone();
    let SecretSource::OAuth(says) = &mut moved.secret else {
        panic!()
    };
    says.token_url = format!("https://127.0.0.1:{}/token", other.port);
    says.client_secret = ClientSecret::Kept;
    let answer = tokens().access(&moved);
    assert!(matches!(answer, Err(NoSecret::SignIn(_))), "{answer:?}");
    assert_eq!(other.state().asked.len(), 0);
}

#[test]
fn a_locked_store_puts_off_and_signs_nobody_out() {
    let bench = Bench::new();
    bench.provider.grant("first");
    let drawer = Drawer::with("first");
    let tokens = bench.tokens(&drawer);
    drawer.locked.store(true, Ordering::SeqCst);
    let Err(NoSecret::Later(why)) = bench.revealed(&tokens) else {
        panic!("the account is stopped")
    };
    assert!(why.contains("the drawer is locked"), "{why}");
    assert_eq!(bench.provider.asked(), 0);
    drawer.locked.store(false, Ordering::SeqCst);
    tokens.forget(&bench.account.name);
    assert_eq!(bench.revealed(&tokens).unwrap(), "access-1");
}

#[test]
fn f55_a_dead_refresh_token_is_asked_about_once() {
    let bench = Bench::new();
    let drawer = Drawer::with("dead");
    let tokens = bench.tokens(&drawer);
    for _ in 0..3 {
        let Err(NoSecret::SignIn(why)) = bench.revealed(&tokens) else {
            panic!()
        };
        assert!(
            why.contains("signed out") && why.contains(":sign-in"),
            "{why}"
        );
        assert!(why.contains("postrider account sign-in work"), "{why}");
        tokens.forget(&bench.account.name);
    }
    assert_eq!(bench.provider.asked(), 1);
    assert!(!tokens.is_signed_in(&bench.account));
    // The user acts, in whichever process.
    bench.provider.grant("alive");
    *drawer.refresh.lock().unwrap() = Some("alive".to_owned());
    assert!(tokens.is_signed_in(&bench.account));
    assert_eq!(bench.revealed(&tokens).unwrap(), "access-1");
    // Nothing kept at all is no reason to ask anybody.
    *drawer.refresh.lock().unwrap() = None;
    let fresh = bench.tokens(&drawer);
    assert!(matches!(bench.revealed(&fresh), Err(NoSecret::SignIn(_))));
    assert_eq!(bench.provider.asked(), 2);
}

#[test]
fn f55_a_provider_in_trouble_is_left_in_peace_and_nobody_is_signed_out() {
    for fault in [
        Fault::Status(500),
        Fault::Status(429),
        Fault::Status(403),
        Fault::Cut,
        Fault::Huge,
        Fault::Says(200, "<html>Log in to our hotel</html>".to_owned()),
        Fault::Says(200, "{}".to_owned()),
        Fault::Says(200, r#"{"access_token": "a\u0000b"}"#.to_owned()),
        Fault::Says(
            200,
            r#"{"access_token": "x", "token_type": "mac"}"#.to_owned(),
        ),
        Fault::Says(400, r#"{"error": "temporarily_unavailable"}"#.to_owned()),
    ] {
        let bench = Bench::new();
        bench.provider.grant("first");
        let tokens = bench.tokens(&Drawer::with("first"));
        bench.provider.fails(std::slice::from_ref(&fault));
        for _ in 0..5 {
            let answer = bench.revealed(&tokens);
            assert!(
                matches!(answer, Err(NoSecret::Later(_))),
                "{fault:?}: {answer:?}"
            );
        }
        assert_eq!(bench.provider.asked(), 1, "{fault:?}");
        tokens.forget(&bench.account.name);
        assert_eq!(bench.revealed(&tokens).unwrap(), "access-1", "{fault:?}");
    }
}

#[test]
fn a_mistake_in_the_configuration_is_told_as_one() {
    for (code, words) in [
        ("invalid_client", "`client-id`"),
        ("unauthorized_client", "public client flows"),
        ("invalid_scope", "`scopes`"),
    ] {
        let bench = Bench::new();
        bench.provider.grant("CANARY-refresh");
        let tokens = bench.tokens(&Drawer::with("CANARY-refresh"));
        let text = format!(
            r#"{{"error": "{code}", "error_description": "CANARY-refresh is not \u001b[2J it"}}"#
        );
        bench.provider.fails(&[Fault::Says(400, text)]);
        let Err(NoSecret::Failed(why)) = bench.revealed(&tokens) else {
            panic!()
        };
        assert!(why.contains(words) && !why.contains("CANARY"), "{why}");
        assert!(!why.contains(char::is_control), "{why}");
    }
}
