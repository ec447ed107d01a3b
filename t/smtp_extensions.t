#!/usr/bin/perl
# What EHLO offers, and the parameters that come with it (RFC 1870, 3461,
# 6152, 6531, 2034).
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
my $body = "Subject: x\r\n\r\nbody\r\n";

sub client {
	my ($hello) = @_;
	my $client = Postern::Smtp->new(port => $port);
	$client->{ehlo} = $client->command($hello // 'EHLO client.test');
	return $client;
}

sub found {
	my ($from) = @_;
	my $found;
	wait_until(20, sub {
		($found) = grep { $_->{from} eq $from } $sink->messages;
	});
	return $found;
}

# The reply to one command of a transaction that is reset again.
sub mail {
	my ($client, $words) = @_;
	my $reply = $client->command("MAIL FROM:$words");
	$client->command('RSET');
	return $reply;
}

sub rcpt {
	my ($client, $words) = @_;
	$client->command('MAIL FROM:<a@client.test>');
	my $reply = $client->command("RCPT TO:$words");
	$client->command('RSET');
	return $reply;
}

subtest 'EHLO and HELO' => sub {
	my $client = client();
	my ($first, @words) = split /\n/, $client->{ehlo};
	is($first, '250-gateway.test', 'our name');
	s/^250[- ]// for @words;
	is_deeply([sort @words], [sort qw(PIPELINING 8BITMIME SMTPUTF8 DSN
	    CHUNKING ENHANCEDSTATUSCODES), 'SIZE 52428800'],
	    'just what we do');
	for my $line ('EHLO', 'HELO', 'EHLO ', 'EHLO a b') {
		like($client->command($line), qr/^501 5\.5\.4 /, "'$line'");
	}
	$client->quit;
	$client = client('HELO client.test');
	is($client->{ehlo}, '250 gateway.test', 'HELO');
	for my $parameter ('SIZE=1', 'BODY=8BITMIME', 'SMTPUTF8', 'RET=HDRS',
	    'ENVID=x') {
		like(mail($client, "<a\@client.test> $parameter"),
		    qr/^555 5\.5\.4 /, "no $parameter behind HELO");
	}
	like(rcpt($client, '<a@sink.test> NOTIFY=NEVER'), qr/^555 5\.5\.4 /,
	    'no NOTIFY behind HELO');
	like($client->send(from => 'helo@client.test', to => 'u@sink.test',
	    data => $body), qr/^250 /, 'mail all the same');
	$client->quit;
};

subtest 'B03: parameters of DSN that are wrong' => sub {
	my $client = client();
	my @mail = ('RET=FULL RET=HDRS', 'RET=NONE', 'RET=', 'RET',
	    'RET=FULL,HDRS', 'ENVID=' . 'e' x 1000, 'ENVID=' . 'e' x 101,
	    'ENVID=a+zz', 'ENVID=a+2b', 'ENVID=a ENVID=b',
	    'ENVID=a+0A', 'ENVID=a=b');
	my @rcpt = ('NOTIFY=NEVER,SUCCESS', 'NOTIFY=SUCCESS,NEVER',
	    'NOTIFY=', 'NOTIFY', 'NOTIFY=OFTEN', 'NOTIFY=SUCCESS,',
	    'NOTIFY=SUCCESS NOTIFY=FAILURE', 'ORCPT=rfc822;a+zz@b',
	    'ORCPT=rfc822;a+4', 'ORCPT=rfc822;a+2b@b', 'ORCPT=user@sink.test',
	    'ORCPT=rfc822;', 'ORCPT=;a@b', 'ORCPT=rfc822;a=b@c',
	    'ORCPT=rfc822;a ORCPT=rfc822;a', 'ORCPT=rfc822;' . 'o' x 501);
	like(mail($client, "<a\@client.test> $_"), qr/^501 5\.5\.4 /,
	    substr "MAIL $_", 0, 40) for @mail;
	like(rcpt($client, "<a\@sink.test> $_"), qr/^501 5\.5\.4 /,
	    substr "RCPT $_", 0, 40) for @rcpt;
	for my $words ('<a@client.test> FOO=BAR', '<a@client.test> FOO',
	    '<a@client.test> NOTIFY=NEVER', '<a@client.test> BY=1;R',
	    '<a@client.test> BODY=BINARYMIME', '<a@client.test> REQUIRETLS') {
		like(mail($client, $words), qr/^555 5\.5\.4 /, "MAIL $words");
	}
	for my $words ('<a@sink.test> RET=FULL', '<a@sink.test> SIZE=1') {
		like(rcpt($client, $words), qr/^555 5\.5\.4 /, "RCPT $words");
	}
	like(mail($client, '<a@client.test> BODY=9BIT'), qr/^501 5\.5\.4 /,
	    'BODY=9BIT');
	like(mail($client, '<a@client.test> SMTPUTF8=1'), qr/^501 5\.5\.4 /,
	    'SMTPUTF8 has no value');
	like(mail($client, '<a@client.test>RET=FULL'), qr/^501 5\.1\.7 /,
	    'no space');
	$client->quit;
};

subtest 'DSN goes with the message, as it was' => sub {
	my $client = client();
	$client->command('MAIL FROM:<dsn@client.test> ret=hdrs ' .
	    'ENVID=QQ+2B314+3DaBc~');
	my @rcpt = (
		['<never@sink.test>', 'NOTIFY=NEVER'],
		['<all@sink.test>', 'NOTIFY=SUCCESS,FAILURE,DELAY'],
		['<Case@sink.test>',
		    'ORCPT=rfc822;Original+2BCase@Other.Example'],
		['<foreign@sink.test>', 'NOTIFY=FAILURE ORCPT=x400;/G+3DA/S+3DB'],
		['<plain@sink.test>', ''],
	);
	like($client->command("RCPT TO:$_->[0] $_->[1]"), qr/^250 /,
	    "$_->[0] $_->[1]") for @rcpt;
	$client->command('DATA');
	$client->raw("$body.\r\n");
	like($client->reply, qr/^250 /, 'taken');
	my $found = found('dsn@client.test');
	like($found->{from_args}, qr/\bRET=HDRS\b/i, 'RET');
	like($found->{from_args}, qr/\bENVID=QQ\+2B314\+3DaBc~/, 'ENVID');
	my %to;
	@to{@{ $found->{to} }} = @{ $found->{to_args} };
	like($to{'never@sink.test'}, qr/NOTIFY=NEVER/, 'NEVER');
	is(join(',', sort $to{'all@sink.test'} =~
	    /(SUCCESS|FAILURE|DELAY)/g), 'DELAY,FAILURE,SUCCESS', 'a set');
	like($to{'Case@sink.test'},
	    qr/ORCPT=rfc822;Original\+2BCase\@Other\.Example/,
	    'ORCPT byte for byte');
	like($to{'foreign@sink.test'}, qr/ORCPT=x400;\/G\+3DA\/S\+3DB/,
	    'of another type');
	unlike($to{'plain@sink.test'}, qr/ORCPT=(?!rfc822;plain)/,
	    'none was made up');
	$client->quit;
};

subtest 'SMTPUTF8' => sub {
	my $client = client();
	my $wide = "us\xc3\xa9r";
	my $domain = "m\xc3\xbcller.test";
	like(mail($client, "<$wide\@client.test>"), qr/^553 5\.6\.7 /,
	    'a UTF-8 sender needs SMTPUTF8');
	like(rcpt($client, "<$wide\@sink.test>"), qr/^553 5\.6\.7 /,
	    'a UTF-8 recipient too');
	like(rcpt($client, "<a\@$domain>"), qr/^553 5\.6\.7 /,
	    'or a UTF-8 domain');
	like(mail($client, "<a\xe9\@client.test> SMTPUTF8"), qr/^50[01] 5\./,
	    'Latin-1 is no UTF-8');
	like($client->send(from => "$wide\@client.test", to =>
	    ["$wide\@sink.test", "a\@$domain", 'plain@sink.test'],
	    mail => 'SMTPUTF8 BODY=8BITMIME',
	    data => "Subject: \xc3\xa9\r\n\r\n\xc3\xa9\r\n"), qr/^250 /,
	    'taken');
	ok(wait_until(20, sub { 3 == map { @{ $_->{to} } } grep {
	    $_->{from} eq "$wide\@client.test" } $sink->messages }),
	    'delivered to all three');
	my @found = grep { $_->{from} eq "$wide\@client.test" }
	    $sink->messages;
	is(scalar(grep { $_->{from_args} !~ /\bSMTPUTF8\b/ } @found), 0,
	    'with SMTPUTF8');
	ok((grep { $_ eq "a\@$domain" || /xn--mller-kva/ }
	    map { @{ $_->{to} } } @found), 'the domain is the same one');
	$client->quit;
};

subtest '8BITMIME' => sub {
	my $client = client();
	my $eight = "Subject: x\r\n\r\n\xfc\xfe\xff\r\n";
	like($client->send(from => "b$_->[0]\@client.test",
	    to => 'u@sink.test', mail => $_->[1], data => $_->[2]),
	    qr/^250 /, "taken: $_->[1]") for ['8', 'BODY=8BITMIME', $eight],
	    ['7', 'BODY=7BIT', $body], ['lie', 'BODY=7BIT', $eight],
	    ['none', '', $eight];
	like(found('b8@client.test')->{from_args}, qr/BODY=8BITMIME/,
	    'BODY is told to the next hop');
	for my $name (qw(8 lie none)) {
		my $found = found("b$name\@client.test");
		is(Postern::Sink::body_of($found), $eight, "$name: as it was");
		like($found->{from_args}, qr/BODY=8BITMIME/,
		    "$name: what holds 8 bits is told so");
	}
	$client->quit;
};

subtest 'addresses' => sub {
	my $client = client();
	like(mail($client, $_), qr/^250 2\.1\.0 /, "MAIL FROM:$_")
	    for '<>', '<a@b.test>', '<"a b"@c.test>', '<a@[127.0.0.1]>',
	    '<a@[IPv6:2001:db8::1]>', ' <spaced@client.test>',
	    '<@a.test,@b.test:c@d.test>', "<!#\$%&'*+-/=?^_`{|}~\@c.test>";
	like(mail($client, $_), qr/^501 5\.1\.7 /, "MAIL FROM:$_")
	    for 'a@b.test', '<a@b.test', '<a@>', '<@b.test>', '<a b@c.test>',
	    '<a..b@c.test>', '<.a@c.test>', '<a.@c.test>', '<a@b@c.test>',
	    '<a@-b.test>', '<a@b-.test>', '<a@[1.2.3]>', '<a@[1.2.3.4>',
	    '<a@1.2.3.4>', '<postmaster>', '<a@b..test>', '<a@b.test.>',
	    '<"a@b.test>', '<a(comment)@b.test>', '<<a@b.test>>';
	like($client->command("MAIL $_"), qr/^501 5\.5\.4 /, "MAIL $_")
	    for 'a@b.test', 'TO:<a@b.test>', '<a@b.test>';
	$client->quit;
};

ok($gateway->wait_empty, 'the queue is empty');
$gateway->finish;
done_testing;
