//! `myna show …`
mod kernel;
mod neighbor;
mod neighbors;
mod protocols;
mod routes;
mod status;

use super::{
    Failure, Outcome,
    arguments::{Show, What},
    connect,
    screen::Screen,
};
use crate::{
    control::{Client, Reply, Request, RouteRequest},
    view,
};
use std::{io::Write, path::Path, process::ExitCode};

pub(super) use routes::print as routes;

pub(super) fn show(show: &Show, socket: &Path, screen: &mut Screen<impl Write>) -> Outcome {
    let mut daemon = Daemon(connect(socket)?);
    match &show.what {
        What::Status => {
            let status = daemon.status()?;
            if show.json {
                screen.json(&status)?;
            } else {
                status::print(&status, screen)?;
            }
        }
        What::Neighbors => {
            let neighbors = daemon.neighbors()?;
            if show.json {
                screen.json_array::<_, Failure>(neighbors.into_iter().map(Ok))?;
            } else {
                neighbors::print(&neighbors, screen)?;
            }
        }
        What::Neighbor { name } => {
            let neighbor = daemon.neighbor(name)?;
            if show.json {
                screen.json(&neighbor)?;
            } else {
                neighbor::print(&neighbor, screen)?;
            }
        }
        What::Routes(routes) => {
            let request = RouteRequest {
                prefix: routes.prefix.clone(),
                received: routes.table.received.clone(),
                exported: routes.table.exported.clone(),
                rejected: routes.table.rejected.clone(),
                not_exported: routes.table.not_exported.clone(),
            };
            let routes = daemon.routes(request)?;
            if show.json {
                screen.json_array(routes)?;
            } else {
                routes::print(routes, screen)?;
            }
        }
        What::Kernel => {
            let kernel = daemon.kernel()?;
            if show.json {
                screen.json(&kernel)?;
            } else {
                kernel::print(&kernel, screen)?;
            }
        }
        What::Protocols { words } => protocols::show(words, show.json, &mut daemon, screen)?,
    }
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// A daemon's views, as values.
struct Daemon(Client);

impl Daemon {
    /// Asks for views of one kind; `pick` takes them out of the replies.
    fn ask<'d, T, F: Fn(Reply) -> Option<T>>(
        &'d mut self,
        request: &Request,
        pick: F,
    ) -> Result<impl Iterator<Item = Result<T, Failure>> + use<'d, T, F>, Failure> {
        let replies = self.0.ask(request)?;
        Ok(replies.filter_map(move |reply| match reply {
            Ok(reply) => pick(reply).map(Ok),
            Err(error) => Some(Err(error.into())),
        }))
    }

    fn one<T>(
        &mut self,
        request: &Request,
        pick: impl Fn(Reply) -> Option<T>,
    ) -> Result<T, Failure> {
        let mut only = None;
        for value in self.ask(request, pick)? {
            only = Some(value?);
        }
        only.ok_or_else(|| Failure::Other("the daemon answered nothing".to_owned()))
    }

    fn status(&mut self) -> Result<view::Status, Failure> {
        self.one(&Request::Status, |reply| match reply {
            Reply::Status(status) => Some(*status),
            _ => None,
        })
    }

    fn neighbors(&mut self) -> Result<Vec<view::Neighbor>, Failure> {
        self.ask(&Request::Neighbors, neighbor_of)?.collect()
    }

    fn neighbor(&mut self, name: &str) -> Result<view::Neighbor, Failure> {
        let name = name.to_owned();
        self.one(&Request::Neighbor { name }, neighbor_of)
    }

    fn routes(
        &mut self,
        request: RouteRequest,
    ) -> Result<impl Iterator<Item = Result<view::Route, Failure>> + use<'_>, Failure> {
        self.ask(&Request::Routes(request), |reply| match reply {
            Reply::Route(route) => Some(*route),
            _ => None,
        })
    }

    fn kernel(&mut self) -> Result<view::Kernel, Failure> {
        self.one(&Request::Kernel, |reply| match reply {
            Reply::Kernel(kernel) => Some(*kernel),
            _ => None,
        })
    }
}

fn neighbor_of(reply: Reply) -> Option<view::Neighbor> {
    match reply {
        Reply::Neighbor(neighbor) => Some(*neighbor),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
