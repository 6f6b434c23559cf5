//! Whole messages: fetched, stored and made searchable, against a client that throws them away and
//! against mbsync, which stores only.

use crate::corpus::Size;
use crate::floor::drain_all;
use crate::lab::Lab;
use crate::program::{Cost, measured};
use crate::table::{Several, Unit};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The user whose mail this is.
const USER: &str = "letters";

#[derive(Default)]
struct Found {
    wall: Several,
    cpu: Several,
    rss: Several,
}

impl Found {
    fn add(&mut self, cost: Cost) {
        self.wall.add_time(cost.wall);
        self.cpu.add_time(cost.cpu);
        self.rss.add(cost.rss as f64);
    }

    fn tell(&self) -> String {
        format!(
            "{} CPU, {}",
            self.cpu.tell(Unit::Seconds),
            self.rss.tell(Unit::Megabytes)
        )
    }
}

/// All of an INBOX.
pub fn run(lab: &mut Lab) {
    let count = lab.letters;
    lab.mail(USER, count, Size::Real);
    let peer = crate::dovecot::need("mbsync").is_some();
    let (mut ours, mut floor) = (Found::default(), Several::default());
    let (mut safe, mut quick) = (Found::default(), Found::default());
    let (mut octets, mut cache) = (0, 0);
    for _ in 0..lab.runs.min(3) {
        let drained = drain_all(lab.server.imaps, USER);
        floor.add_time(drained.wall);
        octets = drained.octets;
        let home = lab.home(USER);
        let (cost, bodies) = home.sync_whole();
        home.must_hold(count);
        assert_eq!(bodies, count as u64, "not every body was fetched");
        ours.add(cost);
        cache = home.cache_size();
        if peer {
            safe.add(mbsync(lab, count, "yes"));
            quick.add(mbsync(lab, count, "no"));
        }
    }
    let size = Unit::Megabytes.tell(octets as f64);
    lab.table.ratio(
        &format!("{count} whole messages ({size}) beside a bare drain"),
        &ours.wall,
        &floor,
        "",
    );
    lab.table
        .plain("… its CPU time and peak memory", ours.tell(), "");
    let cache = Unit::Megabytes.tell(cache as f64);
    lab.table.plain("… its cache on disk", cache, "");
    if peer {
        let both = [("as it is", &safe), ("with FSync no", &quick)];
        for (how, found) in both {
            lab.table.ratio(
                &format!("… beside mbsync, {how} ({})", found.tell()),
                &ours.wall,
                &found.wall,
                "≤ 1.0",
            );
        }
    }
}

/// The same task for mbsync, into an empty folder.
fn mbsync(lab: &Lab, count: usize, fsync: &str) -> Cost {
    let folder = tempfile::Builder::new().prefix("prb").tempdir().unwrap();
    let at = folder.path();
    let config = at.join("mbsyncrc");
    fs::write(&config, configuration(lab, at, fsync)).unwrap();
    let mut command = Command::new("mbsync");
    command.arg("-c").arg(&config).arg("-a").env("HOME", at);
    let (cost, _) = measured(&command);
    let files = ["cur", "new"].map(|f| fs::read_dir(at.join("INBOX").join(f)).unwrap().count());
    assert_eq!(
        files.iter().sum::<usize>(),
        count,
        "mbsync did not fetch all"
    );
    cost
}

fn configuration(lab: &Lab, at: &Path, fsync: &str) -> String {
    let at = at.display();
    // An empty line ends a section.
    format!(
        "FSync {fsync}\n\nIMAPAccount bench\nHost localhost\nPort {}\nUser {USER}\nPass secret\n\
         SSLType IMAPS\nSystemCertificates no\nCertificateFile {}\nAuthMechs LOGIN\n\n\
         IMAPStore far\nAccount bench\n\nMaildirStore near\nPath {at}/\nInbox {at}/INBOX\n\
         SubFolders Verbatim\n\nChannel bench\nFar :far:\nNear :near:\nPatterns INBOX\n\
         Create Near\nSync Pull\nCopyArrivalDate yes\nSyncState *\n",
        lab.server.imaps,
        lab.server.ca_file().display(),
    )
}
