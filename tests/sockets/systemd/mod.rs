//! resolverd under a service manager: its units, its messages to the service manager, and inherited sockets.

mod inherited;
mod journal;
mod notify;
mod service;
mod units;
