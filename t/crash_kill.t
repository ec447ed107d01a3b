#!/usr/bin/perl
# kill -9 of every process kind at random under load: nothing acknowledged
# is lost, every duplicate has its reason, the ledger balances.
use strict;
use warnings;
use lib 't/lib', 't/crash';
use List::Util qw(shuffle);
use Test::More;
use Trial;

my $kills = $Trial::LONG ? 300 : 60;
# How often each kind is hit in a round of 15.
my @round = (('queue') x 4, ('deliver') x 4, ('smtp') x 3, 'supervisor',
    'lookup', 'keys', 'admin');

my $trial = Trial->new(name => 'crash_kill');
$trial->start_sink;
$trial->load(sessions => 4, pause => 0.02);
ok($trial->wait_more('load', 'ACK', 20), 'messages are accepted');
my (%hit, @victims);
for (1 .. $kills) {
	@victims = shuffle @round unless @victims;
	my $kind = shift @victims;
	# It works again, and then somewhere in the work that follows.
	$trial->wait_more('load', 'ACK', 1, 10);
	$trial->wait_more('load', 'ACK', int rand 40, 0.1 + rand);
	$trial->age;
	$trial->pid_of($kind) unless $kind eq 'supervisor';
	$hit{$kind}++ if $trial->kill_process($kind);
}
my $sum = 0;
$sum += $_ for values %hit;
is($sum, $kills, join ', ', 'killed', map { "$_ $hit{$_}" } sort keys %hit);
ok($trial->wait_more('load', 'ACK', 20), 'it goes on');
ok($trial->finish_load, 'all that was to be sent again was sent');
ok($trial->drain(60), 'the queue drains');
$trial->judge('nothing lost, nothing unexplained',
    least => 5 * $kills);
$trial->finish;
done_testing;
