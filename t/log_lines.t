#!/usr/bin/perl
# The log: one record a line whatever the data holds, no secret in it, and
# no target that slows mail.
use strict;
use warnings;
use lib 't/lib';
use File::Temp qw(tempdir);
use IO::Handle;
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(SOCK_DGRAM);
use Test::More;
use Postern::Authority;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

# The sockets of the logs lie where the gateway may reach them.
my $folder = tempdir(CLEANUP => 1);
chmod 0755, $folder;

# A syslog service of ours: a process that writes down each datagram.
sub service {
	my ($path, $file) = @_;
	unlink $path;
	my $socket = IO::Socket::UNIX->new(Local => $path,
	    Type => SOCK_DGRAM) or die "$path: $!";
	chmod 0777, $path;
	my $pid = fork // die "fork: $!";
	return $pid if $pid;
	open my $out, '>>:raw', $file or die $!;
	$out->autoflush(1);
	while (defined recv $socket, my $bytes, 65536, 0) {
		print {$out} $bytes, "\0";
	}
	POSIX::_exit(0);
}

sub datagrams {
	my ($file) = @_;
	return split /\0/, Postern::Gateway::slurp($file);
}

my $kept = "$folder/kept";
my $service = service("$folder/syslog", $kept);
my $sink = Postern::Sink->new(data_reply => "250 2.0.0 kept \x1b[31m" .
    "\"quoted\" event=forged\tx\x07");
my $authority = Postern::Authority->new;
my $pair = $authority->issue('gateway.test');

sub config {
	my ($logs, $port) = @_;
	return <<"YAML";
hostname: gateway.test
listeners:
  public: { address: 127.0.0.1, port: %PORT(public)%, tls: starttls, certificate: one }
tls:
  certificates:
    one: { certificate: one.pem, key: one.key }
sender_groups:
  - { name: everybody, addresses: [127.0.0.0/8], mail_flow_policy: policy }
mail_flow_policies:
  policy: { action: accept, max_errors: 10000, max_messages: 10000, max_invalid_recipients: 100000 }
recipient_access:
  - { patterns: [sink.test, unreachable.test], action: accept }
smtp_routes:
  - { domains: [unreachable.test], hosts: ["127.0.0.1:1"] }
  - { domains: [all], hosts: ["127.0.0.1:$port"] }
logs:
$logs
YAML
}

my %files = ('one.pem' => Postern::Gateway::slurp($pair->{cert}),
    'one.key' => Postern::Gateway::slurp($pair->{key}));
my $gateway = Postern::Gateway->new(files => \%files,
    expect => [qr/event=(?:pipelining_not_allowed|delivery_unreachable)/,
	qr/event=(?:starttls_injection|destination_unreachable|note)/],
    config => config(<<"YAML", $sink->{port}));
  level: debug
  stderr: true
  file: event.log
  syslog: true
  syslog_socket: $folder/syslog
  syslog_facility: local3
YAML
sub client {
	my $client = Postern::Smtp->new(port => $gateway->port('public'));
	$client->command('EHLO client.test');
	return $client;
}

# A line as log.h describes it; its fields, or nothing.
my $value = qr/(?:[!#-<>-\[\]-~]+|"(?:[ !#-\[\]-~]|\\x[0-9a-f]{2})*")/;
my $line = qr/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\x20
    [a-z]+(?:\[\d+\])?\x20(?:debug|info|warning|error|fatal)\x20
    ((?:MID\x20[1-9]\d*\x20)?event=[a-z_]+(?:\x20[a-z_0-9]+=$value)*)\z/x;

sub parse {
	my ($text) = @_;
	return unless $text =~ $line;
	my %fields;
	my $rest = $1;
	while ($rest =~ /\b([a-z_0-9]+)=($value)/g) {
		my ($key, $shown) = ($1, $2);
		if ($shown =~ s/\A"(.*)"\z/$1/s) {
			$shown =~ s/\\x([0-9a-f]{2})/chr hex $1/ge;
		}
		$fields{$key} //= $shown;
	}
	return \%fields;
}

# What a client can get into the log.
my @nasty = ("a\"b", 'a\\x41b', 'a=b', "tab\tbed", "<14>Nov 21 evil",
    "\x1b]52;c;AAAA\x07", "bell\x07", "del\x7f", "nul\0nul", "\xc2\x9b31m",
    "\xe2\x80\xaertl", "\xff\xfe", "x event=forged mid=1", 'y' x 2000,
    'z' x 65_000, "a\rb", '%s%n%x', "]\"\\", '${jndi:x}');

subtest 'N02: whatever a client says stays on its line' => sub {
	my $client = client();
	for my $nasty (@nasty) {
		$client->command("MAIL FROM:<\"$nasty\"\@client.test>");
		$client->command("RCPT TO:<\"$nasty\"\@outside.test>");
		$client->command("RCPT TO:<\"$nasty\"\@sink.test>");
		$client->command('RSET');
		$client->command("NOOP $nasty");
		$client->command($nasty);
		$client->command("VRFY $nasty SMTPUTF8");
	}
	$client->command("MAIL FROM:<\"a\nMAIL FROM:<b\"\@client.test>");
	$client->command('RSET');
	$client->quit;
	for my $nasty (@nasty) {
		my $other = Postern::Smtp->new(
		    port => $gateway->port('public'));
		$other->raw("EHLO $nasty\r\nNOOP $nasty\r\n");
		$other->reply;
		$other->drop;
		$other = client();
		$other->raw("STARTTLS\r\nNOOP $nasty\r\n");
		$other->reply;
		$other->drop;
	}
	my @sent = ('"a b"', '"x event=forged MID 7"', '"q\\"u\\\\o"',
	    "utf\xc3\xa9", "bidi-free");
	$client = client();
	for my $local (@sent) {
		like($client->send(from => "$local\@client.test",
		    to => 'user@sink.test', mail => 'SMTPUTF8',
		    data => "Subject: x\r\n\r\nb\r\n"), qr/^250 /, 'taken');
	}
	$client->send(from => 'deferred@client.test', to =>
	    'user@unreachable.test', data => "Subject: x\r\n\r\nb\r\n");
	$client->quit;
	ok($gateway->wait_event('delivered', scalar @sent), 'delivered');
	ok($gateway->wait_event('deferred', 1), 'and deferred');
};

subtest 'N02: each line is one record, and reads back' => sub {
	my $text = $gateway->stderr_text;
	unlike($text, qr/[^\n -~]/, 'nothing but printable ASCII');
	my @lines = split /\n/, $text;
	my @bad = grep { !parse($_) } @lines;
	is_deeply(\@bad, [], 'each has the shape');
	cmp_ok(scalar(grep { length > 8192 } @lines), '==', 0,
	    'none is longer than 8 KB');
	my @forged = grep { $_->{event} eq 'forged' } map { parse($_) }
	    @lines;
	is_deeply(\@forged, [], 'no event was forged');
	my %senders = map { $_->{from} => 1 } grep {
	    $_->{event} eq 'accepted' } map { parse($_) } @lines;
	for my $local ('"a b"', '"x event=forged MID 7"', '"q\\"u\\\\o"',
	    "utf\xc3\xa9") {
		ok($senders{"$local\@client.test"},
		    'a sender reads back as it was');
	}
	my ($delivered) = grep { $_->{event} eq 'delivered' }
	    map { parse($_) } @lines;
	like($delivered->{reply}, qr/kept .*"quoted" event=forged x/,
	    'the words of a next hop, too');
	unlike($delivered->{reply}, qr/[\x00-\x1f]/, 'made harmless');
};

subtest 'the file has the same lines' => sub {
	my $file = Postern::Gateway::slurp(
	    "$gateway->{directory}/event.log");
	my %there = map { $_ => 1 } split /\n/, $file;
	my ($first) = $gateway->events('config_active');
	my @missing = grep { !$there{$_} && /MID \d/ }
	    split /\n/, $gateway->stderr_text;
	is_deeply(\@missing, [], 'all of the messages');
	is(scalar(grep { !parse($_) } keys %there), 0, 'in the same shape');
};

subtest 'N02: syslog' => sub {
	# A datagram that finds its queue full is dropped: until all kinds came.
	ok(wait_until(20, sub {
		my $client = client();
		$client->send(from => 'syslog@client.test',
		    to => 'user@sink.test',
		    data => "Subject: x\r\n\r\nb\r\n");
		$client->raw("STARTTLS\r\nNOOP\r\n");
		$client->drop;
		my $all = join "\n", datagrams($kept);
		return $all =~ / accepted - MID / &&
		    $all =~ /^<156>.* starttls_injection - /m;
	}), 'events come by syslog');
	my @syslog = datagrams($kept);
	cmp_ok(scalar @syslog, '>', 50, scalar(@syslog) . ' datagrams');
	# RFC 5424 6: one line each; local3 is 19.
	my $head = qr/\A<(\d+)>1\ \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\ 
	    gateway\.test\ postern\ [!-~]{1,128}\ [!-~]{1,32}\ -\ /x;
	my @bad = grep { !/$head[ -~]*\z/ } @syslog;
	is_deeply(\@bad, [], 'each has the shape of RFC 5424');
	my %weight = map { /\A<(\d+)>/ ? ($1 => 1) : () } @syslog;
	is_deeply([grep { $_ >> 3 != 19 } keys %weight], [],
	    'with the facility');
	ok($weight{19 * 8 + 6} && $weight{19 * 8 + 4},
	    'and the severity of each');
	my ($accepted) = grep { / accepted - MID / } @syslog;
	like($accepted, qr/ - MID \d+ event=accepted .*from=/,
	    'the words are the same');
};

subtest 'N04: no secret is logged' => sub {
	my $client = client();
	my @secrets = ('AHVzZXIAaHVudGVyMg==', 'hunter2', 'dXNlcgBwYXNz');
	$client->command("AUTH PLAIN $secrets[0]");
	$client->command("AUTH LOGIN $secrets[2]");
	$client->command("MAIL FROM:<a\@client.test> AUTH=$secrets[1]");
	$client->command('RSET');
	$client->send(from => 'secret@client.test', to => 'user@sink.test',
	    data => "Subject: canary-subject\r\nAuthorization: Basic " .
	    "canary-header\r\n\r\ncanary-body\r\n");
	SKIP: {
		skip 'IO::Socket::SSL is not installed', 1
		    unless eval { require IO::Socket::SSL; 1 };
		$client->command('STARTTLS');
		ok($client->start_tls, 'TLS');
		$client->command('EHLO client.test');
		$client->command("AUTH PLAIN $secrets[0]");
	}
	$client->quit;
	$gateway->reload;
	ok($gateway->wait_event('config_active', 2), 'reloaded');
	my $all = join '', $gateway->stderr_text, datagrams($kept),
	    Postern::Gateway::slurp("$gateway->{directory}/event.log");
	unlike($all, qr/\Q$_\E/, 'not that') for @secrets,
	    'canary-subject', 'canary-header', 'canary-body';
	my @key = grep { length > 20 } split /\n/, $files{'one.key'};
	unlike($all, qr/\Q$_\E/, 'nor the key') for @key[1 .. $#key];
	unlike($all, qr/PRIVATE KEY/, 'nor its frame');
};

sub flood {
	my ($count) = @_;
	my $client = client();
	my @codes;
	for (1 .. $count / 10) {
		push @codes, Postern::Smtp::codes($client->commands(
		    map { ("MAIL FROM:<flood\@client.test>",
		    "RCPT TO:<f$_\@outside.test>", 'RSET') } 1 .. 10));
	}
	my $reply = $client->send(from => 'after@client.test',
	    to => 'user@sink.test', data => "Subject: x\r\n\r\nb\r\n");
	$client->quit;
	return scalar(grep { $_ eq '' } @codes), $reply;
}

subtest 'N03: a target that does not read' => sub {
	# Nobody reads the datagrams any more: its queue is soon full.
	kill 'STOP', $service;
	my ($lost, $reply) = flood(3_000);
	is($lost, 0, 'every command is answered');
	like($reply, qr/^250 /, 'and mail taken');
	kill 'CONT', $service;
	ok(wait_until(20, sub {
		flood(10);
		return grep { / dropped=\d+\z/ } datagrams($kept);
	}), 'later it is told how many were dropped');
};

subtest 'N03: a target that goes away, and comes back' => sub {
	kill 'TERM', $service;
	waitpid $service, 0;
	my ($lost, $reply) = flood(50);
	is($lost, 0, 'every command is answered');
	like($reply, qr/^250 /, 'and mail taken');
	$service = service("$folder/syslog", "$folder/new");
	# The supervisor looks every few seconds.
	$gateway->move_clock(6);
	ok(wait_until(20, sub {
		client()->quit;
		return grep { / smtp\[\d+\] connection_closed / }
		    datagrams("$folder/new");
	}), 'found again by itself');
};

subtest 'N03: a full disk and a closed pipe' => sub {
	my $d = $gateway->{directory};
	$gateway->configure(config(<<"YAML", $sink->{port}));
  level: info
  stderr: true
  file: /dev/full
YAML
	my ($status, undef, $err) = $gateway->cli('config', 'load');
	is($status, 0, 'a file where nothing fits') or diag $err;
	my ($lost, $reply) = flood(50);
	is($lost, 0, 'every command is answered');
	like($reply, qr/^250 /, 'and mail taken');
};

ok(wait_until(20, sub {
	$gateway->cli('delete', '--recipient', 'unreachable.test');
	$gateway->queue_is_empty }), 'the queue is empty');
$gateway->finish;
kill 'TERM', $service;
waitpid $service, 0;
done_testing;
