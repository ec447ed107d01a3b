#!/usr/bin/perl
# A full queue over restarts: order, attempts, times, and what an
# administrator did to messages.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Hop;
use Postern::Outbound qw(outbound_config deliveries mid_of wait_outcomes
    @TROUBLE);
use Postern::Port qw(free_port wait_until);
use Postern::Smtp;

my $hop = Postern::Hop->new(down => 1);
my $later = Postern::Hop->new(session => sub {
	$_[0]->dialog(rcpt => '451 4.7.1 later') });
my $gateway = Postern::Gateway->new(
    expect => [@TROUBLE, qr/event=(?:queue_recovered|leases_taken_back)/],
    config => outbound_config(
	routes => [['line.test', "127.0.0.1:$hop->{port}"],
	    ['later.test', "127.0.0.1:$later->{port}"]],
	destinations => "- domains: [line.test]\n  concurrency: 1\n" .
	    "  messages_per_connection: 1000\n",
	profile => "retry_initial: 1 h\nretry_max: 4 h\n" .
	    "lifetime: 72 h\n",
	processes => "smtp: 1\ndeliver: 1\nkeys: 1\n"));

sub connect_client {
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	return $client;
}

sub submit {
	my ($client, $to) = @_;
	my $reply = $client->send(from => 'a@client.test', to => $to,
	    data => "Subject: @{[ ref $to ? $to->[0] : $to ]}\r\n\r\nbody\r\n");
	return mid_of($reply) // die $reply;
}

# Everything that the queue says of its messages.
sub listed {
	my $list = $gateway->json('queue', '--limit', 10000) or return {};
	return { map { $_->{mid} => $_ } @{ $list->{messages} } };
}

sub recipients_of {
	my ($mid) = @_;
	my $message = $gateway->json('message', $mid) or return [];
	return $message->{queue} ? $message->{queue}{recipients} : [];
}

my $client = connect_client();
my @line = map { submit($client, sprintf 'b%03d@line.test', $_) } 1 .. 300;
my @later = map { submit($client, "b$_\@later.test") } 1 .. 40;
my $mixed = submit($client, ['x@later.test', 'y@line.test',
    'z@later.test']);
ok(wait_outcomes($gateway, [@later]), 'forty were put off');
# A second and a third try for some.
$gateway->cli('retry', @later[0 .. 9]);
ok(wait_until(10, sub {
	my $list = listed();
	!grep { $list->{$_}{attempts} < 2 } @later[0 .. 9] }), 'tried again');
my @held = @later[20 .. 24];
my @deleted = @later[30 .. 34];
is(($gateway->cli('hold', @held))[0], 0, 'some are held');
is(($gateway->cli('hold', $line[150]))[0], 0, 'one in the line, too');
is(($gateway->cli('delete', @deleted))[0], 0, 'some are deleted');
$client->quit;

# What must be the same: all but what an age says.
sub essence {
	my ($list) = @_;
	my @keys = qw(mid state received size sender recipient recipients
	    attempts next_try reason);
	my %essence;
	for my $mid (keys %$list) {
		my %row = %{ $list->{$mid} }{@keys};
		# What is under way or due is so at any moment.
		$row{state} = 'ready' if $row{state} eq 'sending';
		$row{attempts} = $row{next_try} = $row{reason} = '-'
		    if $row{recipient} =~ /line\.test$/;
		$essence{$mid} = \%row;
	}
	return \%essence;
}

my $before = listed();
is(scalar keys %$before, 336, 'so many wait');
my $was = essence($before);
my $mixed_was = [map { +{ %$_, attempts => '-', next_try => '-',
    reason => '-', status => '-', host => '-' } }
    @{ recipients_of($mixed) }];
for my $way ('stopped', 'killed') {
	if ($way eq 'stopped') {
		is($gateway->stop, 0, 'stopped in order');
	} else {
		$gateway->kill_all;
	}
	ok($gateway->start, "$way, and started again");
	ok(wait_until(10, sub { keys %{ listed() } == 336 }),
	    "$way: everything is there");
	is_deeply(essence(listed()), $was,
	    "$way: attempts, times and states are as before");
	is(scalar @{ recipients_of($mixed) }, scalar @$mixed_was,
	    "$way: a message of several recipients, too");
	my $ledger = $gateway->json('ledger', 'verify');
	ok($ledger->{balanced}, "$way: the ledger balances");
	is($ledger->{deleted}, 5, "$way: the deleted stay deleted");
	is($ledger->{held}, 6, "$way: the held stay held");
}

# ---- held and released over restarts ----

is(($gateway->cli('release', $held[0]))[0], 0, 'one is released');
ok(wait_until(10, sub { listed()->{ $held[0] }{attempts} >= 1 &&
    listed()->{ $held[0] }{state} ne 'held' }), 'it goes on');
is($gateway->stop, 0, 'stopped');
ok($gateway->start, 'started');
is(scalar(grep { $_->{state} eq 'held' } values %{ listed() }), 5,
    'a release is remembered');

# ---- the line moves on, in its order ----

$hop->start;
$gateway->cli('retry', '--destination', 'line.test');
ok($hop->wait_notes('message', 300, 20), 'the next hop gets what is due');
my @order = map { $_->{to}[0] =~ /^b(\d+)/ ? $1 : () }
    $hop->messages;
is(scalar @order, 299, 'each once, but for the one that is held');
my @sorted = sort { $a <=> $b } @order;
# One that had been tried before may be a little out of its place.
my $out_of_order = grep { $order[$_] < $order[$_ - 1] } 1 .. $#order;
cmp_ok($out_of_order, '<=', 3, 'the oldest first') or diag "@order";
is_deeply(\@sorted, [grep { $_ != 151 } map { sprintf '%03d', $_ }
    1 .. 300], 'nobody is missing');
is(($gateway->cli('release', $line[150]))[0], 0, 'the last is released');
ok($hop->wait_notes('message', 301), 'and goes');
ok(!exists listed()->{ $line[150] }, 'and is gone');

# What waits goes when its time has come, not before.
is($later->count('message'), 0, 'nothing is delivered early');
my %tries = map { $_ => listed()->{$_}{attempts} } @later[25 .. 29];
$gateway->move_clock(5 * 3600);
ok(wait_until(10, sub {
	my $list = listed();
	!grep { $list->{$_}{attempts} != $tries{$_} + 1 } keys %tries }),
    'hours later each is tried once more');
$gateway->cli('delete', '--all');
ok($gateway->wait_empty, 'everything can be deleted');
$gateway->finish;
done_testing;
