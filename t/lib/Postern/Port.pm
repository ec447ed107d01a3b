package Postern::Port;
# Free loopback ports, and waiting for conditions.
use strict;
use warnings;
use Exporter 'import';
use IO::Socket::INET;
use Time::HiRes qw(time);

our @EXPORT_OK = qw(free_port wait_port wait_until);

my %given;

# A TCP port on 127.0.0.1 that nobody uses, never given twice.
sub free_port {
	for (1 .. 200) {
		my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
		    LocalPort => 0, Listen => 1, Proto => 'tcp') or next;
		my $port = $socket->sockport;
		close $socket;
		return $port unless $given{$port}++;
	}
	die "no free port";
}

# Run the code until it is true; its value, or nothing after $seconds.
sub wait_until {
	my ($seconds, $code) = @_;
	my $end = time + $seconds;
	while (1) {
		my $value = $code->();
		return $value if $value;
		return if time > $end;
		select undef, undef, undef, 0.01;
	}
}

sub wait_port {
	my ($port, $seconds) = @_;
	return wait_until($seconds // 10, sub {
		my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		    PeerPort => $port, Timeout => 1) or return 0;
		close $socket;
		return 1;
	});
}

1;
