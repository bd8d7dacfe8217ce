#!/usr/bin/perl
# sign.pl KEY DOMAIN <MESSAGE: the message with a DKIM signature of this domain, with the selector "s".
use strict;
use warnings;
use Mail::DKIM::Signer;

my ($key, $domain) = @ARGV;
my $signer = Mail::DKIM::Signer->new(
  Algorithm => 'rsa-sha256', Method => 'relaxed', Domain => $domain, Selector => 's', KeyFile => $key);
my $message = do { local $/; <STDIN> };
$message =~ s/\r?\n/\r\n/g;
$signer->PRINT($message);
$signer->CLOSE;
print $signer->signature->as_string, "\r\n", $message;
