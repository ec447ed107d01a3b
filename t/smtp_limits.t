#!/usr/bin/perl
# Limits of connections, time and number: nobody takes more than his part.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;

sub config {
	my ($listener, $policy, $limits) = @_;
	return <<"YAML";
hostname: gateway.test
listeners:
  public: { address: 127.0.0.1, port: %PORT(public)%$listener }
sender_groups:
  - { name: inside, addresses: [127.0.0.0/8], mail_flow_policy: policy }
mail_flow_policies:
  policy: { $policy }
recipient_access:
  - { patterns: [sink.test], action: accept }
smtp_routes:
  - { domains: [all], hosts: ["127.0.0.1:$sink->{port}"] }
bounce_profiles:
  default: { retry_initial: 1 s, retry_max: 2 s }
limits: { $limits }
YAML
}

my $gateway = Postern::Gateway->new(
    # A moved clock makes next hops look slow.
    expect => [qr/event=(?:pipelining_not_allowed|delivery_unreachable)/],
    config => config(', max_connections_per_client: 20, ' .
	'max_connections: 60', 'action: accept, max_recipients: 10, ' .
	'max_messages: 5, max_invalid_recipients: 8, max_errors: 12',
	'message_size: 5 MB, session_timeout: 1 h') .
	"processes:\n  smtp: 1\n  deliver: 1\n  keys: 1\n");
my $body = "Subject: limits\r\n\r\nbody\r\n";

sub client {
	my (%o) = @_;
	my $client = Postern::Smtp->new(port => $gateway->port('public'), %o)
	    or die "connect: $!";
	$client->command('EHLO client.test') unless exists $o{banner};
	return $client;
}

# Connections come and go by way of another process.
sub all_gone {
	return wait_until(20, sub {
		my $status = $gateway->json('status') or return 0;
		my $open = 0;
		$open += $_->{counters}{connections_open} // 0
		    for grep { $_->{process} eq 'smtp' }
		    @{ $status->{processes} };
		return $open == 0;
	});
}

subtest 'L04: connections of one client, and of all' => sub {
	my (@open, @turned_away);
	for (1 .. 40) {
		my $client = client(banner => 1, local => '127.0.0.1');
		$client->{greeting} =~ /^220 / ? push(@open, $client) :
		    push(@turned_away, $client);
	}
	cmp_ok(scalar @open, '<=', 20, 'no more than its part');
	cmp_ok(scalar @open, '>=', 16, 'but about as much');
	is(scalar(grep { $_->{greeting} !~ /^421 / } @turned_away), 0,
	    'the others are told so');
	ok($turned_away[0]->closed, 'and closed');
	my $honest = client(local => '127.0.0.2');
	like($honest->send(from => 'honest@client.test',
	    to => 'user@sink.test', data => $body), qr/^250 /,
	    'somebody else is served');
	my $more = 0;
	for my $last (3 .. 8) {
		for (1 .. 15) {
			my $client = client(banner => 1,
			    local => "127.0.0.$last");
			push @open, $client;
			$more++ if $client->{greeting} =~ /^220 /;
		}
	}
	cmp_ok($more, '<', 60, 'all together have a limit');
	like($honest->command('NOOP'), qr/^250 /, 'who is in stays in');
	$honest->quit;
	$_->drop for @open;
	ok(all_gone(), 'all gone');
	like(client()->send(from => 'again@client.test',
	    to => 'user@sink.test', data => $body), qr/^250 /,
	    'there is room again');
};

subtest 'L07: who talks before the banner' => sub {
	my $smtp = $gateway->pids->{smtp};
	kill 'STOP', @$smtp;
	my $early = client(banner => 0);
	$early->raw("EHLO early.test\r\n");
	kill 'CONT', @$smtp;
	like($early->reply, qr/^554 /, 'is turned away');
	ok($early->closed, 'at once');
	my $client = client(banner => 1);
	$client->raw("EHLO client.test\r\nMAIL FROM:<a\@client.test>\r\n");
	like($client->reply, qr/^554 5\.5\.0 /,
	    'nobody knows of pipelining before EHLO is answered');
	ok($client->closed, 'closed');
	ok($gateway->wait_event('pipelining_not_allowed'), 'and logged');
	$client = client();
	$client->raw("MAIL FROM:<a\@client.test>\r\n" .
	    "RCPT TO:<user\@sink.test>\r\nDATA\r\nSubject: early\r\n");
	is_deeply([Postern::Smtp::codes($client->rest)], [250, 250, 554],
	    'content before 354');
};

subtest 'L22: lines without end' => sub {
	my $client = client();
	for my $length (600, 2_050, 65_536, 200_000) {
		like($client->command('NOOP ' . 'x' x $length),
		    qr/^500 5\.5\.2 /, "$length bytes");
		like($client->command('NOOP'), qr/^250 /,
		    'and the next command');
	}
	like($client->command('MAIL FROM:<a@client.test> ENVID=' . 'e' x
	    2_100), qr/^500 5\.5\.2 /, 'MAIL has more room, not all');
	$client->command('RSET');
	my $before = $gateway->memory_of('smtp');
	$client->raw('x' x 1_000_000) for 1 .. 50;
	$client->raw("\r\n");
	like($client->reply, qr/^500 5\.5\.2 /, '50 MB in one line');
	cmp_ok($gateway->memory_of('smtp') - $before, '<', 10_000,
	    'memory (KB) does not follow');
	like($client->command("NOOP\n"), qr/^500 5\.5\.2 /, 'LF alone');
	like($client->reply, qr/^500 5\.5\.2 /, 'and what was behind it');
	$client->quit;
};

subtest 'numbers of one connection' => sub {
	my $client = client();
	$client->command('MAIL FROM:<many@client.test>');
	my @replies = $client->commands(map { "RCPT TO:<r$_\@sink.test>" }
	    1 .. 11);
	is_deeply([Postern::Smtp::codes(@replies)], [(250) x 10, 452],
	    'one recipient too many');
	like($replies[10], qr/^452 4\.5\.3 /, 'as RFC 5321 says it');
	$client->command('DATA');
	$client->raw("$body.\r\n");
	like($client->reply, qr/^250 /, 'the others stay');
	ok(wait_until(20, sub { grep { $_->{from} eq 'many@client.test' }
	    $sink->messages }), 'delivered');
	my ($found) = grep { $_->{from} eq 'many@client.test' }
	    $sink->messages;
	is(scalar @{ $found->{to} }, 10, 'to all ten');
	like($client->send(from => 'a@client.test', to => 'u@sink.test',
	    data => $body), qr/^250 /, "message $_") for 2 .. 5;
	like($client->command('MAIL FROM:<a@client.test>'),
	    qr/^421 4\.7\.0 /, 'the sixth in one connection');
	ok($client->closed, 'closed');
	$client = client();
	@replies = map { $client->command('FOO') } 1 .. 12;
	is_deeply([Postern::Smtp::codes(@replies)], [(500) x 12],
	    'twelve errors');
	like($client->reply, qr/^421 4\.7\.0 /, 'are enough');
	ok($client->closed, 'closed');
};

subtest 'L19: harvesting addresses' => sub {
	my @clients = map { client() } 1 .. 3;
	for my $client (@clients) {
		$client->command('MAIL FROM:<a@client.test>');
		$client->raw(join '', map {
			"RCPT TO:<user$_\@outside.test>\r\n" } 1 .. 3_000);
		my @replies = $client->rest;
		is(scalar(grep { /^550 5\.7\.1 Relaying denied$/ }
		    @replies), 8, 'the same words to each');
		like($replies[-1], qr/^421 4\.7\.0 /, 'then the end');
		is(scalar @replies, 9, 'and no more');
	}
};

subtest 'L05: one byte now and then' => sub {
	my @slow = map { client() } 1 .. 2;
	my $client = client();
	$slow[0]->raw('N');
	$slow[1]->commands('MAIL FROM:<slow@client.test>',
	    'RCPT TO:<user@sink.test>', 'DATA');
	$slow[1]->raw('S');
	$client->command('NOOP');
	# Short steps, as the others must be able to follow.
	for (1 .. 7) {
		$gateway->move_clock(50);
		$_->raw('x') for @slow;
		$client->command('NOOP');
	}
	like($slow[0]->reply, qr/^421 4\.4\.2 /,
	    'a command has a deadline, whatever trickles in');
	ok($slow[0]->closed, 'closed');
	like($slow[1]->reply, qr/^421 4\.4\.2 /,
	    'content has a minimum rate');
	ok($slow[1]->closed, 'closed');
	like($client->command('NOOP'), qr/^250 /,
	    'who goes on with commands stays');
	my $reply = '';
	for (1 .. 80) {
		$gateway->move_clock(50);
		$reply = $client->command('NOOP');
		last unless $reply =~ /^250 /;
	}
	like($reply, qr/^421 4\.4\.2 /, 'but not for ever');
	$client = client();
	my $fast = client();
	my $line = 'x' x 70 . "\r\n";
	$fast->commands('MAIL FROM:<fast@client.test>',
	    'RCPT TO:<user@sink.test>', 'DATA');
	$fast->raw("Subject: fast\r\n\r\n");
	for (1 .. 25) {
		$fast->raw($line x 100);
		$client->command('NOOP');
		$gateway->move_clock(10);
	}
	$fast->raw(".\r\n");
	like($fast->reply, qr/^250 /, 'a decent rate is enough');
	$_->quit for $fast, $client;
};

ok($gateway->wait_empty, 'the queue is empty');
$gateway->finish;

my $hourly = Postern::Gateway->new(config => config('', 'action: accept, ' .
    'messages_per_hour: 3, recipients_per_hour: 7', 'message_size: 1 MB'));
subtest 'rates per hour, over all processes' => sub {
	$gateway = $hourly;
	my ($messages, @replies) = (0);
	for (1 .. 6) {
		my $client = client();
		push @replies, $client->command('MAIL FROM:<a@client.test>');
		$client->quit;
	}
	is(scalar(grep { /^250 / } @replies), 3, 'three messages');
	is(scalar(grep { /^450 4\.7\.1 / } @replies), 3,
	    'the others are to come later');
	my $other = client(local => '127.0.0.2');
	$other->command('MAIL FROM:<b@client.test>');
	@replies = map { $other->command("RCPT TO:<r$_\@sink.test>") }
	    1 .. 10;
	is(scalar(grep { /^250 / } @replies), 7, 'seven recipients');
	like($replies[-1], qr/^450 4\.7\.1 /, 'and no more');
	$other->quit;
	$gateway->move_clock(55), client(local => '127.0.0.9')->quit
	    for 1 .. 67;
	my $client = client();
	like($client->command('MAIL FROM:<a@client.test>'), qr/^250 /,
	    'an hour later');
	$client->quit;
};
$hourly->finish;

my $narrow = Postern::Gateway->new(
    prefix => ['prlimit', '--nofile=96:96'],
    expect => [qr/event=accept_paused/],
    config => config(', max_connections_per_client: 1000',
    'action: accept', 'message_size: 1 MB') .
    "processes:\n  smtp: 1\n  deliver: 1\n  keys: 1\n");
subtest 'L06: no descriptors left' => sub {
	$gateway = $narrow;
	my ($smtp) = @{ $narrow->pids->{smtp} };
	my $ticks = sub {
		my @fields = split ' ', Postern::Gateway::slurp(
		    "/proc/$smtp/stat") =~ s/^.*\) //r;
		return $fields[11] + $fields[12];
	};
	my @open = map { client(banner => 0) } 1 .. 150;
	ok($narrow->wait_event('accept_paused', 3, 20),
	    'accepting rests, longer each time');
	my $before = $ticks->();
	ok($narrow->wait_event('accept_paused', 5, 20), 'still rests');
	cmp_ok($ticks->() - $before, '<', 20,
	    'and costs nothing (ticks of 10 ms in some seconds)');
	my ($served) = grep { $_->reply =~ /^220 / } $open[0];
	ok($served, 'who came in first is served');
	like($served->command('EHLO client.test'), qr/^250/, 'as ever');
	like($served->send(from => 'served@client.test',
	    to => 'user@sink.test', data => $body), qr/^250 /,
	    'with mail and all');
	$_->drop for @open;
	my $late = client(timeout => 20);
	like($late->{replies}[0], qr/^220 /, 'it recovers');
	$late->quit;
};
ok($narrow->wait_empty, 'the queue is empty');
$narrow->finish;
done_testing;
