//! The engine's door to the outside, with this program's configuration behind it.

use crate::cli::tokens::{self, Tokens};
use crate::config::secrets::{SecretError, Secrets};
use crate::config::{Paths, files, lock, paper};
use crate::model::{Account, AccountName, Secret, SecretSource, Service};
use crate::sync::{Host, NoSecret};
use crate::text::Clean;
use std::path::{Path, PathBuf};

/// Octets that are read of the text of a PDF document.
const MOST_TEXT: u64 = 256 << 10;

/// Secrets, attachments and bells of one home.
pub struct Desk {
    secrets: Secrets,
    tokens: Tokens,
    bell: PathBuf,
    news: PathBuf,
    /// Whether this process talks to servers: then it tells news, else it asks to be served.
    engine: bool,
}

impl Desk {
    /// The door of a home.
    pub fn new(paths: &Paths, secrets: &Secrets, engine: bool) -> Desk {
        Desk {
            tokens: Tokens::new(tokens::vault(secrets), paths.tokens.clone()),
            secrets: secrets.clone(),
            bell: paths.bell.clone(),
            news: paths.news.clone(),
            engine,
        }
    }
}

impl Host for Desk {
    fn secret(&self, account: &Account, service: Service) -> Result<Secret, NoSecret> {
        // Whatever else is known of it, such an account is signed in to by token only.
        if matches!(account.secret, SecretSource::OAuth(_)) {
            return self.tokens.access(account);
        }
        let fetched = self.secrets.password(account, service);
        fetched.map_err(|error| match error {
            SecretError::Ask => NoSecret::Ask,
            SecretError::Passing(why) => NoSecret::Later(why),
            other => NoSecret::Failed(Clean::line(&other.to_string()).to_string()),
        })
    }

    fn spent(&self, account: &AccountName, token: &Secret) {
        self.tokens.spent(account, token);
    }

    fn is_signed_in(&self, account: &Account) -> bool {
        self.tokens.is_signed_in(account)
    }

    fn remember(&self, account: &AccountName, secret: Secret) {
        self.secrets.typed(account, &secret);
    }

    fn forget(&self, account: &AccountName, service: Service) {
        self.secrets.refused(account, service);
        self.tokens.forget(account);
    }

    fn attachment(&self, path: &Path) -> Result<Vec<u8>, String> {
        files::read_attachment(path)
    }

    fn reads_papers(&self) -> bool {
        paper::is_readable()
    }

    fn paper(&self, pdf: Vec<u8>) -> Option<String> {
        text_of(pdf)
    }

    fn changed(&self) {
        lock::ring(&self.news);
    }

    fn nudge(&self) {
        if !self.engine {
            lock::ring(&self.bell);
        }
    }
}

/// The text of a PDF document, of its first pages.
pub fn text_of(pdf: Vec<u8>) -> Option<String> {
    match paper::text(pdf, paper::For::Search, MOST_TEXT) {
        Ok(text) => Some(String::from_utf8_lossy(&text).into_owned()),
        Err(error) => {
            tracing::info!(%error, "a PDF document is not searched");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A document of one page that says this.
    fn document(words: &str) -> Vec<u8> {
        let stream = format!("BT /F1 24 Tf 72 700 Td ({words}) Tj ET");
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
             /Resources << /Font << /F1 5 0 R >> >> >>"
                .to_owned(),
            format!(
                "<< /Length {} >>\nstream\n{stream}\nendstream",
                stream.len()
            ),
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        ];
        let mut out = "%PDF-1.4\n".to_owned();
        let mut places = Vec::new();
        for (n, object) in (1..).zip(&objects) {
            places.push(out.len());
            out.push_str(&format!("{n} 0 obj\n{object}\nendobj\n"));
        }
        let table = out.len();
        out.push_str("xref\n0 6\n0000000000 65535 f \n");
        for place in places {
            out.push_str(&format!("{place:010} 00000 n \n"));
        }
        out.push_str(&format!(
            "trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"
        ));
        out.into_bytes()
    }

    #[test]
    fn the_words_of_a_document_are_read_and_what_is_none_has_none() {
        if !paper::is_readable() {
            assert!(std::env::var_os("CI").is_none(), "pdftotext is missing");
            return eprintln!("skipped: pdftotext is not installed (Debian: poppler-utils)");
        }
        let text = text_of(document("quillwort in a paper")).unwrap();
        assert!(text.contains("quillwort in a paper"), "{text}");
        let none = text_of(b"%PDF-1.4\nnothing of that kind".to_vec());
        assert_eq!(none.unwrap_or_default().trim(), "");
    }
}
