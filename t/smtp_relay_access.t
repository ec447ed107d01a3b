#!/usr/bin/perl
# Who may send what to whom: sender groups and recipient access (RFC 5321
# 3.6.1, 4.5.1, appendix C).
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $gateway = Postern::Gateway->new(config => <<"YAML");
hostname: gateway.test
listeners:
  public: { address: 127.0.0.1, port: %PORT(public)% }
  second: { address: 127.0.0.1, port: %PORT(second)% }
  inside: { address: 127.0.0.1, port: %PORT(inside)% }
sender_groups:
  - { name: friends, addresses: [127.0.0.2, 127.0.8.0/21], mail_flow_policy: relay }
  - { name: enemies, addresses: [127.0.0.3], mail_flow_policy: reject }
  - { name: inside, listeners: [inside], addresses: [127.0.0.1], mail_flow_policy: relay }
  - { name: strangers, listeners: [public, second], addresses: [127.0.0.1, 127.0.0.4], mail_flow_policy: accept }
mail_flow_policies:
  relay: { action: relay }
  accept: { action: accept, max_errors: 1000, max_invalid_recipients: 1000 }
  reject: { action: reject, reject_text: Not from you }
recipient_access:
  - { patterns: [blocked\@example.test], action: reject }
  - { patterns: [busy\@example.test], action: reject, reply: 450, text: Come back later }
  - { patterns: [gone\@], action: reject, reply: 553, text: Gone away }
  - { patterns: [example.test, only\@one.test, .below.test], action: accept }
smtp_routes:
  - { domains: [all], hosts: ["127.0.0.1:$sink->{port}"] }
YAML

sub client {
	my ($listener, $local) = @_;
	my $client = Postern::Smtp->new(port => $gateway->port($listener),
	    ($local ? (local => $local) : ())) or die "connect: $!";
	$client->{ehlo} = $client->command('EHLO client.test');
	return $client;
}

my @foreign = (
	'<user@outside.test>',
	'<user%outside.test@example.test>',
	'<user%outside.test@>',
	'<outside.test!user@example.test>',
	'<outside.test!user>',
	'<"user@outside.test"@example.test>',
	'<"user@outside.test">',
	'<"user%outside.test"@example.test>',
	'<"outside.test!user"@example.test>',
	'<@example.test:user@outside.test>',
	'<@example.test,@example.test:user@outside.test>',
	'<@[127.0.0.1]:user@outside.test>',
	'<user@[127.0.0.1]>',
	'<user@[IPv6:::1]>',
	'<user@[192.0.2.1]>',
	'<user@127.0.0.1>',
	'<user@2130706433>',
	'<user@outside.test.>',
	'<user@example.test.>',
	'<user@example.test.outside.test>',
	'<user@example.test@outside.test>',
	'<user@outside.test@example.test>',
	"<user\@outside.test\0\@example.test>",
	"<user\@outside.test\0>",
	'<user>',
	'<>',
	'<@example.test>',
	'<user@>',
	'<user@.example.test>',
	'<user@example..test>',
	'<user@sub.example.test>',
	'<user@notexample.test>',
	'<user@example.testing>',
	'<user@below.test>',
	'<user@xbelow.test>',
	'<other@one.test>',
	'<"only"@one.test.outside.test>',
	'<postmaster@outside.test>',
	'<user@outside.test,user@example.test>',
	'<user@outside.test> <user@example.test>',
	'<user@outside.test>example.test',
	'<user@example.test(comment)>',
	'<user @example.test>',
	'user@outside.test',
	'<:user@outside.test>',
	'<user:outside.test@example.test:outside.test>',
	'<"|/bin/sh"@outside.test>',
	"<user\@ex\xc3\xa4mple.test>",
	'<user@example.test\@outside.test>',
);

subtest 'L01: nobody relays through us' => sub {
	cmp_ok(scalar @foreign, '>=', 40, 'forty shapes');
	for my $listener (qw(public second)) {
		my $client = client($listener);
		my @taken;
		for my $path (@foreign) {
			$client->command('MAIL FROM:<a@client.test>');
			my $reply = $client->command("RCPT TO:$path");
			push @taken, "$path: $reply"
			    unless $reply =~ /^5(?:0[01]|5[0135]) 5\./;
			like($client->command('DATA'), qr/^503 /,
			    'no recipient') if $path eq $foreign[0];
			$client->command('RSET');
		}
		is_deeply(\@taken, [], "every one is refused on $listener");
		$client->quit;
	}
	is($sink->count, 0, 'nothing came out');
};

subtest 'L02: a sender is no reason to relay' => sub {
	my $client = client('public');
	for my $sender ('boss@example.test', 'postmaster@gateway.test',
	    'root@[127.0.0.1]', 'root@localhost', '',
	    'only@one.test') {
		$client->command("MAIL FROM:<$sender>");
		like($client->command('RCPT TO:<user@outside.test>'),
		    qr/^550 5\.7\.1 /, "MAIL FROM:<$sender>");
		$client->command('RSET');
	}
	for my $name ('gateway.test', '[127.0.0.2]', 'localhost') {
		$client->command("EHLO $name");
		$client->command('MAIL FROM:<a@client.test>');
		like($client->command('RCPT TO:<user@outside.test>'),
		    qr/^550 5\.7\.1 /, "EHLO $name");
	}
	$client->command('RSET');
	like($client->command('MAIL FROM:<a@client.test> AUTH=root'),
	    qr/^250 /, 'AUTH= of somebody without trust');
	like($client->command('RCPT TO:<user@outside.test>'),
	    qr/^550 5\.7\.1 /, 'changes nothing');
	$client->quit;
};

subtest 'B01: who is not there is refused at RCPT' => sub {
	my $client = client('public');
	$client->command('MAIL FROM:<a@client.test>');
	my @cases = (
		['<user@example.test>', qr/^250 2\.1\.5 /],
		['<User@EXAMPLE.Test>', qr/^250 2\.1\.5 /],
		['<"quoted user"@example.test>', qr/^250 2\.1\.5 /],
		['<@outside.test:user@example.test>', qr/^250 2\.1\.5 /],
		['<only@one.test>', qr/^250 2\.1\.5 /],
		['<ONLY@One.Test>', qr/^250 2\.1\.5 /],
		['<a@b.below.test>', qr/^250 2\.1\.5 /],
		['<a@b.c.below.test>', qr/^250 2\.1\.5 /],
		['<blocked@example.test>', qr/^550 5\.1\.1 Recipient/],
		['<BLOCKED@example.test>', qr/^550 5\.1\.1 Recipient/],
		['<"blocked"@example.test>', qr/^550 5\.1\.1 Recipient/],
		['<"b\\locked"@example.test>', qr/^550 5\.1\.1 Recipient/],
		['<busy@example.test>', qr/^450 4\.1\.1 Come back later$/],
		['<gone@example.test>', qr/^553 5\.1\.1 Gone away$/],
		['<gone@outside.test>', qr/^553 5\.1\.1 Gone away$/],
		['<user@outside.test>', qr/^550 5\.7\.1 /],
	);
	like($client->command("RCPT TO:$_->[0]"), $_->[1], $_->[0])
	    for @cases;
	is(scalar($gateway->events('recipient_refused')) > 0, 1,
	    'and logged');
	$client->quit;
	is($sink->count, 0, 'nobody was written to');
};

subtest 'postmaster is always there' => sub {
	my $client = client('public');
	for my $name (qw(postmaster Postmaster POSTMASTER PostMaster)) {
		$client->command('MAIL FROM:<>');
		like($client->command("RCPT TO:<$name>"), qr/^250 2\.1\.5 /,
		    $name);
		$client->command('RSET');
	}
	like($client->send(from => 'a@client.test', to => 'PostMaster',
	    data => "Subject: x\r\n\r\nb\r\n"), qr/^250 /, 'taken');
	ok($sink->wait_count(1), 'delivered');
	is_deeply(($sink->messages)[0]{to}, ['PostMaster@gateway.test'],
	    'to ours, as it was written');
	$client->quit;
};

subtest 'case: verbs and domains have none, local parts keep theirs' => sub {
	my $client = client('public');
	like($client->command('mail from:<MiXed@Client.TEST>'), qr/^250 /,
	    'mail from');
	like($client->command('rCpT tO:<AbC@EXAMPLE.test>'), qr/^250 /,
	    'rCpT tO');
	$client->command('data');
	$client->raw("Subject: x\r\n\r\nb\r\n.\r\n");
	like($client->reply, qr/^250 /, 'data');
	my $message;
	ok(wait_until(20, sub {
		($message) = grep { $_->{from} =~ /^mixed/i } $sink->messages;
	}), 'delivered');
	is($message->{from}, 'MiXed@Client.TEST', 'sender');
	like($message->{to}[0], qr/^AbC\@example\.test$/i, 'recipient');
	like($message->{to}[0], qr/^AbC@/, 'with its case');
	$client->quit;
};

subtest 'groups are found by address and listener' => sub {
	for (['public', '127.0.0.2', 250], ['second', '127.0.0.2', 250],
	    ['public', '127.0.8.1', 250], ['public', '127.0.15.255', 250],
	    ['inside', '127.0.0.1', 250], ['public', '127.0.0.4', 550]) {
		my ($listener, $local, $expected) = @$_;
		my $client = client($listener, $local);
		$client->command('MAIL FROM:<a@client.test>');
		like($client->command('RCPT TO:<user@outside.test>'),
		    qr/^$expected /, "$local on $listener");
		$client->quit;
	}
	for (['inside', '127.0.0.4', 'No SMTP service here'],
	    ['public', '127.0.16.1', 'No SMTP service here'],
	    ['public', '127.0.0.3', 'Not from you'],
	    ['inside', '127.0.0.3', 'Not from you']) {
		my ($listener, $local, $words) = @$_;
		my $client = Postern::Smtp->new(local => $local,
		    port => $gateway->port($listener));
		is($client->{greeting}, "554 gateway.test $words",
		    "$local on $listener is turned away");
		like($client->command($_), qr/^503 5\.5\.1 /, "$_ is not heard")
		    for 'EHLO client.test', 'MAIL FROM:<a@client.test>';
		like($client->quit, qr/^221 /, 'but QUIT is');
	}
};

subtest 'smallest sizes that everybody must take' => sub {
	my $client = client('inside');
	my $domain = join '.', ('d' x 61) x 4, 'tests';
	cmp_ok(length $domain, '<=', 255, 'a long domain');
	for ('l' x 64 . '@sink.test', "u\@$domain", 'l' x 64 . '@' .
	    substr $domain, 0, 188) {
		$client->command('MAIL FROM:<a@client.test>');
		like($client->command("RCPT TO:<$_>"), qr/^250 /,
		    length($_) . ' bytes');
		$client->command('RSET');
	}
	$client->command('MAIL FROM:<a@client.test>');
	for ('l' x 257 . '@sink.test', 'u@' . 'd' x 64 . '.test',
	    'u@' . join '.', ('d' x 60) x 5, 'test') {
		like($client->command("RCPT TO:<$_>"), qr/^501 5\.1\.3 /,
		    length($_) . ' bytes are too many');
	}
	my @replies = $client->commands(map { "RCPT TO:<r$_\@sink.test>" }
	    1 .. 100);
	is(scalar(grep { /^250 / } @replies), 100, '100 recipients');
	$client->quit;
};

ok($gateway->wait_empty, 'the queue is empty');
$gateway->finish;
done_testing;
