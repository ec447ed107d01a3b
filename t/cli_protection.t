#!/usr/bin/perl
# The commands on protected mail: the encryption queue, quarantines and the
# key service's envelopes, in words and as JSON.
use strict;
use warnings;
use lib 't/lib';
use Test::More;
use Postern::Authority;
use Postern::Outbound qw(mid_of);
use Postern::Port qw(wait_until);
use Postern::Protection;
use Postern::Sink;
use Postern::Smtp;

my $sink = Postern::Sink->new;
my $authority = Postern::Authority->new;
my $protection = Postern::Protection->new(authority => $authority,
    hosts => "127.0.0.1:$sink->{port}", start => 0,
    destinations => "  - { domains: [all], tls: none }\n",
    expect => [qr/event=failed .*given up by an administrator/],
    filters => <<'YAML');
    - name: secure
      conditions: ['subject == "^SECURE"']
      actions: ['encrypt("default", "$Subject")']
    - name: hold
      conditions: ['subject == "^HOLD"']
      actions: ['quarantine("Policy")']
YAML
# Keys belong to who uses them.
for my $key (glob "$authority->{directory}/*.key") {
	chown 65534, 65534, $key if $> == 0;
	chmod 0600, $key;
}
my $gateway = $protection->gateway;
$gateway->start or BAIL_OUT($gateway->log_text);
my $client = Postern::Smtp->new(port => $gateway->port('public'));
$client->command('EHLO client.test');

sub submit {
	my ($subject, @to) = @_;
	my $reply = $client->send(from => 'a@client.test', to => \@to,
	    data => join "\r\n", 'From: a@client.test', "To: $to[0]",
	    "Subject: $subject", '', 'hello', '');
	return mid_of($reply) // die $reply;
}

sub mids { join ' ', map { $_->{mid} } @{ $_[0]{messages} } }

sub wait_gone {
	my ($mid) = @_;
	return wait_until(20, sub {
		my $story = $gateway->json('message', $mid);
		return $story && !$story->{queue};
	});
}

subtest 'quarantine' => sub {
	my @held = map { submit("HOLD $_", 'b@sink.test') } 1 .. 3;
	my $plain = submit('plain', 'b@sink.test');
	ok(wait_until(20, sub {
		my $count = $gateway->json('quarantine', 'list', '--count');
		return $count && $count->{messages} == 3;
	}), 'three are held');
	is(mids($gateway->json('quarantine', 'list')), "@held", 'listed');
	is(mids($gateway->json('quarantine', 'list', 'Policy')), "@held",
	    'by the name of the quarantine');
	is(($gateway->json('quarantine', 'list'))->{messages}[0]{quarantine},
	    'Policy', 'which is told');
	my ($status, $out, $err) = $gateway->cli('quarantine', 'list',
	    'Polcy');
	is($status, 1, 'a name that is mistyped');
	like($err, qr/no quarantine of that name/, 'is told');
	($status, $out) = $gateway->cli('quarantine', 'show', $held[0]);
	is($status, 0, 'show');
	like($out, qr/^MID $held[0]: held\n.*^quarantine: Policy$/ms,
	    'tells where it lies');
	ok(wait_gone($plain), 'a message without need goes its way');
	is(($gateway->cli('quarantine', 'show', $plain))[0], 1,
	    'one that lies in none');
	($status, $out, $err) = $gateway->cli('quarantine', 'release',
	    $held[0], $plain);
	is($status, 1, 'not all could be released');
	like($err, qr/^postern: message $plain: it lies in no quarantine$/m,
	    'and why');
	like($out, qr/^1 messages \(1 recipients\) released$/m, 'but one');
	ok(wait_gone($held[0]), 'which is delivered');
	is(($gateway->cli('quarantine', 'delete', $held[1]))[0], 0,
	    'delete');
	is(mids($gateway->json('quarantine', 'list')), $held[2],
	    'one is left');
	is(($gateway->cli('abort', $held[2]))[0], 0, 'abort');
	ok(wait_gone($held[2]), 'it is gone');
	ok(Postern::Protection::wait_mail($sink, 'a@client.test', 0),
	    'and its sender is told');
};

subtest 'envelopes' => sub {
	my $mid = submit('SECURE', 'b@sink.test', 'c@sink.test');
	my $mail = Postern::Protection::wait_mail($sink, 'c@sink.test', 0);
	ok($mail, 'an envelope has arrived');
	my $list = $gateway->json('envelope', 'list');
	is(scalar @{ $list->{envelopes} }, 1, 'one is listed');
	my $envelope = $list->{envelopes}[0];
	my $key = $envelope->{reference};
	is($envelope->{mid}, $mid, 'with its MID');
	is_deeply([map { "$_->{address} $_->{opened}" }
	    @{ $envelope->{readers} }], ['b@sink.test 0', 'c@sink.test 0'],
	    'and its readers');
	my $state = sub {
		my $found = $gateway->json('envelope', @_) // {};
		return $found->{envelope} ? $found->{envelope}{state} : '';
	};
	is($state->('lock', lc $key), 'locked', 'lock');
	is($state->('show', $envelope->{id}), 'locked', 'it stays so');
	is($state->('unlock', $key), 'open', 'unlock');
	is($state->('expire', $key, 'now'), 'expired', 'expire');
	is($state->('expire', $key, '2099-12-31'), 'open', 'again later');
	is(($gateway->json('envelope', 'show', $key))->{envelope}{expires},
	    '2099-12-31T00:00:00.000000Z', 'at that time');
	is(($gateway->cli('envelope', 'expire', $key, 'soon'))[0], 2,
	    'no time');
	is(($gateway->cli('envelope', 'show', '0' x 32))[0], 1,
	    'an envelope that never was');
	is(($gateway->cli('envelope', 'show', 'x'))[0], 1, 'no key');

	# What the file says about itself, without the gateway.
	my $file = $gateway->write_file('securedoc.html',
	    Postern::Protection::envelope_file($mail->{data}));
	my ($status, $out) = $gateway->cli('envelope', 'open', $file);
	is($status, 0, 'open without the share');
	like($out, qr/^reference: \Q$key\E\nidentity: $envelope->{id}\n/,
	    'shows which it is');
	unlike($out, qr/hello/, 'and not what is inside');
	my ($failed, $said) = $gateway->cli('envelope', 'open', $file,
	    '--share', '0' x 64);
	is($failed, 1, 'with another share');
	is($said, '', 'nothing comes out');
};

subtest 'the encryption queue' => sub {
	my ($vault) = @{ $gateway->pids->{vault} };
	kill 'STOP', $vault;
	my $mid = submit('SECURE and late', 'd@sink.test');
	ok(wait_until(20, sub {
		mids($gateway->json('queue', '--encryption')) eq $mid }),
	    'a message waits there while the key service is stuck');
	my ($row) = @{ $gateway->json('queue', '--encryption')->{messages} };
	is($row->{state}, 'protecting', 'its state');
	is($row->{profile}, 'default', 'its profile');
	my (undef, $out) = $gateway->cli('queue', '--encryption');
	like($out, qr/^MID +PROFILE +AGE +TRY +NEXT +SENDER -> RECIPIENT$/m,
	    'a head of its own');
	like($out, qr/^$mid +default .*a\@client\.test -> d\@sink\.test$/m,
	    'in words');
	my $story = $gateway->json('message', $mid);
	is($story->{queue}{protection}{form}, 'envelope', 'what it needs');
	ok(!$story->{queue}{protection}{done}, 'is not done');
	is(($gateway->cli('abort', $mid))[0], 0, 'abort');
	ok(wait_gone($mid), 'it is given up');
	ok(Postern::Protection::wait_mail($sink, 'a@client.test', 1),
	    'and its sender is told');
	kill 'CONT', $vault;
	is(scalar(grep { grep { $_ eq 'd@sink.test' } @{ $_->{to} } }
	    $sink->messages), 0, 'nothing of it left');
};

subtest 'make-key' => sub {
	my $file = "$gateway->{directory}/new.key";
	is(($gateway->cli('key-service', 'make-key', $file))[0], 0, 'made');
	like(Postern::Gateway::slurp($file), qr/\A[0-9a-f]{64}\n\z/,
	    'a key');
	is((stat $file)[2] & 07777, 0600, 'for its owner only');
	is(($gateway->cli('key-service', 'make-key', $file))[0], 1,
	    'never twice');
};

$client->quit;
ok($gateway->wait_empty, 'the queue is empty');
$gateway->finish;
done_testing;
