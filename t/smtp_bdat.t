#!/usr/bin/perl
# BDAT (RFC 3030): every announced octet is read, whatever the answer.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(sink => $sink);
my $port = $gateway->port('public');

sub client {
	my $client = Postern::Smtp->new(port => $port);
	$client->command('EHLO client.test');
	return $client;
}

sub chunk {
	my ($bytes, $last) = @_;
	return 'BDAT ' . length($bytes) . ($last ? ' LAST' : '') .
	    "\r\n$bytes";
}

sub delivered {
	my ($from) = @_;
	return map { Postern::Sink::body_of($_) }
	    grep { $_->{from} eq $from } $sink->messages;
}

sub arrives {
	my ($from, $data, $name) = @_;
	ok(wait_until(20, sub { (delivered($from))[0] }), "$name: delivered");
	my @found = delivered($from);
	is_deeply(\@found, [$data], "$name: byte for byte");
}

sub begin {
	my ($from) = @_;
	return "MAIL FROM:<$from>\r\nRCPT TO:<user\@sink.test>\r\n";
}

my $message = "Subject: chunks\r\n\r\n.dot\r\n..\r\n.\r\nQUIT\r\nend\r\n";

subtest 'a message in chunks' => sub {
	my $client = client();
	$client->raw(begin('whole@client.test') . chunk($message, 1));
	my @replies = $client->rest(3);
	is_deeply([Postern::Smtp::codes(@replies)], [250, 250, 250],
	    'one chunk');
	arrives('whole@client.test', $message, 'one chunk');
	# Cut at every place, between CR and LF too.
	my (@wrong, $sent);
	for my $at (0 .. length $message) {
		$client->raw(begin("cut$at\@client.test") .
		    chunk(substr($message, 0, $at)) .
		    chunk(substr($message, $at), 1));
		my @codes = Postern::Smtp::codes($client->rest(4));
		push @wrong, "$at: @codes" if "@codes" ne '250 250 250 250';
	}
	is_deeply(\@wrong, [], 'cut in two at every place');
	ok(wait_until(20, sub {
		$sent = grep { $_->{from} =~ /^cut\d/ } $sink->messages;
		return $sent == 1 + length $message;
	}), 'all of them are delivered');
	is(scalar(grep { $_->{from} =~ /^cut\d/ &&
	    Postern::Sink::body_of($_) ne $message } $sink->messages), 0,
	    'byte for byte');
	$client->raw(begin('empty@client.test') . chunk($message) .
	    "BDAT 0 LAST\r\n");
	is_deeply([Postern::Smtp::codes($client->rest(4))],
	    [250, 250, 250, 250], 'BDAT 0 LAST ends it');
	arrives('empty@client.test', $message, 'BDAT 0 LAST');
	$client->raw(begin('zeros@client.test') . 'BDAT 000000' .
	    length($message) . " last\r\n$message");
	is_deeply([Postern::Smtp::codes($client->rest(3))],
	    [250, 250, 250], 'leading zeros, small letters');
	arrives('zeros@client.test', $message, 'leading zeros');
	$client->quit;
};

subtest 'D10: an error in chunk 2 of 5, pipelined' => sub {
	my $client = client();
	my $evil = begin('evil@client.test') . "DATA\r\nevil\r\n.\r\n" .
	    "RSET\r\n";
	$client->raw(begin('broken@client.test') .
	    chunk("Subject: x\r\n\r\n") . chunk("bare\nline feed\r\n") .
	    chunk($evil) . chunk($evil) . chunk($evil, 1) . "NOOP\r\n" .
	    "RCPT TO:<user\@sink.test>\r\nRSET\r\n" .
	    begin('good@client.test') . chunk($message, 1));
	my @replies = $client->rest(13);
	is_deeply([Postern::Smtp::codes(@replies)], [250, 250, 250, 550, 503,
	    503, 503, 250, 503, 250, 250, 250, 250], 'each is answered once');
	arrives('good@client.test', $message, 'behind RSET');
	is(scalar(delivered('evil@client.test')), 0,
	    'no octet was taken for a command');
	is(scalar(delivered('broken@client.test')), 0,
	    'nothing of it was queued');
	$client->quit;
};

subtest 'D10: refused chunks without a transaction' => sub {
	my $client = Postern::Smtp->new(port => $port);
	$client->raw(chunk("QUIT\r\n", 1) . "EHLO client.test\r\n");
	my @replies = $client->rest(2);
	is_deeply([Postern::Smtp::codes(@replies)], [503, 250],
	    'before EHLO');
	$client->raw(chunk("QUIT\r\n") . "MAIL FROM:<a\@client.test>\r\n" .
	    chunk("QUIT\r\n", 1) . "RSET\r\n" . begin('b@client.test') .
	    chunk("bare\nline feed", 1) . begin('c@client.test') .
	    chunk($message, 1));
	is_deeply([Postern::Smtp::codes($client->rest(10))], [503, 250, 503,
	    250, 250, 250, 550, 250, 250, 250], 'before MAIL, before RCPT, ' .
	    'and a refused LAST ends the transaction');
	arrives('c@client.test', $message, 'the one behind');
	is(scalar(delivered('b@client.test')), 0, 'the refused one is not');
	$client->quit;
};

subtest 'D11: sizes that are none' => sub {
	for my $size ('18446744073709551615', '18446744073709551616',
	    '99999999999999999999999', '-1', '+5', '0x5', '5 5', '', 'x',
	    '5 LASTX', '5 LAST LAST', '4294967297') {
		my $client = client();
		$client->raw(begin('size@client.test') .
		    "BDAT $size\r\nMAIL FROM:<evil\@client.test>\r\n");
		my @replies = $client->rest(3);
		like($replies[2], qr/^501 5\.5\.4 /, "BDAT $size");
		ok($client->closed, 'and the connection is closed');
	}
	my $client = client();
	$client->raw(begin('long@client.test') . 'BDAT ' . '1' x 600 .
	    "\r\nMAIL FROM:<evil\@client.test>\r\n");
	like(($client->rest(3))[2], qr/^50[01] 5\.5\.[24] /,
	    'a BDAT line too long');
	ok($client->closed, 'nobody knows what follows');
};

subtest 'D11: a million chunks of one byte' => sub {
	my $client = client();
	my $header = "Subject: many\r\n\r\n";
	my $line = 'x' x 62 . "\r\n";
	my $count = 1_000_000;
	my $before = $gateway->memory_of('smtp');
	$client->raw(begin('million@client.test') . chunk($header));
	$client->rest(3);
	my $writer = fork // die "fork: $!";
	if ($writer == 0) {
		my $part = join '', map { "BDAT 1\r\n$_" } split //, $line;
		$client->raw($part x 125) for 1 .. $count / 64 / 125;
		POSIX::_exit(0);
	}
	my ($lines, $good, $tail) = (0, 0, '');
	while ($lines < $count && sysread $client->{socket}, my $bytes,
	    1 << 20) {
		$bytes = "$tail$bytes";
		$tail = substr $bytes, 1 + rindex($bytes, "\n"),
		    length $bytes, '';
		$lines += $bytes =~ tr/\n//;
		$good += () = $bytes =~ /^250 2\.0\.0 /mg;
	}
	waitpid $writer, 0;
	is($lines, $count, 'each has its answer');
	is($good, $count, 'all of them 250');
	cmp_ok($gateway->memory_of('smtp') - $before, '<', 20_000,
	    'memory (KB) does not follow');
	$client->raw("BDAT 0 LAST\r\n");
	like($client->reply, qr/^250 2\.0\.0 /, 'it is one message');
	arrives('million@client.test', $header . $line x ($count / 64),
	    'a million chunks');
	$client->quit;
};

subtest 'D12: BDAT and DATA, and no end' => sub {
	my $client = client();
	$client->raw(begin('mixed@client.test') . chunk($message) .
	    "DATA\r\nRSET\r\n");
	is_deeply([Postern::Smtp::codes($client->rest(5))],
	    [250, 250, 250, 503, 250], 'DATA behind BDAT');
	$client->raw(begin('mixed@client.test') . chunk($message) .
	    "MAIL FROM:<x\@client.test>\r\nRCPT TO:<y\@sink.test>\r\n" .
	    chunk('', 1) . "NOOP\r\n");
	is_deeply([Postern::Smtp::codes($client->rest(7))],
	    [250, 250, 250, 503, 503, 250, 250],
	    'MAIL and RCPT behind BDAT change nothing');
	$client->raw(begin('open@client.test') . chunk($message) .
	    "QUIT\r\n");
	is_deeply([Postern::Smtp::codes($client->rest)],
	    [250, 250, 250, 221], 'QUIT without LAST');
	$client = client();
	$client->raw(begin('lost@client.test') . "BDAT 1000 LAST\r\nshort");
	$client->rest(2);
	$client->drop;
	ok($gateway->wait_event('connection_closed'), 'a lost connection');
	ok($gateway->wait_empty, 'the queue is empty');
	is(scalar(delivered('mixed@client.test')), 1, 'the one with an end');
	is(scalar(delivered('open@client.test')), 0, 'not the one without');
	is(scalar(delivered('lost@client.test')), 0, 'nor the one cut off');
};

$gateway->finish;
done_testing;
