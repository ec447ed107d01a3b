#!/usr/bin/perl
# The judge itself on trial: three builds that lose mail, each in a way of
# its own, must be caught by the counter that passes the real one.
use strict;
use warnings;
use lib 't/lib', 't/crash';
use Cwd qw(abs_path);
use Test::More;
use Strace;
use Trial;

# A trial of that build, messages of that mix, the sink away if asked.
sub sabotaged {
	my ($which, %o) = @_;
	my $build = abs_path("build/sabotage-$which");
	unless ($build && -x "$build/postern-supervisor") {
		plan skip_all => "no build/sabotage-$which: make check-build";
	}
	return Trial->new(name => 'crash_sabotage', build => $build,
	    expect => [qr/./], %o);
}

sub caught {
	my ($trial, $name, $pattern) = @_;
	my ($status, $table) = $trial->count(least => 1);
	ok($status == 1 && $table =~ $pattern, "caught: $name") or diag $table;
	note $table;
	$trial->crash;
	$trial->stop_sink;
}

# Kill the queue again and again just behind a 250, with the next hop away;
# then let that have what is left.
sub kill_behind_250 {
	my ($trial) = @_;
	$trial->load(sessions => 3, mix => 'small');
	for (1 .. 6) {
		$trial->wait_more('load', 'ACK', 3);
		$trial->age(0);
		$trial->kill_process('queue');
		$trial->pid_of('queue');
	}
	$trial->finish_load;
	$trial->start_sink;
	$trial->drain(20);
}

# Kill the queue before its first, second, ... call of that name, each time
# with a message of its own, until the counter sees what comes of it.
sub kill_before {
	my ($trial, $call, $mix, $most) = @_;
	$trial->start_sink;
	for my $n (1 .. $most // 6) {
		$trial->trace_scene('queue', { mix => $mix }, '-e',
		    "trace=$call", '-e',
		    "inject=$call:signal=KILL:when=$n");
		$trial->age(0);
		my ($status) = $trial->count(least => 0);
		last if $status != 0;
	}
}

my $missing = Strace::missing();

subtest 'the real one' => sub {
	plan skip_all => $missing if $missing;
	my $trial = Trial->new(name => 'crash_sabotage');
	kill_before($trial, 'pwrite64', 'later', 3);
	kill_before($trial, 'fdatasync', 'bounce', 4);
	$trial->judge('the same kills, nothing lost', least => 7);
	$trial->finish;
};

subtest 'acknowledged before the sync' => sub {
	plan skip_all => $missing if $missing;
	my $trial = sabotaged('ack');
	kill_before($trial, 'pwrite64', 'later');
	caught($trial, 'acknowledged before the sync', qr/^lost +[1-9]/m);
};

subtest 'nothing replayed' => sub {
	my $trial = sabotaged('replay');
	kill_behind_250($trial);
	caught($trial, 'nothing replayed', qr/^lost +[1-9]/m);
};

subtest 'the bounce in a record of its own' => sub {
	plan skip_all => $missing if $missing;
	my $trial = sabotaged('bounce');
	kill_before($trial, 'fdatasync', 'bounce');
	caught($trial, 'a bounce torn from its failure',
	    qr/^(?:lost|no bounce) +[1-9]/m);
};
done_testing;
