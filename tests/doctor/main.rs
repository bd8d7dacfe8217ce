//! `resolverctl check DOMAIN` over the lab: a check must find the faults of faulty domains, and none in
//! healthy domains.
//!
//! `codes`, `connect`, `forum`, `lists`, `root`, `secured` and `split` run both programs over sockets; `codes` has a fault for each code of the table. `elsewhere`, `failing`, `faults`, `foreign`, `former`, `glued`, `kept`, `parents`, `partly`, `signatures`, `unproven` and `healthy` run the same questions over the simulated network,
//! in virtual time.

mod below;
mod bounced;
mod codes;
mod compare;
mod connect;
mod elsewhere;
mod failing;
mod families;
mod faults;
mod former;
mod forum;
mod gateway;
mod glued;
mod healthy;
mod kept;
mod lists;
mod parents;
mod partly;
mod root;
mod secured;
mod shadow;
mod signatures;
mod simulated;
mod sourced;
mod split;
mod stage;
mod unproven;
mod unusual;
mod watched;
