package Postern::Gateway;
# A gateway of its own for one test: a folder, a configuration, processes.
# When it ends, the test fails on warnings nobody announced, on sanitizer
# reports, and on a ledger that does not balance.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use JSON::PP;
use POSIX ':sys_wait_h';
use Test::More;

use Postern::Port qw(free_port wait_port wait_until);

my @unprivileged = qw(setpriv --reuid=65534 --regid=65534 --clear-groups);
our $BUILD = $ENV{POSTERN_BUILD} // 'build/test';

# new(config => YAML, [files => {name => content}], [start => 0],
#     [sink => Postern::Sink], [expect => [qr/warning/, ...]],
#     [as_root => 1], [prefix => [words before the command]],
#     [arguments => [words behind it]])
# In the YAML: %PORT(name)% becomes a free port, %DIR% the folder.
sub new {
	my ($class, %o) = @_;
	my $self = bless { ports => {}, expect => $o{expect} // [],
	    as_root => $o{as_root}, prefix => $o{prefix} // [],
	    arguments => $o{arguments} // [],
	    environment => $o{environment} // {} }, $class;
	$self->{directory} = $o{directory} //
	    tempdir('postern-XXXXXX', TMPDIR => 1,
	    CLEANUP => !$ENV{POSTERN_KEEP});
	$self->{build} = abs_path($o{build} // $BUILD);
	diag "kept: $self->{directory}" if $ENV{POSTERN_KEEP};
	for my $name (sort keys %{ $o{files} // {} }) {
		$self->write_file($name, $o{files}{$name});
	}
	open my $clock, '>:raw', "$self->{directory}/clock" or die $!;
	print {$clock} pack 'q<2', 0, 0;
	close $clock;
	$self->configure($o{config} // default_config($o{sink}));
	if ($o{start} // 1) {
		$self->start or die "the gateway does not start:\n" .
		    $self->log_text;
	}
	return $self;
}

# A plain relay for 127.0.0.0/8 to one sink.
sub default_config {
	my ($sink, %o) = @_;
	my $port = $sink ? $sink->{port} : free_port();
	my $extra = $o{extra} // '';
	return <<"YAML";
hostname: gateway.test
listeners:
  public:
    address: 127.0.0.1
    port: %PORT(public)%
    tls: off
sender_groups:
  - name: everybody
    addresses: [127.0.0.0/8]
    mail_flow_policy: relay
mail_flow_policies:
  relay:
    action: relay
    tls: off
    max_errors: 1000
    max_messages: 100000
    max_recipients: 1000
smtp_routes:
  - domains: [all]
    hosts: ["127.0.0.1:$port"]
bounce_profiles:
  default:
    retry_initial: 1 s
    retry_max: 2 s
    lifetime: 72 h
$extra
YAML
}

sub write_file {
	my ($self, $name, $content) = @_;
	my $path = "$self->{directory}/$name";
	open my $out, '>:raw', $path or die "$path: $!";
	print {$out} $content;
	close $out;
	chmod 0600, $path;
	chown 65534, 65534, $path if $> == 0 && !$self->{as_root};
	return $path;
}

# Write the configuration; adds where things lie unless it says so itself.
sub configure {
	my ($self, $yaml) = @_;
	my $d = $self->{directory};
	$yaml =~ s/%PORT\((\w+)\)%/$self->port($1)/ge;
	$yaml =~ s/%DIR%/$d/g;
	$yaml .= "processes:\n  smtp: 2\n  deliver: 2\n  keys: 2\n"
	    unless $yaml =~ /^processes:/m;
	$yaml =~ s/^processes:\n/processes:\n  queue_directory: $d\/queue\n  run_directory: $d\/run\n/m
	    unless $yaml =~ /queue_directory:/;
	$yaml .= "logs:\n  level: info\n  stderr: true\n  file: $d/event.log\n"
	    unless $yaml =~ /^logs:/m;
	$self->write_file('postern.yaml', $yaml);
	return $self;
}

sub port {
	my ($self, $name) = @_;
	return $self->{ports}{$name} //= free_port();
}

sub start {
	my ($self, %o) = @_;
	my $d = $self->{directory};
	$o{as_root} //= $self->{as_root};
	$self->own_folder unless $o{as_root};
	my $before = () = $self->stderr_text =~ /event=ready\b/g;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		setpgrp;
		$ENV{POSTERN_CLOCK} = "$d/clock";
		# The leak checker would trace a process that none may trace; the
		# unit tests look for leaks.
		$ENV{ASAN_OPTIONS} = 'detect_leaks=0:abort_on_error=0:' .
		    "exitcode=99:log_path=$d/sanitizer";
		$ENV{UBSAN_OPTIONS} = 'halt_on_error=1:print_stacktrace=1:' .
		    "log_path=$d/sanitizer";
		$ENV{LSAN_OPTIONS} = 'exitcode=0';
		$ENV{$_} = $self->{environment}{$_}
		    for keys %{ $self->{environment} };
		open STDIN, '<', '/dev/null';
		open STDERR, '>>', "$d/stderr" or die;
		open STDOUT, '>&', \*STDERR;
		my @user = ($> == 0 && !$o{as_root}) ? @unprivileged : ();
		{
			no warnings 'exec';
			exec @{ $self->{prefix} }, @user,
			    "$self->{build}/postern-supervisor",
			    '-c', "$d/postern.yaml", @{ $self->{arguments} };
		}
		POSIX::_exit(127);
	}
	$self->{pid} = $pid;
	my $ready = wait_until($o{patience} // 30, sub {
		my $count = () = $self->stderr_text =~ /event=ready\b/g;
		return 1 if $count > $before;
		if (waitpid($pid, WNOHANG) == $pid) {
			$self->{status} = $?;
			delete $self->{pid};
			return -1;
		}
		return 0;
	});
	return defined $ready && $ready == 1;
}

# Root runs the gateway as somebody without rights: that one must be able to
# work in the folder and to run the programs.
sub own_folder {
	my ($self) = @_;
	return if $> != 0;
	my $d = $self->{directory};
	if (system(@unprivileged, 'test', '-x', "$self->{build}/postern")) {
		system 'sh', '-c', 'mkdir -p "$1/bin" && cp "$2"/postern* ' .
		    '"$1/bin"', 'sh', $d, $self->{build};
		$self->{build} = "$d/bin";
	}
	system 'chown', '-R', '65534:65534', $d;
	chmod 0755, $d;
}

sub slurp {
	my ($path) = @_;
	open my $in, '<:raw', $path or return '';
	local $/;
	return <$in> // '';
}

sub stderr_text { slurp("$_[0]{directory}/stderr") }
sub log_text { $_[0]->stderr_text }

# Lines of the log with that event, as hashes of their fields.
sub events {
	my ($self, $event) = @_;
	my @found;
	for my $line (split /\n/, $self->stderr_text) {
		next unless $line =~ /\bevent=\Q$event\E(?:\s|$)/;
		my %fields = (line => $line);
		$fields{mid} = $1 if $line =~ /\bMID (\d+)\b/;
		while ($line =~ /\b(\w+)=("(?:[^"\\]|\\.)*"|\S*)/g) {
			my ($key, $value) = ($1, $2);
			$value =~ s/^"(.*)"$/$1/s;
			$fields{$key} //= $value;
		}
		push @found, \%fields;
	}
	return @found;
}

sub wait_event {
	my ($self, $event, $count, $seconds) = @_;
	return wait_until($seconds // 20,
	    sub { scalar($self->events($event)) >= ($count // 1) });
}

# Run the CLI; (exit status, stdout, stderr).
sub cli {
	my ($self, @words) = @_;
	my $d = $self->{directory};
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDOUT, '>', "$d/cli.out" or die;
		open STDERR, '>', "$d/cli.err" or die;
		open STDIN, '<', '/dev/null';
		{
			no warnings 'exec';
			exec "$self->{build}/postern", '--socket',
			    "$d/run/control", @words;
		}
		POSIX::_exit(127);
	}
	waitpid $pid, 0;
	return ($? >> 8, slurp("$d/cli.out"), slurp("$d/cli.err"));
}

# The same with --json, decoded; undef where it is not JSON.
sub json {
	my ($self, @words) = @_;
	my ($status, $out) = $self->cli('--json', @words);
	return eval { decode_json($out) };
}

# { kind => [pids] } of the running children.
sub pids {
	my ($self) = @_;
	my $status = $self->json('status') or return {};
	my %pids;
	push @{ $pids{ $_->{process} } }, $_->{pid}
	    for grep { $_->{pid} } @{ $status->{processes} };
	return \%pids;
}

# Resident memory of the processes of a kind, in KB; always 0 in the lane of
# sanitizers, whose allocators keep what is freed.
sub memory_of {
	my ($self, $kind) = @_;
	return 0 if ($ENV{POSTERN_LANE} // '') eq 'sanitize';
	my $sum = 0;
	for my $pid (@{ $self->pids->{$kind} }) {
		$sum += $1 if slurp("/proc/$pid/status") =~ /VmRSS:\s+(\d+)/;
	}
	return $sum;
}

# Move the clocks of the whole gateway (test builds).
sub move_clock {
	my ($self, $seconds) = @_;
	return $self->move_offset(0, $seconds);
}

# The wall clock alone, as when somebody sets it.
sub move_wall_clock {
	my ($self, $seconds) = @_;
	return $self->move_offset(8, $seconds);
}

sub move_offset {
	my ($self, $at, $seconds) = @_;
	open my $clock, '+<:raw', "$self->{directory}/clock" or die $!;
	seek $clock, $at, 0;
	read $clock, my $old, 8;
	seek $clock, $at, 0;
	print {$clock} pack 'q<', unpack('q<', $old) + $seconds * 1_000_000;
	close $clock;
	return;
}

sub queue_is_empty {
	my ($self) = @_;
	my $count = $self->json('queue', '--count') or return 0;
	return $count->{messages} == 0;
}

sub wait_empty {
	my ($self, $seconds) = @_;
	return wait_until($seconds // 20, sub { $self->queue_is_empty });
}

sub reload {
	my ($self) = @_;
	kill 'HUP', $self->{pid};
}

# Stop and check; the exit status.
sub stop {
	my ($self, %o) = @_;
	return unless $self->{pid};
	my $pid = delete $self->{pid};
	kill $o{signal} // 'TERM', $pid;
	my $done = wait_until(60, sub { waitpid($pid, WNOHANG) == $pid });
	$self->{status} = $?;
	unless ($done) {
		kill 'KILL', -$pid;
		waitpid $pid, 0;
		fail 'the gateway stops when it is told to';
	}
	return $self->{status};
}

# kill -9 of everything at once, as a power cut would.
sub kill_all {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	kill 'KILL', -$pid;
	waitpid $pid, 0;
	wait_until(10, sub {
		my $left = kill 0, -$pid;
		return !$left;
	});
}

# At the end of each test.
sub finish {
	my ($self, %o) = @_;
	my $ledger = $self->{pid} && !$o{no_ledger} ?
	    $self->json('ledger', 'verify') : undef;
	ok($ledger && $ledger->{balanced}, 'the ledger balances')
	    or diag explain $ledger
	    if $self->{pid} && !$o{no_ledger};
	if ($self->{pid}) {
		is($self->stop, 0, 'the gateway stops cleanly');
	}
	my @bad = grep { /\b(?:warning|error|fatal)\b .*event=/ }
	    split /\n/, $self->stderr_text;
	for my $expected (@{ $self->{expect} }) {
		@bad = grep { $_ !~ $expected } @bad;
	}
	is_deeply(\@bad, [], 'no warning that nobody announced');
	my @reports = map { slurp($_) }
	    glob "$self->{directory}/sanitizer.*";
	is_deeply(\@reports, [], 'no sanitizer report');
	is_deeply([Postern::Smtp->odd_replies], [],
	    'every reply has an enhanced status of its class')
	    if Postern::Smtp->can('odd_replies');
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $@, $!);
	$self->kill_all if $self->{pid};
}

1;
