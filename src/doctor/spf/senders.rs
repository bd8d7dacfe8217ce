//! The services behind well-known includes of SPF, so that an operator sees whose mail each include allows.
//!
//! From the setup pages of these services.

use crate::facts::is_within;

/// Domains that records include, and the service.
const SENDERS: &[(&str, &str)] = &[
    ("_spf.google.com.", "Google Workspace"),
    ("_spf.salesforce.com.", "Salesforce"),
    ("agenturserver.de.", "Mittwald"),
    ("amazonses.com.", "Amazon SES"),
    ("brevo.com.", "Brevo"),
    ("emailsrvr.com.", "Rackspace"),
    ("hubspotemail.net.", "HubSpot"),
    ("icloud.com.", "Apple iCloud"),
    ("kundenserver.de.", "IONOS"),
    ("mailbox.org.", "mailbox.org"),
    ("mailgun.org.", "Mailgun"),
    ("mandrillapp.com.", "Mailchimp Transactional"),
    ("mcsv.net.", "Mailchimp"),
    ("messagingengine.com.", "Fastmail"),
    ("mimecast.com.", "Mimecast"),
    ("mtasv.net.", "Postmark"),
    ("mx.ovh.com.", "OVHcloud"),
    ("one.com.", "one.com"),
    ("pphosted.com.", "Proofpoint"),
    ("protection.outlook.com.", "Microsoft 365"),
    ("protonmail.ch.", "Proton Mail"),
    ("secureserver.net.", "GoDaddy"),
    ("sendgrid.net.", "SendGrid"),
    ("sendinblue.com.", "Brevo"),
    ("sparkpostmail.com.", "SparkPost"),
    ("spf.mailjet.com.", "Mailjet"),
    ("yandex.net.", "Yandex"),
    ("zendesk.com.", "Zendesk"),
    ("zoho.com.", "Zoho"),
    ("zoho.eu.", "Zoho"),
];

/// The service behind an included domain, if it is known.
pub(crate) fn sender(included: &str) -> Option<&'static str> {
    SENDERS.iter().find(|(domain, _)| is_within(included, domain)).map(|(_, service)| *service)
}
