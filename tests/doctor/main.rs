//! `resolverctl check DOMAIN` over the lab: a check must find the faults of faulty domains, and none in healthy domains.
//!
//! Modules that use `gateway` run both programs over sockets. Modules that use `simulated` send the same questions over the simulated
//! network, in virtual time.

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
mod many;
mod own_mail;
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
