package Postern::Nsd;
# A real authoritative name server on a loopback port, with the test's zones.
use strict;
use warnings;
use IO::Socket::INET;
use File::Temp qw(tempdir);
use POSIX ();

use Postern::Port qw(free_port wait_until);

# Why it cannot run; nothing when it can.
sub missing {
	return 'nsd is not installed'
	    if system('command -v nsd >/dev/null 2>&1 || ' .
	    'test -x /usr/sbin/nsd');
	return;
}

# new(zones => { 'test' => records, 'broken.test' => undef })
# Without records a zone answers SERVFAIL.  SOA and NS are added.
sub new {
	my ($class, %o) = @_;
	my $self = bless { %o, port => free_port(),
	    directory => tempdir('nsd-XXXXXX', TMPDIR => 1, CLEANUP => 1) },
	    $class;
	chmod 0755, $self->{directory};
	$self->write_zones;
	$self->start or die 'nsd does not start: ' . $self->log_text;
	return $self;
}

sub write_file {
	my ($self, $name, $content) = @_;
	my $path = "$self->{directory}/$name";
	open my $out, '>', $path or die "$path: $!";
	print {$out} $content;
	close $out;
	return $path;
}

sub write_zones {
	my ($self) = @_;
	my $d = $self->{directory};
	my $user = getpwuid $>;
	my $text = <<"END";
server:
	ip-address: 127.0.0.1
	port: $self->{port}
	server-count: 1
	do-ip6: no
	username: "$user"
	database: ""
	pidfile: "$d/nsd.pid"
	xfrdfile: ""
	xfrdir: "$d"
	zonelistfile: "$d/zone.list"
	zonesdir: "$d"
	logfile: "$d/nsd.log"
	rrl-ratelimit: 0
remote-control:
	control-enable: no
END
	for my $zone (sort keys %{ $self->{zones} }) {
		$text .= "zone:\n\tname: \"$zone\"\n\tzonefile: " .
		    "\"$zone.zone\"\n";
		my $records = $self->{zones}{$zone} // next;
		$self->write_file("$zone.zone", "\$ORIGIN $zone.\n\$TTL 1\n" .
		    "@ SOA ns.$zone. hostmaster.$zone. 1 3600 600 86400 1\n" .
		    "@ NS ns.$zone.\nns A 127.0.0.1\n$records");
	}
	$self->write_file('nsd.conf', $text);
	return;
}

sub start {
	my ($self) = @_;
	my $d = $self->{directory};
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		setpgrp;
		$ENV{PATH} .= ':/usr/sbin';
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', "$d/output" or die;
		open STDERR, '>&', \*STDOUT;
		no warnings 'exec';
		exec qw(setpriv --pdeathsig KILL nsd -d -c), "$d/nsd.conf";
		POSIX::_exit(127);
	}
	setpgrp $pid, $pid;
	$self->{pid} = $pid;
	return wait_until(10, sub { $self->answers });
}

# Asks for the type of the root zone's SOA: any answer will do.
sub answers {
	my ($self) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $self->{port}, Proto => 'udp') or return 0;
	$socket->send(pack 'n6Cn2', 1, 0, 1, 0, 0, 0, 0, 6, 1) or return 0;
	my $ready = '';
	vec($ready, fileno $socket, 1) = 1;
	return 0 unless select $ready, undef, undef, 0.2;
	return defined $socket->recv(my $answer, 512);
}

sub log_text {
	my ($self) = @_;
	my $text = '';
	for my $file (qw(output nsd.log)) {
		open my $in, '<', "$self->{directory}/$file" or next;
		local $/;
		$text .= <$in> // '';
	}
	return $text;
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	kill 'KILL', -$pid;
	waitpid $pid, 0;
	return;
}

# It takes questions and does not answer, until it is continued.
sub freeze { kill 'STOP', -$_[0]{pid} }
sub thaw { kill 'CONT', -$_[0]{pid} }

sub DESTROY {
	my ($self) = @_;
	local ($?, $@, $!);
	$self->stop;
	return;
}

1;
