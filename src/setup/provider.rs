//! Who this program is at a provider's page: the client that an organisation's list names, else the
//! one that was registered for another account there, with its secret.

use crate::config::listed::{self, Listed};
use crate::config::{files, load};
use crate::lang::tr;
use crate::model::setup::AtProvider;
use crate::model::{Account, ClientSecret, Endpoint, OAuth, Secret, SecretSource};
use crate::setup::keep::{OWN, providers};
use std::path::Path;

/// What is known of signing in at the provider of this word, for somebody with this configuration.
/// `servers` are those that the token is for: it goes to none but the provider's own, whoever named
/// the others. `kept` is the client's secret of an account, where that is kept and can be had.
///
/// # Errors
/// What is wrong with an organisation's list, that nothing is known of the provider, or that a server
/// is not the provider's, in plain words.
pub fn at_provider(
    config: &Path,
    word: &str,
    servers: &[Endpoint],
    kept: &dyn Fn(&Account) -> Option<Secret>,
) -> Result<AtProvider, String> {
    let own = config.with_file_name(OWN);
    let text = own.exists().then(|| files::read_text(&own)).transpose()?;
    let listed = listed::of_provider(word, text.as_deref()).map_err(|why| match text {
        Some(_) => format!("{OWN}: {why}"),
        None => why,
    })?;
    let known = providers(config)?;
    if !known.may_have_tokens(word, servers.iter().map(|e| e.host.as_str())) {
        return Err(tr!(
            "the sign-in at {provider} is for its own servers alone, and not all of these are: nothing was asked of it",
            provider = listed.says.provider
        ));
    }
    // A configuration that can't be read is told elsewhere.
    let accounts = load::load(config).map_or_else(|_| Vec::new(), |l| l.config.accounts);
    Ok(client(listed, &accounts, kept))
}

/// The client, as far as it is known.
fn client(
    listed: Listed,
    accounts: &[Account],
    kept: &dyn Fn(&Account) -> Option<Secret>,
) -> AtProvider {
    let Listed {
        mut says,
        gives_secret,
    } = listed;
    let same = |other: &OAuth| {
        let id = &says.client_id;
        other.token_url == says.token_url && (id.is_empty() || *id == other.client_id)
    };
    let others = accounts.iter().filter_map(|account| match &account.secret {
        SecretSource::OAuth(other) if same(other) => Some((account, other)),
        _ => None,
    });
    let others: Vec<(&Account, &Box<OAuth>)> = others.collect();
    for (account, other) in &others {
        let secret = match other.client_secret {
            ClientSecret::Kept => match kept(account) {
                Some(secret) => Some(secret),
                None => continue,
            },
            _ => None,
        };
        other.client_id.clone_into(&mut says.client_id);
        says.client_secret.clone_from(&other.client_secret);
        return AtProvider {
            says,
            secret,
            whole: true,
        };
    }
    // Of another account's client the secret can't be had: the user knows it, perhaps.
    let lacking = match (others.first(), &says.client_secret) {
        // Whose secret a command prints, nobody said.
        (other, ClientSecret::Command(_)) if says.client_id.is_empty() => {
            let id = other.map(|(_, o)| o.client_id.clone());
            says.client_id = id.unwrap_or_default();
            true
        }
        (_, ClientSecret::Command(_)) => false,
        (Some((_, other)), _) => {
            other.client_id.clone_into(&mut says.client_id);
            true
        }
        (None, _) => says.client_id.is_empty() || gives_secret,
    };
    AtProvider {
        whole: !lacking,
        says,
        secret: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::listed::of_provider;

    fn known(client: &str, secret: &str) -> Vec<Account> {
        let text = format!(
            "[[account]]\nname = \"one\"\nemail = \"a@gmail.com\"\nimap = {{ host = \"imap.gmail.com\" }}\nsmtp = {{ host = \"smtp.gmail.com\" }}\noauth = {{ provider = \"google\", client-id = \"{client}\"{secret} }}\n"
        );
        load::parse(&text, Path::new("/")).config.accounts
    }

    fn met(own: &str, accounts: &[Account], kept: Option<&str>) -> AtProvider {
        let listed = of_provider("google", Some(own)).unwrap();
        let kept = |account: &Account| {
            assert_eq!(account.name.as_str(), "one");
            kept.map(|s| Secret::new(s.to_owned()))
        };
        client(listed, accounts, &kept)
    }

    #[test]
    fn s10_nobody_is_sent_to_a_page_for_another_s_servers() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.toml");
        let ask = |word: &str, hosts: &[&str]| {
            let end = |host: &&str| crate::model::Endpoint {
                host: (*host).to_owned(),
                port: 993,
                security: crate::model::Security::Tls,
                pin_sha256: None,
            };
            let ends: Vec<Endpoint> = hosts.iter().map(end).collect();
            at_provider(&config, word, &ends, &|_| None).map(|_| ())
        };
        assert_eq!(ask("google", &["imap.gmail.com", "smtp.gmail.com"]), Ok(()));
        let told = ask("google", &["imap.firm.test", "smtp.gmail.com"]).unwrap_err();
        assert!(told.contains("Google"), "{told}");
        ask("microsoft", &["outlook.office365.com", "smtp.firm.test"]).unwrap_err();
        // An organisation vouches for servers of its own.
        let own = "[[provider]]\nname = \"Firm\"\ndomains = [\"firm.test\"]\nimap = [\"imap.firm.test:993\"]\nsmtp = [\"smtp.firm.test:465\"]\nsign-in = [\"oauth:google\"]\n";
        std::fs::write(folder.path().join(OWN), own).unwrap();
        assert_eq!(ask("google", &["imap.firm.test", "smtp.firm.test"]), Ok(()));
        ask("google", &["imap.firm.test", "smtp.evil.test"]).unwrap_err();
        // And for whichever of them takes a domain's mail.
        let own = own.replace("imap.firm.test:993", "{mx}:993");
        let own = own.replace("smtp.firm.test:465", "{mx}:465");
        let own = own.replace("domains", "mx = [\"mx.firm.test\"]\ndomains");
        std::fs::write(folder.path().join(OWN), own).unwrap();
        assert_eq!(ask("google", &["a.mx.firm.test", "mx.firm.test"]), Ok(()));
        ask("google", &["a.mx.firm.test", "www.firm.test"]).unwrap_err();
        ask("google", &["evilmx.firm.test"]).unwrap_err();
    }

    #[test]
    fn a_client_is_taken_over_with_its_secret_or_shown_to_be_completed() {
        let of = |at: &AtProvider| {
            let secret = at.secret.as_ref().map(|s| s.reveal().to_owned());
            (at.says.client_id.clone(), secret, at.whole)
        };
        let given = |id: &str, secret: Option<&str>, whole| {
            (id.to_owned(), secret.map(str::to_owned), whole)
        };
        assert_eq!(of(&met("", &[], None)), given("", None, false));
        // The one of another account: its secret is in the vault, or can't be had from there.
        let kept = known("mine", ", client-secret = \"keyring\"");
        let at = met("", &kept, Some("s"));
        assert_eq!(of(&at), given("mine", Some("s"), true));
        assert_eq!(at.says.client_secret, ClientSecret::Kept);
        assert_eq!(of(&met("", &kept, None)), given("mine", None, false));
        let printed = known("mine", ", client-secret = [\"pass\", \"x\"]");
        let at = met("", &printed, None);
        assert_eq!(of(&at), given("mine", None, true));
        let argv = vec!["pass".to_owned(), "x".to_owned()];
        assert_eq!(at.says.client_secret, ClientSecret::Command(argv));
        assert_eq!(
            of(&met("", &known("mine", ""), None)),
            given("mine", None, true)
        );
        // An organisation's: Google's clients have a secret, unless a command prints it.
        let own = "[oauth.google]\nclient-id = \"ours\"\n";
        assert_eq!(of(&met(own, &[], None)), given("ours", None, false));
        assert_eq!(of(&met(own, &kept, Some("s"))), given("ours", None, false));
        let same = known("ours", ", client-secret = \"keyring\"");
        assert_eq!(
            of(&met(own, &same, Some("s"))),
            given("ours", Some("s"), true)
        );
        let command = "client-secret = [\"pass\", \"x\"]\n";
        let own = format!("{own}{command}");
        assert_eq!(of(&met(&own, &[], None)), given("ours", None, true));
        // A command prints a secret, and nobody says whose: nobody can sign in by that alone.
        let own = format!("[oauth.google]\n{command}");
        assert_eq!(of(&met(&own, &[], None)), given("", None, false));
        assert_eq!(of(&met(&own, &kept, None)), given("mine", None, false));
    }
}
