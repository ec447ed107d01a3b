#!/usr/bin/perl
# The disk refuses a write or a sync: no 250, no second try of the same
# sync, and nothing that was promised is lost.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

plan skip_all => 'only root may trace the queue process' if $> != 0;
plan skip_all => 'strace is not installed'
    unless grep { -x "$_/strace" } split /:/, $ENV{PATH};
plan skip_all => 'a traced process reports leaks of its own'
    if ($ENV{POSTERN_LANE} // '') eq 'sanitize';

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(sink => $sink,
    expect => [qr/event=(?:child_ended|fatal|queue_channel_lost)/,
	qr/event=(?:queue_recovered|queue_accepting|\w*_lost|\w*_gone)/]);
my $trace = "$gateway->{directory}/trace";

# Let one kind of system call of the queue fail once; the process that does.
sub inject {
	my ($call, $error) = @_;
	my ($queue) = @{ $gateway->pids->{queue} };
	unlink $trace, "$trace.err";
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDERR, '>', "$trace.err";
		exec 'strace', '-f', '-o', $trace, '-e',
		    'trace=fdatasync,fsync,pwrite64,pwritev', '-e',
		    "inject=$call:error=$error:when=1", '-p', $queue
		    or POSIX::_exit(127);
	}
	my $attached = wait_until(10, sub {
		Postern::Gateway::slurp("$trace.err") =~ /attached|[Nn]ot/ });
	my $words = Postern::Gateway::slurp("$trace.err");
	return ($queue, $pid) if $attached && $words =~ /attached/;
	kill 'TERM', $pid;
	waitpid $pid, 0;
	return;
}

sub client {
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	return $client;
}

sub submit {
	my ($client, $from) = @_;
	return $client->send(from => $from, to => 'user@sink.test',
	    data => "Subject: $from\r\n\r\nbody\r\n");
}

sub examine {
	my ($call, $error) = @_;
	my $client = client();
	like(submit($client, "$call-before\@client.test"), qr/^250 /,
	    'a message before');
	my ($queue, $strace) = inject($call, $error) or
	    return plan skip_all => 'strace cannot attach here';
	my $reply = submit($client, "$call-at\@client.test");
	like($reply, qr/^451 4\.3\.0 /, 'no 250, but 451');
	like($client->command('NOOP'), qr/^250 /, 'the session goes on');
	waitpid $strace, 0;
	ok(wait_until(20, sub { !-e "/proc/$queue" }), 'queue has ended');
	my $text = Postern::Gateway::slurp($trace);
	my $injected = () = $text =~ /^.*\b\Q$call\E\(.*\(INJECTED\)/mg;
	is($injected, 1, 'it was that call') or diag $text;
	my ($after) = $text =~ /\(INJECTED\)\n(.*)\z/s;
	unlike($after, qr/^\d+\s+(?:fdatasync|fsync)\(.*= 0/m,
	    'which was not tried again');
	ok(wait_until(20, sub {
		submit($client, "$call-again\@client.test") =~ /^250 / }),
	    'the client sends it again');
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

subtest 'Q11: fdatasync fails once' => sub { examine('fdatasync', 'EIO') };
subtest 'Q12: no space at the commit' => sub {
	examine('pwrite64', 'ENOSPC');
};
$gateway->finish;
done_testing;
