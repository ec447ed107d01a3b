package Postern::Smtp;
# A byte-exact SMTP client: sends what it is told, reads whole replies.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Select;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

my @odd_replies;

# Postern::Smtp->new(port => N, [local => '127.0.0.2'], [tls => 1],
#     [banner => 0])
sub new {
	my ($class, %o) = @_;
	my $socket = IO::Socket::INET->new(
	    PeerAddr => $o{host} // '127.0.0.1', PeerPort => $o{port},
	    ($o{local} ? (LocalAddr => $o{local}) : ()), Timeout => 5)
	    or return;
	$socket->autoflush(1);
	# What is sent goes out now, however small it is.
	$socket->setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);
	binmode $socket;
	my $self = bless { socket => $socket, input => '',
	    timeout => $o{timeout} // 20, replies => [] }, $class;
	$self->start_tls(%{ $o{tls_options} // {} }) if $o{tls};
	$self->{greeting} = $self->reply unless defined $o{banner} && !$o{banner};
	return $self;
}

sub start_tls {
	my ($self, %options) = @_;
	require IO::Socket::SSL;
	my $r = IO::Socket::SSL->start_SSL($self->{socket},
	    SSL_verify_mode => 0, Timeout => 10, %options);
	$self->{tls_error} = $IO::Socket::SSL::SSL_ERROR unless $r;
	$self->{input} = '';
	return $r ? 1 : 0;
}

# Send bytes as they are.
sub raw {
	my ($self, $bytes) = @_;
	local $SIG{PIPE} = 'IGNORE';
	my $at = 0;
	while ($at < length $bytes) {
		my $n = syswrite $self->{socket}, $bytes, length($bytes) - $at,
		    $at;
		return 0 unless defined $n;
		$at += $n;
	}
	return 1;
}

sub fill {
	my ($self) = @_;
	my $end = time + $self->{timeout};
	my $ssl = ref($self->{socket}) =~ /SSL/;
	while (time < $end) {
		if (($ssl && $self->{socket}->pending) ||
		    IO::Select->new($self->{socket})->can_read(0.5)) {
			my $n = sysread $self->{socket}, my $bytes, 65536;
			if (!defined $n) {
				next if $ssl && $!{EWOULDBLOCK};
				return 0;
			}
			return 0 if $n == 0;
			$self->{input} .= $bytes;
			return 1;
		}
	}
	$self->{timed_out} = 1;
	return 0;
}

# One whole reply as a text without CR, or '' at the end of the connection.
sub reply {
	my ($self) = @_;
	while ($self->{input} !~ /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r?\n/) {
		return '' unless $self->fill;
	}
	$self->{input} =~ s/^((?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r?\n)//;
	(my $text = $1) =~ s/\r//g;
	chomp $text;
	push @odd_replies, $text if @{ $self->{replies} } && is_odd($text);
	push @{ $self->{replies} }, $text;
	return $text;
}

# RFC 2034: every reply has an enhanced status of its own class, but for
# greetings, the answers to EHLO and HELO, and 354.
sub is_odd {
	my ($reply) = @_;
	return 0 if $reply =~ /^354 / || $reply =~ /^250-[^ \n]+\n/ ||
	    $reply =~ /^250 [\w.-]+$/;
	return grep { !/^([245])\d\d[ -]\1\.\d{1,3}\.\d{1,3} ./ }
	    split /\n/, $reply;
}

# Replies of all connections that break that rule.
sub odd_replies { return @odd_replies }

# Send lines in one segment, give the reply to each.
sub commands {
	my ($self, @lines) = @_;
	$self->raw(join '', map { "$_\r\n" } @lines) or return;
	return map { $self->reply } @lines;
}

# All replies until the other side closes, or those to so many commands.
sub rest {
	my ($self, $count) = @_;
	my @replies;
	while (!defined $count || @replies < $count) {
		my $reply = $self->reply;
		last if $reply eq '';
		push @replies, $reply;
	}
	return @replies;
}

# Their codes.
sub codes {
	my (@replies) = @_;
	return map { /^(\d{3})/ ? $1 : '' } @replies;
}

# Send a line, give its reply.
sub command {
	my ($self, $line) = @_;
	$self->raw("$line\r\n") or return '';
	return $self->reply;
}

# Whole transaction; gives the last reply, or the first that refused.
# send(from => , to => [..], data => bytes with CRLF, [mail => params],
#     [rcpt => params])
sub send {
	my ($self, %o) = @_;
	my $reply = $self->command("MAIL FROM:<$o{from}>" .
	    (defined $o{mail} ? " $o{mail}" : ''));
	return $reply unless $reply =~ /^2/;
	for my $to (ref $o{to} ? @{ $o{to} } : $o{to}) {
		$reply = $self->command("RCPT TO:<$to>" .
		    (defined $o{rcpt} ? " $o{rcpt}" : ''));
		return $reply unless $reply =~ /^2/;
	}
	$reply = $self->command('DATA');
	return $reply unless $reply =~ /^3/;
	(my $data = $o{data}) =~ s/^\./../mg;
	$data .= "\r\n" unless $data =~ /\r\n\z/ || $data eq '';
	$self->raw("$data.\r\n");
	return $self->reply;
}

# True when the other side has closed (waits up to the time-out).
sub closed {
	my ($self) = @_;
	while (1) {
		return !$self->{timed_out} unless $self->fill;
	}
}

sub quit {
	my ($self) = @_;
	my $reply = $self->command('QUIT');
	close $self->{socket};
	return $reply;
}

sub drop {
	my ($self) = @_;
	close $self->{socket};
}

1;
