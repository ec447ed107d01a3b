package Strace;
# strace on running processes: watch their system calls, or kill at the n-th.
use strict;
use warnings;
use POSIX ':sys_wait_h';

use Postern::Port qw(wait_until);

# Why it cannot be used here, or nothing.
sub missing {
	return 'only root may trace the gateway' if $> != 0;
	my $version = `strace -V 2>/dev/null` // '';
	return 'strace is not installed' unless $version =~ /^strace /;
	my $pid = fork // die "fork: $!";
	unless ($pid) {
		sleep 60;
		POSIX::_exit(0);
	}
	my $trace = eval { Strace->new(pids => [$pid],
	    output => "/tmp/postern-strace-$$", seconds => 5) };
	$trace->detach if $trace;
	unlink "/tmp/postern-strace-$$", "/tmp/postern-strace-$$.said";
	kill 'KILL', $pid;
	waitpid $pid, 0;
	return $trace ? undef : 'processes cannot be traced here';
}

# new(pids => [..], output => file, options => [..]); dies if it cannot.
sub new {
	my ($class, %o) = @_;
	my $self = bless { %o }, $class;
	my @pids = @{ $o{pids} };
	unlink $o{output};
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDERR, '>', "$o{output}.said" or POSIX::_exit(126);
		exec 'strace', '-f', '-ttt', '-o', $o{output},
		    @{ $o{options} // [] }, map { ('-p', $_) } @pids or
		    POSIX::_exit(127);
	}
	$self->{pid} = $pid;
	my $attached = wait_until($o{seconds} // 10, sub {
		# First: it may attach, kill and be over in one moment.
		my $over = $self->is_over;
		my $said = slurp("$o{output}.said");
		return 1 if @pids == grep {
			$said =~ /Process $_ attached/ } @pids;
		return $over ? -1 : 0;
	});
	return $self if ($attached // 0) == 1;
	$self->detach;
	die "strace: " . slurp("$o{output}.said");
}

sub slurp {
	my ($path) = @_;
	open my $in, '<:raw', $path or return '';
	local $/;
	return <$in> // '';
}

# Whether it has ended, with the last process that it traced.
sub is_over {
	my ($self) = @_;
	return 1 unless $self->{pid};
	return 0 unless waitpid($self->{pid}, WNOHANG) == $self->{pid};
	delete $self->{pid};
	return 1;
}

sub detach {
	my ($self) = @_;
	my $pid = $self->{pid} or return $self;
	kill 'INT', $pid;
	wait_until(5, sub { $self->is_over }) or do {
		kill 'KILL', $pid;
		waitpid $pid, 0;
		delete $self->{pid};
	};
	return $self;
}

# The lines of the trace: [pid, time, text].
sub calls {
	my ($self) = @_;
	return map { /^(\d+)\s+(\d+\.\d+) (.*)$/ ? [$1, $2, $3] : () }
	    split /\n/, slurp($self->{output});
}

# When the process was killed, or nothing.
sub killed_at {
	my ($self, $pid) = @_;
	for my $call (reverse $self->calls) {
		return $call->[1] if $call->[0] == $pid &&
		    $call->[2] =~ /^\+\+\+ killed by SIGKILL/;
	}
	return;
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $@, $!);
	$self->detach;
}

1;
