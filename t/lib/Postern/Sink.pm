package Postern::Sink;
# A next hop that records everything: a process of its own, one file per
# message.  It writes down what it got before it answers.
#
# Faults are asked for by options or by the local part of a recipient:
#   tempfail-...  450 at RCPT       permfail-...  550 at RCPT
#   datafail-...  554 at the dot    dropdot-...   closes behind the dot
use strict;
use warnings;
use IO::Socket::INET;
use Digest::SHA qw(sha256_hex);
use File::Temp qw(tempdir);
use POSIX ':sys_wait_h';
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

use Postern::Port qw(free_port wait_until);

# new([port =>], [host =>], [extensions => [..]], [tls => {cert, key}],
#     [implicit => 1], [banner =>], [data_reply =>],
#     [data_delay => seconds before the reply to the dot])
sub new {
	my ($class, %o) = @_;
	my $self = bless { %o }, $class;
	$self->{port} //= free_port();
	$self->{host} //= '127.0.0.1';
	$self->{directory} //= tempdir(CLEANUP => 1);
	$self->{extensions} //= [qw(PIPELINING 8BITMIME SMTPUTF8 DSN),
	    'SIZE 104857600', 'ENHANCEDSTATUSCODES'];
	$self->start unless $o{down};
	return $self;
}

sub start {
	my ($self) = @_;
	my $listen = IO::Socket::INET->new(LocalAddr => $self->{host},
	    LocalPort => $self->{port}, Listen => 128, ReuseAddr => 1,
	    Proto => 'tcp') or die "sink: $self->{port}: $!";
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		$SIG{TERM} = $SIG{INT} = 'DEFAULT';
		$SIG{CHLD} = 'IGNORE';
		setpgrp;
		$self->serve($listen);
		POSIX::_exit(0);
	}
	close $listen;
	$self->{pid} = $pid;
	return $self;
}

sub stop {
	my ($self) = @_;
	return unless $self->{pid};
	kill 'TERM', -$self->{pid}, $self->{pid};
	waitpid $self->{pid}, 0;
	delete $self->{pid};
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $@, $!);
	$self->stop;
}

sub serve {
	my ($self, $listen) = @_;
	while (1) {
		my $client = $listen->accept or next;
		my $pid = fork // next;
		if ($pid == 0) {
			close $listen;
			$SIG{CHLD} = 'DEFAULT';
			setsockopt $client, IPPROTO_TCP, TCP_NODELAY, 1;
			eval { $self->session($client) };
			POSIX::_exit(0);
		}
		close $client;
	}
}

sub record {
	my ($self, %m) = @_;
	my $name = sprintf '%s/%.6f-%d-%d', $self->{directory}, time, $$,
	    ++$self->{serial};
	open my $out, '>:raw', "$name.new" or die "$name: $!";
	print {$out} join("\n", "from=$m{from}", "from_args=$m{from_args}",
	    (map { "to=$_" } @{ $m{to} }),
	    (map { "to_args=$_" } @{ $m{to_args} }), "tls=$m{tls}",
	    "connection=$$", "helo=$m{helo}"), "\n\n", $m{data};
	close $out;
	rename "$name.new", "$name.msg";
}

my %fault_at_rcpt = (
	tempfail => '450 4.2.0 try later',
	permfail => '550 5.1.1 no such user',
);

sub session {
	my ($self, $client) = @_;
	my $tls = '';
	my $secure = sub {
		require IO::Socket::SSL;
		IO::Socket::SSL->start_SSL($client, SSL_server => 1,
		    SSL_cert_file => $self->{tls}{cert},
		    SSL_key_file => $self->{tls}{key},
		    %{ $self->{tls}{options} // {} }) or die 'tls';
		$tls = $client->get_sslversion;
	};
	binmode $client;
	$client->autoflush(1);
	$secure->() if $self->{implicit};
	my $say = sub { print {$client} "$_[0]\r\n" };
	$say->($self->{banner} // '220 sink.test ESMTP');
	my %m = (to => [], to_args => []);
	my $helo = '';
	while (defined(my $line = <$client>)) {
		$line =~ s/\r?\n\z//;
		if ($line =~ /^EHLO (.*)/i) {
			$helo = $1;
			my @words = ('sink.test', @{ $self->{extensions} });
			push @words, 'STARTTLS' if $self->{tls} && !$tls;
			my $last = pop @words;
			$say->("250-$_") for @words;
			$say->("250 $last");
		} elsif ($line =~ /^HELO (.*)/i) {
			$helo = $1;
			$say->('250 sink.test');
		} elsif ($line =~ /^STARTTLS/i && $self->{tls}) {
			$say->($self->{starttls_reply} // '220 2.0.0 go');
			next if $self->{starttls_reply};
			return if $self->{starttls_drop};
			$secure->();
		} elsif ($line =~ /^MAIL FROM:<(.*?)>\s*(.*)$/i) {
			%m = (from => $1, from_args => $2, to => [],
			    to_args => []);
			$say->('250 2.1.0 ok');
		} elsif ($line =~ /^RCPT TO:<(.*?)>\s*(.*)$/i) {
			my ($to, $args) = ($1, $2);
			my ($fault) = $to =~ /^(\w+)-/;
			if ($fault && $fault_at_rcpt{$fault}) {
				$say->($fault_at_rcpt{$fault});
				next;
			}
			push @{ $m{to} }, $to;
			push @{ $m{to_args} }, $args;
			$say->('250 2.1.5 ok');
		} elsif ($line =~ /^DATA/i) {
			unless (@{ $m{to} }) {
				$say->('503 5.5.1 no recipient');
				next;
			}
			$say->('354 go');
			my ($data, $is_whole) = ('');
			while (defined(my $l = <$client>)) {
				$is_whole = $l eq ".\r\n" and last;
				$l =~ s/^\.//;
				$data .= $l;
			}
			return unless $is_whole;
			$self->record(%m, data => $data, tls => $tls,
			    helo => $helo);
			return if grep { /^dropdot-/ } @{ $m{to} };
			select undef, undef, undef, $self->{data_delay}
			    if $self->{data_delay};
			$say->((grep { /^datafail-/ } @{ $m{to} }) ?
			    '554 5.6.0 refused' : $self->{data_reply} //
			    '250 2.0.0 kept');
			%m = (to => [], to_args => []);
		} elsif ($line =~ /^RSET/i) {
			%m = (to => [], to_args => []);
			$say->('250 2.0.0 ok');
		} elsif ($line =~ /^QUIT/i) {
			$say->('221 2.0.0 bye');
			last;
		} elsif ($line =~ /^NOOP/i) {
			$say->('250 2.0.0 ok');
		} else {
			$say->('500 5.5.2 what?');
		}
	}
	close $client;
}

# All messages so far, oldest first: from, to, to_args, from_args, tls,
# connection, data.
sub messages {
	my ($self) = @_;
	my @all;
	for my $file (sort glob "$self->{directory}/*.msg") {
		open my $in, '<:raw', $file or next;
		local $/;
		my ($head, $data) = split /\n\n/, <$in>, 2;
		my %m = (data => $data, to => [], to_args => [],
		    file => $file);
		for (split /\n/, $head) {
			my ($key, $value) = split /=/, $_, 2;
			if (ref $m{$key}) {
				push @{ $m{$key} }, $value;
			} else {
				$m{$key} = $value;
			}
		}
		push @all, \%m;
	}
	return @all;
}

sub count {
	my ($self) = @_;
	my @files = glob "$self->{directory}/*.msg";
	return scalar @files;
}

# Wait for that many messages.
sub wait_count {
	my ($self, $count, $seconds) = @_;
	return wait_until($seconds // 20, sub { $self->count >= $count });
}

# What was sent, without the Received field that the gateway put on top; it
# ends with its date.
sub body_of {
	my ($message) = @_;
	(my $data = $message->{data}) =~
	    s/\AReceived:(?:[^\r]*\r\n[ \t])*?[^\r]* \+0000\r\n//;
	return $data;
}

1;
