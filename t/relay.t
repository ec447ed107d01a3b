#!/usr/bin/perl
# One message through the whole gateway, byte for byte.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(sink => $sink);
my $client = Postern::Smtp->new(port => $gateway->port('public'));
like($client->{greeting}, qr/^220 gateway\.test /, 'greeting');
like($client->command('EHLO client.test'), qr/^250-gateway\.test/, 'EHLO');

my $data = "From: <a\@client.test>\r\nTo: <b\@sink.test>\r\n" .
    "Subject: one\r\n\r\n.starts with a dot\r\n\r\n..\r\nlast\r\n";
like($client->send(from => 'a@client.test', to => 'b@sink.test',
    data => $data), qr/^250 2\.0\.0 .*\d+/, 'accepted');
ok($sink->wait_count(1), 'delivered');
my ($message) = $sink->messages;
is($message->{from}, 'a@client.test', 'sender');
is_deeply($message->{to}, ['b@sink.test'], 'recipient');
is(Postern::Sink::body_of($message), $data, 'byte for byte');
like($message->{data}, qr/^Received: from client\.test/, 'trace header');
like($client->quit, qr/^221 /, 'QUIT');
ok($gateway->wait_empty, 'the queue is empty');
$gateway->finish;
done_testing;
