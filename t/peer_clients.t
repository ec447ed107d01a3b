#!/usr/bin/perl
# swaks, curl, msmtp and Postfix's smtp-source deliver through the gateway,
# byte for byte.
use strict;
use warnings;
use lib 't/lib';
use Digest::SHA qw(sha256_hex);
use File::Temp qw(tempdir);
use MIME::Base64 qw(encode_base64);
use Test::More;
use Postern::Authority;
use Postern::Gateway;
use Postern::Outbound qw(outbound_config);
use Postern::Package qw(tree tree_program);
use Postern::Sink;

my $directory = tempdir(CLEANUP => 1);
my $authority = Postern::Authority->new;
my $certificate = $authority->issue('gateway.test',
    names => ['gateway.test', 'localhost']);
my $sink = Postern::Sink->new;
my $config = outbound_config(routes => [['all', "127.0.0.1:$sink->{port}"]],
    extra => <<'YAML');
tls:
  certificates:
    main:
      certificate: cert.pem
      key: key.pem
YAML
$config =~ s/^listeners:\n/$&  starttls:
    address: 127.0.0.1
    port: %PORT(starttls)%
    tls: starttls
    certificate: main
  smtps:
    address: 127.0.0.1
    port: %PORT(smtps)%
    tls: implicit
    certificate: main
/m;
$config =~ s/^    tls: off\n    max_errors/    tls: preferred\n    max_errors/m;
my $gateway = Postern::Gateway->new(config => $config, files => {
	'cert.pem' => Postern::Gateway::slurp($certificate->{cert}),
	'key.pem' => Postern::Gateway::slurp($certificate->{key}),
});

sub head {
	my ($subject) = @_;
	return "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\n" .
	    "From: a\@client.test\r\nTo: b\@sink.test\r\n" .
	    "Message-ID: <$subject\@client.test>\r\nSubject: $subject\r\n";
}

# With everything that a client must encode or may be tempted to change.
sub tricky {
	my ($subject) = @_;
	return head($subject) . "MIME-Version: 1.0\r\n" .
	    "Content-Type: text/plain; charset=utf-8\r\n" .
	    "Content-Transfer-Encoding: 8bit\r\n\r\n" .
	    ".dot\r\n..\r\n.\r\n\r\nFrom here\r\ntrailing \t\r\n" .
	    "gr\xc3\xbc\xc3\x9fe\r\n" . 'x' x 990 . "\r\nend\r\n";
}

sub attachment {
	my ($subject, $bytes) = @_;
	srand 7;
	my $content = pack 'L*', map { int rand 2 ** 32 } 1 .. $bytes / 4;
	(my $base64 = encode_base64($content)) =~ s/\n/\r\n/g;
	return head($subject) . "MIME-Version: 1.0\r\n" .
	    "Content-Type: application/octet-stream\r\n" .
	    "Content-Transfer-Encoding: base64\r\n\r\n$base64";
}

sub file_of {
	my ($name, $bytes) = @_;
	open my $out, '>:raw', "$directory/$name" or die $!;
	print {$out} $bytes;
	close $out;
	return "$directory/$name";
}

sub stuffed {
	my ($message) = @_;
	$message =~ s/^\./../mg;
	return "$message.";
}

sub with_lf {
	my ($message) = @_;
	$message =~ s/\r\n/\n/g;
	return $message;
}

# True when the program ended well; what it said otherwise.
sub run_client {
	my ($name, $input, @command) = @_;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDIN, '<', $input;
		open STDOUT, '>', "$directory/said";
		open STDERR, '>&', \*STDOUT;
		no warnings 'exec';
		exec @command;
		POSIX::_exit(127);
	}
	waitpid $pid, 0;
	is($?, 0, "$name sends") or diag substr(
	    Postern::Gateway::slurp("$directory/said"), -3000);
	return;
}

sub have { !system "command -v $_[0] >/dev/null" }

my %expected;	# subject => message
my %tls;	# subjects that came over TLS

sub expect_message {
	my ($subject, $message, $is_tls) = @_;
	$expected{$subject} = $message;
	$tls{$subject} = 1 if $is_tls;
	return $message;
}

SKIP: {
	skip 'swaks is not installed', 1 unless have('swaks');
	my @cases = (['swaks-plain', 'public'], ['swaks-starttls',
	    'starttls', '--tls'], ['swaks-pipeline', 'public', '--pipeline'],
	    ['swaks-smtps', 'smtps', '--tlsc', '--pipeline'],
	    ['swaks-large', 'starttls', '--tls']);
	for my $case (@cases) {
		my ($name, $listener, @options) = @$case;
		my $message = expect_message($name, $name =~ /large/ ?
		    attachment($name, 6_000_000) : tricky($name),
		    $listener ne 'public');
		run_client($name, '/dev/null', 'swaks', '--server',
		    '127.0.0.1', '--port', $gateway->port($listener),
		    '--helo', 'client.test', '--from', 'a@client.test',
		    '--to', 'b@sink.test', '--no-data-fixup', '--data',
		    '@' . file_of($name, stuffed($message)), '--hide-all',
		    @options);
	}
}

SKIP: {
	skip 'curl is not installed', 1 unless have('curl');
	my @cases = (['curl-plain', 'public', 'smtp'], ['curl-starttls',
	    'starttls', 'smtp', '--ssl-reqd'], ['curl-smtps', 'smtps',
	    'smtps'], ['curl-large', 'smtps', 'smtps']);
	for my $case (@cases) {
		my ($name, $listener, $scheme, @options) = @$case;
		my $message = expect_message($name, $name =~ /large/ ?
		    attachment($name, 10_000_000) : tricky($name),
		    $listener ne 'public');
		my $port = $gateway->port($listener);
		run_client($name, '/dev/null', 'curl', '-sS', '--cacert',
		    $authority->{certificate}, '--resolve',
		    "gateway.test:$port:127.0.0.1", @options, '--mail-from',
		    'a@client.test', '--mail-rcpt', 'b@sink.test',
		    '--upload-file', file_of($name, $message),
		    "$scheme://gateway.test:$port/client.test");
	}
}

SKIP: {
	skip 'msmtp is not installed', 1 unless have('msmtp');
	my @trust = ('--tls=on',
	    "--tls-trust-file=$authority->{certificate}");
	my @cases = (['msmtp-plain', 'public', '--tls=off'],
	    ['msmtp-starttls', 'starttls', @trust, '--tls-starttls=on'],
	    ['msmtp-smtps', 'smtps', @trust, '--tls-starttls=off']);
	for my $case (@cases) {
		my ($name, $listener, @options) = @$case;
		my $message = expect_message($name, tricky($name),
		    $listener ne 'public');
		run_client($name, file_of($name, with_lf($message)), 'msmtp',
		    '--file=/dev/null', '--host=localhost', '--port=' .
		    $gateway->port($listener), '--domain=client.test',
		    '--from=a@client.test', '--auth=off', @options, '--',
		    'b@sink.test');
	}
}

my $many = 400;
SKIP: {
	my ($root, $why) = tree(['postfix'], ['usr/sbin/smtp-source']);
	skip $why, 1 unless $root;
	# It puts an empty line behind the file.
	expect_message('source', tricky('source') . "\r\n");
	my $content = with_lf(tricky('source'));
	run_client('smtp-source, many sessions', '/dev/null',
	    tree_program($root, 'usr/sbin/smtp-source', '-s', 20, '-m',
	    $many, '-f', 'a@client.test', '-t', 'b@sink.test', '-M',
	    'client.test', '-F', file_of('source', $content),
	    '127.0.0.1:' . $gateway->port('public')));
}

ok($gateway->wait_empty(30), 'everything has gone on');
my %arrived;
for my $message ($sink->messages) {
	my ($subject) = $message->{data} =~ /^Subject: (\S+?)\r?$/m;
	push @{ $arrived{$subject} }, $message;
}
for my $subject (sort keys %expected) {
	my @got = @{ $arrived{$subject} // [] };
	my $wanted = $subject eq 'source' ? $many : 1;
	is(scalar @got, $wanted, "$subject: arrived, each once");
	my %hashes = map { sha256_hex(Postern::Sink::body_of($_)) => 1 }
	    @got;
	is_deeply([keys %hashes], [sha256_hex($expected{$subject})],
	    "$subject: byte for byte");
	my $with = $tls{$subject} ? qr/ with ESMTPS/ : qr/ with E?SMTP[^S]/;
	is(scalar(grep { $_->{data} !~ /\AReceived:[^\r]*(?:\r\n[ \t][^\r]*)*?$with/ }
	    @got), 0, "$subject: the trace header tells of TLS or not");
}
$gateway->finish;
done_testing;
