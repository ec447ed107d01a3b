#!/usr/bin/perl
# Postfix, OpenSMTPD and Exim take what the gateway delivers, in clear and
# over TLS, and keep it unchanged apart from trace header fields.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Authority;
use Postern::Gateway;
use Postern::Outbound qw(outbound_config deliveries);
use Postern::Peer;
use Postern::Smtp;

my $missing = Postern::Peer::missing();
plan skip_all => $missing if $missing;

my $authority = Postern::Authority->new;
my $certificate = $authority->issue('peer.test', key => 'rsa');

# Messages that have tempted relays to "repair" them.  Date and Message-ID
# are there, for some servers add them where they are missing.
sub message {
	my ($subject, $head, $body) = @_;
	return join "\r\n", 'Date: Sat, 21 Nov 2026 12:00:00 +0000',
	    'From: "A" <a@client.test>', 'To: b@keep.test',
	    "Message-ID: <$subject\@client.test>", "Subject: $subject",
	    @$head, '', @$body, '';
}

my @messages = (
	message('plain', [], ['Hello.']),
	message('dots', [], ['.', '..', '.hidden', '', '.', 'end']),
	message('folded', ["X-Long: one\r\n two\r\n\tthree",
	    'x-odd-CASE:  spaces  '], ['body', '', '']),
	message('blank', [], ['', '', '  trailing  ', "\t", '']),
	message('eightbit', ['MIME-Version: 1.0',
	    'Content-Type: text/plain; charset=iso-8859-1',
	    'Content-Transfer-Encoding: 8bit'],
	    ["Gr\xfc\xdfe", join '', map { chr } 128 .. 255]),
	message('long', [], ['x' x 990, 'y' x 997]),
	message('from', [], ['From here on', '>From there', '--', '-- ']),
	message('large', [], [map { sprintf '%06d %s', $_, 'z' x 60 }
	    1 .. 40_000]),
);

my (%peers, %why);
for my $kind (qw(postfix opensmtpd exim)) {
	for my $tls (0, 1) {
		my $name = $kind . ($tls ? '-tls' : '-clear');
		($peers{$name}, $why{$name}) = Postern::Peer->new(
		    kind => $kind, ($tls ? (tls => $certificate) : ()));
		# OpenSMTPD 6.8 cannot use its keys with OpenSSL 3.
		next unless $tls && $peers{$name} &&
		    !$peers{$name}->speaks_tls;
		$why{$name} = 'openssl s_client cannot speak TLS with it';
		delete $peers{$name};
	}
}
my @running = grep { $peers{$_} } sort keys %peers;
my $gateway = Postern::Gateway->new(
    config => outbound_config(
	routes => [map { ["$_.test", "127.0.0.1:$peers{$_}{port}"] }
	    @running],
	destinations => join('', map { "- domains: [\"$_.test\"]\n" .
	    (/-tls$/ ? "  tls: verified\n  tls_names: [peer.test]\n" :
	    "  tls: none\n") } @running),
	extra => "tls:\n  trust:\n    system: false\n    files: [ca.pem]\n"),
    files => { 'ca.pem' => Postern::Peer::slurp(
	$authority->{certificate}) }) if @running;

my $client = @running ?
    Postern::Smtp->new(port => $gateway->port('public')) : undef;
$client->command('EHLO client.test') if $client;
for my $name (@running) {
	for my $message (@messages) {
		my $reply = $client->send(from => 'a@client.test',
		    to => "b\@$name.test", data => $message);
		fail("$name: $reply") unless $reply =~ /^250/;
	}
}

# With LF, and without the fields that hops put on top.
sub kept_form {
	my ($message) = @_;
	$message =~ s/\r\n/\n/g;
	return Postern::Peer::without_trace($message);
}

sub subject_of { $_[0] =~ /^Subject: (\w+)/m ? $1 : '' }

for my $name (sort keys %why) {
	SKIP: {
		skip "$name: $why{$name}", 1 + @messages unless $peers{$name};
		ok($peers{$name}->wait_count(scalar @messages, 30),
		    "$name took all") or diag $peers{$name}->log_tail;
		my %kept = map { subject_of($_) => $_ }
		    $peers{$name}->messages;
		for my $message (@messages) {
			my $subject = subject_of($message);
			ok(kept_form($kept{$subject} // '') eq
			    kept_form($message), "$name: $subject is the same")
			    or diag substr($kept{$subject} // 'missing', 0,
			    1000);
		}
	}
}
if (@running) {
	ok($gateway->wait_empty, 'the queue is empty');
	my @bad = grep { ($_->{to} =~ /-tls\.test$/) !=
	    ($_->{tls} =~ /^TLSv1\.[23]/) } deliveries($gateway);
	is(scalar @bad, 0, 'TLS where it was asked for, nowhere else');
	$client->quit;
	$gateway->finish;
}
done_testing;
