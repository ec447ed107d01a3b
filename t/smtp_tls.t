#!/usr/bin/perl
# TLS of the receiving side: STARTTLS (RFC 3207), implicit (RFC 8314),
# policies, and private keys that live elsewhere.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
BEGIN {
	eval { require IO::Socket::SSL; 1 } or
	    plan skip_all => 'IO::Socket::SSL is not installed';
}
use Postern::Authority;
use Postern::Gateway;
use Postern::Port qw(wait_until);
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $authority = Postern::Authority->new;
my $elliptic = $authority->issue('gateway.test');
my $rsa = $authority->issue('rsa.test', key => 'rsa');
my $gateway = Postern::Gateway->new(
    files => {
	map { $_->[0] => Postern::Gateway::slurp($_->[1]) }
	    ['ec.pem', $elliptic->{cert}], ['ec.key', $elliptic->{key}],
	    ['rsa.pem', $rsa->{cert}], ['rsa.key', $rsa->{key}],
    },
    expect => [qr/event=(?:starttls_injection|child_ended|tls_unavailable)/,
	qr/event=(?:keys?_\w+|remote_key_\w+|pipelining_not_allowed)/],
    config => <<"YAML");
hostname: gateway.test
listeners:
  public: { address: 127.0.0.1, port: %PORT(public)%, tls: starttls, certificate: ec }
  required: { address: 127.0.0.1, port: %PORT(required)%, tls: starttls, certificate: rsa }
  hidden: { address: 127.0.0.1, port: %PORT(hidden)%, tls: starttls, certificate: ec }
  implicit: { address: 127.0.0.1, port: %PORT(implicit)%, tls: implicit, certificate: ec }
  forced: { address: 127.0.0.1, port: %PORT(forced)%, tls: implicit, certificate: rsa }
tls:
  certificates:
    ec: { certificate: ec.pem, key: ec.key }
    rsa: { certificate: rsa.pem, key: rsa.key }
sender_groups:
  - { name: a, listeners: [public, implicit], addresses: [all], mail_flow_policy: preferred }
  - { name: b, listeners: [required, forced], addresses: [all], mail_flow_policy: required }
  - { name: c, listeners: [hidden], addresses: [all], mail_flow_policy: hidden }
mail_flow_policies:
  preferred: { action: relay, tls: preferred }
  required: { action: relay, tls: required }
  hidden: { action: relay, tls: off }
smtp_routes:
  - { domains: [all], hosts: ["127.0.0.1:$sink->{port}"] }
YAML

sub client {
	my ($listener, %o) = @_;
	my $client = Postern::Smtp->new(port => $gateway->port($listener),
	    %o) or die "connect: $!";
	$client->{ehlo} = $client->command('EHLO client.test')
	    unless exists $o{banner};
	return $client;
}

sub secure {
	my ($client, %options) = @_;
	return 'refused: ' . $client->{replies}[-1]
	    unless $client->command('STARTTLS') =~ /^220 2\.0\.0 /;
	return $client->start_tls(%options) ? '' : $client->{tls_error};
}

sub verified {
	my ($name) = @_;
	return (SSL_verify_mode => 1, SSL_verifycn_scheme => 'smtp',
	    SSL_ca_file => $authority->{certificate},
	    SSL_verifycn_name => $name, SSL_hostname => $name);
}

my $good = "Subject: tls\r\n\r\nbody\r\n";

sub trace_of {
	my ($from) = @_;
	my $found;
	wait_until(20, sub {
		($found) = grep { $_->{from} eq $from } $sink->messages;
	});
	return $found ? ($found->{data} =~ /\A(.*?;)\s/s)[0] : '';
}

subtest 'STARTTLS with each version and kind of key' => sub {
	my $number = 0;
	for (['public', 'gateway.test', 'TLSv1_2', 'ECDSA'],
	    ['public', 'gateway.test', 'TLSv1_3', ''],
	    ['required', 'rsa.test', 'TLSv1_2', 'RSA'],
	    ['required', 'rsa.test', 'TLSv1_3', '']) {
		my ($listener, $name, $version, $kind) = @$_;
		my $client = client($listener);
		like($client->{ehlo}, qr/^250[- ]STARTTLS$/m, 'offered');
		is(secure($client, verified($name),
		    SSL_version => $version), '', "$listener: $version, " .
		    'the certificate verifies');
		is($client->{socket}->get_sslversion, $version,
		    'that version');
		like($client->{socket}->get_cipher, qr/^ECDHE-$kind/,
		    'a cipher with forward secrecy') if $kind;
		unlike($client->command('EHLO client.test'),
		    qr/STARTTLS/, 'not offered again');
		like($client->command('STARTTLS'), qr/^503 5\.5\.1 /,
		    'nor taken');
		my $from = 'tls' . $number++ . '@client.test';
		like($client->send(from => $from, to => 'user@sink.test',
		    data => $good), qr/^250 /, 'a message');
		my $shown = $version =~ s/_/./r;
		like(trace_of($from), qr/with ESMTPS\s+\($shown/,
		    'the trace field tells of it');
		$client->quit;
	}
};

subtest 'implicit TLS' => sub {
	for (['implicit', 'gateway.test'], ['forced', 'rsa.test']) {
		my ($listener, $name) = @$_;
		my $client = client($listener, tls => 1,
		    tls_options => { verified($name) });
		like($client->{greeting}, qr/^220 gateway\.test /,
		    'the banner comes behind the handshake');
		unlike($client->{ehlo}, qr/STARTTLS/, 'no STARTTLS');
		like($client->send(from => "$listener\@client.test",
		    to => 'user@sink.test', data => $good), qr/^250 /,
		    'a message');
		like(trace_of("$listener\@client.test"), qr/with ESMTPS\b/,
		    'with ESMTPS');
		$client->quit;
	}
	my $plain = client('implicit', banner => 0);
	$plain->raw("EHLO client.test\r\nMAIL FROM:<a\@client.test>\r\n");
	my $heard = '';
	1 while $plain->fill;
	unlike($plain->{input}, qr/^(?:220|250|503|554)/m,
	    'plain words get no reply in plain');
	ok($gateway->wait_event('tls_failed'), 'and that is logged');
};

subtest 'old versions and weak ciphers' => sub {
	my $s_client = sub {
		my (@options) = @_;
		open my $pipe, '-|', 'sh', '-c', '"$@" </dev/null 2>&1',
		    'sh', qw(openssl s_client -starttls smtp -connect),
		    '127.0.0.1:' . $gateway->port('public'), @options
		    or die $!;
		local $/;
		my $out = <$pipe>;
		close $pipe;
		return $out;
	};
	for my $options (['-tls1'], ['-tls1_1'],
	    ['-tls1_2', '-cipher', 'AES128-SHA:AES256-SHA@SECLEVEL=0'],
	    ['-tls1_2', '-cipher', 'aNULL@SECLEVEL=0'],
	    ['-tls1_2', '-cipher', 'DHE-RSA-AES256-GCM-SHA384']) {
		my $out = $s_client->(@$options, '-cipher',
		    $options->[2] // 'ALL@SECLEVEL=0');
		unlike($out, qr/^\s*Cipher\s*:\s*(?!0000)[A-Z]/m,
		    "@$options");
		unlike($out, qr/Cipher is (?!\(NONE\))/, 'no cipher');
	}
	like($s_client->('-tls1_2'), qr/Cipher is ECDHE/, 'TLS 1.2');
	like($s_client->('-tls1_3'), qr/TLSv1\.3, Cipher is TLS_/,
	    'TLS 1.3');
};

subtest 'L08: what came in clear behind STARTTLS is not heard' => sub {
	my %injected = (
		MAIL => "MAIL FROM:<evil\@client.test>\r\n",
		RSET => "RSET\r\n", NOOP => "NOOP\r\n",
		AUTH => "AUTH PLAIN AGEAYg==\r\n",
		EHLO => "EHLO evil.test\r\n",
		half => 'MAIL FROM:<evi', QUIT => "QUIT\r\n",
		whole => "EHLO evil.test\r\nMAIL FROM:<evil\@client.test>" .
		    "\r\nRCPT TO:<user\@sink.test>\r\nBDAT 4 LAST\r\nevil",
	);
	for my $name (sort keys %injected) {
		my $client = client('public');
		$client->raw("STARTTLS\r\n$injected{$name}");
		like($client->reply, qr/^220 /, "$name: 220");
		if (!$client->start_tls) {
			# To close the connection is as good.
			pass("$name: no handshake");
			next;
		}
		my $reply = $client->command('NOOP the first');
		like($reply, qr/^250 2\.0\.0 /, "$name: one answer");
		like($client->command('VRFY second'), qr/^252 2\./,
		    "$name: to what was said within");
		like($client->command('RCPT TO:<user@sink.test>'),
		    qr/^503 /, "$name: no transaction");
		$client->command('EHLO client.test');
		like($client->command('DATA'), qr/^503 /, "$name: nor later");
		$client->quit;
	}
	is(scalar(grep { $_->{from} =~ /^evil/ } $sink->messages), 0,
	    'none was executed');
};

subtest 'L10: TLS begins anew' => sub {
	my $client = client('public');
	is(secure($client), '', 'TLS');
	for my $command ('MAIL FROM:<a@client.test>', 'DATA', 'STARTTLS',
	    'RCPT TO:<user@sink.test>') {
		like($client->command($command), qr/^503 5\.5\.1 /,
		    "$command: EHLO is needed again");
	}
	$client->command('HELO client.test');
	like($client->command('MAIL FROM:<a@client.test> SIZE=1'),
	    qr/^555 /, 'HELO within TLS is HELO');
	$client->quit;
	$client = client('public');
	$client->command('MAIL FROM:<a@client.test>');
	like($client->command('STARTTLS'), qr/^503 5\.5\.1 /,
	    'not within a transaction');
	$client->command('RSET');
	like($client->command('STARTTLS now'), qr/^501 5\.5\.4 /,
	    'no argument');
	is(secure($client), '', 'TLS behind all that');
	$client->quit;
};

subtest 'L11: clear bytes behind the end of TLS' => sub {
	for my $kind (qw(DATA BDAT)) {
		my $client = client('public');
		is(secure($client), '', 'TLS');
		$client->command('EHLO client.test');
		$client->commands("MAIL FROM:<cut-$kind\@client.test>",
		    'RCPT TO:<user@sink.test>');
		if ($kind eq 'DATA') {
			$client->command('DATA');
			$client->raw("Subject: cut\r\n\r\nhalf");
		} else {
			$client->raw("BDAT 100 LAST\r\nSubject: cut\r\n\r\n");
		}
		my $socket = $client->{socket};
		# close_notify goes out, the connection stays.
		$socket->stop_SSL(SSL_no_shutdown => 0, SSL_fast_shutdown =>
		    1);
		syswrite $socket, "x" x 100 . "\r\n.\r\nQUIT\r\n";
		my $heard = '';
		1 while sysread $socket, $heard, 4096, length $heard;
		unlike($heard, qr/^250/m, "$kind: no clear answer");
		close $socket;
	}
	ok($gateway->wait_empty, 'nothing waits');
	is(scalar(grep { $_->{from} =~ /^cut/ } $sink->messages), 0,
	    'nothing was taken');
};

subtest 'L12: no session is resumed, at no listener' => sub {
	for my $version (qw(tls1_2 tls1_3)) {
		my $file = "$authority->{directory}/session.$version";
		my $run = sub {
			my ($listener, @options) = @_;
			open my $pipe, '-|', 'sh', '-c', 'printf "QUIT\r\n" ' .
			    '| "$@" 2>&1', 'sh', qw(openssl s_client
			    -starttls smtp -ign_eof -connect), '127.0.0.1:' .
			    $gateway->port($listener), "-$version", @options
			    or die $!;
			local $/;
			my $out = <$pipe>;
			close $pipe;
			return $out;
		};
		my $out = $run->('public', '-sess_out', $file);
		like($out, qr/^New, TLSv1/m, "$version: a session");
		unlike($out, qr/TLS session ticket:/, 'has no ticket');
		SKIP: {
			skip 'there is no session to offer', 3
			    unless -s $file;
			for my $listener (qw(public hidden required)) {
				next if $listener eq 'hidden';
				unlike($run->($listener, '-sess_in', $file),
				    qr/^Reused/m, "not resumed on $listener");
			}
			pass('all tried');
		}
	}
};

subtest 'L16: AUTH is not there, in clear or within TLS' => sub {
	for my $tls (0, 1) {
		my $client = client('public');
		is(secure($client), '', 'TLS') if $tls;
		unlike($client->command('EHLO client.test'), qr/\bAUTH\b/,
		    'not offered');
		for my $command ('AUTH PLAIN AGEAYg==', 'AUTH LOGIN',
		    'AUTH PLAIN =', 'AUTH X ' . 'A' x 400) {
			like($client->command($command), qr/^502 5\.5\.1 /,
			    substr $command, 0, 20);
		}
		like($client->command('AUTH PLAIN ' . 'A' x 13_000),
		    qr/^500 5\.5\.2 /, 'a line of 13 KB is read to its end');
		like($client->command('NOOP'), qr/^250 /, 'then NOOP');
		$client->quit;
	}
};

subtest 'policies' => sub {
	my $client = client('required');
	for my $command ('MAIL FROM:<a@client.test>', 'VRFY a', 'DATA',
	    'RCPT TO:<b@sink.test>', 'EXPN a') {
		like($client->command($command), qr/^530 5\.7\.0 /,
		    "$command before TLS");
	}
	$client->raw("BDAT 6 LAST\r\nQUIT\r\n");
	like($client->reply, qr/^530 5\.7\.0 /, 'BDAT, with its octets');
	like($client->command($_), qr/^250[ -]/, "$_ is allowed")
	    for 'NOOP', 'RSET', 'EHLO client.test';
	is(secure($client), '', 'TLS');
	$client->command('EHLO client.test');
	like($client->send(from => 'required@client.test',
	    to => 'user@sink.test', data => $good), qr/^250 /, 'then mail');
	$client->quit;
	$client = client('hidden');
	unlike($client->{ehlo}, qr/STARTTLS/, 'off: not offered');
	like($client->command('STARTTLS'), qr/^502 5\.5\.1 /, 'nor taken');
	$client->quit;
	$client = client('public');
	like($client->send(from => 'clear@client.test',
	    to => 'user@sink.test', data => $good), qr/^250 /,
	    'preferred: mail in clear');
	$client->quit;
};

subtest 'a handshake that does not come' => sub {
	my $client = client('public');
	$client->command('STARTTLS');
	my $before = grep { $_->{listener} eq 'implicit' }
	    $gateway->events('connection_opened');
	my $silent = client('implicit', banner => 0);
	my $other = client('public');
	ok(wait_until(20, sub {
		$before < grep { $_->{listener} eq 'implicit' }
		    $gateway->events('connection_opened') }), 'both wait');
	$gateway->move_clock(61);
	ok($client->closed, 'STARTTLS without a handshake ends');
	# Its time may begin behind the move: when lookup has let it in.
	ok(wait_until(20, sub {
		$silent->{timeout} = 2;
		$silent->{timed_out} = 0;
		return 1 if $silent->closed;
		$gateway->move_clock(61);
		return 0;
	}), 'so does silence on the implicit one');
	like($other->command('NOOP'), qr/^250 /, 'the others go on');
	$other->quit;
	$client = client('public');
	$client->command('STARTTLS');
	$client->raw("GET / HTTP/1.0\r\n\r\n");
	ok($client->closed, 'no TLS at all ends it');
};

subtest 'the keys process dies' => sub {
	my $before = $gateway->pids;
	my $working = client('public');
	is(secure($working), '', 'a session within TLS');
	$working->command('EHLO client.test');
	kill 'KILL', @{ $before->{keys} };
	like($working->send(from => 'working@client.test',
	    to => 'user@sink.test', data => $good), qr/^250 /,
	    'sessions within TLS go on');
	$working->quit;
	my ($failed, $works) = (0, 0);
	ok(wait_until(20, sub {
		my $client = Postern::Smtp->new(
		    port => $gateway->port('public'), timeout => 10);
		$client->command('EHLO client.test');
		my $how = secure($client);
		$client->drop;
		$how eq '' ? $works++ : $failed++;
		return $works >= 4;
	}), "handshakes work again ($failed failed meanwhile)");
	my $after = $gateway->pids;
	is_deeply([sort @{ $after->{smtp} }], [sort @{ $before->{smtp} }],
	    'smtp went on as it was');
	is(scalar @{ $after->{keys} }, 2, 'and keys are back');
	is(scalar(grep { $before->{keys}[0] == $_ ||
	    $before->{keys}[1] == $_ } @{ $after->{keys} }), 0, 'new ones');
};

ok($gateway->wait_empty, 'the queue is empty');
$gateway->finish;
done_testing;
