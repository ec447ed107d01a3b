#!/usr/bin/perl
# A long queue and kill -9 of everything: listening again within 5 seconds,
# every acknowledged message still there, the ledger balances.
use strict;
use warnings;
use lib 't/lib', 't/crash';
use Test::More;
use Time::HiRes qw(time);
use Postern::Smtp;
use Trial;

my $most = 100_000;
my $least = $Trial::LONG ? $most : 20_000;
# On a slow machine the short form is content with $least.
my $seconds = $Trial::LONG ? 600 : 25;

my $trial = Trial->new(name => 'crash_restart', retry => ['1 h', '1 h'],
    limits => "  hot_bodies: 8 MB\n",
    expect => [qr/event=(?:delivery|destination)_unreachable\b/]);
my $gateway = $trial->{gateway};
my $ledger = "$trial->{folder}/mids";

sub fill {
	my ($messages, $limit) = @_;
	my $pid = $trial->spawn('fill', '--port', $gateway->port('public'),
	    '--messages', $messages, '--ledger', $ledger, '--seconds',
	    $limit);
	return $trial->reap($pid) == 0;
}

sub mids_acknowledged {
	open my $in, '<', $ledger or return;
	chomp(my @mids = <$in>);
	return @mids;
}

# Proportional set size of the queue process in bytes.
sub memory {
	my $pid = $trial->pid_of('queue') or return 0;
	open my $in, '<', "/proc/$pid/smaps_rollup" or return 0;
	my ($kilobytes) = join('', <$in>) =~ /^Pss: +(\d+) kB/m;
	return ($kilobytes // 0) * 1024;
}

my $empty = memory();
my $begin = time;
ok(fill($least, 600), "$least messages are accepted");
my $left = $seconds - (time - $begin);
ok(fill($most - $least, $left), 'and more')
    if $left > 1 && $most > $least;
my @mids = sort { $a <=> $b } mids_acknowledged();
my $count = @mids;
note sprintf '%d messages in %.1f s', $count, time - $begin;
cmp_ok($count, '>=', $least, "$count acknowledged");
my $before = memory();

$trial->crash;
$begin = time;
my $started = $trial->start;
my $client = Postern::Smtp->new(port => $gateway->port('public'));
my $reply = $client->command('EHLO client.test');
my $sender = $client->command('MAIL FROM:<a@client.test>');
my $took = time - $begin;
ok($started && $reply =~ /^250/ && $sender =~ /^250/, 'it takes mail again');
cmp_ok($took, '<', 5, sprintf 'within %.2f s', $took);
$client->quit;

is($trial->queue_count, $count, 'all are still there');
my (undef, $list) = $gateway->cli('queue', '--limit', 0);
my @listed = sort { $a <=> $b } $list =~ /^(\d+) /mg;
my %listed = map { $_ => 1 } @listed;
is(scalar(grep { !$listed{$_} } @mids), 0, 'each one that was acknowledged');
diag sprintf '%d messages: taking mail again after %.2f s; queue has %d ' .
    'bytes per message before and %d after the restart', $count, $took,
    ($before - $empty) / $count, (memory() - $empty) / $count;
$gateway->finish;
done_testing;
