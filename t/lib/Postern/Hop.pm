package Postern::Hop;
# A next hop that behaves as a test tells it to: every connection runs the
# test's code in a process of its own, and leaves notes.
use strict;
use warnings;
use IO::Select;
use IO::Socket::IP;
use File::Temp qw(tempdir);
use JSON::PP;
use POSIX ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);

use Postern::Port qw(free_port wait_until);

# new(session => sub { my ($talk) = @_; ... }, [port =>], [host =>])
# Without a session it is a friendly server; see dialog() of Postern::Talk.
sub new {
	my ($class, %o) = @_;
	my $self = bless { host => '127.0.0.1', %o }, $class;
	$self->{port} //= free_port();
	$self->{session} //= sub { $_[0]->dialog };
	$self->{directory} //= tempdir('hop-XXXXXX', TMPDIR => 1,
	    CLEANUP => 1);
	$self->start unless $o{down};
	return $self;
}

sub start {
	my ($self) = @_;
	my $listen = IO::Socket::IP->new(LocalHost => $self->{host},
	    LocalPort => $self->{port}, Listen => 512, ReuseAddr => 1,
	    Type => IO::Socket::IP::SOCK_STREAM())
	    or die "hop: $self->{host} $self->{port}: $!";
	my $parent = $$;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		$SIG{TERM} = $SIG{INT} = 'DEFAULT';
		$SIG{CHLD} = 'IGNORE';
		setpgrp;
		$self->serve($listen, $parent);
		POSIX::_exit(0);
	}
	# The group must be there before anybody ends it.
	setpgrp $pid, $pid;
	close $listen;
	$self->{pid} = $pid;
	return $self;
}

sub serve {
	my ($self, $listen, $parent) = @_;
	my $number = 0;
	my $select = IO::Select->new($listen);
	# It does not outlive its test.
	while (getppid == $parent) {
		$select->can_read(1) or next;
		my $client = $listen->accept or next;
		$number++;
		my $pid = fork // next;
		if ($pid == 0) {
			close $listen;
			$SIG{CHLD} = 'DEFAULT';
			$SIG{PIPE} = 'IGNORE';
			setsockopt $client, IPPROTO_TCP, TCP_NODELAY, 1;
			my $talk = Postern::Talk->new($self, $client, $number);
			$talk->note('connected');
			eval { $self->{session}->($talk); 1 } or
			    $talk->note('error', text => "$@");
			close $talk->{socket};
			POSIX::_exit(0);
		}
		close $client;
	}
}

sub stop {
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	kill 'KILL', -$pid;
	waitpid $pid, 0;
	return;
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $@, $!);
	$self->stop;
	return;
}

# What the sessions noted, in order, as hashes with what, number (of the
# connection) and at (seconds).
sub notes {
	my ($self, $what) = @_;
	my $text = '';
	if (open my $in, '<:raw', "$self->{directory}/notes") {
		local $/;
		$text = <$in> // '';
	}
	my @lines = $text =~ /^([^\n]*)\n/gm;
	@lines = grep { /"what":"\Q$what\E"/ } @lines if defined $what;
	my @all = map { decode_json($_) } @lines;
	return grep { !defined $what || $_->{what} eq $what } @all;
}

# How many of them, without reading what was read before.
sub count {
	my ($self, $what) = @_;
	my $seen = $self->{seen} //= { at => 0, rest => '', count => {} };
	if (open my $in, '<:raw', "$self->{directory}/notes") {
		seek $in, $seen->{at}, 0;
		local $/;
		my $text = <$in> // '';
		$seen->{at} += length $text;
		$seen->{rest} .= $text;
	}
	while ($seen->{rest} =~ /\G([^\n]*)\n/gc) {
		$seen->{count}{$1}++ if $1 =~ /"what":"(\w+)"/;
	}
	substr $seen->{rest}, 0, pos($seen->{rest}) // 0, '';
	return $seen->{count}{$what} // 0;
}

sub connections { $_[0]->count('connected') }

# Messages that a dialog has taken: from, from_args, to, to_args, data, tls.
sub messages { $_[0]->notes('message') }

sub wait_notes {
	my ($self, $what, $count, $seconds) = @_;
	return wait_until($seconds // 20,
	    sub { $self->count($what) >= ($count // 1) });
}

package Postern::Talk;
# One connection as the server sees it.
use strict;
use warnings;
use JSON::PP;
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(time);

sub new {
	my ($class, $hop, $socket, $number) = @_;
	binmode $socket;
	return bless { hop => $hop, socket => $socket, number => $number,
	    input => '', tls => '' }, $class;
}

# One line appended by one write: sessions do not mix.
sub note {
	my ($self, $what, %more) = @_;
	my $line = encode_json({ %more, what => $what,
	    number => $self->{number}, at => time }) . "\n";
	open my $out, '>>:raw', "$self->{hop}{directory}/notes" or return;
	syswrite $out, $line;
	close $out;
	return;
}

# Bytes as they are; false when the other side has gone.
sub raw {
	my ($self, $bytes) = @_;
	my $at = 0;
	while ($at < length $bytes) {
		my $n = syswrite $self->{socket}, $bytes, 65536, $at;
		return 0 unless defined $n;
		$at += $n;
	}
	return 1;
}

sub say { $_[0]->raw("$_[1]\r\n") }

# A line without its end, or nothing at the end of the connection.
sub line {
	my ($self) = @_;
	while ($self->{input} !~ /\n/) {
		my $n = sysread $self->{socket}, $self->{input}, 65536,
		    length $self->{input};
		return unless $n;
	}
	$self->{input} =~ s/\A([^\n]*)\n//;
	(my $line = $1) =~ s/\r\z//;
	return $line;
}

# A message up to its dot, unstuffed.
sub data {
	my ($self) = @_;
	my $data = '';
	while (defined(my $line = $self->line)) {
		return $data if $line eq '.';
		$line =~ s/^\.//;
		$data .= "$line\r\n";
	}
	return;
}

# Wait until the other side closes.
sub wait_end {
	my ($self) = @_;
	1 while defined $self->line;
	return;
}

# Close so that the other side gets a reset.
sub reset {
	my ($self) = @_;
	my $socket = $self->{tcp} // $self->{socket};
	setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
	POSIX::close(fileno $socket);
	return;
}

sub start_tls {
	my ($self, $tls, %options) = @_;
	require IO::Socket::SSL;
	IO::Socket::SSL->start_SSL($self->{socket}, SSL_server => 1,
	    SSL_cert_file => $tls->{cert}, SSL_key_file => $tls->{key},
	    %options) or return 0;
	$self->{input} = '';
	$self->{tls} = $self->{socket}->get_sslversion;
	return 1;
}

my @extensions = ('PIPELINING', '8BITMIME', 'SMTPUTF8', 'DSN',
    'ENHANCEDSTATUSCODES', 'SIZE 104857600');

# A path may hold ">" inside of quotes.
my $path = qr/<((?:"(?:[^"\\]|\\.)*"|[^">])*)>/;

my %usual = (
	banner => '220 hop.test ESMTP',
	mail => '250 2.1.0 ok',
	rcpt => '250 2.1.5 ok',
	data => sub {
		@{ $_[1]{to} } ? '354 go on' : '554 5.5.1 nobody to send to'
	},
	dot => '250 2.0.0 kept',
	rset => '250 2.0.0 ok',
	quit => '221 2.0.0 bye',
	noop => '250 2.0.0 ok',
	starttls => '220 2.0.0 go',
);

# A whole session.  Each reply may be given as a text or as code that gets
# the talk and the command's argument and gives the text (nothing: close).
#   extensions => [..]   ehlo => text   tls => {cert, key}
#   transfer => sub      runs between "354" and the message
sub dialog {
	my ($self, %o) = @_;
	my %reply = (%usual, %o);
	my $answer = sub {
		my ($name, @arguments) = @_;
		my $reply = $reply{$name};
		$reply = $reply->($self, @arguments) if ref $reply;
		return defined $reply && $self->say($reply) ? $reply : undef;
	};
	$self->{extensions} = [@{ $o{extensions} // \@extensions },
	    $o{tls} ? 'STARTTLS' : ()];
	$answer->('banner') // return;
	my %message = (to => [], to_args => []);
	while (defined(my $line = $self->line)) {
		my ($verb, $argument) = $line =~ /^(\S*)\s*(.*)$/;
		$verb = uc $verb;
		if ($verb eq 'EHLO' || $verb eq 'HELO') {
			my $reply = $reply{ lc $verb } // $self->hello($verb);
			$reply = $reply->($self, $argument) if ref $reply;
			defined $reply && $self->say($reply) or return;
		} elsif ($verb eq 'STARTTLS') {
			my $said = $answer->('starttls') // return;
			next unless $said =~ /^2/;
			$self->start_tls($o{tls}, %{ $o{tls}{options} // {} })
			    or do { $self->note('tls_failed'); return };
			$self->{extensions} = [grep { $_ ne 'STARTTLS' }
			    @{ $self->{extensions} }];
		} elsif ($verb eq 'MAIL') {
			my ($from, $args) = $argument =~
			    /^FROM:$path\s*(.*)$/i;
			%message = (from => $from, from_args => $args,
			    to => [], to_args => []);
			$answer->('mail', $argument) // return;
		} elsif ($verb eq 'RCPT') {
			my ($to, $args) = $argument =~ /^TO:$path\s*(.*)$/i;
			my $said = $answer->('rcpt', $to) // return;
			next unless $said =~ /^2/;
			push @{ $message{to} }, $to;
			push @{ $message{to_args} }, $args;
		} elsif ($verb eq 'DATA') {
			my $said = $answer->('data', \%message) // return;
			next unless $said =~ /^3/;
			$reply{transfer}->($self) if $reply{transfer};
			my $data = $self->data // return;
			$message{data} = $data;
			my $end = $reply{dot};
			$end = $end->($self, \%message) if ref $end;
			$self->note(defined $end && $end =~ /^2/ ? 'message' :
			    'refused', %message, tls => $self->{tls})
			    if defined $end;
			defined $end && $self->say($end) or return;
			%message = (to => [], to_args => []);
		} elsif ($usual{ lc $verb }) {
			$answer->(lc $verb) // return;
			return if $verb eq 'QUIT';
		} else {
			$self->say('500 5.5.2 what?');
		}
	}
	return;
}

sub hello {
	my ($self, $verb) = @_;
	return '250 hop.test' if $verb eq 'HELO';
	my @words = ('hop.test', @{ $self->{extensions} });
	my $last = pop @words;
	return join '', (map { "250-$_\r\n" } @words), "250 $last";
}

1;
