#!/usr/bin/perl
# The disk refuses a write or a sync: no 250, no second try of the same
# sync, and nothing that was promised is lost.
use strict;
use warnings;
use lib 't/lib', 't/crash';
use Test::More;
use Disk;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

plan skip_all => 'a sanitizer wants to be loaded before the shim'
    if ($ENV{POSTERN_LANE} // '') eq 'sanitize';

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(sink => $sink, start => 0,
    expect => [qr/event=(?:child_ended|fatal|queue_channel_lost)/,
	qr/event=(?:queue_recovered|queue_accepting|\w*_lost|\w*_gone)/]);
my $shim = "$gateway->{directory}/diskerror.so";
Disk::run($ENV{CC} // 'cc', '-O2', '-fPIC', '-shared', '-o', $shim,
    't/crash/diskerror.c');
my $marks = "$gateway->{directory}/marks";
mkdir $marks and chmod 0777, $marks;
$gateway->{environment} = { LD_PRELOAD => $shim,
    DISK_ERROR_MARKS => $marks };
ok($gateway->start, 'the gateway starts') or BAIL_OUT('no gateway');

sub submit {
	my ($client, $from, $body) = @_;
	return $client->send(from => $from, to => 'user@sink.test',
	    data => "Subject: $from\r\n\r\n$body\r\n");
}

sub examine {
	my ($call, $words) = @_;
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	my ($queue) = @{ $gateway->pids->{queue} };
	like(submit($client, "$call-before\@client.test", 'body'), qr/^250 /,
	    'a message before');
	like(submit($client, "$call-at\@client.test", "disk-error: $call"),
	    qr/^451 4\.3\.0 /, 'no 250, but 451');
	like($client->command('NOOP'), qr/^250 /, 'the session goes on');
	ok(wait_until(20, sub { !-e "/proc/$queue" }), 'queue has ended');
	ok(-e "$marks/$call-refused", 'by that call');
	ok(wait_until(10, sub { $gateway->stderr_text =~ $words }),
	    'which it reports');
	ok(!-e "$marks/synced-again",
	    'and does not try again');
	ok(wait_until(20, sub {
		submit($client, "$call-again\@client.test", 'body') =~ /^250 /
	}), 'the client sends it again');
	$client->quit;
	ok($gateway->wait_empty, 'the queue is empty');
	my %found;
	$found{$_->{from}}++ for $sink->messages;
	is($found{"$call-$_\@client.test"}, 1, "$_: delivered once")
	    for qw(before again);
	cmp_ok($found{"$call-at\@client.test"} // 0, '<=', 1,
	    'what was put off is there once at most');
	ok($gateway->json('ledger', 'verify')->{balanced},
	    'the ledger balances');
}

subtest 'Q11: fdatasync fails once' => sub {
	examine('sync', qr/queue log: fdatasync: Input\/output error/);
};
subtest 'Q12: no space at the commit' => sub {
	examine('write', qr/queue log: write: No space left on device/);
};
$gateway->finish;
done_testing;
