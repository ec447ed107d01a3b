#!/usr/bin/perl
# Headers: odd ones pass as they came, ours is well-formed, and nothing of
# the envelope gets into it raw (RFC 5321 4.4, RFC 5322 2.1.1).
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(sink => $sink,
    expect => [qr/event=pipelining_not_allowed/]);
my $port = $gateway->port('public');

sub client {
	my ($helo, @more) = @_;
	my $client = Postern::Smtp->new(port => $port, @more);
	$client->command($helo // 'EHLO client.test');
	return $client;
}

sub found {
	my ($from) = @_;
	my @found;
	wait_until(20, sub {
		@found = grep { $_->{from} eq $from } $sink->messages;
		return scalar @found;
	});
	return $found[0];
}

# Our own field on top, unfolded.
sub trace {
	my ($message) = @_;
	my ($field) = $message->{data} =~
	    /\A(Received:[^\r]*\r\n(?:[ \t][^\r]*\r\n)*)/;
	return '' unless defined $field;
	$field =~ s/\r\n(?=[ \t])//g;
	$field =~ s/\r\n\z//;
	return $field;
}

my $domain = qr/[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f.:IPv]+\]/;
my $date = qr/(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000/;
# RFC 5321 4.4 Time-stamp-line, as far as we use it.
my $shape = qr/\AReceived:\s+from\s+$domain\s+\(\[[0-9A-Fa-fIPv.:]+\]\)
    (?:\s+\(HELO\ [!-'*-~]+\))?\s+by\s+gateway\.test\s+\(Postern\)
    \s+with\s+(?:ESMTPS?|SMTP|UTF8SMTPS?)(?:\s+\([\w .\/=+-]+\))?
    \s+id\s+\d+(?:\s+for\s+<[^<>\s]+>)?;\s+$date\z/x;

my %odd = (
	'every field twice' => "From: a\@b.test\r\nFrom: c\@d.test\r\n" .
	    "To: x\@y.test\r\nTo: z\@y.test\r\nSubject: 1\r\nSubject: 2\r\n" .
	    "Date: now\r\nDate: then\r\nContent-Type: text/plain\r\n" .
	    "Content-Type: text/html\r\nMIME-Version: 1.0\r\n" .
	    "MIME-Version: 2.0\r\n\r\nbody\r\n",
	'space before colon' => "Subject : x\r\nFrom\t: y\r\n\r\nbody\r\n",
	'header without colon' => "Subject: x\r\nno colon here\r\n\r\nb\r\n",
	'mbox line' => "From a\@b.test Sat Nov 21 22:11:53 2026\r\n" .
	    "Subject: x\r\n\r\nbody\r\n",
	'no header at all' => "\r\nbody\r\n",
	'header only' => "Subject: x\r\n",
	'empty message' => '',
	'an empty line' => "\r\n",
	'spaces at the ends' => "Subject: x  \t \r\n \r\n\t\r\n\r\nb \t\r\n",
	'8 bits in the header' => "Subject: \xfc\xe9\xff\r\n\r\nb\r\n",
	'a colon alone' => ":\r\n: x\r\n\r\nbody\r\n",
	'long header line' => 'X-Long: ' . 'x' x 60_000 . "\r\n\r\nb\r\n",
	'older trace fields' => "Received: from a by b; now\r\n" .
	    "Return-Path: <x\@y.test>\r\nReceived: (nothing)\r\n" .
	    "Authentication-Results: gateway.test; spf=pass\r\n\r\nb\r\n",
	'no Date, no From' => "X-Empty:\r\n\r\nbody\r\n",
	'control bytes' => "Subject: \x01\x1b[31m\x7f\r\n\r\n\x0c\x0b\r\n",
);

subtest 'D16: odd headers pass unchanged' => sub {
	my $client = client();
	my $number = 0;
	for my $name (sort keys %odd) {
		my $from = 'odd' . $number++ . '@client.test';
		like($client->send(from => $from, to => 'user@sink.test',
		    data => $odd{$name}), qr/^250 /, "$name: taken");
		my $message = found($from);
		ok($message && Postern::Sink::body_of($message) eq
		    $odd{$name}, "$name: byte for byte");
		like(trace($message), $shape, "$name: our trace field");
	}
	$client->quit;
};

subtest 'D16: a first line that is folded' => sub {
	# Nothing is repaired: it reads as the end of our own field.
	my $client = client();
	my $data = " folded\r\nSubject: x\r\n\r\nbody\r\n";
	like($client->send(from => 'folded@client.test',
	    to => 'user@sink.test', data => $data), qr/^250 /, 'taken');
	my $message = found('folded@client.test');
	is(substr($message->{data}, -length $data), $data, 'byte for byte');
	like(substr($message->{data}, 0, -length $data),
	    qr/\AReceived: [^\r]*(?:\r\n\t[^\r]*)*\+0000\r\n\z/,
	    'behind our trace field');
	$client->quit;
};

subtest 'D17: the name in HELO' => sub {
	for my $name ('host%0d%0aX-Evil:1', "x\x7fy", 'host(comment)',
	    'a;b', 'a"b', '<a>', "a\rX-Evil: 1", "a\nX-Evil: 1",
	    "caf\xc3\xa9.test", 'a\\b', 'x' x 300, 'a b', "a\tb", '@a',
	    'a,b') {
		my $client = Postern::Smtp->new(port => $port);
		$client->raw("EHLO $name\r\nNOOP\r\n");
		my $replies = join '', $client->reply;
		if ($replies =~ /^50[01] 5\.5\.[24] /) {
			pass('refused');
		} else {
			# A pipelined NOOP is out of step there.
			like($replies, qr/^554 5\.5\.0 /, 'not a word more');
		}
		$client->drop;
	}
	for my $name ('host%0d%0aX-Evil:1', '[127.0.0.1]', '[IPv6:::1]',
	    'under_score.test', 'a..b', '-', '127.0.0.1', 'x' x 255,
	    '$(id)', '{}|^~`', 'a=b', "a'b") {
		my $client = Postern::Smtp->new(port => $port);
		my $from = 'helo' . unpack('H*', substr $name, 0, 9) .
		    '@client.test';
		my $reply = $client->command("EHLO $name");
		like($reply, qr/^(?:250-|501 )/, "EHLO $name");
		next unless $reply =~ /^250/;
		like($client->send(from => $from, to => 'user@sink.test',
		    data => "Subject: x\r\n\r\nb\r\n"), qr/^250/, 'taken');
		my $message = found($from);
		like(trace($message), $shape, 'a well-formed trace field');
		is(Postern::Sink::body_of($message),
		    "Subject: x\r\n\r\nb\r\n", 'and nothing besides');
		$client->quit;
	}
};

subtest 'D17: addresses and parameters' => sub {
	my $client = client();
	my $mail = sub {
		my ($line) = @_;
		my $reply = $client->command("MAIL FROM:$line");
		$client->command('RSET');
		return $reply;
	};
	my $rcpt = sub {
		my ($line, $utf8) = @_;
		$client->command('MAIL FROM:<a@client.test>' .
		    ($utf8 ? ' SMTPUTF8' : ''));
		my $reply = $client->command("RCPT TO:$line");
		$client->command('RSET');
		return $reply;
	};
	for my $path ("<a\x01b\@client.test>", "<\"a\x7fb\"\@client.test>",
	    "<\"a\0b\"\@client.test>", "<a\tb\@client.test>",
	    "<\"a\tb\"\@client.test>", '<"a@client.test>',
	    '<a@client.test> <b@client.test>') {
		like($mail->($path), qr/^5\d\d 5\./, 'refused in MAIL');
		like($rcpt->($path), qr/^5\d\d 5\./, 'refused in RCPT');
	}
	for my $wide ("<a\xc2\x85b\@client.test>",	# next line
	    "<a\xe2\x80\xa8b\@client.test>",		# line separator
	    "<a\xe2\x80\xaeb\@client.test>",		# bidirectional
	    "<a\xc0\x8ab\@client.test>", "<a\xffb\@client.test>") {
		like($mail->("$wide SMTPUTF8"), qr/^5/,
		    'unsafe UTF-8 in MAIL');
		like($rcpt->($wide, 1), qr/^5/, 'unsafe UTF-8 in RCPT');
	}
	for my $parameter ('ORCPT=rfc822;a+0D+0AX-Evil:+201',
	    'ORCPT=rfc822;a+0a', 'ORCPT=rfc822;a+00b', 'ORCPT=rfc822;a+9',
	    'ORCPT=rfc822;a+', 'ORCPT=rfc822;+1B', 'ORCPT=rfc 822;a',
	    'ORCPT=;a', 'ORCPT=rfc822;', 'ORCPT=a', 'ORCPT=rfc822;a=b',
	    'ORCPT=rfc822;a ORCPT=rfc822;b', 'ORCPT=rfc822;' . 'a' x 600) {
		like($rcpt->("<user\@sink.test> $parameter"),
		    qr/^50[01] 5\.5\.4 /, substr $parameter, 0, 40);
	}
	for my $parameter ('ENVID=a+0D+0Ab', 'ENVID=a+7F', 'ENVID=a+',
	    'ENVID=', 'ENVID', 'AUTH=a+0Ab@client.test', 'RET=FULL+0A') {
		like($mail->("<a\@client.test> $parameter"),
		    qr/^501 5\.5\.4 /, $parameter);
	}
	$client->quit;
	# What looks like an encoding but is none goes on as it is.
	$client = client('EHLO host%0d%0aX-Evil:1');
	my $from = 'a%0d%0aX-Evil:'; # the colon is not atext
	like($mail->("<$from\@client.test>"), qr/^501 /, 'no colon in atoms');
	$from = '"a%0d%0aX-Evil: 1"@client.test';
	my $to = 'b%0d%0aX-Evil@sink.test';
	like($client->send(from => $from, to => $to,
	    rcpt => 'ORCPT=rfc822;b%0d%0aX-Evil:1@sink.test',
	    data => "Subject: x\r\n\r\nb\r\n"), qr/^250/, 'percent signs');
	my $message = found($from);
	is($message->{to}[0], $to, 'the recipient is as it was');
	like(trace($message), $shape, 'a well-formed trace field');
	is(Postern::Sink::body_of($message), "Subject: x\r\n\r\nb\r\n",
	    'and nothing besides');
	unlike($message->{data}, qr/^X-Evil/m, 'no header was injected');
	$client->quit;
};

subtest 'L17: AUTH= of somebody without trust' => sub {
	my $client = client();
	my $mail = sub {
		my ($value) = @_;
		my $reply = $client->command(
		    "MAIL FROM:<a\@client.test> AUTH=$value");
		$client->command('RSET');
		return $reply;
	};
	like($mail->($_), qr/^250 /, "AUTH=$_") for '<>',
	    'boss@client.test', 'e+3Dmc2@example.test';
	like($mail->($_), qr/^501 5\.5\.4 /, "AUTH=$_") for 'a+0Ab@c.test',
	    'a+0D+0AX-Evil:+201', 'a+00', 'a+zz', 'a=b', '',
	    'a AUTH=b';
	like($client->send(from => 'trust@client.test',
	    to => 'user@sink.test', mail => 'AUTH=boss@client.test',
	    data => "Subject: x\r\n\r\nb\r\n"), qr/^250 /, 'taken');
	my $message = found('trust@client.test');
	unlike($message->{from_args}, qr/AUTH=(?!<>)/, 'and forgotten');
	unlike($message->{data}, qr/boss/, 'altogether');
	$client->quit;
};

subtest 'our own lines' => sub {
	my $client = client('HELO plain.test');
	$client->send(from => 'plain@client.test', to => 'user@sink.test',
	    data => "Subject: x\r\n\r\nb\r\n");
	my $trace = trace(found('plain@client.test'));
	like($trace, qr/from plain\.test \(\[127\.0\.0\.1\]\)/, 'from');
	like($trace, qr/with SMTP\b/, 'HELO speaks SMTP');
	like($trace, qr/for <user\@sink\.test>;/, 'for one recipient');
	$client->quit;
	$client = client();
	$client->send(from => 'two@client.test',
	    to => ['one@sink.test', 'two@sink.test'],
	    data => "Subject: x\r\n\r\nb\r\n");
	$trace = trace(found('two@client.test'));
	like($trace, qr/with ESMTP\b/, 'EHLO speaks ESMTP');
	unlike($trace, qr/ for </, 'not for several');
	$client->send(from => "\xc3\xbc\@client.test", to =>
	    "\xc3\xa9\@sink.test", mail => 'SMTPUTF8',
	    data => "Subject: x\r\n\r\nb\r\n");
	$trace = trace(found("\xc3\xbc\@client.test"));
	like($trace, qr/with UTF8SMTP\b/, 'SMTPUTF8 is UTF8SMTP');
	like($trace, qr/for <\xc3\xa9\@sink\.test>;/, 'in UTF-8');
	my @long;
	for my $message ($sink->messages) {
		my ($field) = $message->{data} =~
		    /\A(Received:[^\r]*\r\n(?:[ \t][^\r]*\r\n)*)/;
		push @long, grep { length > 78 && /\S\s+\S+\s+\S/ }
		    split /\r\n/, $field;
		push @long, grep { length > 998 } split /\r\n/, $field;
	}
	is_deeply(\@long, [], 'folded at 78');
	$client->quit;
};

subtest 'a loop ends here' => sub {
	my $client = client();
	for ([100, qr/^250 /], [101, qr/^554 5\.4\.6 /]) {
		my ($count, $expected) = @$_;
		like($client->send(from => 'loop@client.test',
		    to => 'user@sink.test',
		    data => "Received: from a by b; now\r\n" x $count .
		    "Subject: x\r\n\r\nb\r\n"), $expected,
		    "$count Received fields");
	}
	like($client->send(from => 'inside@client.test',
	    to => 'user@sink.test', data => "Subject: x\r\n\r\n" .
	    "Received: from a by b; now\r\n" x 200), qr/^250 /,
	    'in the body they do not count');
	$client->quit;
};

ok($gateway->wait_empty, 'the queue is empty');
$gateway->finish;
done_testing;
