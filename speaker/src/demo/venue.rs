//! Where the demo may take place.
//!
//! A network namespace needs CAP_SYS_ADMIN. Root has it; others get it over a user namespace of
//! their own, where the system lets them have one. Entering it is a matter of this process alone:
//! it has to be done before there is a second thread, and needs no program beside it. It cannot be
//! left again, which does no harm: in it this process may do to the rest of the machine what it
//! could do before, and nothing more.

use nix::{
    errno::Errno,
    sched::{CloneFlags, unshare},
    unistd::{getegid, geteuid},
};
use std::{fs, io, thread, time::Duration};

/// The kernel counts a thread that was just joined as there for an instant; that often the
/// question is asked again.
const RETRIES: u32 = 10;

/// Where the demo takes place.
pub(super) enum Venue {
    /// Two network namespaces, as root.
    Root,
    /// Two network namespaces that belong to a user namespace of our own.
    UserNamespace,
    /// The loopback interface, without a kernel table; with the reason, in words.
    Loopback(String),
}

impl Venue {
    /// Finds the best venue, and enters the user namespace where that is it.
    pub(super) fn choose() -> Self {
        if geteuid().is_root() && allows_network_namespaces().is_ok() {
            return Self::Root;
        }
        if let Err(error) = enter_user_namespace() {
            return Self::Loopback(format!(
                "the system allows no user namespace here ({error})"
            ));
        }
        match allows_network_namespaces() {
            Ok(()) => Self::UserNamespace,
            Err(error) => Self::Loopback(format!(
                "the system allows no network namespace here ({error})"
            )),
        }
    }
}

/// Tries it on a thread that ends at once, and the namespace with it.
fn allows_network_namespaces() -> io::Result<()> {
    thread::Builder::new()
        .spawn(|| unshare(CloneFlags::CLONE_NEWNET))?
        .join()
        .map_err(|_| io::Error::other("the thread that tried it panicked"))?
        .map_err(io::Error::from)
}

/// Makes this process root of a user namespace in which only its own user and group exist.
fn enter_user_namespace() -> io::Result<()> {
    let (user, group) = (geteuid(), getegid());
    let mut retries = RETRIES;
    while let Err(error) = unshare(CloneFlags::CLONE_NEWUSER) {
        if error != Errno::EINVAL || retries == 0 {
            return Err(error.into());
        }
        retries -= 1;
        thread::sleep(Duration::from_millis(1));
    }
    // user_namespaces(7): a group may be mapped without privilege only once setgroups is denied.
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))
}
