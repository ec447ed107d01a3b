#!/usr/bin/perl
# The judge itself on trial: three builds that lose mail, each in a way of
# its own, must be caught by the counter that passes the real one.
use strict;
use warnings;
use lib 't/lib', 't/crash';
use Cwd qw(abs_path);
use Test::More;
use Postern::Port qw(wait_until);
use Strace;
use Trial;

my $missing = Strace::missing();
plan skip_all => $missing if $missing;

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

# The segment that the queue writes to; it answers, so it has begun one.
sub segment {
	my ($trial) = @_;
	wait_until(10, sub { $trial->queue_count >= 0 });
	my ($last) = reverse sort
	    glob "$trial->{folder}/gateway/queue/log/seg-*";
	return $last;
}

sub index_log {
	my ($trial) = @_;
	return "$trial->{folder}/gateway/queue/queue.db-wal";
}

# Kill the queue before its n-th call on that file behind one message; the
# next hop is away until then, unless it must be there to refuse.
sub kill_before {
	my ($trial, $call, $n, $file, $mix) = @_;
	my @inject = ('-P', $file->($trial), '-e', "trace=$call", '-e',
	    "inject=$call:signal=KILL:when=$n");
	$trial->start_sink if $mix eq 'bounce';
	my $pid = $trial->pid_of('queue');
	my $trace = Strace->new(pids => [$pid], options => \@inject,
	    output => "$trial->{folder}/strace");
	$trial->load(messages => 1, sessions => 1, mix => $mix);
	$trial->finish_load;
	wait_until(2, sub { $trace->is_over });
	$trace->detach;
	my $time = $trace->killed_at($pid);
	$trial->note_kill_at($time, 'queue', $pid) if $time;
	$trial->start_sink;
	$trial->drain(20);
	$trial->stop_sink;
	$trial->age(0);
}

# Build => call, its numbers, file, mix, and what the counter must find.
# Half of the batches of "ack" are written at once, hence the same number
# again and again.
my %ways = (
	ack => ['pwrite64', [(1) x 8], \&segment, 'small',
	    qr/^lost +[1-9]/m],
	replay => ['pwrite64', [1, 1, 2, 2, 3, 3], \&index_log, 'small',
	    qr/^lost +[1-9]/m],
	bounce => ['fdatasync', [1 .. 6], \&segment, 'bounce',
	    qr/^(?:lost|no bounce) +[1-9]/m],
);
my %names = (
	ack => 'acknowledged before the sync',
	replay => 'nothing replayed',
	bounce => 'the bounce in a record of its own',
);

# One number after the other, until the counter sees what comes of it.
sub kill_until_seen {
	my ($trial, $which, $most) = @_;
	my ($call, $numbers, $file, $mix) = @{ $ways{$which} };
	for my $n (@$numbers) {
		last if defined $most && $most-- == 0;
		kill_before($trial, $call, $n, $file, $mix);
		my ($status) = $trial->count(least => 0);
		last if $status != 0;
	}
}

subtest 'the real one' => sub {
	my $trial = Trial->new(name => 'crash_sabotage',
	    expect => [qr/event=(?:delivery|destination)_unreachable\b/]);
	kill_until_seen($trial, $_, 3) for sort keys %ways;
	$trial->judge('the same kills, nothing lost', least => 9);
	$trial->finish;
};

for my $which (qw(ack replay bounce)) {
	subtest $names{$which} => sub {
		my $trial = sabotaged($which);
		kill_until_seen($trial, $which);
		caught($trial, $names{$which}, $ways{$which}[4]);
	};
}
done_testing;
