#!/usr/bin/perl
# The event log: a file a day, kept for some days, and read by "postern
# message".
use strict;
use warnings;
use lib 't/lib';
use POSIX qw(strftime);
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(sink => $sink,
    expect => [qr/event=delivery_unreachable/]);
my $d = $gateway->{directory};
my $offset = 0;

sub day {
	my ($days) = @_;
	return strftime('%Y-%m-%d', gmtime(time + $offset + $days * 86400));
}

# In steps, so that nobody seems to be dead.
sub move {
	my ($seconds) = @_;
	$gateway->move_clock($seconds);
	$offset += $seconds;
}

sub message {
	my ($from) = @_;
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	my $reply = $client->send(from => $from, to => 'user@sink.test',
	    data => "Subject: x\r\n\r\nb\r\n");
	$client->quit;
	my $mid = $reply =~ /queued as (\d+)/ ? $1 : 0;
	wait_until(20, sub { grep { ($_->{mid} // 0) == $mid }
	    $gateway->events('done') });
	return $mid;
}

sub story {
	my ($mid) = @_;
	my ($status, $out) = $gateway->cli('message', $mid);
	return ($status, $out);
}

sub next_day {
	my $dated = "$d/event.log." . day(0);
	move(86400);
	return wait_until(20, sub { -e $dated });
}

my $first_day = day(0);
my $first = message('first@client.test');
my ($status, $out) = story($first);
is($status, 0, 'the story of today');
like($out, qr/MID $first event=accepted .*MID $first event=delivered /s,
    'from beginning to end');
unlike($out, qr/MID (?!$first )\d+ event/, 'and of nothing else');

ok(next_day(), 'the next day has a new file');
my $second = message('second@client.test');
like(Postern::Gateway::slurp("$d/event.log.$first_day"),
    qr/MID $first event=accepted/, 'the old one is dated');
ok(wait_until(10, sub { Postern::Gateway::slurp("$d/event.log") =~
    /MID $second event=accepted/ }), 'every process writes to the new one');
unlike(Postern::Gateway::slurp("$d/event.log"), qr/MID $first event/,
    'which began empty');
like((story($first))[1], qr/MID $first event=delivered /,
    'yesterday is still told');
like((story($second))[1], qr/MID $second event=delivered /, 'and today');

my %mids = (0 => $first, 1 => $second);
for my $number (2 .. 6) {
	next_day() or fail 'no new file';
	$mids{$number} = message("day$number\@client.test");
}
my @kept = map { m{([^/.]+)$} ? $1 : () } sort glob "$d/event.log.*";
is_deeply(\@kept, [map { day($_) } -6 .. -1], 'six days and today');
for my $mid (values %mids) {
	like((story($mid))[1], qr/MID $mid event=delivered /,
	    "MID $mid is told");
}

next_day();
ok(-e "$d/event.log.$first_day", 'seven days are kept');
next_day();
ok(wait_until(20, sub { !-e "$d/event.log.$first_day" }),
    'what is older goes');
($status, $out) = story($first);
is($status, 1, 'and is told no more');
($status, undef, my $err) = $gateway->cli('message', $first);
like($err, qr/nothing is known of that message/, 'in so many words');
my $third = $mids{3};
like((story($third))[1], qr/MID $third event=delivered /,
    'the younger ones are');
my $json = $gateway->json('message', $mids{4});
ok($json->{found}, 'as JSON');
ok((grep { /event=accepted/ } @{ $json->{events} }), 'too');

# Somebody else's rotation: SIGUSR1 opens the file anew.
rename "$d/event.log", "$d/moved.log";
kill 'USR1', $gateway->{pid};
ok(wait_until(20, sub { -e "$d/event.log" }), 'SIGUSR1 makes a new file');
my $last = message('last@client.test');
ok(wait_until(20, sub { Postern::Gateway::slurp("$d/event.log") =~
    /MID $last event=accepted/ }), 'which is used by every process');

# A restart on a later day dates what an earlier one left.
is($gateway->stop, 0, 'stopped');
my $before = day(0);
ok($gateway->start, 'started');
like((story($last))[1], qr/MID $last event=accepted/,
    'a restart forgets nothing');

$gateway->finish;
done_testing;
