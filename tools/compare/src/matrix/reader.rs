// SPDX-License-Identifier: GPL-2.0

//! Those who look: what each becomes before it looks.

use std::fs;

use anyhow::{Context, Result};
use caps::{CapSet, Capability};
use nix::sched::{setns, unshare, CloneFlags};
use nix::unistd::{setgroups, setresgid, setresuid, Gid, Uid};

use super::cast::Cast;
use super::options::GROUP;
use crate::sys;
use crate::zoo::access::USER;

/// A user who has nothing to do with any target.
const OTHER: (u32, u32) = (4321, 8765);

/// What a reader becomes, from root in the namespaces of all.
type Become = fn(&Cast) -> Result<()>;

/// How a reader comes by what it looks at.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// It opens each name itself.
    Opens,
    /// It has opened all names as somebody else.
    HasOpened(Become),
    /// Another process has, as somebody else, and hands over the descriptors.
    IsGiven(Become),
}

/// The namespaces of a target, which a reader enters before it mounts and looks.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The target.
    pub role: &'static str,
    /// Its user namespace too, not just that of pids.
    pub user: bool,
}

/// One kind of reader.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// As `--only` takes it.
    pub name: &'static str,
    /// In a few words.
    pub about: &'static str,
    /// Asked in a quick run, too.
    pub quick: bool,
    /// Where it looks from, if that isn't here.
    pub place: Option<Place>,
    /// How it comes by descriptors.
    pub way: Way,
    /// What it is when it looks.
    pub looks_as: Become,
    /// It may do no more than [`OTHERS`], though it looks as if it might.
    pub powerless: bool,
}

const fn reader(name: &'static str, about: &'static str, looks_as: Become) -> Reader {
    Reader {
        name,
        about,
        quick: false,
        place: None,
        way: Way::Opens,
        looks_as,
        powerless: false,
    }
}

impl Reader {
    const fn quick(self) -> Reader {
        Reader {
            quick: true,
            ..self
        }
    }

    const fn powerless(self) -> Reader {
        Reader {
            powerless: true,
            ..self
        }
    }

    const fn from(self, role: &'static str, user: bool) -> Reader {
        Reader {
            place: Some(Place { role, user }),
            ..self
        }
    }

    const fn by(self, way: Way) -> Reader {
        Reader { way, ..self }
    }

    /// Whether it uses what has been opened before.
    pub fn holds(&self) -> bool {
        !matches!(self.way, Way::Opens)
    }
}

/// All readers.
pub const ALL: &[Reader] = &[
    reader(ROOT, "root", root).quick(),
    reader("root-no-capabilities", "root without any", root_without),
    reader("same-user", "whose most targets are", same_user).quick(),
    reader(
        "same-user-other-group",
        "he, in another group",
        same_user_other_group,
    ),
    reader(OTHERS, "who has nothing to do with them", other_user).quick(),
    reader("ptrace", "the other user, CAP_SYS_PTRACE", |_| {
        capable(&[Capability::CAP_SYS_PTRACE])
    })
    .quick(),
    reader("perfmon", "the other user, CAP_PERFMON", |_| {
        capable(&[Capability::CAP_PERFMON])
    }),
    reader("admin", "the other user, CAP_SYS_ADMIN", |_| {
        capable(&[Capability::CAP_SYS_ADMIN])
    }),
    reader(
        "same-user-admin",
        "whose most targets are, CAP_SYS_ADMIN",
        |_| capable_user(USER, &[Capability::CAP_SYS_ADMIN]),
    ),
    reader("dac-read", "the other user, CAP_DAC_READ_SEARCH", |_| {
        capable(&[Capability::CAP_DAC_READ_SEARCH])
    }),
    reader("dac-override", "the other user, CAP_DAC_OVERRIDE", |_| {
        capable(&[Capability::CAP_DAC_OVERRIDE])
    }),
    reader(
        "ptrace-dac-read",
        "the other user, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",
        |_| capable(&[Capability::CAP_SYS_PTRACE, Capability::CAP_DAC_READ_SEARCH]),
    ),
    reader(
        "ptrace-permitted",
        "the other user, who may have CAP_SYS_PTRACE and has none",
        permitted_only,
    )
    .powerless(),
    reader(
        "same-real-user",
        "the other user, whose real ids are the same user's",
        |_| set_ids(USER, OTHER),
    ),
    reader(
        "same-effective-user",
        "the same user, whose real ids are the other user's",
        |_| set_ids(OTHER, USER),
    ),
    reader(
        "group-member",
        "the other user, in the group of gid=",
        group_member,
    )
    .quick(),
    reader(
        "user-namespace-root",
        "the other user as root of a user namespace of his own",
        user_namespace_root,
    )
    .quick(),
    reader(
        "same-user-namespace-root",
        "whose most targets are, in the same way",
        same_user_namespace_root,
    ),
    reader(
        "target-namespace-root",
        "in the user namespace that a target is in",
        target_namespace_root,
    ),
    reader("pid-namespace-root", "root in a pid namespace", root).from("pid-namespace", false),
    reader(
        "pid-namespace-user",
        "whose most targets are, there",
        same_user,
    )
    .from("pid-namespace", false),
    reader(
        "pid-namespace-other",
        "who has nothing to do with them, there",
        other_user,
    )
    .from("pid-namespace", false),
    reader("container-root", "root of a user's container", root).from("container", true),
    reader(
        "opened-as-root",
        "opened as root, used as the other user",
        other_user,
    )
    .by(Way::HasOpened(root))
    .quick(),
    reader(
        "opened-as-other",
        "opened as the other user, used as root",
        root_again,
    )
    .by(Way::HasOpened(other_user_for_now)),
    reader(
        "opened-outside",
        "opened as the same user, used as root of his user namespace",
        |_| namespace_root(USER),
    )
    .by(Way::HasOpened(same_user)),
    reader(
        "given-by-root",
        "opened as root, used by another process as the other user",
        other_user,
    )
    .by(Way::IsGiven(root)),
    reader(
        "given-by-other",
        "opened as the other user, used by another process as root",
        root,
    )
    .by(Way::IsGiven(other_user)),
    reader(
        "given-by-namespace-root",
        "opened in a user namespace, used by another process as root",
        root,
    )
    .by(Way::IsGiven(same_user_namespace_root)),
];

/// Who may do everything.
pub const ROOT: &str = "root";
/// Who may do nothing that not everybody may.
pub const OTHERS: &str = "other-user";

fn root(_: &Cast) -> Result<()> {
    Ok(())
}

fn root_without(_: &Cast) -> Result<()> {
    for set in [CapSet::Effective, CapSet::Permitted] {
        caps::clear(None, set)?;
    }
    Ok(())
}

fn same_user(_: &Cast) -> Result<()> {
    user(USER)
}

fn same_user_other_group(_: &Cast) -> Result<()> {
    user((USER.0, OTHER.1))
}

fn other_user(_: &Cast) -> Result<()> {
    user(OTHER)
}

fn user(who: (u32, u32)) -> Result<()> {
    set_ids(who, who)
}

/// Real ids of one user, and effective ones of another.
fn set_ids(real: (u32, u32), effective: (u32, u32)) -> Result<()> {
    let uids = [real, effective].map(|user| Uid::from_raw(user.0));
    let gids = [real, effective].map(|user| Gid::from_raw(user.1));
    setgroups(&[])?;
    setresgid(gids[0], gids[1], gids[1])?;
    Ok(setresuid(uids[0], uids[1], uids[1])?)
}

/// For the time being: it may become root again.
fn other_user_for_now(_: &Cast) -> Result<()> {
    let (uid, gid) = (Uid::from_raw(OTHER.0), Gid::from_raw(OTHER.1));
    setgroups(&[])?;
    setresgid(gid, gid, Gid::from_raw(0))?;
    Ok(setresuid(uid, uid, Uid::from_raw(0))?)
}

fn root_again(_: &Cast) -> Result<()> {
    let (uid, gid) = (Uid::from_raw(0), Gid::from_raw(0));
    setresuid(uid, uid, uid)?;
    Ok(setresgid(gid, gid, gid)?)
}

/// The other user with capabilities, which the real user lacks when `access(2)` asks.
fn capable(capabilities: &[Capability]) -> Result<()> {
    capable_user(OTHER, capabilities)
}

fn capable_user(who: (u32, u32), capabilities: &[Capability]) -> Result<()> {
    nix::sys::prctl::set_keepcaps(true)?;
    user(who)?;
    let wanted = capabilities.iter().copied().collect();
    for set in [CapSet::Effective, CapSet::Permitted] {
        caps::set(None, set, &wanted)?;
    }
    Ok(())
}

/// A capability that it could take at any time.
fn permitted_only(_: &Cast) -> Result<()> {
    capable(&[Capability::CAP_SYS_PTRACE])?;
    Ok(caps::clear(None, CapSet::Effective)?)
}

fn group_member(_: &Cast) -> Result<()> {
    let (uid, gid) = (Uid::from_raw(OTHER.0), Gid::from_raw(OTHER.1));
    setgroups(&[Gid::from_raw(GROUP)])?;
    setresgid(gid, gid, gid)?;
    Ok(setresuid(uid, uid, uid)?)
}

fn user_namespace_root(_: &Cast) -> Result<()> {
    user(OTHER)?;
    namespace_root(OTHER)
}

fn same_user_namespace_root(_: &Cast) -> Result<()> {
    user(USER)?;
    namespace_root(USER)
}

/// From a user to root of a new user namespace.
fn namespace_root((uid, gid): (u32, u32)) -> Result<()> {
    // Only then are its own files its own.
    nix::sys::prctl::set_dumpable(true)?;
    unshare(CloneFlags::CLONE_NEWUSER).context("unshare CLONE_NEWUSER")?;
    fs::write("/proc/self/setgroups", "deny").context("setgroups")?;
    fs::write("/proc/self/uid_map", format!("0 {uid} 1")).context("uid_map")?;
    fs::write("/proc/self/gid_map", format!("0 {gid} 1")).context("gid_map")
}

fn target_namespace_root(cast: &Cast) -> Result<()> {
    let namespace = namespace_of(cast, "user-namespace", "user")?;
    user(USER)?;
    setns(namespace, CloneFlags::CLONE_NEWUSER).context("setns CLONE_NEWUSER")
}

fn namespace_of(cast: &Cast, role: &str, kind: &str) -> Result<fs::File> {
    let member = cast.members.iter().find(|member| member.role.name == role);
    let pid = member.with_context(|| format!("no {role}"))?.pid();
    let path = format!("/proc/{pid}/ns/{kind}");
    fs::File::open(&path).context(path)
}

impl Place {
    /// Enters it; children then are in the pid namespace.
    pub fn enter(&self, cast: &Cast) -> Result<()> {
        let pids = namespace_of(cast, self.role, "pid")?;
        if self.user {
            let users = namespace_of(cast, self.role, "user")?;
            user(USER)?;
            setns(users, CloneFlags::CLONE_NEWUSER).context("setns CLONE_NEWUSER")?;
            // Nobody else's ids are known there.
            let (uid, gid) = (Uid::from_raw(0), Gid::from_raw(0));
            setresgid(gid, gid, gid)?;
            setresuid(uid, uid, uid)?;
        }
        setns(pids, CloneFlags::CLONE_NEWPID).context("setns CLONE_NEWPID")?;
        sys::die_with_parent();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = ALL.iter().map(|reader| reader.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn those_who_are_compared_with_are_there() {
        for name in [ROOT, OTHERS] {
            assert!(ALL.iter().any(|reader| reader.name == name && reader.quick));
        }
    }
}
