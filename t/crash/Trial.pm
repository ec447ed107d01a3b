package Trial;
# One crash trial: a gateway, a load, a next hop, kills, and the judge.
#
#   my $trial = Trial->new(name => 'crash_kill');
#   $trial->load(sessions => 4);
#   $trial->kill_process('queue');
#   $trial->finish_load;
#   ok($trial->drain(30), ...);
#   $trial->judge;
#
# POSTERN_SEED repeats a run as far as its decisions go, POSTERN_PROVE=long
# asks for the long form, POSTERN_KEEP=1 leaves the folder behind.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use POSIX qw(:sys_wait_h);
use Test::More;
use Time::HiRes qw(time);

use Postern::Gateway;
use Postern::Port qw(free_port wait_port wait_until);
use Strace;

my $folder = dirname(abs_path(__FILE__));
use constant PRCTL => 157;
use constant PR_SET_PDEATHSIG => 1;
use constant PR_SET_CHILD_SUBREAPER => 36;

our $LONG = ($ENV{POSTERN_PROVE} // '') eq 'long';

# What happens when processes are killed and the next hop refuses and breaks
# off; every other warning fails the test.
my @announced = ((map { qr/event=$_\b/ } qw(child_ended failed
    outcome_unknown queue_recovered leases_taken_back queue_channel_lost
    lookup_channel_lost)), qr/event=note text="queue log: .* pool /);

# Only on x86_64 the numbers above are right; elsewhere a test that is
# killed itself leaves its processes behind.
sub control_process {
	my (@arguments) = @_;
	return if (POSIX::uname())[4] ne 'x86_64';
	syscall PRCTL, @arguments, 0, 0, 0;
}

# new(name =>, [build =>], [start => 0], [expect => [qr//]],
#     [queue => folder], [limits => YAML], [retry => [first, longest]])
sub new {
	my ($class, %o) = @_;
	my $self = bless { name => $o{name}, helpers => [],
	    seed => $ENV{POSTERN_SEED} // sprintf('%d', time * 1000) },
	    $class;
	srand hash_of($self->{seed});
	control_process(PR_SET_CHILD_SUBREAPER, 1);
	$self->{folder} = tempdir('postern-crash-XXXXXX', TMPDIR => 1,
	    CLEANUP => !$ENV{POSTERN_KEEP});
	chmod 0755, $self->{folder};
	$self->{sink_port} = free_port();
	mkdir "$self->{folder}/spool";
	$self->{load_log} = "$self->{folder}/load.log";
	$self->{sink_log} = "$self->{folder}/sink.log";
	$self->{kill_log} = "$self->{folder}/kill.log";
	$self->touch($_) for @$self{qw(load_log sink_log kill_log)};
	$self->{gateway} = Postern::Gateway->new(
	    directory => "$self->{folder}/gateway",
	    config => $self->config(%o),
	    expect => [@announced, @{ $o{expect} // [] }],
	    build => $o{build}, start => $o{start});
	diag "kept: $self->{folder}" if $ENV{POSTERN_KEEP};
	return $self;
}

sub hash_of {
	my ($text) = @_;
	my $hash = 5381;
	$hash = ($hash * 33 + ord) & 0x7fffffff for split //, $text;
	return $hash;
}

sub touch {
	my ($self, $path) = @_;
	open my $out, '>>', $path or die "$path: $!";
	close $out;
}

# A gateway for d1.test to d4.test and client.test, everything to the sink.
sub config {
	my ($self, %o) = @_;
	my $queue = $o{queue} // '%DIR%/queue';
	my $limits = $o{limits} // '';
	my ($first, $most) = @{ $o{retry} // ['500 ms', '2 s'] };
	mkdir "$self->{folder}/gateway";
	return <<"YAML";
hostname: gateway.test
listeners:
  public:
    address: 127.0.0.1
    port: %PORT(public)%
    tls: off
    max_connections_per_client: 1000
sender_groups:
  - name: everybody
    addresses: [127.0.0.0/8]
    mail_flow_policy: incoming
mail_flow_policies:
  incoming:
    action: accept
    tls: off
    max_errors: 10000
    max_messages: 1000000
    max_invalid_recipients: 100000
recipient_access:
  - patterns: [refused.test]
    action: reject
  - patterns: [d1.test, d2.test, d3.test, d4.test, client.test]
    action: accept
smtp_routes:
  - domains: [all]
    hosts: ["127.0.0.1:$self->{sink_port}"]
bounce_profiles:
  default:
    retry_initial: $first
    retry_max: $most
    lifetime: 72 h
processes:
  smtp: 2
  deliver: 2
  keys: 2
  queue_directory: $queue
  run_directory: %DIR%/run
limits:
  idle_connection: 2 s
$limits
YAML
}

# ---- helpers: load and sink ------------------------------------------------

sub spawn {
	my ($self, $program, @arguments) = @_;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		setpgrp;
		control_process(PR_SET_PDEATHSIG, 15);
		exec $^X, "$folder/$program", @arguments or
		    POSIX::_exit(127);
	}
	push @{ $self->{helpers} }, $pid;
	return $pid;
}

sub reap {
	my ($self, $pid) = @_;
	waitpid $pid, 0;
	my $status = $?;
	@{ $self->{helpers} } = grep { $_ != $pid } @{ $self->{helpers} };
	return $status;
}

sub start_sink {
	my ($self) = @_;
	return if $self->{sink};
	$self->{sink} = $self->spawn('sink', '--port', $self->{sink_port},
	    '--ledger', $self->{sink_log}, '--spool',
	    "$self->{folder}/spool");
	wait_port($self->{sink_port}, 10) or die 'the sink does not start';
}

sub stop_sink {
	my ($self) = @_;
	my $pid = delete $self->{sink} or return;
	kill 'TERM', -$pid;
	$self->reap($pid);
}

# Start the load; options are those of t/crash/load.
sub load {
	my ($self, %o) = @_;
	my $part = $self->{parts}++;
	$self->{stop_file} = "$self->{folder}/stop-load-" . ($part // 0);
	$o{stop} = $self->{stop_file} unless $o{messages};
	$o{seed} //= "$self->{seed}-" . ($part // 0);
	$o{port} = $self->{gateway}->port('public');
	$o{ledger} = $self->{load_log};
	$self->{load} = $self->spawn('load', map { ("--$_", $o{$_}) }
	    sort keys %o);
}

# Tell it to stop and wait until it has sent again what it had to; true when
# nothing was left over.
sub finish_load {
	my ($self) = @_;
	$self->touch($self->{stop_file});
	my $pid = delete $self->{load} or return 1;
	return $self->reap($pid) == 0;
}

# How many lines with that word a ledger ("load" or "sink") has so far.
sub written {
	my ($self, $ledger, $word) = @_;
	my $seen = $self->{seen}{$ledger} //= { at => 0, words => {} };
	open my $in, '<', $self->{"${ledger}_log"} or return 0;
	seek $in, $seen->{at}, 0;
	while (my $line = <$in>) {
		last unless $line =~ /\n\z/;
		$seen->{at} += length $line;
		$seen->{words}{$1}++ if $line =~ /^\S+ (\w+) /;
	}
	close $in;
	return $seen->{words}{$word} // 0;
}

# Wait for that many more; true if they came.
sub wait_more {
	my ($self, $ledger, $word, $count, $seconds) = @_;
	my $goal = $self->written($ledger, $word) + $count;
	return wait_until($seconds // 30,
	    sub { $self->written($ledger, $word) >= $goal });
}

# ---- processes -------------------------------------------------------------

# { kind => [pids] } of the children of the supervisor, from /proc: any of
# them may be dead, so none is asked.
sub children {
	my ($self) = @_;
	my $supervisor = $self->{gateway}{pid} or return {};
	my %pids;
	for my $path (glob '/proc/[0-9]*/stat') {
		open my $in, '<', $path or next;
		my ($pid, $name, $state, $parent) = (<$in> // '') =~
		    /^(\d+) \((.*)\) (\S) (\d+)/ or next;
		next if $parent != $supervisor || $state eq 'Z';
		open my $words, '<', "/proc/$pid/cmdline" or next;
		my ($kind) = (<$words> // '') =~ m{^[^\0]*/postern-(\w+)\0};
		push @{ $pids{$kind} }, $pid
		    if $kind && $kind ne 'supervisor';
	}
	return \%pids;
}

# The one process of a kind; waits for it.
sub pid_of {
	my ($self, $kind, $seconds) = @_;
	my $pid;
	wait_until($seconds // 20, sub {
		($pid) = @{ $self->children->{$kind} // [] };
		return $pid;
	});
	return $pid;
}

sub note_kill_at {
	my ($self, $time, $kind, $pid) = @_;
	open my $out, '>>', $self->{kill_log} or die $!;
	printf {$out} "%.6f KILL kind=%s pid=%d\n", $time, $kind, $pid;
	close $out;
}

sub note_kill {
	my ($self, $kind, $pid) = @_;
	$self->note_kill_at(time, $kind, $pid);
}

# kill -9 of one process of that kind; true if there was one.
sub kill_process {
	my ($self, $kind) = @_;
	return $self->crash && $self->start if $kind eq 'supervisor';
	my @pids = @{ $self->children->{$kind} // [] } or return 0;
	my $pid = $pids[rand @pids];
	$self->note_kill($kind, $pid);
	return kill 'KILL', $pid;
}

# kill -9 of the supervisor; all others end with it.
sub crash {
	my ($self) = @_;
	my $pid = delete $self->{gateway}{pid} or return 0;
	$self->note_kill('machine', $pid);
	kill 'KILL', $pid;
	waitpid $pid, 0;
	my $gone = wait_until(10, sub {
		1 while waitpid(-$pid, WNOHANG) > 0;
		return !kill 0, -$pid;
	});
	kill 'KILL', -$pid unless $gone;
	ok(0, 'all processes end with the supervisor') unless $gone;
	return 1;
}

sub start {
	my ($self) = @_;
	return $self->{gateway}->start;
}

# A process that died young is started late: let them all look old.  Not too
# often, or those that report every two seconds seem to have hung.
sub age {
	my ($self, $gap) = @_;
	return if time - ($self->{aged} // 0) < ($gap // 2.5);
	$self->{aged} = time;
	$self->{gateway}->move_clock(11);
}

# Trace the processes of a kind while one message is accepted and dealt
# with, and a second longer, for the index follows then.  With an inject
# option strace kills one on the way.  Returns when that was, and the calls
# of these processes.
sub trace_scene {
	my ($self, $kind, $load, @options) = @_;
	$self->pid_of($kind) or die "there is no $kind process";
	my @pids = @{ $self->children->{$kind} };
	my $trace = Strace->new(pids => \@pids,
	    output => "$self->{folder}/strace", options => \@options);
	$self->load(messages => 1, sessions => 1, %$load);
	$self->finish_load or diag 'not everything was taken';
	$self->drain(30) or diag 'the queue does not drain';
	wait_until(1.2, sub { $trace->is_over }) if $kind eq 'queue';
	$trace->detach;
	my $killed;
	for my $pid (@pids) {
		my $time = $trace->killed_at($pid) or next;
		$self->note_kill_at($time, $kind, $pid);
		$killed = $time;
	}
	my %traced = map { $_ => 1 } @pids;
	return ($killed, grep { $traced{ $_->[0] } } $trace->calls);
}

# ---- the end ---------------------------------------------------------------

sub queue_count {
	my ($self) = @_;
	my $count = $self->{gateway}->json('queue', '--count') or return -1;
	return $count->{messages} // -1;
}

# Wait until nothing is queued and the sink has heard nothing for a while.
sub drain {
	my ($self, $seconds) = @_;
	my ($size, $since) = (-1, time);
	return wait_until($seconds // 30, sub {
		select undef, undef, undef, 0.05;
		if ($self->queue_count != 0) {
			$since = time;
			return 0;
		}
		my $now = -s $self->{sink_log};
		($size, $since) = ($now, time) if $now != $size;
		return time - $since > 0.3;
	});
}

sub replay_command {
	my ($self) = @_;
	return join ' ', "POSTERN_SEED=$self->{seed}",
	    ($LONG ? 'POSTERN_PROVE=long' : ()),
	    "POSTERN_BUILD=$Postern::Gateway::BUILD",
	    "prove -v -It/lib t/$self->{name}.t";
}

# The counter's exit status and its table.
sub count {
	my ($self, %o) = @_;
	my @command = ($^X, "$folder/count", '--load', $self->{load_log},
	    '--sink', $self->{sink_log}, '--kills', $self->{kill_log},
	    '--seed', $self->{seed}, '--replay', $self->replay_command,
	    map { ("--$_", $o{$_}) } sort keys %o);
	open my $pipe, '-|', @command or die "count: $!";
	my $table = do { local $/; <$pipe> };
	close $pipe;
	return ($? >> 8, $table);
}

# The counter has the last word.
sub judge {
	my ($self, $name, %o) = @_;
	my ($status, $table) = $self->count(%o);
	if (ok($status == 0, $name // 'the counter finds nothing wrong')) {
		note $table;
	} else {
		diag $table;
		$self->show_log;
	}
	return $status == 0;
}

sub show_log {
	my ($self) = @_;
	my @lines = split /\n/, $self->{gateway}->stderr_text;
	my @loud = grep { /\b(?:warning|error|fatal)\b .*event=/ } @lines;
	splice @loud, 0, @loud - 30 if @loud > 30;
	diag join "\n", 'from the log:', @loud;
}

# Ledger, clean end, no warning that nobody announced.
sub finish {
	my ($self) = @_;
	$self->finish_load;
	$self->{gateway}->finish;
	$self->stop_sink;
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $@, $!);
	$self->crash;
	kill 'KILL', -$_ for @{ $self->{helpers} };
	waitpid $_, 0 for @{ $self->{helpers} };
}

1;
