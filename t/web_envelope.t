#!/usr/bin/perl
# The envelope's file in Chromium, with a portal that the test plays.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Web;

my $missing = Postern::Web::missing();
plan skip_all => $missing if $missing;
exit !Postern::Web::run('envelope_file.spec.mjs',
    "$Postern::Gateway::BUILD/t/unit/secure_envelope_mail_test");
