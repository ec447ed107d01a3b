#!/usr/bin/perl
# The end of a message: what ends it, what must not, and its limits (RFC
# 5321 2.3.8, 4.1.1.4, 4.5.2).
use strict;
use warnings;
use lib 't/lib';
use Digest::SHA qw(sha256_hex);
use Socket qw(SOL_SOCKET SO_LINGER);
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;

sub config {
	my ($limits) = @_;
	return <<"YAML";
hostname: gateway.test
listeners:
  public:
    address: 127.0.0.1
    port: %PORT(public)%
    max_connections_per_client: 1000
sender_groups:
  - name: everybody
    addresses: [127.0.0.0/8]
    mail_flow_policy: relay
mail_flow_policies:
  relay: { action: relay, max_errors: 1000, max_messages: 100000 }
smtp_routes:
  - domains: [all]
    hosts: ["127.0.0.1:$sink->{port}"]
destinations:
  - domains: [all]
    tls: none
limits:
$limits
YAML
}

# Smuggled content stands behind DATA before its 354.
my $gateway = Postern::Gateway->new(
    expect => [qr/event=pipelining_not_allowed/], config => config(<<'YAML'));
  message_size: 12 MB
  header_size: 16 KB
  header_count: 100
YAML
my $port = $gateway->port('public');

sub client {
	my $client = Postern::Smtp->new(port => $port);
	$client->command('EHLO client.test');
	return $client;
}

# Everything between a transaction's first command and 354.
sub open_data {
	my ($client, $from) = @_;
	my @replies = $client->commands("MAIL FROM:<$from>",
	    'RCPT TO:<user@sink.test>', 'DATA');
	return $replies[2] =~ /^354/;
}

sub sequences {
	my ($count) = @_;
	my @all = ('');
	for (1 .. $count) {
		@all = map { my $head = $_; map { "$head$_" } "\r", "\n",
		    "\r\n" } @all;
	}
	return @all;
}

# What a strict reader makes of body, line ends, dot, line ends: whether it
# ends there, and whether it is a good message then.
sub ends_there {
	my ($before, $after) = @_;
	return $before =~ /\r\n\z/ && $after =~ /\A\r\n/;
}

sub is_message {
	my ($before, $after) = @_;
	return ends_there($before, $after) && $before =~ /\A(?:\r\n)+\z/;
}

my $smuggled = "MAIL FROM:<smuggled\@evil.test>\r\n" .
    "RCPT TO:<victim\@sink.test>\r\nDATA\r\n" .
    "Subject: smuggled\r\n\r\nsmuggled\r\n.\r\nQUIT\r\n";

subtest 'D01: only CRLF.CRLF ends a message' => sub {
	my (@cases, %kept, @wrong);
	for my $before (sequences(3)) {
		push @cases, [$before, $_] for sequences(3);
	}
	is(scalar @cases, 729, 'all sequences');
	my $number = 0;
	while (my @batch = splice @cases, 0, 27) {
		my @clients;
		for my $case (@batch) {
			my $client = client();
			$case->[2] = sprintf 'n%03d@client.test', $number++;
			open_data($client, $case->[2]) or
			    return fail 'no 354';
			$client->raw("Subject: x\r\n\r\nbody" .
			    "$case->[0].$case->[1]$smuggled");
			push @clients, $client;
		}
		for my $case (@batch) {
			my @replies = (shift @clients)->rest;
			my $accepted = grep { /queued as/ } @replies;
			my $want = is_message(@$case) ? 1 : 0;
			my $good = $accepted == $want;
			$good &&= $replies[0] =~ /^550 5\.6\.0 / unless $want;
			# Where nothing ended at the dot QUIT is heard.
			$good &&= @replies == 2 && $replies[1] =~ /^221/
			    unless ends_there(@$case);
			$kept{$case->[2]} = "Subject: x\r\n\r\nbody$case->[0]"
			    if $want;
			push @wrong, [@$case, @replies] unless $good;
		}
	}
	is_deeply(\@wrong, [], 'each as a strict reader counts') or
	    diag explain $wrong[0];
	cmp_ok(scalar keys %kept, '>', 0, 'some of them are good mail');
	ok($sink->wait_count(scalar keys %kept), 'those are delivered');
	my %found = map { $_->{from} => Postern::Sink::body_of($_) }
	    $sink->messages;
	is_deeply(\%found, \%kept, 'and nothing else, byte for byte');
};

subtest 'D01: LF.LF and CR.CR are not answered' => sub {
	for my $end ("\n.\n", "\r.\r", "\n.\r\n", "\r\n.\n", "\r\n.\r") {
		my $client = client();
		open_data($client, 'early@client.test');
		$client->raw("Subject: x\r\n\r\nbody$end");
		# A whole conversation later there is still no answer.
		my $other = client();
		is(scalar(Postern::Smtp::codes($other->command('NOOP'))), 1,
		    'somebody else is served');
		$other->quit;
		ok(!IO::Select->new($client->{socket})->can_read(0),
		    'no answer yet');
		$client->raw("\r\n.\r\n");
		like($client->reply, qr/^550 5\.6\.0 /, 'refused at the end');
		$client->quit;
	}
};

subtest 'D03: what goes out is one message each, dots and all' => sub {
	my $client = client();
	my @words = ('.', '..', '...', '.a', 'a.', '', ' ', "\t", 'word',
	    'x' x 998, '. ', '.QUIT', 'MAIL FROM:<a@b.test>', "\x{fe}\x{ff}");
	my (%sent, @refused);
	srand 20261121;
	for my $number (1 .. 150) {
		my $data = "Subject: $number\r\n\r\n" . join '', map {
			$words[rand @words] . "\r\n" } 0 .. rand 20;
		my $reply = $client->send(from => "d$number\@client.test",
		    to => 'user@sink.test', data => $data);
		push @refused, $reply unless $reply =~ /^250/;
		$sent{"d$number\@client.test"} = $data;
	}
	is_deeply(\@refused, [], 'all are taken');
	my $of_us = sub { grep { $_->{from} =~ /^d\d/ } $sink->messages };
	ok(wait_until(20, sub { $of_us->() >= 150 }), 'all are delivered');
	my %found = map { $_->{from} => Postern::Sink::body_of($_) }
	    $of_us->();
	is_deeply(\%found, \%sent, 'byte for byte, one message each');
	is(scalar(grep { $_->{data} =~ /\r(?!\n)|(?<!\r)\n/ }
	    $sink->messages), 0, 'no bare CR or LF on the wire');
	$client->quit;
};

subtest 'D15: the client is gone before its 250' => sub {
	my $before = $gateway->events('accepted');
	my %sent;
	for my $number (1 .. 40) {
		my $client = client();
		my $from = "gone$number\@client.test";
		open_data($client, $from) or return fail 'no 354';
		my $data = "Subject: $number\r\n\r\nbody\r\n";
		$sent{$from} = $data;
		# Half of them leave with a reset.
		setsockopt $client->{socket}, SOL_SOCKET, SO_LINGER,
		    pack 'ii', 1, 0 if $number % 2;
		$client->raw("$data.\r\n");
		$client->drop;
	}
	my $open = sub { scalar $gateway->events('connection_opened') };
	ok(wait_until(20, sub { $open->() ==
	    $gateway->events('connection_closed') }), 'all are over');
	my $accepted = $gateway->events('accepted') - $before;
	cmp_ok($accepted, '>=', 20, "$accepted were taken all the same");
	ok($gateway->wait_empty, 'and leave again');
	my %found;
	$found{$_->{from}}++ for grep { $_->{from} =~ /^gone/ }
	    $sink->messages;
	is(scalar keys %found, $accepted, 'each taken one is delivered');
	is(scalar(grep { $_ != 1 } values %found), 0, 'once');
	is(scalar(grep { $_->{from} =~ /^gone/ &&
	    Postern::Sink::body_of($_) ne $sent{$_->{from}} }
	    $sink->messages), 0, 'and whole');
};

subtest 'D06: limits are counted as the message streams by' => sub {
	my $client = client();
	my $submit = sub {
		my ($make) = @_;
		open_data($client, 'big@client.test') or return 'no 354';
		$make->();
		$client->raw("\r\n.\r\n");
		return $client->reply;
	};
	my $header = "Subject: x\r\n\r\n";
	my $before = $gateway->memory_of('smtp');
	like($submit->(sub {
		$client->raw($header);
		$client->raw('x' x 1_000_000) for 1 .. 100;
	}), qr/^5(?:50 5\.6\.0|52 5\.3\.4) /, 'a line of 100 MB');
	like($submit->(sub {
		$client->raw($header);
		$client->raw("\r\n" x 500_000) for 1 .. 20;
	}), qr/^552 5\.3\.4 /, '10 million empty lines');
	like($submit->(sub {
		$client->raw("X-Many: header\r\n" x 10_000) for 1 .. 100;
	}), qr/^552 5\.3\.4 /, 'a million header fields');
	like($submit->(sub {
		$client->raw('X-Folded: header');
		$client->raw("\r\n fold" x 10_000) for 1 .. 20;
	}), qr/^552 5\.3\.4 /, 'a field folded 200,000 times');
	cmp_ok($gateway->memory_of('smtp') - $before, '<', 40_000,
	    'memory (KB) does not follow');
	my $lines = $header . "\r\n" x 200_000;
	like($client->send(from => 'lines@client.test',
	    to => 'user@sink.test', data => $lines), qr/^250/,
	    '200,000 empty lines are a message');
	ok(wait_until(20, sub {
		my ($found) = grep { $_->{from} eq 'lines@client.test' }
		    $sink->messages;
		return $found && sha256_hex(Postern::Sink::body_of($found))
		    eq sha256_hex($lines);
	}), 'which arrives as it was');
	for ([100, qr/^250/], [101, qr/^552 5\.3\.4 /]) {
		my ($count, $expected) = @$_;
		like($client->send(from => 'fields@client.test',
		    to => 'user@sink.test',
		    data => "X-Field: 1\r\n" x $count . "\r\nbody\r\n"),
		    $expected, "$count header fields");
	}
	for ([16384, qr/^250/], [16385, qr/^552 5\.3\.4 /]) {
		my ($bytes, $expected) = @$_;
		# The section with its empty line.
		my $fold = "X-Field: 1\r\n";
		my $data = "X-Long: " . 'y' x ($bytes - 12 - length $fold) .
		    "\r\n$fold\r\n";
		is(length $data, $bytes, "a header of $bytes bytes");
		like($client->send(from => 'section@client.test',
		    to => 'user@sink.test', data => "${data}body\r\n"),
		    $expected, 'at its limit');
	}
	$client->quit;
};

subtest 'D04: NUL is refused by default' => sub {
	my $client = client();
	for my $data ("Subject: a\0b\r\n\r\nbody\r\n",
	    "Subject: x\r\n\r\na\0b\r\n", "\0", "Subject: x\r\n\r\n.\0\r\n") {
		like($client->send(from => 'nul@client.test',
		    to => 'user@sink.test', data => $data),
		    qr/^550 5\.6\.0 NUL/, 'refused');
	}
	like($client->send(from => 'after@client.test',
	    to => 'user@sink.test', data => "Subject: x\r\n\r\nbody\r\n"),
	    qr/^250/, 'and the session goes on');
	$client->quit;
};

ok($gateway->wait_empty, 'the queue is empty');
$gateway->finish;

my $kept = Postern::Gateway->new(config => config(<<'YAML'));
  refuse_nul: false
  line_length: 1000 B
YAML
subtest 'D04: NUL passes as it is where that is asked for' => sub {
	$port = $kept->port('public');
	my $client = client();
	my $data = "Subject: a\0b\r\n\r\n\0\r\nbehind\0\0it\r\n";
	like($client->send(from => 'kept@client.test',
	    to => 'user@sink.test', data => $data), qr/^250/, 'taken');
	ok(wait_until(20, sub {
		my ($found) = grep { $_->{from} eq 'kept@client.test' }
		    $sink->messages;
		return $found && Postern::Sink::body_of($found) eq $data;
	}), 'byte for byte');
	# With CRLF the line has 1000 (RFC 5321 4.5.3.1.6).
	for ([1000, qr/^250/], [1001, qr/^550 5\.6\.0 /]) {
		my ($length, $expected) = @$_;
		like($client->send(from => 'line@client.test',
		    to => 'user@sink.test', data => "Subject: x\r\n\r\n" .
		    'z' x $length . "\r\n"), $expected,
		    "a line of $length bytes");
	}
	$client->quit;
};
ok($kept->wait_empty, 'the queue is empty');
$kept->finish;
done_testing;
