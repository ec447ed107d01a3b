#!/usr/bin/perl
# PIPELINING (RFC 2920): answers come in order, nothing is lost, wherever
# the segments end.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(
    expect => [qr/event=pipelining_not_allowed/], config => <<"YAML");
hostname: gateway.test
listeners:
  public: { address: 127.0.0.1, port: %PORT(public)%, max_connections_per_client: 1000 }
sender_groups:
  - { name: inside, addresses: [127.0.0.0/8], mail_flow_policy: policy }
mail_flow_policies:
  policy: { action: accept, max_errors: 1000, max_invalid_recipients: 1000, max_messages: 10000 }
recipient_access:
  - { patterns: [sink.test], action: accept }
smtp_routes:
  - { domains: [all], hosts: ["127.0.0.1:$sink->{port}"] }
processes:
  smtp: 1
  deliver: 1
  keys: 1
YAML
my $port = $gateway->port('public');

sub client {
	my $client = Postern::Smtp->new(port => $port);
	$client->command('EHLO client.test');
	return $client;
}

sub from {
	my ($pattern) = @_;
	return grep { $_->{from} =~ $pattern } $sink->messages;
}

my $body = "Subject: pipe\r\n\r\n.\r\n..\r\nMAIL FROM:<x\@y.test>\r\nend\r\n";
(my $stuffed = $body) =~ s/^\./../mg;

subtest 'fifty commands in one segment' => sub {
	my $client = client();
	my (@lines, @expected);
	my $add = sub {
		push @lines, $_[0];
		push @expected, $_[1];
	};
	for my $round (1 .. 6) {
		$add->("MAIL FROM:<fifty$round\@client.test>", 250);
		$add->('RCPT TO:<good@sink.test>', 250);
		$add->('RCPT TO:<bad@outside.test>', 550);
		$add->('NOOP', 250);
		$add->('RCPT TO:<also@sink.test>', 250);
		$add->('VRFY somebody', 252);
		$add->('NONSENSE', 500);
		$add->('RSET', 250);
	}
	$add->('MAIL FROM:<fifty@client.test>', 250);
	$add->('RCPT TO:<good@sink.test>', 250);
	is(scalar @lines, 50, 'fifty');
	my @codes = Postern::Smtp::codes($client->commands(@lines));
	is_deeply(\@codes, \@expected, 'fifty answers in order');
	like($client->command('DATA'), qr/^354 /, 'and the transaction');
	$client->raw("$stuffed.\r\n");
	like($client->reply, qr/^250 /, 'is whole');
	$client->quit;
};

subtest 'messages behind each other' => sub {
	my $client = client();
	my $all = '';
	for my $number (1 .. 40) {
		# Commands behind the end of content may follow at once.
		my $content = "Subject: $number\r\n\r\n$stuffed";
		$all .= "MAIL FROM:<row$number\@client.test>\r\n" .
		    "RCPT TO:<user\@sink.test>\r\nBDAT " .
		    length("Subject: $number\r\n\r\n$body") .
		    " LAST\r\nSubject: $number\r\n\r\n$body";
	}
	$client->raw($all . "QUIT\r\n");
	my @codes = Postern::Smtp::codes($client->rest);
	is_deeply(\@codes, [((250) x 120), 221], 'all answered in order');
	ok(wait_until(20, sub { from(qr/^row/) == 40 }), 'all delivered');
	my @wrong = grep {
		my ($number) = $_->{from} =~ /(\d+)/;
		Postern::Sink::body_of($_) ne
		    "Subject: $number\r\n\r\n$body";
	} from(qr/^row/);
	is_deeply(\@wrong, [], 'each to its own');
	$client = client();
	$client->commands('MAIL FROM:<behind1@client.test>',
	    'RCPT TO:<user@sink.test>', 'DATA');
	$client->raw("$stuffed.\r\nMAIL FROM:<behind2\@client.test>\r\n" .
	    "RCPT TO:<user\@sink.test>\r\nDATA\r\n");
	is_deeply([Postern::Smtp::codes($client->rest(4))],
	    [250, 250, 250, 354], 'commands behind the dot');
	$client->raw("$stuffed.\r\nQUIT\r\nNOOP\r\n");
	is_deeply([Postern::Smtp::codes($client->rest)], [250, 221],
	    'nothing counts behind QUIT');
	ok(wait_until(20, sub { from(qr/^behind/) == 2 }), 'both delivered');
};

subtest 'refused recipients' => sub {
	my $client = client();
	my @codes = Postern::Smtp::codes($client->commands(
	    'MAIL FROM:<none@client.test>', 'RCPT TO:<a@outside.test>',
	    'RCPT TO:<b@outside.test>', 'DATA'));
	is_deeply(\@codes, [250, 550, 550, 503], 'DATA without recipients');
	# RFC 2920 3.1: a client that got 354 all the same sends the dot.
	@codes = Postern::Smtp::codes($client->commands('RSET',
	    'MAIL FROM:<some@client.test>', 'RCPT TO:<a@outside.test>',
	    'RCPT TO:<b@sink.test>', 'DATA'));
	is_deeply(\@codes, [250, 250, 550, 250, 354], 'one of two is left');
	$client->raw("$stuffed.\r\n");
	like($client->reply, qr/^250 /, 'taken');
	ok(wait_until(20, sub { from(qr/^some/) }), 'delivered');
	is_deeply((from(qr/^some/))[0]{to}, ['b@sink.test'], 'to that one');
	@codes = Postern::Smtp::codes($client->commands(
	    'MAIL FROM:<broken>', 'RCPT TO:<b@sink.test>', 'DATA', 'RSET'));
	is_deeply(\@codes, [501, 503, 503, 250], 'MAIL refused');
	$client->quit;
};

subtest 'two segments, cut at every place' => sub {
	my @expected = (250, 250, 250, 550, 354, 250, 250, 250);
	my $first = "EHLO cut.test\r\n";
	my $dialogue = "MAIL FROM:<cut\@client.test>\r\n" .
	    "RCPT TO:<user\@sink.test>\r\nRCPT TO:<user\@outside.test>\r\n" .
	    "DATA\r\n";
	my $rest = "$stuffed.\r\nRSET\r\nNOOP\r\n";
	my $watch = client();
	my (@wrong, $count);
	my $cut = sub {
		my ($client, $bytes, $at) = @_;
		$client->raw(substr $bytes, 0, $at);
		# One process: it has read this when it answers.
		$watch->command('NOOP');
		$client->raw(substr $bytes, $at);
	};
	my $client = client();
	for my $at (1 .. length($dialogue) - 1) {
		$cut->($client, $dialogue, $at);
		my @codes = Postern::Smtp::codes($client->rest(4));
		push @wrong, "$at: @codes" if "@codes" ne '250 250 550 354';
		$cut->($client, $rest, $at % length $rest);
		@codes = Postern::Smtp::codes($client->rest(3));
		push @wrong, "$at: @codes" if "@codes" ne '250 250 250';
		$count++;
	}
	for my $at (1 .. length($first) - 1) {
		$cut->($client, $first, $at);
		push @wrong, "EHLO $at" if $client->reply !~ /^250-/;
	}
	is_deeply(\@wrong, [], 'always the same');
	ok(wait_until(20, sub { from(qr/^cut/) == $count }),
	    'all are delivered');
	is(scalar(grep { Postern::Sink::body_of($_) ne $body }
	    from(qr/^cut/)), 0, 'byte for byte');
	for my $bytes ("NOOP\r\n") {
		$client->raw($_) for split //, "RSET\r\nNOOP\r\nVRFY a\r\n";
		is_deeply([Postern::Smtp::codes($client->rest(3))],
		    [250, 250, 252], 'byte by byte');
	}
	$_->quit for $client, $watch;
};

subtest 'who does not read is not read' => sub {
	my $client = client();
	my $count = 200_000;
	my $writer = fork // die "fork: $!";
	if ($writer == 0) {
		$client->raw("NOOP\r\n" x $count . "QUIT\r\n");
		POSIX::_exit(0);
	}
	my $other = client();
	like($other->send(from => 'other@client.test', to => 'u@sink.test',
	    data => $body), qr/^250 /, 'the others go on');
	$other->quit;
	my ($lines, $tail) = (0, '');
	while (sysread $client->{socket}, my $bytes, 1 << 20) {
		$lines += $bytes =~ tr/\n//;
		$tail = substr "$tail$bytes", -60;
	}
	waitpid $writer, 0;
	is($lines, $count + 1, 'every answer comes in the end');
	like($tail, qr/\n221 2\.0\.0 [^\n]+\n\z/, 'the last one last');
};

ok($gateway->wait_empty, 'the queue is empty');
$gateway->finish;
done_testing;
