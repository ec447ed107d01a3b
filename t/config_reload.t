#!/usr/bin/perl
# A new configuration is taken over without dropping a session; each message
# sees one of them.
use strict;
use warnings;
use lib 't/lib';
use File::Temp qw(tempdir);
use IO::Socket::INET;
use Test::More;
use Postern::Gateway;
use Postern::Port qw(wait_until wait_port);
use Postern::Sink;
use Postern::Smtp;

my @sinks = map { Postern::Sink->new } 1 .. 2;
my $body = "Subject: reload\r\n\r\nbody\r\n";

sub config {
	my (%o) = @_;
	my $action = $o{action} // 'relay';
	my $route = $sinks[$o{sink} // 0]{port};
	my $size = $o{size} // '1 MB';
	my $banner = $o{banner} // 'ESMTP';
	my $more = join '', map {
		"  $_: { address: 127.0.0.1, port: %PORT($_)% }\n" }
	    @{ $o{listeners} // [] };
	my $log = $o{log} // 'event.log';
	return <<"YAML";
hostname: gateway.test
listeners:
  public: { address: 127.0.0.1, port: %PORT(public)%, banner: $banner }
$more
sender_groups:
  - { name: everybody, addresses: [127.0.0.0/8], mail_flow_policy: policy }
mail_flow_policies:
  policy: { action: $action, max_message_size: $size, max_messages: 100000 }
recipient_access:
  - { patterns: [inside.test], action: accept }
smtp_routes:
  - { domains: [all], hosts: ["127.0.0.1:$route"] }
bounce_profiles:
  default: { retry_initial: 1 s, retry_max: 2 s }
logs:
  stderr: true
  file: "$log"
YAML
}

my $gateway = Postern::Gateway->new(config => config(),
    expect => [qr/event=config_(?:rejected|error|not_loaded)/,
	qr/event=(?:child_ended|queue_channel_lost|lookup_channel_lost)/,
	qr/event=(?:keys_gone|remote_\w+|key_unusable|tls_unavailable|fatal|queue_accepting)/]);

sub version { return $gateway->json('status')->{config_version} }

# Load by the CLI, from the file that the gateway was started with.
sub load {
	my (%o) = @_;
	$gateway->configure(config(%o));
	return $gateway->cli('config', 'load');
}

sub client {
	my ($listener) = @_;
	my $client = Postern::Smtp->new(
	    port => $gateway->port($listener // 'public')) or return;
	$client->{ehlo} = $client->command('EHLO client.test');
	return $client;
}

sub delivered {
	my ($pattern) = @_;
	return grep { $_->{from} =~ $pattern } map { $_->messages } @sinks;
}

subtest 'by the CLI and by SIGHUP' => sub {
	my $before = version();
	my ($status, $out) = load(banner => 'Second');
	is($status, 0, 'config load');
	like($out, qr/^Configuration version (\d+) is active\.$/, 'said so');
	my ($loaded) = $out =~ /(\d+)/;
	is(version(), $loaded, 'status tells it');
	cmp_ok($loaded, '>', $before, 'versions rise');
	like(client()->{greeting}, qr/Second$/, 'in use');
	$gateway->configure(config(banner => 'Third'));
	$gateway->reload;
	ok(wait_until(10, sub { client()->{greeting} =~ /Third$/ }),
	    'SIGHUP');
	my $now = version();
	$gateway->write_file('postern.yaml', "hostname: broken\n");
	$gateway->reload;
	ok($gateway->wait_event('config_not_loaded'),
	    'a broken file and SIGHUP');
	is(version(), $now, 'change nothing');
	like(client()->{greeting}, qr/Third$/, 'it goes on');
	my $json = $gateway->json('config', 'show', 'hostname');
	is(($gateway->cli('config', 'show', 'hostname'))[1] =~
	    /gateway\.test/ ? 1 : 0, 1, 'as "config show" says');
};

subtest 'Y07: a session keeps its policy' => sub {
	load(action => 'relay', size => '1 MB');
	my $old = client();
	$old->command('MAIL FROM:<old@client.test>');
	is((load(action => 'accept', size => '20 KB'))[0], 0,
	    'relaying is over');
	like($old->command('RCPT TO:<user@outside.test>'), qr/^250 /,
	    'but not in the middle of a transaction');
	$old->command('DATA');
	$old->raw($body . "x\r\n" x 10_000 . ".\r\n");
	like($old->reply, qr/^250 /, 'with its size');
	$old->command('MAIL FROM:<old@client.test>');
	like($old->command('RCPT TO:<user@outside.test>'), qr/^250 /,
	    'nor in this session');
	$old->quit;
	my $new = client();
	like($new->{ehlo}, qr/SIZE 20480/, 'a new session has the new one');
	$new->command('MAIL FROM:<new@client.test>');
	like($new->command('RCPT TO:<user@outside.test>'), qr/^550 /,
	    'and may not relay');
	$new->quit;
	my ($accepted) = $gateway->events('accepted');
	ok($accepted, 'accepted');
	ok(wait_until(20, sub { delivered(qr/^old/) }), 'and delivered');
};

subtest 'listeners come and go' => sub {
	is((load(listeners => ['second']))[0], 0, 'a second one');
	my $second = client('second');
	like($second->{ehlo}, qr/^250-/, 'answers at once');
	is((load(listeners => ['third']))[0], 0, 'another instead');
	like(client('third')->{ehlo}, qr/^250-/, 'answers');
	ok(wait_until(10, sub { !IO::Socket::INET->new(
	    PeerAddr => '127.0.0.1', PeerPort => $gateway->port('second'),
	    Timeout => 1) }), 'the old one takes no connection any more');
	like($second->send(from => 'second@client.test',
	    to => 'user@outside.test', data => $body), qr/^250 /,
	    'but who is in stays in');
	$second->quit;
	my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
	    LocalPort => $gateway->port('taken'), Listen => 1) or die $!;
	my $before = version();
	my ($status, undef, $err) = load(listeners => ['third', 'taken']);
	is($status, 1, 'a port that is taken');
	like($err, qr/cannot listen on 127\.0\.0\.1 port \d+: Address/,
	    'is told');
	is(version(), $before, 'nothing changed');
	like(client('third')->{ehlo}, qr/^250-/, 'the others are there');
	my $pids = $gateway->pids;
	kill 'KILL', @{ $pids->{smtp} };
	ok(wait_until(20, sub {
		my $client = client('third') or return 0;
		return $client->{ehlo} =~ /^250-/;
	}), 'also in new processes');
	is((load())[0], 0, 'back to one');
};

subtest 'Y07: under load' => sub {
	my $folder = tempdir(CLEANUP => 1);
	my @writers;
	for my $writer (1 .. 2) {
		my $pid = fork // die "fork: $!";
		push @writers, $pid;
		next if $pid;
		my $client = client();
		my @sent;
		until (-e "$folder/stop") {
			my $from = "w$writer-" . @sent . '@client.test';
			my $reply = $client->send(from => $from,
			    to => 'user@inside.test', data => $body);
			push @sent, $reply =~ /^250 / ? $from : "!$reply";
			last if $reply !~ /^250 /;
		}
		my $bye = $client->quit;
		push @sent, "!$bye" unless $bye =~ /^221 /;
		open my $out, '>', "$folder/$writer" or die $!;
		print {$out} map { "$_\n" } @sent;
		close $out;
		POSIX::_exit(0);
	}
	my @loaded;
	for my $round (1 .. 8) {
		my ($status, $out) = load(sink => $round % 2,
		    banner => "Round $round", size => "$round MB",
		    action => $round % 3 ? 'accept' : 'relay');
		push @loaded, $status == 0 && $out =~ /(\d+)/ ? $1 : 0;
		my $want = $round * 8;
		wait_until(10, sub { map({ glob "$_->{directory}/*.msg" }
		    @sinks) > $want });
	}
	open my $stop, '>', "$folder/stop" or die $!;
	close $stop;
	waitpid $_, 0 for @writers;
	is(scalar(grep { !$_ } @loaded), 0, 'eight configurations');
	my @sent = map { split /\n/, Postern::Gateway::slurp("$folder/$_") }
	    1 .. 2;
	is_deeply([grep { /^!/ } @sent], [], 'no session was dropped');
	cmp_ok(scalar @sent, '>', 50, scalar(@sent) . ' messages');
	ok($gateway->wait_empty, 'the queue is empty');
	my %found;
	$found{$_->{from}}++ for delivered(qr/^w\d-/);
	is_deeply([sort keys %found], [sort @sent], 'none is lost');
	is(scalar(grep { $_ != 1 } values %found), 0, 'none came twice');
	cmp_ok(scalar(grep { $_->{from} =~ /^w/ } $_->messages), '>', 0,
	    'both routes were used') for @sinks;
	my %versions = map { $_->{config} => 1 }
	    $gateway->events('disposition');
	my %known = map { $_ => 1 } @loaded;
	my @unknown = grep { !$known{$_} && $_ > $loaded[0] } keys %versions;
	is_deeply(\@unknown, [], 'each message was judged by one of them');
	cmp_ok(scalar(grep { $known{$_} } keys %versions), '>', 3,
	    'by several, in all');
};

subtest 'the log file moves' => sub {
	my $d = $gateway->{directory};
	is((load(log => 'other.log'))[0], 0, 'to another file');
	ok(wait_until(10, sub { client()->quit;
	    Postern::Gateway::slurp("$d/other.log") =~
	    /event=connection_closed/ }), 'every process writes there');
	is((load(log => ''))[0], 0, 'to none');
	ok(wait_until(10, sub {
		my $size = -s "$d/other.log";
		my $count = $gateway->events('connection_closed');
		client()->quit for 1 .. 5;
		return $gateway->wait_event('connection_closed',
		    $count + 5) && -s "$d/other.log" == $size;
	}), 'soon no process writes there any more');
	is((load())[0], 0, 'and back');
};

SKIP: {
	skip 'IO::Socket::SSL is not installed', 1
	    unless eval { require IO::Socket::SSL; 1 };
	require Postern::Authority;
	subtest 'a new certificate' => sub {
		my $authority = Postern::Authority->new;
		my $with = sub {
			my ($name) = @_;
			my $pair = $authority->issue($name);
			$gateway->write_file("$name.pem",
			    Postern::Gateway::slurp($pair->{cert}));
			$gateway->write_file("$name.key",
			    Postern::Gateway::slurp($pair->{key}));
			my $yaml = config() =~ s/banner: \w+/banner: TLS, tls: starttls, certificate: one/r;
			$gateway->configure($yaml . <<"YAML");
tls:
  certificates:
    one: { certificate: $name.pem, key: $name.key }
YAML
			return $gateway->cli('config', 'load');
		};
		my $shown = sub {
			my $client = client();
			$client->command('STARTTLS');
			$client->start_tls or return $client->{tls_error};
			return $client->{socket}->peer_certificate('cn');
		};
		my ($status, undef, $err) = $with->('first.test');
		is($status, 0, 'TLS is new here') or diag $err;
		ok(wait_until(10, sub { $shown->() eq 'first.test' }),
		    'its certificate');
		my $inside = client();
		$inside->command('STARTTLS');
		ok($inside->start_tls, 'a session within TLS');
		($status, undef, $err) = $with->('second.test');
		is($status, 0, 'another certificate') or diag $err;
		# keys starts anew, as the jailed one reads no file.
		ok(wait_until(10, sub { $shown->() eq 'second.test' }),
		    'is shown');
		like($inside->command('EHLO client.test'), qr/^250-/,
		    'the session goes on');
		like($inside->send(from => 'inside@client.test',
		    to => 'user@inside.test', data => $body), qr/^250 /,
		    'with mail');
		$inside->quit;
		$gateway->write_file('first.test.key',
		    Postern::Gateway::slurp("$gateway->{directory}/" .
		    'second.test.key'));
		my $yaml = Postern::Gateway::slurp(
		    "$gateway->{directory}/postern.yaml") =~
		    s/second\.test/first.test/gr;
		$gateway->write_file('postern.yaml', $yaml);
		($status, undef, $err) = $gateway->cli('config', 'load');
		ok($status == 1 || $gateway->wait_event('key_unusable'),
		    'a key that does not fit is told');
		like(client()->send(from => 'plain@client.test',
		    to => 'user@inside.test', data => $body), qr/^250 /,
		    'mail in clear goes on');
		# Whoever dies of the one that runs cannot refuse the next.
		($status, undef, $err) = $with->('third.test');
		is($status, 0, 'a configuration that mends it') or diag $err;
		# keys is tried again every ten seconds at least; a round may
		# meet it just before, or between its end and its start.
		ok(wait_until(60, sub {
			$gateway->move_clock(11);
			return $shown->() eq 'third.test';
		}), 'and TLS, when it is mended');
	};
}

ok($gateway->wait_empty, 'the queue is empty');
$gateway->finish;
done_testing;
