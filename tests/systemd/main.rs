//! resolverd under a service manager: its units, what it tells the manager, and the sockets that it is handed.

mod inherited;
mod journal;
mod notify;
mod service;
mod units;
