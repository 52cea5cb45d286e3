//! What a speaker has used: processor time and memory of its process and of all that it started.

use std::{collections::HashMap, fs};

/// Of a process and its descendants.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Processor time in user space, seconds.
    pub user: f64,
    /// Processor time in the kernel on its behalf, seconds.
    pub system: f64,
    /// Resident memory, octets.
    pub resident: u64,
    /// Its largest value so far, octets.
    pub peak: u64,
}

/// Clock ticks a second in /proc, the same on all Linux systems that Rust runs on.
const TICKS: f64 = 100.0;

impl Usage {
    /// Of the process `id`; zero once it is gone.
    #[must_use]
    pub fn of(id: u32) -> Self {
        let mut usage = Self::default();
        for id in descendants(id) {
            usage.add(id);
        }
        usage
    }

    /// Both kinds of processor time, seconds.
    #[must_use]
    pub fn processor(&self) -> f64 {
        self.user + self.system
    }

    fn add(&mut self, id: u32) {
        let fields = stat(id);
        let ticks = |field: usize| -> f64 {
            let text = fields.get(field).map(String::as_str);
            text.and_then(|text| text.parse().ok()).unwrap_or(0.0)
        };
        // proc(5): fields 14 and 15, counted from the state, which is field 3.
        self.user += ticks(11) / TICKS;
        self.system += ticks(12) / TICKS;
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let kilobytes = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
            number.unwrap_or(0) * 1024
        };
        self.resident += kilobytes("VmRSS:");
        self.peak += kilobytes("VmHWM:");
    }
}

/// The fields behind the name, which may hold anything.
fn stat(id: u32) -> Vec<String> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let rest = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
    rest.split_whitespace().map(str::to_owned).collect()
}

fn descendants(id: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for entry in processes {
        let child = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        let Some(child) = child else { continue };
        let parent = stat(child).get(1).and_then(|parent| parent.parse().ok());
        children.entry(parent.unwrap_or(0)).or_default().push(child);
    }
    let mut all = vec![id];
    let mut next = 0;
    while let Some(parent) = all.get(next) {
        all.extend(children.get(parent).into_iter().flatten());
        next += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_something() {
        let usage = Usage::of(std::process::id());
        assert!(usage.resident > 1 << 20 && usage.peak >= usage.resident);
    }
}
