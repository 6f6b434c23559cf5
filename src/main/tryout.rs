//! The demo: a server in this process, a home that goes away afterwards, everything else real. Who
//! sets an account up from within it sets up the own home, and goes on there.

use super::{Stay, begin_anew, load, log_to, ride, wizard};
use postrider::config::secrets::Secrets;
use postrider::config::{Loaded, Paths};
use postrider::demo::{Demo, Options};
use postrider::tui::setup::{Outcome, SetupPorts};
use postrider::tui::{self, End, RunError, Stage, files};

/// Runs the demo; `own` is the home of whoever looks around.
pub fn demo(stage: Option<Stage>, own: &Paths) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("postrider-demo-")
        .tempdir()?;
    let paths = Paths::locate(Some(folder.path()))?;
    log_to(&paths);
    paths.ensure()?;
    let server = Demo::start(Options::default())?;
    let mut loaded = Loaded::default();
    loaded.config.accounts = server.accounts();
    let mut stay = Stay {
        stage,
        demo: Some(server.accounts()),
        tour: true,
        ..Stay::at(&paths)
    };
    let outcome = loop {
        match ride(&mut stay, &paths, &loaded, None, Vec::new()) {
            Ok(End::Quit) => break Ok(false),
            Ok(End::AddAccount) => match set_up(&mut stay, own, &loaded) {
                Ok(Outcome::Added) => break Ok(true),
                Ok(Outcome::Quit) => break Ok(false),
                Ok(Outcome::Left | Outcome::Demo | Outcome::TakeOver) => {}
                Err(error) => break Err(error.into()),
            },
            Ok(End::Reload) => {}
            Err(error) => break Err(error),
        }
        let fresh = files::look(&paths, stay.demo.as_deref());
        loaded.config = fresh.config.map(|c| *c).unwrap_or(loaded.config);
    };
    drop(server);
    if outcome? {
        // The log, the locks and the threads of the demo are not those of the own home.
        drop(folder);
        return Err(begin_anew(stay));
    }
    Ok(())
}

/// Sets an account up in the own home, which is untouched until it works.
fn set_up(stay: &mut Stay, own: &Paths, loaded: &Loaded) -> Result<Outcome, RunError> {
    let secrets = Secrets::at(own);
    // A file that can't be used is told where the account is written down.
    let theme = load::load(&own.config)
        .ok()
        .and_then(|l| l.config.look.theme);
    let ports = SetupPorts {
        leaves_demo: true,
        ..wizard::ports(own, &secrets, true, theme)
    };
    tui::setup::run(stay.stage(&loaded.config.look, &own.log)?, &ports)
}
