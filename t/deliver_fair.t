#!/usr/bin/perl
# Thousands of messages for a dead host, hundreds for one that stalls: mail
# for everybody else goes at once.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(time);
use Postern::Gateway;
use Postern::Hop;
use Postern::Outbound qw(outbound_config @TROUBLE);
use Postern::Port qw(free_port);
use Postern::Smtp;

my $dead_port = free_port();
my $good = Postern::Hop->new;
my $tarpit = Postern::Hop->new(session => sub { $_[0]->wait_end });
my $gateway = Postern::Gateway->new(
    expect => [@TROUBLE],
    config => outbound_config(
	routes => [['dead.test', "127.0.0.1:$dead_port"],
	    ['tarpit.test', "127.0.0.1:$tarpit->{port}"],
	    ['good.test', "127.0.0.1:$good->{port}"],
	    ['all', "127.0.0.1:$dead_port"]],
	limits => "hot_bodies: 0\n"));
my $port = $gateway->port('public');

# Messages with everything pipelined, from several clients at once.
sub pour {
	my ($count, $clients, $to) = @_;
	my @children;
	for my $number (1 .. $clients) {
		my $pid = fork // die "fork: $!";
		if ($pid == 0) {
			my $ok = pour_one($count / $clients, $number, $to);
			POSIX::_exit($ok ? 0 : 1);
		}
		push @children, $pid;
	}
	my $failed = 0;
	for (@children) {
		waitpid $_, 0;
		$failed++ if $?;
	}
	return !$failed;
}

sub pour_one {
	my ($count, $number, $to) = @_;
	my $client = Postern::Smtp->new(port => $port) or return 0;
	$client->command('EHLO client.test');
	for my $n (1 .. $count) {
		(my $address = $to) =~ s/%/$number-$n/g;
		$client->raw("MAIL FROM:<a\@client.test>\r\n" .
		    "RCPT TO:<$address>\r\nDATA\r\n");
		$client->reply =~ /^250/ or return 0;
		$client->reply =~ /^250/ or return 0;
		$client->reply =~ /^354/ or return 0;
		$client->raw("Subject: x\r\n\r\nbody\r\n.\r\n");
		$client->reply =~ /^250/ or return 0;
	}
	return 1;
}

sub resident {
	my ($pid) = @_;
	my ($kilobytes) = Postern::Gateway::slurp("/proc/$pid/smaps_rollup")
	    =~ /^Pss:\s*(\d+)/m;
	return $kilobytes // 0;
}

my $client = Postern::Smtp->new(port => $port);
$client->command('EHLO client.test');
my $number = 0;

# Seconds from the reply to the delivery of one message, the longest of ten.
sub longest {
	my $worst = 0;
	for (1 .. 10) {
		$number++;
		my $begin = time;
		my $reply = $client->send(from => 'a@client.test',
		    to => "b$number\@good.test",
		    data => "Subject: $number\r\n\r\nbody\r\n");
		return 99 unless $reply =~ /^250/;
		$good->wait_notes('message', $number, 10) or return 98;
		$worst = time - $begin if time - $begin > $worst;
	}
	return $worst;
}

cmp_ok(longest(), '<', 2, 'Q04: quick when nothing else waits');
my ($queue) = @{ $gateway->pids->{queue} };
pour(200, 4, 'a%@dead.test');
my $before = resident($queue);
ok(pour(5000, 10, 'b%@dead.test'), 'Q04: 5000 messages for a dead host');
ok(pour(300, 4, 'b%@tarpit.test'), 'Q04: 300 for one that stalls');
cmp_ok(longest(), '<', 2, 'Q04: others go at once');
cmp_ok((resident($queue) - $before) * 1024 / 5300, '<=', 1536,
    'Q04: little memory for each that waits')
    unless ($ENV{POSTERN_LANE} // '') eq 'sanitize';
ok(pour(400, 4, 'b@host-%.test'), 'Q04: 400 hosts, all of them dead');
cmp_ok(longest(), '<', 2, 'Q04: others go at once');

my $tries = $gateway->events('delivery_unreachable');
cmp_ok($tries, '<', 1500, 'Q04: a dead host is not asked for each message');
is($gateway->json('queue', '--count')->{messages}, 5900,
    'Q04: all of them wait');

# It is back: everything goes.
my $back = Postern::Hop->new(port => $dead_port);
ok($back->wait_notes('message', 5600, 25),
    'Q04: the dead host is back and gets everything') or
    diag $back->count('message');
cmp_ok(longest(), '<', 2, 'Q04: others still go at once');
my %seen = map { $_->{to}[0] => 1 } $back->messages;
is(scalar keys %seen, 5600, 'Q04: nothing is missing');
is($back->count('message'), 5600, 'Q04: nothing came twice');
$tarpit->stop;
$client->quit;
$gateway->finish;
done_testing;
