#!/usr/bin/perl
# SIZE (RFC 1870) and the memory for messages on their way in.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $most = 200 * 1024;
my $gateway = Postern::Gateway->new(
    expect => [qr/event=(?:queue_accepting|accepting_\w+)/],
    config => <<"YAML");
hostname: gateway.test
listeners:
  public: { address: 127.0.0.1, port: %PORT(public)% }
  large: { address: 127.0.0.1, port: %PORT(large)% }
sender_groups:
  - { name: small, addresses: [127.0.0.0/8], listeners: [public], mail_flow_policy: small }
  - { name: large, addresses: [127.0.0.0/8], mail_flow_policy: large }
mail_flow_policies:
  small: { action: relay, max_message_size: 200 KB }
  large: { action: relay }
smtp_routes:
  - { domains: [all], hosts: ["127.0.0.1:$sink->{port}"] }
limits: { message_size: 2 MB, in_flight: 2 MB }
YAML

sub client {
	my ($listener) = @_;
	my $client = Postern::Smtp->new(port => $gateway->port(
	    $listener // 'public'));
	$client->{ehlo} = $client->command('EHLO client.test');
	return $client;
}

sub body {
	my ($bytes) = @_;
	my $data = "Subject: size\r\n\r\n";
	my $line = 'x' x 76 . "\r\n";
	my $rest = $bytes - length $data;
	$data .= $line x int($rest / 78 - 1);
	return $data . 'y' x ($bytes - length($data) - 2) . "\r\n";
}

subtest 'D14: what is declared' => sub {
	my $client = client();
	like($client->{ehlo}, qr/^250[- ]SIZE $most$/m,
	    'the limit of the policy is offered');
	like(client('large')->{ehlo}, qr/^250[- ]SIZE 2097152$/m,
	    'or that of the gateway');
	for (["SIZE=$most", 250], ['SIZE=' . ($most + 1), 552],
	    ['SIZE=0', 250], ['SIZE=1 SIZE=1', 501],
	    ['SIZE=99999999999999999999', 552],
	    ['SIZE=18446744073709551616', 552],
	    ['SIZE=999999999999999999999', 501], ['SIZE=-1', 501],
	    ['SIZE=1k', 501], ['SIZE=', 501], ['SIZE', 501],
	    ['size=0005', 250]) {
		my ($parameter, $code) = @$_;
		like($client->command("MAIL FROM:<a\@client.test> " .
		    $parameter), qr/^$code /, $parameter);
		$client->command('RSET');
	}
	like($client->command('MAIL FROM:<a@client.test> SIZE=' . ($most +
	    1)), qr/^552 5\.3\.4 /, 'too much, said as RFC 1870 says it');
	$client->quit;
};

subtest 'D14: what is sent counts' => sub {
	my $client = client();
	my $send = sub {
		my ($bytes, $declared) = @_;
		return $client->send(from => "s$bytes\@client.test",
		    to => 'user@sink.test', data => body($bytes),
		    mail => $declared);
	};
	is(length body($most), $most, 'a body of just that size');
	like($send->($most), qr/^250 /, 'at the limit');
	like($send->($most + 1), qr/^552 5\.3\.4 /, 'one byte above');
	like($send->($most + 1, 'SIZE=1'), qr/^552 5\.3\.4 /,
	    'whatever was declared');
	like($send->(5_000, 'SIZE=1'), qr/^250 /,
	    'a lie about a small one harms nobody');
	# Stuffed dots are not part of the message.
	my $dots = "Subject: dots\r\n\r\n" . ".\r\n" x 65_000;
	cmp_ok(length $dots, '<', $most, 'dots');
	like($client->send(from => 'dots@client.test',
	    to => 'user@sink.test', data => $dots), qr/^250 /,
	    'stuffed dots do not count');
	my $data = body($most + 1);
	$client->raw("MAIL FROM:<b\@client.test>\r\n" .
	    "RCPT TO:<user\@sink.test>\r\nBDAT " . length($data) .
	    " LAST\r\n$data");
	is_deeply([Postern::Smtp::codes($client->rest(3))],
	    [250, 250, 552], 'BDAT above the limit');
	like($client->command('NOOP'), qr/^250 /, 'the session goes on');
	$client->quit;
};

subtest 'D14: 50 MB where one byte was declared' => sub {
	my $client = client();
	my $before = $gateway->memory_of('smtp');
	$client->commands('MAIL FROM:<liar@client.test> SIZE=1',
	    'RCPT TO:<user@sink.test>', 'DATA');
	my $part = body(1_000_000);
	$client->raw($part) for 1 .. 50;
	$client->raw(".\r\n");
	like($client->reply, qr/^552 5\.3\.4 /, 'read to its end, refused');
	cmp_ok($gateway->memory_of('smtp') - $before, '<', 20_000,
	    'memory (KB) does not follow');
	$client->quit;
};

subtest 'memory is granted before a large body comes in' => sub {
	my $first = client('large');
	my $half = body(1_400_000);
	$first->raw("MAIL FROM:<first\@client.test>\r\n" .
	    "RCPT TO:<user\@sink.test>\r\nBDAT 1400000\r\n$half");
	is_deeply([Postern::Smtp::codes($first->rest(3))],
	    [250, 250, 250], 'one holds most of it');
	my $second = client('large');
	my $send = sub {
		$second->send(from => 'second@client.test',
		    to => 'user@sink.test', data => body(1_500_000));
	};
	like($send->(), qr/^452 4\.3\.1 /, 'the next one must wait');
	my $small = client('large');
	like($small->send(from => 'small@client.test',
	    to => 'user@sink.test', data => body(10_000)), qr/^250 /,
	    'a small one need not');
	$first->raw("BDAT 2 LAST\r\n\r\n");
	like($first->reply, qr/^250 /, 'the first is done');
	ok(wait_until(20, sub { $gateway->queue_is_empty }), 'and delivered');
	like($send->(), qr/^250 /, 'now there is room');
	my $gone = client('large');
	$gone->raw("MAIL FROM:<gone\@client.test>\r\n" .
	    "RCPT TO:<user\@sink.test>\r\nBDAT 1400000\r\n$half");
	$gone->rest(3);
	$gone->drop;
	ok(wait_until(20, sub { $send->() =~ /^250 / }),
	    'what a lost connection held comes back');
	$_->quit for $second, $small;
};

subtest 'Q12: no mail is taken when the disk is nearly full' => sub {
	my $yaml = Postern::Gateway::slurp(
	    "$gateway->{directory}/postern.yaml");
	my $load = sub {
		my ($reserve) = @_;
		$gateway->write_file('postern.yaml', $yaml =~
		    s/in_flight: 2 MB/in_flight: 2 MB, free_space_reserve: $reserve/r);
		return ($gateway->cli('config', 'load'))[0];
	};
	my $open = client();
	is($load->('1024 GB'), 0, 'more is to stay free than there is');
	my $client;
	ok(wait_until(20, sub {
		$client = client();
		return $client->command('MAIL FROM:<full@client.test>') =~
		    /^452 4\.3\.1 /;
	}), 'MAIL is put off');
	like($client->command('NOOP'), qr/^250 /, 'politely');
	is($load->('1 MB'), 0, 'room again');
	ok(wait_until(20, sub {
		return $client->send(from => 'room@client.test',
		    to => 'user@sink.test', data => body(1000)) =~ /^250 /;
	}), 'mail is taken again');
	ok(wait_until(20, sub { grep { $_->{from} eq 'room@client.test' }
	    $sink->messages }), 'and delivered');
	$_->quit for $client, $open;
};

ok($gateway->wait_empty, 'the queue is empty');
is(scalar(grep { $_->{from} =~ /^(?:liar|b|gone)@/ } $sink->messages), 0,
    'nothing refused was delivered');
$gateway->finish;
done_testing;
