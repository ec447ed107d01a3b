#!/usr/bin/perl
# When mail is tried again, when it is given up, and who is told, with a
# clock that is moved; and clocks that jump.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::Local qw(timegm);
use Postern::Gateway;
use Postern::Hop;
use Postern::Outbound qw(outbound_config deliveries mid_of wait_outcomes
    wait_log @TROUBLE);
use Postern::Port qw(free_port wait_until);
use Postern::Report;
use Postern::Smtp;

my $hour = 3600;
my $day = 24 * $hour;
my $sender = Postern::Hop->new;
my $later = Postern::Hop->new(session => sub {
	my ($talk) = @_;
	$talk->dialog(rcpt => sub {
		return -e "$talk->{hop}{directory}/yes" ? '250 2.1.5 ok' :
		    '451 4.7.1 greylisted'; }) });
my $gateway = Postern::Gateway->new(
    expect => [@TROUBLE, qr/event=(?:clock_jump|queue_recovered)/],
    config => outbound_config(
	routes => [['client.test', "127.0.0.1:$sender->{port}"],
	    ['later.test', "127.0.0.1:$later->{port}"],
	    ['slow.test', "127.0.0.1:$later->{port}"],
	    ['gone.test', '127.0.0.1:' . free_port()],
	    ['dead.test', '127.0.0.1:' . free_port()],
	    ['void.test', '127.0.0.1:' . free_port()]],
	destinations => "- domains: [slow.test]\n" .
	    "  bounce_profile: patient\n",
	# The usual schedule, and another profile below the same key.
	profile => "lifetime: 72 h\n",
	extra => "  patient:\n    delay_warning: 4 h\n"));

# The clock leaves old connections behind.
sub submit {
	my ($from, $to) = @_;
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	my $reply = $client->send(from => $from, to => $to,
	    data => "Subject: $from\r\n\r\nbody\r\n");
	$client->quit;
	return mid_of($reply) // die "$to: $reply";
}

sub seconds_of {
	my ($iso) = @_;
	my ($year, $month, $d, $h, $m, $s, $part) = $iso =~
	    /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(\.\d+)Z/ or die $iso;
	return timegm($s, $m, $h, $d, $month - 1, $year) + $part;
}

sub last_of {
	my ($mid) = @_;
	my ($last) = reverse deliveries($gateway, $mid);
	return $last;
}

sub wait_for {
	my ($mid, $outcome, $seconds) = @_;
	return wait_until($seconds // 10, sub {
		grep { $_->{outcome} eq $outcome } deliveries($gateway, $mid) });
}

sub reports_to {
	my ($to) = @_;
	return grep { $_->{envelope}{to}[0] eq "$to\@client.test" }
	    Postern::Report::all_of($sender);
}

# ---- the schedule ----

my $mid = submit('schedule@client.test', 'b@later.test');
my $warned = submit('warned@client.test', 'b@slow.test');
my $unreached = submit('unreached@client.test', 'b@gone.test');
my $one_of_two = submit('both@client.test', 'b@later.test');
ok(wait_outcomes($gateway, [$mid, $warned, $unreached, $one_of_two]),
    'all were tried');
my (@waits, $attempts);
for my $attempt (1 .. 100) {
	my $reached = wait_until(10, sub {
		my $last = last_of($mid);
		return $last->{attempt} >= $attempt &&
		    $last->{outcome} ne 'deferred' ? 'over' :
		    $last->{attempt} == $attempt });
	last if !$reached || $reached eq 'over';
	$attempts = $attempt;
	my $last = last_of($mid);
	my ($at) = $last->{line} =~ /^(\S+)/;
	my $wait = seconds_of($last->{next_try}) - seconds_of($at);
	push @waits, $wait;
	$gateway->move_clock($wait + 0.2);
}
my $outcome = last_of($mid);
is($outcome->{outcome}, 'expired', 'B09: given up in the end') or
    diag explain $outcome;
cmp_ok($attempts, '>=', 70, 'B09: after many tries');
cmp_ok($attempts, '<=', 90, 'B09: but not too many');
my ($wrong, $sum, %ratio) = (0, 0);
for my $n (0 .. $#waits) {
	my $base = 60 * 2 ** ($n < 6 ? $n : 6);
	$base = $hour if $base > $hour;
	$sum += $waits[$n];
	# The last one ends with the lifetime.
	next if $n == $#waits;
	my $ratio = $waits[$n] / $base;
	$ratio{ sprintf '%.3f', $ratio }++;
	$wrong++ if $ratio < 0.89 || $ratio > 1.11;
}
is($wrong, 0, '60 s, doubled up to 1 h, more or less a tenth') or
    diag join ' ', map { int } @waits;
cmp_ok(scalar keys %ratio, '>', 20, 'never the same');
cmp_ok(abs($sum - 72 * $hour), '<', 300, 'B09: 72 hours in all') or
    diag $sum;

# ---- who was told ----

# What waits for its destination is looked at a minute later.
$gateway->move_clock(120);
ok(wait_for($_, 'expired'), 'B09: given up, too')
    for $warned, $unreached, $one_of_two;
ok($sender->wait_notes('message', 5), 'notifications have come');
for my $name (qw(schedule warned unreached both)) {
	my @failed = grep { Postern::Report::value($_->{recipients}[0],
	    'Action') eq 'failed' } reports_to($name);
	is(scalar @failed, 1, "B09: $name, told once");
	is(Postern::Report::value($failed[0]{recipients}[0], 'Status'),
	    '4.4.7', "B09: $name, delivery time expired");
}
my @delayed = grep { Postern::Report::value($_->{recipients}[0], 'Action')
    eq 'delayed' } Postern::Report::all_of($sender);
is(scalar @delayed, 1, 'one warning of a delay, where it was asked for');
is($delayed[0]{envelope}{to}[0], 'warned@client.test', 'to that sender');
ok(defined Postern::Report::value($delayed[0]{recipients}[0],
    'Will-Retry-Until'), 'with the end of the tries');
ok($gateway->wait_empty, 'nothing is left');
is($gateway->json('ledger', 'verify')->{expired}, 4,
    'B09: the ledger counts them as expired');

# ---- B09: killed on the way to the notification ----

my $killed = submit('killed@client.test', 'b@dead.test');
ok(wait_outcomes($gateway, [$killed]), 'tried once');
$gateway->move_clock(71 * $hour);
ok(!wait_until(0.5, sub { last_of($killed)->{outcome} eq 'expired' }),
    'B09: not before its time');
$sender->stop;
$gateway->move_clock(2 * $hour);
ok(wait_for($killed, 'expired'), 'B09: expired');
$gateway->kill_all;
$sender->start;
ok($gateway->start, 'B09: killed, and started again');
$gateway->cli('retry', '--all');
ok(wait_until(20, sub { reports_to('killed') }), 'B09: told');
ok($gateway->wait_empty, 'B09: nothing is left');
is(scalar reports_to('killed'), 1, 'B09: told once');

# ---- Q06 ----

my $future = submit('future@client.test', 'b@later.test');
my $nobody = submit('future@client.test', 'b@void.test');
ok(wait_outcomes($gateway, [$future, $nobody]), 'two wait');
$gateway->move_wall_clock(10 * 365 * $day);
ok(wait_log($gateway, qr/event=clock_jump/, 10),
    'Q06: a jump of ten years is noticed') or
    diag 'no clock_jump';
$gateway->move_clock(2 * $hour);
ok(wait_until(10, sub { last_of($nobody)->{attempt} >= 2 }),
    'Q06: it is tried again');
my @given_up = grep { $_->{outcome} eq 'expired' }
    map { deliveries($gateway, $_) } $future, $nobody;
is_deeply(\@given_up, [], 'Q06: ten years in a moment, nothing given up');
is(scalar reports_to('future'), 0, 'Q06: nobody is told');
is($gateway->stop, 0, 'stopped');
ok($gateway->start, 'Q06: started again in the future');
ok(!wait_until(1, sub { reports_to('future') }),
    'Q06: nothing is given up after a restart');
$gateway->move_clock(74 * $hour);
ok(wait_for($future, 'expired', 15), 'Q06: a last try, and it is over');
$gateway->move_clock(120);
ok(wait_for($nobody, 'expired', 15),
    'Q06: hours that really pass do count');

# Back to now, and a year further.
my $past = submit('past@client.test', 'b@later.test');
ok(wait_outcomes($gateway, [$past]), 'one waits');
$gateway->move_wall_clock(-11 * 365 * $day);
open my $yes, '>', "$later->{directory}/yes" or die $!;
close $yes;
$gateway->move_clock(2 * $hour);
ok(wait_for($past, 'delivered', 15),
    'Q06: a year back, and it goes after the longest wait') or
    diag explain last_of($past);
is(scalar reports_to('past'), 0, 'Q06: nobody is told');
my $fresh = submit('fresh@client.test', 'b@later.test');
ok(wait_for($fresh, 'delivered'), 'Q06: new mail goes at once');
ok($gateway->wait_empty, 'nothing is left');
$gateway->finish;
done_testing;
